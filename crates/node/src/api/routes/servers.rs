//! Servers, their members and roles, invites and chats.

use axum::routing::{delete, get, patch, post, put};

use super::{add, change, read, remove, set};
use crate::api::action::Action::{
    InvitesManage, MembersModerate, MessagesWrite, ServersJoin, ServersManage, ServersRead,
};
use crate::api::dto::finality::Finality;
use crate::api::dto::invite::{ChatRequests, Inspection, Invite, Invites, Joined};
use crate::api::dto::log::Bans;
use crate::api::dto::member::{Member, Members};
use crate::api::dto::requests::{
    AnswerChat, Because, CreateChat, CreateInvite, CreateRole, CreateServer, Link, MembersQuery,
    PatchMember, PatchRole, PatchServer, PutBan, ServerList,
};
use crate::api::dto::server::{Role, Server};
use crate::api::handlers::{chats, finality, invites, members, roles, servers};
use crate::api::route::{Limit, Route};

pub(super) const SERVERS: &[Route] = &[
    read("/servers", ServersRead, "Lists the servers", || {
        get(servers::list)
    })
    .gives::<ServerList>()
    .limit(Limit::Any),
    add("/servers", ServersJoin, "Founds a server", || {
        post(servers::create)
    })
    .takes::<CreateServer>()
    .gives::<Server>()
    .status(201)
    .limit(Limit::Never),
    read("/servers/{server}", ServersRead, "Reads a server", || {
        get(servers::read)
    })
    .gives::<Server>(),
    change(
        "/servers/{server}",
        ServersManage,
        "Changes a server",
        || patch(servers::patch),
    )
    .takes::<PatchServer>()
    .gives::<Server>(),
    add(
        "/servers/{server}/leave",
        ServersJoin,
        "Leaves a server",
        || post(servers::leave),
    ),
    add(
        "/servers/{server}/read",
        MessagesWrite,
        "Marks all channels as read",
        || post(servers::mark_read),
    ),
    read(
        "/servers/{server}/bans",
        MembersModerate,
        "Lists the bans",
        || get(servers::bans),
    )
    .gives::<Bans>(),
    set(
        "/servers/{server}/bans/{member}",
        MembersModerate,
        "Bans a member, and rotates the keys",
        || put(servers::ban),
    )
    .takes::<PutBan>(),
    remove(
        "/servers/{server}/bans/{member}",
        MembersModerate,
        "Lifts a ban",
        || delete(servers::unban),
    )
    .takes::<Because>(),
    read(
        "/servers/{server}/checkpoints",
        ServersRead,
        "Reads notaries, checkpoints, and evidence of forks",
        || get(finality::list),
    )
    .gives::<Finality>(),
    add(
        "/servers/{server}/checkpoints",
        ServersManage,
        "Signs a checkpoint of all that is here, as a notary",
        || post(finality::make),
    )
    .gives::<Finality>(),
];

pub(super) const MEMBERS: &[Route] = &[
    read(
        "/servers/{server}/members",
        ServersRead,
        "Lists members",
        || get(members::list),
    )
    .asks::<MembersQuery>()
    .gives::<Members>(),
    read(
        "/servers/{server}/members/{member}",
        ServersRead,
        "Reads a member",
        || get(members::read),
    )
    .gives::<Member>(),
    change(
        "/servers/{server}/members/{member}",
        MembersModerate,
        "Changes nickname, roles or timeout",
        || patch(members::patch),
    )
    .takes::<PatchMember>()
    .gives::<Member>(),
    add(
        "/servers/{server}/members/{member}/kick",
        MembersModerate,
        "Kicks a member",
        || post(members::kick),
    )
    .takes::<Because>(),
    set(
        "/servers/{server}/members/{member}/roles/{role}",
        MembersModerate,
        "Grants a role",
        || put(roles::grant),
    )
    .takes::<Because>(),
    remove(
        "/servers/{server}/members/{member}/roles/{role}",
        MembersModerate,
        "Revokes a role",
        || delete(roles::revoke),
    )
    .takes::<Because>(),
];

pub(super) const ROLES: &[Route] = &[
    add(
        "/servers/{server}/roles",
        ServersManage,
        "Creates a role",
        || post(roles::create),
    )
    .takes::<CreateRole>()
    .gives::<Role>()
    .status(201),
    change(
        "/servers/{server}/roles/{role}",
        ServersManage,
        "Changes a role",
        || patch(roles::patch),
    )
    .takes::<PatchRole>()
    .gives::<Role>(),
    remove(
        "/servers/{server}/roles/{role}",
        ServersManage,
        "Deletes a role",
        || delete(roles::delete),
    )
    .takes::<Because>(),
];

pub(super) const INVITES: &[Route] = &[
    read(
        "/servers/{server}/invites",
        InvitesManage,
        "Lists the invites",
        || get(invites::list),
    )
    .gives::<Invites>(),
    add(
        "/servers/{server}/invites",
        InvitesManage,
        "Creates an invite",
        || post(invites::create),
    )
    .takes::<CreateInvite>()
    .gives::<Invite>()
    .status(201),
    remove(
        "/servers/{server}/invites/{invite}",
        InvitesManage,
        "Revokes an invite",
        || delete(invites::revoke),
    )
    .takes::<Because>(),
    add(
        "/invites/inspect",
        ServersJoin,
        "Reads what a link says, without any network",
        || post(invites::inspect),
    )
    .takes::<Link>()
    .gives::<Inspection>()
    .limit(Limit::Never),
    add(
        "/invites/join",
        ServersJoin,
        "Joins; 202 while the server is still being fetched",
        || post(invites::join),
    )
    .takes::<Link>()
    .gives::<Joined>()
    .limit(Limit::Never),
    add(
        "/chats",
        ServersJoin,
        "Starts a chat with members of a shared server",
        || post(chats::create),
    )
    .takes::<CreateChat>()
    .gives::<Server>()
    .status(201)
    .limit(Limit::Never),
    read(
        "/chats/requests",
        ServersJoin,
        "Lists requests for chats",
        || get(chats::requests),
    )
    .gives::<ChatRequests>()
    .limit(Limit::Never),
    add(
        "/chats/requests/{server}",
        ServersJoin,
        "Accepts or declines a request",
        || post(chats::answer),
    )
    .takes::<AnswerChat>(),
];
