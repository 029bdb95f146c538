//! Who owns a server, and who may after them.

use axum::routing::{get, post, put};

use super::{add, read, set};
use crate::api::action::Action::{Admin, ServersJoin, ServersRead};
use crate::api::dto::ownership::{
    FoundSuccessor, MakeClaim, Ownership, PutSuccession, RecoveryKey, Successors, TransferTo,
};
use crate::api::dto::server::Server;
use crate::api::handlers::ownership;
use crate::api::route::{Limit, Route};

pub(super) const OWNERSHIP: &[Route] = &[
    read(
        "/servers/{server}/ownership",
        ServersRead,
        "Says who owns a server, who may after them, and which claims are open",
        || get(ownership::read),
    )
    .gives::<Ownership>(),
    add(
        "/servers/{server}/ownership/transfer",
        Admin,
        "Hands the server over to a member",
        || post(ownership::transfer),
    )
    .takes::<TransferTo>()
    .gives::<Ownership>(),
    set(
        "/servers/{server}/succession",
        Admin,
        "Sets who may take over if the owner is lost",
        || put(ownership::set),
    )
    .takes::<PutSuccession>()
    .gives::<Ownership>(),
    add(
        "/servers/{server}/succession/claims",
        Admin,
        "Claims the server",
        || post(ownership::claim),
    )
    .takes::<MakeClaim>()
    .gives::<Ownership>(),
    add(
        "/servers/{server}/succession/claims/{claim}/confirm",
        Admin,
        "Attests that this device has known a claim for the delay",
        || post(ownership::confirm),
    )
    .gives::<Ownership>(),
    add(
        "/servers/{server}/succession/claims/{claim}/take",
        Admin,
        "Takes over by a confirmed claim",
        || post(ownership::take),
    )
    .gives::<Ownership>(),
    add(
        "/servers/{server}/succession/claims/{claim}/veto",
        Admin,
        "Ends a claim; the owner's alone",
        || post(ownership::veto),
    )
    .gives::<Ownership>(),
    read(
        "/servers/{server}/successors",
        ServersRead,
        "Lists the servers that members have founded to succeed this one",
        || get(ownership::successors),
    )
    .gives::<Successors>(),
    add(
        "/servers/{server}/successors",
        ServersJoin,
        "Founds a successor with the same roles and channels, and tells the members",
        || post(ownership::fork),
    )
    .takes::<FoundSuccessor>()
    .gives::<Server>()
    .status(201)
    .limit(Limit::Never),
    add(
        "/servers/{server}/successors/{successor}/follow",
        ServersJoin,
        "Joins a successor",
        || post(ownership::follow),
    )
    .gives::<Server>()
    .limit(Limit::Never),
    add(
        "/recovery-keys",
        Admin,
        "Makes a recovery key, which is shown once and kept nowhere",
        || post(ownership::recovery_key),
    )
    .gives::<RecoveryKey>()
    .limit(Limit::Never),
];
