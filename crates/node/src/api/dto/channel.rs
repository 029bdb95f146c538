//! Channels and who may do what in them.

use conclave_core::event::{self, Subject};
use conclave_core::id::{
    AudienceId, ChannelId, EnvelopeId, EpochId, IdentityId, InviteId, RoleId, ServerId,
};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::LevelName;
use super::server::History;
use super::{ChannelKind, Durability};
use crate::api::error::ApiError;
use crate::api::id::{BitsText, HexId, Id};

/// A channel that the person may see.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Channel {
    pub id: Id<ChannelId>,
    pub server_id: Id<ServerId>,
    pub kind: ChannelKind,
    pub name: String,
    pub topic: String,
    pub parent_id: Option<Id<ChannelId>>,
    /// Fractional index: siblings sort by it, then by id.
    pub position: String,
    pub private: bool,
    /// Overwrites follow the category's.
    pub synced: bool,
    pub durability: Durability,
    pub ttl_ms: Option<u64>,
    pub slow_mode_s: u32,
    pub overwrites: Vec<Overwrite>,
    pub my_permissions: BitsText,
    pub unread: bool,
    pub mentions: u32,
    pub last_message_id: Option<Id<EnvelopeId>>,
    pub last_read_id: Option<Id<EnvelopeId>>,
    pub muted: bool,
    pub level: LevelName,
    /// How many members can read it.
    pub readers: usize,
    pub epoch: Option<Id<EpochId>>,
}

impl From<model::Channel> for Channel {
    fn from(channel: model::Channel) -> Self {
        Self {
            id: Id(channel.id),
            server_id: Id(channel.server),
            kind: ChannelKind::from_number(channel.kind),
            name: channel.name,
            topic: channel.topic,
            parent_id: channel.parent.map(Id),
            position: channel.position,
            private: channel.private,
            synced: channel.synced,
            durability: Durability::from_number(channel.durability),
            ttl_ms: channel.ttl_ms,
            slow_mode_s: channel.slow_mode_s,
            overwrites: channel
                .overwrites
                .into_iter()
                .map(Overwrite::from)
                .collect(),
            my_permissions: BitsText(channel.my_permissions),
            unread: channel.read.unread,
            mentions: channel.read.mentions,
            last_message_id: channel.last_message.map(Id),
            last_read_id: channel.read.last_read.map(Id),
            muted: channel.read.muted,
            level: channel.read.level.into(),
            readers: channel.readers,
            epoch: channel.epoch.map(Id),
        }
    }
}

/// What an overwrite is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SubjectKind {
    Role,
    Member,
}

impl SubjectKind {
    /// Joins a kind with an id.
    ///
    /// # Errors
    /// 400 for an id that is none.
    pub fn with(self, id: &str) -> Result<Subject, ApiError> {
        let subject = match self {
            Self::Role => RoleId::parse(id).map(Subject::Role),
            Self::Member => IdentityId::parse(id).map(Subject::Member),
        };
        subject.ok_or_else(|| ApiError::invalid("the id of an overwrite is 64 hexadecimal digits"))
    }
}

/// What a channel allows and denies one role or member.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Overwrite {
    pub kind: SubjectKind,
    pub id: String,
    pub allow: BitsText,
    pub deny: BitsText,
}

impl From<event::Overwrite> for Overwrite {
    fn from(overwrite: event::Overwrite) -> Self {
        let (kind, id) = match overwrite.subject {
            Subject::Role(id) => (SubjectKind::Role, id.to_string()),
            Subject::Member(id) => (SubjectKind::Member, id.to_string()),
        };
        Self {
            kind,
            id,
            allow: BitsText(overwrite.allow),
            deny: BitsText(overwrite.deny),
        }
    }
}

impl TryFrom<Overwrite> for event::Overwrite {
    type Error = ApiError;

    fn try_from(overwrite: Overwrite) -> Result<Self, ApiError> {
        let subject = overwrite.kind.with(&overwrite.id)?;
        Ok(Self {
            subject,
            allow: overwrite.allow.0,
            deny: overwrite.deny.0,
        })
    }
}

/// Who can read a channel, and since when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChannelKeys {
    pub audience: Id<AudienceId>,
    pub epoch: Option<Id<EpochId>>,
    pub since_ms: Option<u64>,
    pub suite: &'static str,
    /// Somebody who is out still holds the newest key; the next message is sealed under another.
    pub due: bool,
    pub history: History,
    pub readers: Vec<Reader>,
    /// Links whose holders can read.
    pub links: Vec<LinkReader>,
    /// Removed members, who keep what they had until then.
    pub former: Vec<FormerReader>,
}

/// Somebody who can read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reader {
    pub member_id: Id<IdentityId>,
    pub name: String,
}

/// A link whose holders can read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LinkReader {
    pub invite_id: Id<InviteId>,
    pub kind: &'static str,
}

/// Somebody who could read until they were removed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FormerReader {
    pub member_id: Id<IdentityId>,
    pub name: String,
    pub until_ms: Option<u64>,
}

impl From<model::ChannelKeys> for ChannelKeys {
    fn from(keys: model::ChannelKeys) -> Self {
        let former = keys.former.into_iter();
        let links = keys.links.into_iter();
        Self {
            audience: Id(keys.audience),
            epoch: keys.epoch.map(Id),
            since_ms: keys.since.map(|since| since.0),
            suite: if keys.suite == 2 { "x-wing" } else { "x25519" },
            due: keys.due,
            history: keys.history.into(),
            readers: keys
                .readers
                .into_iter()
                .map(|(id, name)| Reader {
                    member_id: Id(id),
                    name,
                })
                .collect(),
            links: links
                .map(|(id, open)| LinkReader {
                    invite_id: Id(id),
                    kind: if open { "open" } else { "closed" },
                })
                .collect(),
            former: former
                .map(|(id, name, until)| FormerReader {
                    member_id: Id(id),
                    name,
                    until_ms: until.map(|until| until.0),
                })
                .collect(),
        }
    }
}
