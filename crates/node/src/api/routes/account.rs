//! The account, and this node.

use axum::routing::{delete, get, post, put};

use super::{Settings, add, read, remove, set};
use crate::api::action::Action::{Admin, NodeRead, ProfileRead, ProfileWrite};
use crate::api::dto::account::{Me, SessionToken, Version};
use crate::api::dto::network::{Diagnosis, NetworkState};
use crate::api::dto::requests::{CreateToken, OpenSession, PutMe, TokenList};
use crate::api::handlers::{account, node, tokens};
use crate::api::route::{Limit, Route};
use crate::api::tokens::TokenInfo;

pub(super) const ACCOUNT: &[Route] = &[
    add(
        "/session",
        Admin,
        "Exchanges a one-time code for a token",
        || post(account::open_session),
    )
    .takes::<OpenSession>()
    .gives::<SessionToken>()
    .open(),
    read("/me", ProfileRead, "Reads the account", || get(account::me))
        .gives::<Me>()
        .limit(Limit::Any),
    set(
        "/me",
        ProfileWrite,
        "Changes the account; the first display name creates it",
        || put(account::put_me),
    )
    .takes::<PutMe>()
    .gives::<Me>()
    .limit(Limit::Never),
    read("/settings", ProfileRead, "Reads the app's settings", || {
        get(account::settings)
    })
    .gives::<Settings>()
    .limit(Limit::Never),
    set(
        "/settings",
        ProfileWrite,
        "Replaces the app's settings: at most 64 KiB",
        || put(account::put_settings),
    )
    .takes::<Settings>()
    .limit(Limit::Never),
    read(
        "/version",
        ProfileRead,
        "Reads the program's version",
        || get(account::version),
    )
    .gives::<Version>()
    .limit(Limit::Any),
];

pub(super) const NODE: &[Route] = &[
    read(
        "/network",
        NodeRead,
        "Reads the state of the network",
        || get(node::network),
    )
    .gives::<NetworkState>()
    .limit(Limit::Never),
    read("/doctor", NodeRead, "Examines this node", || {
        get(node::doctor)
    })
    .gives::<Diagnosis>()
    .limit(Limit::Never),
    read("/tokens", Admin, "Lists the API tokens", || {
        get(tokens::list)
    })
    .gives::<TokenList>()
    .limit(Limit::Never),
    add(
        "/tokens",
        Admin,
        "Creates an API token; it is shown once",
        || post(tokens::create),
    )
    .takes::<CreateToken>()
    .gives::<TokenInfo>()
    .status(201)
    .limit(Limit::Never),
    remove("/tokens/{token}", Admin, "Revokes an API token", || {
        delete(tokens::revoke)
    })
    .limit(Limit::Never),
    read(
        "/openapi.json",
        ProfileRead,
        "Reads this description",
        || get(node::openapi),
    )
    .gives::<Settings>()
    .limit(Limit::Any),
    read(
        "/events",
        ProfileRead,
        "Opens the stream of events (WebSocket, sub-protocol conclave.v1)",
        || get(crate::api::events::open),
    )
    .status(101)
    .limit(Limit::Any),
];
