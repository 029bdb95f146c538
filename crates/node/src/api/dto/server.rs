//! Servers and roles.

use conclave_core::id::{BlobHash, IdentityId, RoleId, ServerId};
use conclave_engine::model::{self, Connection};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Durability;
use super::channel::Channel;
use crate::api::files::FileBook;
use crate::api::id::{BitsText, Id};

/// What a server is: a community, or a chat among equals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ServerKind {
    #[default]
    Community,
    Chat,
}

/// A server in the rail.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerSummary {
    pub id: Id<ServerId>,
    pub name: String,
    pub icon: Option<Id<BlobHash>>,
    pub kind: ServerKind,
    pub owner_id: Id<IdentityId>,
    pub unread: bool,
    pub mentions: u32,
    pub member_count: usize,
    /// The caller's own member id, which is their identity.
    pub me_member_id: Id<IdentityId>,
    pub state: ServerState,
}

impl ServerSummary {
    /// Shows a server to `me`.
    pub fn of(server: model::ServerSummary, me: IdentityId, files: &FileBook) -> Self {
        files.picture(server.icon.as_ref(), Some(server.id));
        Self {
            id: Id(server.id),
            name: server.name,
            icon: server.icon.map(|icon| Id(icon.hash)),
            kind: if server.chat {
                ServerKind::Chat
            } else {
                ServerKind::Community
            },
            owner_id: Id(server.owner),
            unread: server.unread,
            mentions: server.mentions,
            member_count: server.member_count,
            me_member_id: Id(me),
            state: server.state.into(),
        }
    }
}

/// How a server is doing on this device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerState {
    pub connection: ConnectionName,
    /// Connected nodes that take part.
    pub peers: usize,
    pub catching_up: Option<Progress>,
    pub reason: Option<String>,
}

/// `paused`: nobody else of the server is reachable. `removed`: banned, kicked or left. `halted`: newer rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ConnectionName {
    Online,
    Connecting,
    Paused,
    Halted,
    Removed,
}

/// So many of so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Progress {
    pub done: u64,
    pub total: u64,
}

impl From<model::ServerState> for ServerState {
    fn from(state: model::ServerState) -> Self {
        let connection = match state.connection {
            Connection::Online => ConnectionName::Online,
            Connection::Connecting => ConnectionName::Connecting,
            Connection::Paused => ConnectionName::Paused,
            Connection::Halted => ConnectionName::Halted,
            Connection::Removed => ConnectionName::Removed,
        };
        let catching_up = state
            .catching_up
            .map(|(done, total)| Progress { done, total });
        Self {
            connection,
            peers: state.peers,
            catching_up,
            reason: state.reason,
        }
    }
}

/// A server opened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Server {
    #[serde(flatten)]
    pub summary: ServerSummary,
    pub description: String,
    pub channels: Vec<Channel>,
    pub roles: Vec<Role>,
    pub my_roles: Vec<Id<RoleId>>,
    pub my_permissions: BitsText,
    pub default_durability: Durability,
    /// Nobody can join until a moderator lifts it.
    pub joins_paused: bool,
    /// Own events that did not survive a merge, and that this person has not been shown yet.
    pub lost_unseen: usize,
    /// Reports that wait for this person.
    pub reports_open: usize,
    /// The last checkpoint: what is older is final.
    pub checkpoint: Option<LastCheckpoint>,
    /// Notaries were shown to have signed two checkpoints at once, and nobody has replaced them yet.
    pub checkpoint_fork: bool,
}

/// The last checkpoint of a server.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LastCheckpoint {
    pub epoch: u64,
    /// As its proposer claims.
    pub time_ms: u64,
}

impl Server {
    /// Shows a server to `me`.
    pub fn of(server: model::ServerDetail, me: IdentityId, files: &FileBook) -> Self {
        Self {
            summary: ServerSummary::of(server.summary, me, files),
            description: server.description,
            channels: server.channels.into_iter().map(Channel::from).collect(),
            roles: server.roles.into_iter().map(Role::from).collect(),
            my_roles: server.my_roles.into_iter().map(Id).collect(),
            my_permissions: BitsText(server.my_permissions),
            default_durability: Durability::from_number(server.default_durability),
            joins_paused: server.joins_paused,
            lost_unseen: server.lost_unseen,
            reports_open: server.reports_open,
            checkpoint: server.checkpoint.map(|(epoch, time)| LastCheckpoint {
                epoch,
                time_ms: time.0,
            }),
            checkpoint_fork: server.checkpoint_fork,
        }
    }
}

/// A role.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Role {
    /// `@everyone` bears the server's id.
    pub id: Id<RoleId>,
    pub name: String,
    pub color: Option<u32>,
    pub hoist: bool,
    pub mentionable: bool,
    pub permissions: BitsText,
    pub position: String,
    /// 0 is `@everyone`.
    pub rank: usize,
}

impl From<model::Role> for Role {
    fn from(role: model::Role) -> Self {
        Self {
            id: Id(role.id),
            name: role.name,
            color: role.color,
            hoist: role.hoist,
            mentionable: role.mentionable,
            permissions: BitsText(role.permissions),
            position: role.position,
            rank: role.rank,
        }
    }
}
