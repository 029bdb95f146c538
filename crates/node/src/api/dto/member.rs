//! Members.

use conclave_core::id::{BlobHash, IdentityId, Pseudonym, RoleId, ServerId};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::Serialize;

use super::account::PresenceName;
use crate::api::files::FileBook;
use crate::api::id::Id;

/// A member of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Member {
    /// The member's identity.
    pub id: Id<IdentityId>,
    pub display_name: String,
    pub nick: Option<String>,
    /// The name to show.
    pub name: String,
    pub avatar: Option<Id<BlobHash>>,
    pub bio: Option<String>,
    pub roles: Vec<Id<RoleId>>,
    pub color: Option<u32>,
    pub joined_ms: u64,
    pub timeout_until_ms: Option<u64>,
    pub owner: bool,
    pub bot: bool,
    pub presence: PresenceName,
    pub status_text: Option<String>,
    pub online_devices: usize,
    pub pseudonym: Id<Pseudonym>,
}

impl Member {
    /// Shows a member of a server.
    pub fn of(member: model::Member, server: ServerId, files: &FileBook) -> Self {
        files.picture(member.profile.avatar.as_ref(), Some(server));
        let name = member.name();
        Self {
            id: Id(member.id),
            display_name: member.profile.display_name,
            nick: member.nickname,
            name,
            avatar: member.profile.avatar.map(|avatar| Id(avatar.hash)),
            bio: member.profile.bio,
            roles: member.roles.into_iter().map(Id).collect(),
            color: member.color,
            joined_ms: member.joined.0,
            timeout_until_ms: member.timeout_until.map(|until| until.0),
            owner: member.owner,
            bot: member.bot,
            presence: member.presence.into(),
            status_text: member.profile.status_text,
            online_devices: member.online_devices,
            pseudonym: Id(member.pseudonym),
        }
    }
}

/// A page of members.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Members {
    pub members: Vec<Member>,
    /// All that match, not only this page.
    pub total: usize,
}
