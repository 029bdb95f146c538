//! The table of all routes.

use axum::routing::{delete, get, patch, post, put};

use super::action::Action;
use super::dto::account::{Me, SessionToken, Version};
use super::dto::channel::{Channel, ChannelKeys};
use super::dto::invite::{ChatRequests, Inspection, Invite, Invites, Joined};
use super::dto::log::{Audit, Bans};
use super::dto::member::{Member, Members};
use super::dto::message::{Attachment, Copies, Found, Message, Page};
use super::dto::network::{Diagnosis, NetworkState};
use super::dto::requests::{
    AnswerChat, AuditQuery, Because, BlobName, CreateChannel, CreateChat, CreateInvite, CreateRole,
    CreateServer, CreateToken, Draft, Link, MembersQuery, MessagesQuery, OpenSession, PatchChannel,
    PatchMember, PatchMessage, PatchRole, PatchServer, PatchSettings, PostMessage, PutBan, PutMe,
    PutOverwrite, PutPin, SearchQuery, ServerList, ThisMessage, TicketUrl, TokenList,
};
use super::dto::server::{Role, Server};
use super::extract::{ATTACHMENT_BYTES_MAX, IMAGE_BYTES_MAX};
use super::handlers::{
    account, channels, chats, files, invites, members, messages, node, roles, servers, tokens,
};
use super::route::{Limit, Route};
use super::tokens::TokenInfo;

use Action::{
    Admin, AuditRead, InvitesManage, MembersModerate, MessagesRead, MessagesWrite, NodeRead,
    ProfileRead, ProfileWrite, ServersJoin, ServersManage, ServersRead,
};

/// Settings are opaque to the node.
type Settings = serde_json::Map<String, serde_json::Value>;

const fn read(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("GET", path, action, what, handler)
}

const fn add(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("POST", path, action, what, handler)
}

const fn set(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("PUT", path, action, what, handler)
}

const fn change(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("PATCH", path, action, what, handler)
}

const fn remove(path: &'static str, action: Action, what: &'static str, handler: Handler) -> Route {
    Route::new("DELETE", path, action, what, handler)
}

/// Makes the handler of a route.
type Handler = fn() -> axum::routing::MethodRouter<std::sync::Arc<super::app::App>>;

/// Every route below `/api/v1`.
pub static ROUTES: &[&[Route]] = &[
    ACCOUNT, SERVERS, MEMBERS, CHANNELS, ROLES, MESSAGES, FILES, INVITES, NODE,
];

const ACCOUNT: &[Route] = &[
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

const SERVERS: &[Route] = &[
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
        "/servers/{server}/audit",
        AuditRead,
        "Reads the audit log, newest first",
        || get(servers::audit),
    )
    .asks::<AuditQuery>()
    .gives::<Audit>(),
];

const MEMBERS: &[Route] = &[
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
    ),
    remove(
        "/servers/{server}/members/{member}/roles/{role}",
        MembersModerate,
        "Revokes a role",
        || delete(roles::revoke),
    ),
];

const CHANNELS: &[Route] = &[
    add(
        "/servers/{server}/channels",
        ServersManage,
        "Creates a channel or category",
        || post(channels::create),
    )
    .takes::<CreateChannel>()
    .gives::<Channel>()
    .status(201),
    read(
        "/channels/{channel}",
        ServersRead,
        "Reads a channel",
        || get(channels::read),
    )
    .gives::<Channel>(),
    change(
        "/channels/{channel}",
        ServersManage,
        "Changes a channel",
        || patch(channels::patch),
    )
    .takes::<PatchChannel>()
    .gives::<Channel>(),
    remove(
        "/channels/{channel}",
        ServersManage,
        "Deletes a channel",
        || delete(channels::delete),
    ),
    set(
        "/channels/{channel}/overwrites/{kind}/{id}",
        ServersManage,
        "Allows and denies a role or member",
        || put(channels::put_overwrite),
    )
    .takes::<PutOverwrite>(),
    remove(
        "/channels/{channel}/overwrites/{kind}/{id}",
        ServersManage,
        "Removes an overwrite",
        || delete(channels::delete_overwrite),
    ),
    add(
        "/channels/{channel}/sync",
        ServersManage,
        "Takes over the category's overwrites and follows them",
        || post(channels::sync),
    ),
    read(
        "/channels/{channel}/keys",
        AuditRead,
        "Reads who can read the channel, and since when",
        || get(channels::keys),
    )
    .gives::<ChannelKeys>(),
    add(
        "/channels/{channel}/typing",
        MessagesWrite,
        "Shows that the person is typing",
        || post(channels::typing),
    ),
    add(
        "/channels/{channel}/read",
        MessagesWrite,
        "Marks as read up to a message",
        || post(channels::mark_read),
    )
    .takes::<ThisMessage>(),
    add(
        "/channels/{channel}/unread",
        MessagesWrite,
        "Marks as unread from a message",
        || post(channels::mark_unread),
    )
    .takes::<ThisMessage>(),
    change(
        "/channels/{channel}/settings",
        MessagesWrite,
        "Changes how the channel notifies",
        || patch(channels::settings),
    )
    .takes::<PatchSettings>(),
    read(
        "/channels/{channel}/draft",
        MessagesRead,
        "Reads the draft",
        || get(channels::draft),
    )
    .gives::<Draft>(),
    set(
        "/channels/{channel}/draft",
        MessagesWrite,
        "Keeps the draft",
        || put(channels::put_draft),
    )
    .takes::<Draft>(),
];

const ROLES: &[Route] = &[
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
    ),
];

const MESSAGES: &[Route] = &[
    read(
        "/channels/{channel}/messages",
        MessagesRead,
        "Reads a page of messages, oldest first",
        || get(messages::page),
    )
    .asks::<MessagesQuery>()
    .gives::<Page>(),
    add(
        "/channels/{channel}/messages",
        MessagesWrite,
        "Writes a message; it is durable before the answer",
        || post(messages::post),
    )
    .takes::<PostMessage>()
    .gives::<Message>()
    .status(201),
    read(
        "/messages/{message}",
        MessagesRead,
        "Reads a message",
        || get(messages::read),
    )
    .gives::<Message>(),
    change(
        "/messages/{message}",
        MessagesWrite,
        "Edits a message",
        || patch(messages::patch),
    )
    .takes::<PatchMessage>()
    .gives::<Message>(),
    remove(
        "/messages/{message}",
        MessagesWrite,
        "Deletes a message",
        || delete(messages::delete),
    ),
    set(
        "/messages/{message}/reactions/{emoji}",
        MessagesWrite,
        "Reacts",
        || put(messages::react),
    ),
    remove(
        "/messages/{message}/reactions/{emoji}",
        MessagesWrite,
        "Takes a reaction back",
        || delete(messages::unreact),
    ),
    set(
        "/messages/{message}/pin",
        MessagesWrite,
        "Pins or unpins a message",
        || put(messages::pin),
    )
    .takes::<PutPin>(),
    read(
        "/messages/{message}/copies",
        MessagesRead,
        "Reads which devices have stored it",
        || get(messages::copies),
    )
    .gives::<Copies>(),
    read(
        "/search",
        MessagesRead,
        "Searches everything that is decrypted here",
        || get(messages::search),
    )
    .asks::<SearchQuery>()
    .gives::<Found>()
    .limit(Limit::Any),
];

const FILES: &[Route] = &[
    add(
        "/channels/{channel}/attachments",
        MessagesWrite,
        "Stores a file to attach; X-Filename names it",
        || post(files::attach),
    )
    .takes_bytes(ATTACHMENT_BYTES_MAX)
    .gives::<Attachment>()
    .status(201),
    add(
        "/attachments/{attachment}/ticket",
        MessagesRead,
        "Gives an address that opens a file for a minute",
        || post(files::ticket),
    )
    .gives::<TicketUrl>(),
    add(
        "/blobs",
        ProfileWrite,
        "Stores a picture for an avatar or icon",
        || post(files::put_image),
    )
    .takes_bytes(IMAGE_BYTES_MAX)
    .gives::<BlobName>()
    .status(201)
    .limit(Limit::Never),
    read("/blobs/{blob}", ServersRead, "Reads a picture", || {
        get(files::image)
    })
    .status(200),
];

const INVITES: &[Route] = &[
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
    ),
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

const NODE: &[Route] = &[
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
        || get(super::events::open),
    )
    .status(101)
    .limit(Limit::Any),
];

/// Every route, one after the other.
pub fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().flat_map(|group| group.iter())
}
