//! Moderators' tools, the audit log, and "why?".

use axum::routing::{delete, get, post};

use super::{add, read, remove};
use crate::api::action::Action::{AuditRead, MembersModerate, MessagesWrite, ServersRead};
use crate::api::dto::log::{Audit, Lost};
use crate::api::dto::moderation::{Count, Permissions, Prune, Why};
use crate::api::dto::report::{MakeReport, Reported, Reports};
use crate::api::dto::requests::{
    AuditQuery, BanMany, PermissionsQuery, PruneNow, PruneQuery, WhyQuery,
};
use crate::api::handlers::{audit, moderation, reports};
use crate::api::route::Route;

pub(super) const MODERATION: &[Route] = &[
    read(
        "/servers/{server}/audit",
        AuditRead,
        "Reads the audit log, newest first",
        || get(audit::audit),
    )
    .asks::<AuditQuery>()
    .gives::<Audit>(),
    read(
        "/servers/{server}/lost",
        AuditRead,
        "Lists what did not survive a merge",
        || get(audit::lost),
    )
    .gives::<Lost>(),
    add(
        "/servers/{server}/lost/seen",
        AuditRead,
        "Says that one knows which own acts did not survive",
        || post(audit::acknowledge),
    ),
    read(
        "/servers/{server}/why",
        ServersRead,
        "Why a member may do something, or may not, from the log",
        || get(moderation::why),
    )
    .asks::<WhyQuery>()
    .gives::<Why>(),
    read(
        "/servers/{server}/members/{member}/permissions",
        ServersRead,
        "What a member may do in the server or in a channel",
        || get(moderation::permissions),
    )
    .asks::<PermissionsQuery>()
    .gives::<Permissions>(),
    add(
        "/servers/{server}/bans",
        MembersModerate,
        "Bans up to 200 members with one change of keys",
        || post(moderation::ban_many),
    )
    .takes::<BanMany>()
    .gives::<Count>(),
    read(
        "/servers/{server}/prune",
        MembersModerate,
        "Lists whom a prune would kick",
        || get(moderation::prune_preview),
    )
    .asks::<PruneQuery>()
    .gives::<Prune>(),
    add(
        "/servers/{server}/prune",
        MembersModerate,
        "Kicks members without roles who were not seen for some days",
        || post(moderation::prune),
    )
    .takes::<PruneNow>()
    .gives::<Count>(),
    read(
        "/servers/{server}/reports",
        MembersModerate,
        "Lists the reports that wait for this person",
        || get(reports::list),
    )
    .gives::<Reports>(),
    add(
        "/servers/{server}/reports",
        MessagesWrite,
        "Reports a member to the moderators, sealed to their devices",
        || post(reports::make),
    )
    .takes::<MakeReport>()
    .gives::<Reported>()
    .status(201),
    remove(
        "/servers/{server}/reports/{report}",
        MembersModerate,
        "Is done with a report, on this device",
        || delete(reports::dismiss),
    ),
];
