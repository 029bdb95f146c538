//! Invites.

use conclave_core::id::{ChannelId, IdentityId, InviteId, Millis, RoleId, ServerId};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::ServerSummary;
use crate::api::id::Id;

/// Open: whoever has the link can read. Closed: content comes from a member once joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum InviteKind {
    #[default]
    Open,
    Closed,
}

impl InviteKind {
    fn of(open: bool) -> Self {
        if open { Self::Open } else { Self::Closed }
    }
}

/// An invite.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Invite {
    pub id: Id<InviteId>,
    /// The link; only to its creator.
    pub code: Option<String>,
    pub url: Option<String>,
    pub kind: InviteKind,
    pub inviter_id: Id<IdentityId>,
    pub channel_id: Option<Id<ChannelId>>,
    pub role_id: Option<Id<RoleId>>,
    pub max_uses: Option<u32>,
    pub uses: usize,
    pub expires_ms: Option<u64>,
    pub created_ms: u64,
    pub revoked: bool,
}

impl From<model::Invite> for Invite {
    fn from(invite: model::Invite) -> Self {
        Self {
            id: Id(invite.id),
            code: invite.link.clone(),
            url: invite.link,
            kind: InviteKind::of(invite.open),
            inviter_id: Id(invite.inviter),
            channel_id: invite.channel.map(Id),
            role_id: invite.role.map(Id),
            max_uses: invite.max_uses,
            uses: invite.uses,
            expires_ms: invite.expires.map(|expires| expires.0),
            created_ms: invite.created.0,
            revoked: invite.revoked,
        }
    }
}

/// The invites of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Invites {
    pub invites: Vec<Invite>,
}

/// What a link says by itself, before any network is used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Inspection {
    pub server_id: Id<ServerId>,
    /// As the link claims.
    pub server_name: String,
    /// As the link claims.
    pub inviter_name: String,
    pub kind: InviteKind,
    pub expires_ms: Option<u64>,
    /// As the link claims.
    pub member_count: Option<u32>,
    pub privacy: &'static str,
    pub valid: bool,
    pub already_member: bool,
}

impl From<model::InviteInspection> for Inspection {
    fn from(link: model::InviteInspection) -> Self {
        let privacy = if link.open {
            "Whoever has this link can read the server's public channels until it is revoked."
        } else {
            "The link shows who is in the server; its messages come from a member once you have joined."
        };
        Self {
            server_id: Id(link.server),
            server_name: link.server_name,
            inviter_name: link.inviter_name,
            kind: InviteKind::of(link.open),
            expires_ms: link.expires.map(|expires: Millis| expires.0),
            member_count: link.member_count,
            privacy,
            valid: !link.expired,
            already_member: link.already_member,
        }
    }
}

/// The server that a link leads to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Joined {
    pub server: ServerSummary,
}

/// Somebody asks for a chat.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChatRequest {
    /// The chat's own id.
    pub id: Id<ServerId>,
    pub from_id: Id<IdentityId>,
    pub from_name: String,
    /// The shared server that it came through.
    pub via_server_id: Id<ServerId>,
}

impl From<model::ChatRequest> for ChatRequest {
    fn from(request: model::ChatRequest) -> Self {
        Self {
            id: Id(request.server),
            from_id: Id(request.from),
            from_name: request.from_name,
            via_server_id: Id(request.via),
        }
    }
}

/// Open requests for chats.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChatRequests {
    pub requests: Vec<ChatRequest>,
}
