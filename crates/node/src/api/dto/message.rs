//! Messages.

use conclave_core::content;
use conclave_core::id::{BlobHash, ChannelId, EnvelopeId, IdentityId, Pseudonym, RoleId, ServerId};
use conclave_engine::model::{self, BlobState, DeliveryState};
use schemars::JsonSchema;
use serde::Serialize;

use super::markdown::MdNode;
use crate::api::files::FileBook;
use crate::api::id::Id;

/// A message as it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Message {
    pub id: Id<EnvelopeId>,
    pub channel_id: Id<ChannelId>,
    pub server_id: Id<ServerId>,
    pub author_id: Id<IdentityId>,
    pub author_name: String,
    pub author_color: Option<u32>,
    pub author_avatar: Option<Id<BlobHash>>,
    pub time_ms: u64,
    pub edited_ms: Option<u64>,
    pub deleted: bool,
    /// As it was typed.
    pub content: String,
    /// As it is to be shown.
    pub tree: Vec<MdNode>,
    pub reply_to: Option<Reply>,
    pub reactions: Vec<Reaction>,
    pub attachments: Vec<Attachment>,
    pub mentions: Mentions,
    pub pinned: bool,
    pub delivery: Delivery,
    /// It came long after its place in the order.
    pub late: bool,
    /// Slow mode keeps it from everybody but its author.
    pub held: bool,
    pub nonce: Option<String>,
    /// Sort key within the channel.
    pub sort: String,
    pub kind: &'static str,
}

impl Message {
    /// Shows a message.
    pub fn of(message: model::Message, files: &FileBook) -> Self {
        files.picture(message.author_avatar.as_ref(), Some(message.server));
        message
            .attachments
            .iter()
            .for_each(|(file, _)| files.file(file, message.server));
        Self {
            id: Id(message.id),
            channel_id: Id(message.channel),
            server_id: Id(message.server),
            author_id: Id(message.author),
            author_name: message.author_name,
            author_color: message.author_color,
            author_avatar: message.author_avatar.map(|avatar| Id(avatar.hash)),
            time_ms: message.time.0,
            edited_ms: message.edited.map(|edited| edited.0),
            deleted: message.deleted,
            content: message.text,
            tree: message.tree.into_iter().map(MdNode::from).collect(),
            reply_to: message.reply_to.map(Reply::from),
            reactions: message.reactions.into_iter().map(Reaction::from).collect(),
            attachments: message
                .attachments
                .iter()
                .map(|(file, state)| Attachment::of(file, *state))
                .collect(),
            mentions: message.mentions.into(),
            pinned: message.pinned,
            delivery: message.delivery.into(),
            late: message.late,
            held: message.held,
            nonce: message.nonce,
            sort: message.sort,
            kind: "user",
        }
    }
}

/// What a reply quotes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reply {
    pub id: Id<EnvelopeId>,
    /// Absent while the message is not here.
    pub author_id: Option<Id<IdentityId>>,
    pub author_name: String,
    pub excerpt: String,
    pub deleted: bool,
}

impl From<model::ReplyPreview> for Reply {
    fn from(reply: model::ReplyPreview) -> Self {
        Self {
            id: Id(reply.id),
            author_id: reply.author.map(Id),
            author_name: reply.author_name,
            excerpt: reply.excerpt,
            deleted: reply.deleted,
        }
    }
}

/// Everybody's use of one emoji.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reaction {
    pub emoji: String,
    pub count: usize,
    pub me: bool,
    /// The first 20.
    pub member_ids: Vec<Id<IdentityId>>,
}

impl From<model::Reaction> for Reaction {
    fn from(reaction: model::Reaction) -> Self {
        let member_ids = reaction.members.into_iter().map(Id).collect();
        Self {
            emoji: reaction.emoji,
            count: reaction.count,
            me: reaction.me,
            member_ids,
        }
    }
}

/// Whom a message calls.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Mentions {
    pub everyone: bool,
    pub members: Vec<Id<IdentityId>>,
    pub roles: Vec<Id<RoleId>>,
    pub me: bool,
}

impl From<model::Mentions> for Mentions {
    fn from(mentions: model::Mentions) -> Self {
        Self {
            everyone: mentions.everyone,
            members: mentions.members.into_iter().map(Id).collect(),
            roles: mentions.roles.into_iter().map(Id).collect(),
            me: mentions.me,
        }
    }
}

/// A file. Its id is the hash of its ciphertext.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Attachment {
    pub id: Id<BlobHash>,
    pub name: String,
    pub mime: String,
    pub size: u64,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub state: &'static str,
    /// Path on the attachments' origin; `POST /attachments/{id}/ticket` opens it.
    pub url: String,
}

impl Attachment {
    /// Shows a file.
    pub fn of(file: &content::Attachment, state: BlobState) -> Self {
        let state = match state {
            BlobState::Ready => "ready",
            BlobState::Fetching => "fetching",
            BlobState::Missing => "missing",
        };
        Self {
            id: Id(file.blob.hash),
            name: file.name.clone(),
            mime: file.blob.mime.clone(),
            size: file.blob.size,
            width: file.width,
            height: file.height,
            state,
            url: format!("/files/{}", file.blob.hash),
        }
    }
}

/// Where a message is. `local`: saved on this device, nobody else has it yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Delivery {
    pub state: &'static str,
    pub copies: CopyCounts,
    pub reason: Option<String>,
}

/// How many other devices and hubs confirmed storing a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CopyCounts {
    pub devices: usize,
    pub hubs: usize,
}

impl From<model::Delivery> for Delivery {
    fn from(delivery: model::Delivery) -> Self {
        let state = match delivery.state {
            DeliveryState::Local => "local",
            DeliveryState::WithPeers => "with_peers",
        };
        Self {
            state,
            copies: CopyCounts {
                devices: delivery.devices,
                hubs: delivery.hubs,
            },
            reason: None,
        }
    }
}

/// A page of messages, oldest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Page {
    pub messages: Vec<Message>,
    pub has_before: bool,
    pub has_after: bool,
    pub first_unread_id: Option<Id<EnvelopeId>>,
}

impl Page {
    /// Shows a page.
    pub fn of(page: model::Page, files: &FileBook) -> Self {
        Self {
            messages: page
                .messages
                .into_iter()
                .map(|message| Message::of(message, files))
                .collect(),
            has_before: page.has_before,
            has_after: page.has_after,
            first_unread_id: page.first_unread.map(Id),
        }
    }
}

/// Proofs that other devices have stored a message.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Copies {
    /// One for each device.
    pub devices: Vec<Copy>,
}

/// One proof.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Copy {
    pub pseudonym: Id<Pseudonym>,
    pub member_id: Option<Id<IdentityId>>,
    pub time_ms: u64,
}

impl From<model::Copies> for Copies {
    fn from(copies: model::Copies) -> Self {
        let devices = copies.devices.into_iter();
        let show = |(pseudonym, member, time): (
            Pseudonym,
            Option<IdentityId>,
            conclave_core::id::Millis,
        )| Copy {
            pseudonym: Id(pseudonym),
            member_id: member.map(Id),
            time_ms: time.0,
        };
        Self {
            devices: devices.map(show).collect(),
        }
    }
}

/// Results of a search, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Found {
    pub results: Vec<Message>,
    /// At least so many; exact when there are no further pages.
    pub total_estimate: usize,
    /// From when on everything decrypted is indexed; absent: from the beginning.
    pub indexed_from_ms: Option<u64>,
}
