//! Who owns a server, and who may after them.

use axum::routing::{get, post, put};

use super::{add, read, set};
use crate::api::action::Action::{Admin, ServersRead};
use crate::api::dto::ownership::{MakeClaim, Ownership, PutSuccession, RecoveryKey, TransferTo};
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
    add(
        "/recovery-keys",
        Admin,
        "Makes a recovery key, which is shown once and kept nowhere",
        || post(ownership::recovery_key),
    )
    .gives::<RecoveryKey>()
    .limit(Limit::Never),
];
