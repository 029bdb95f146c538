//! Channels, messages and files.

use axum::routing::{delete, get, patch, post, put};

use super::{add, change, read, remove, set};
use crate::api::action::Action::{
    AuditRead, MessagesRead, MessagesWrite, ProfileWrite, ServersManage, ServersRead,
};
use crate::api::dto::channel::{Channel, ChannelKeys};
use crate::api::dto::message::{Attachment, Copies, Found, Message, Page};
use crate::api::dto::requests::{
    Because, BlobName, CreateChannel, Draft, MessagesQuery, PatchChannel, PatchMessage,
    PatchSettings, PostMessage, PutOverwrite, PutPin, SearchQuery, ThisMessage, TicketUrl,
};
use crate::api::extract::{ATTACHMENT_BYTES_MAX, IMAGE_BYTES_MAX};
use crate::api::handlers::{channels, files, messages};
use crate::api::route::{Limit, Route};

pub(super) const CHANNELS: &[Route] = &[
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
    )
    .takes::<Because>(),
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
    )
    .takes::<Because>(),
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

pub(super) const MESSAGES: &[Route] = &[
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

pub(super) const FILES: &[Route] = &[
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
