//! Bodies and queries of requests. Unknown fields are refused, so that a typing error does not pass for success.

use conclave_core::id::{BlobHash, ChannelId, EnvelopeId, EventId, IdentityId, RoleId, ServerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{LevelName, PresenceName};
use super::channel::Overwrite;
use super::invite::InviteKind;
use super::server::ServerKind;
use super::{ChannelKind, Durability};
use crate::api::action::Action;
use crate::api::extract::maybe_null;
use crate::api::id::{BitsText, Id};

/// Declares bodies: every field optional unless it is not.
macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "the fields are those of the objects that they set")]
        pub struct $name { $($(#[$meta])* pub $field: $type,)* })+
    };
}

bodies! {
    /// Exchanges a one-time code.
    OpenSession { code: String }

    /// Changes the account, or creates it when it has no name yet.
    PutMe {
        display_name: Option<String>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<String>")]
        bio: Option<Option<String>>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<Id<BlobHash>>")]
        avatar_blob: Option<Option<Id<BlobHash>>>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<String>")]
        status_text: Option<Option<String>>,
        presence: Option<PresenceName>,
    }

    /// Founds a server.
    CreateServer { name: String, #[serde(default)] template: ServerKind, icon_blob: Option<Id<BlobHash>> }

    /// Changes a server.
    PatchServer {
        name: Option<String>,
        description: Option<String>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<Id<BlobHash>>")]
        icon_blob: Option<Option<Id<BlobHash>>>,
    }

    /// Makes a hub one of the server's; the address is what `conclave hub` prints.
    AddHub { address: String }

    /// Changes a member.
    PatchMember {
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<String>")]
        nick: Option<Option<String>>,
        /// All roles that the member is to have, without `@everyone`.
        roles: Option<Vec<Id<RoleId>>>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<u64>")]
        timeout_until_ms: Option<Option<u64>>,
        reason: Option<String>,
    }

    /// Says why.
    Because { reason: Option<String> }

    /// Bans a member.
    PutBan { reason: Option<String>, delete_messages_ms: Option<u64> }

    /// Creates a channel.
    CreateChannel {
        name: String,
        kind: ChannelKind,
        topic: Option<String>,
        parent_id: Option<Id<ChannelId>>,
        #[serde(default)]
        private: bool,
        #[serde(default)]
        overwrites: Vec<Overwrite>,
        durability: Option<Durability>,
    }

    /// Changes a channel.
    PatchChannel {
        name: Option<String>,
        topic: Option<String>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<Id<ChannelId>>")]
        parent_id: Option<Option<Id<ChannelId>>>,
        position: Option<ChannelPlace>,
        slow_mode_s: Option<u32>,
        durability: Option<Durability>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<u64>")]
        ttl_ms: Option<Option<u64>>,
    }

    /// Sets what a channel allows and denies a role or member.
    PutOverwrite { allow: BitsText, deny: BitsText }

    /// Creates a role.
    CreateRole {
        name: String,
        color: Option<u32>,
        #[serde(default)]
        hoist: bool,
        #[serde(default)]
        mentionable: bool,
        permissions: Option<BitsText>,
    }

    /// Changes a role.
    PatchRole {
        name: Option<String>,
        #[serde(default, deserialize_with = "maybe_null")]
        #[schemars(with = "Option<u32>")]
        color: Option<Option<u32>>,
        hoist: Option<bool>,
        mentionable: Option<bool>,
        permissions: Option<BitsText>,
        position: Option<RolePlace>,
    }

    /// Writes a message.
    PostMessage {
        #[serde(default)]
        content: String,
        reply_to: Option<Id<EnvelopeId>>,
        #[serde(default)]
        attachments: Vec<Id<BlobHash>>,
        /// The same again gives the same message: at most 32 bytes.
        nonce: Option<String>,
    }

    /// Edits a message.
    PatchMessage { content: String }

    /// Names a message.
    ThisMessage { message_id: Id<EnvelopeId> }

    /// Pins a message, or unpins it.
    PutPin { #[serde(default = "yes")] pinned: bool }

    /// Changes how a channel notifies.
    PatchSettings { muted: Option<bool>, level: Option<LevelName> }

    /// Creates an invite.
    CreateInvite {
        #[serde(default)]
        kind: InviteKind,
        channel_id: Option<Id<ChannelId>>,
        role_id: Option<Id<RoleId>>,
        max_uses: Option<u32>,
        expires_in_s: Option<u64>,
    }

    /// An invite link.
    Link { link: String }

    /// Starts a chat with members of a shared server.
    CreateChat { member_ids: Vec<Id<IdentityId>>, from_server: Id<ServerId> }

    /// Answers a request for a chat.
    AnswerChat { accept: bool }

    /// Creates an API token.
    CreateToken { name: String, actions: Vec<Action>, server_id: Option<Id<ServerId>> }

    /// Which members.
    MembersQuery { query: Option<String>, limit: Option<usize>, after: Option<Id<IdentityId>> }

    /// Which messages: at most one of `before`, `after` and `around`.
    MessagesQuery {
        before: Option<Id<EnvelopeId>>,
        after: Option<Id<EnvelopeId>>,
        around: Option<Id<EnvelopeId>>,
        limit: Option<usize>,
    }

    /// Words and filters (`from: in: has: before: after: mentions:`).
    SearchQuery {
        q: String,
        server: Option<Id<ServerId>>,
        channel: Option<Id<ChannelId>>,
        before: Option<Id<EnvelopeId>>,
        limit: Option<usize>,
    }

    /// Which lines of the audit log.
    AuditQuery {
        limit: Option<usize>,
        before: Option<Id<EventId>>,
        action: Option<String>,
        actor: Option<Id<IdentityId>>,
    }
}

fn yes() -> bool {
    true
}

/// Where to move a channel among its siblings.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChannelPlace {
    Before(Id<ChannelId>),
    After(Id<ChannelId>),
}

/// Where to move a role.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RolePlace {
    Above(Id<RoleId>),
    Below(Id<RoleId>),
}

/// What the person has typed and not sent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The text.
    pub text: String,
}

/// The name of a stored image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BlobName {
    /// For `avatar_blob`, `icon_blob` and `GET /blobs/{hash}`.
    pub hash: Id<BlobHash>,
}

/// Where a file opens, once, soon.
#[derive(Clone, Serialize, JsonSchema)]
pub struct TicketUrl {
    /// Absolute address on the files' own origin; valid for a minute.
    pub url: String,
}

/// All API tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TokenList {
    /// By id.
    pub tokens: Vec<crate::api::tokens::TokenInfo>,
}

/// All servers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServerList {
    /// In the order of the rail.
    pub servers: Vec<super::server::ServerSummary>,
}
