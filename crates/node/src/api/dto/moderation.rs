//! Why somebody may do something, and what concerns many members at once.

use conclave_core::id::{ChannelId, EventId, IdentityId, RoleId};
use conclave_core::permissions::Bits;
use conclave_engine::model;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::id::{BitsText, Id};

/// So many members were acted on.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the name says it")]
pub struct Count {
    pub count: usize,
}

/// What a member may do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the name says it")]
pub struct Permissions {
    pub permissions: BitsText,
}

/// Somebody or something with its name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Labelled<I> {
    pub id: I,
    pub name: String,
}

pub(super) fn named<T>((id, name): (T, String)) -> Labelled<Id<T>> {
    Labelled { id: Id(id), name }
}

/// Whom a prune would kick, as far as this node can tell.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Prune {
    /// How many; one prune takes at most 200 of them.
    pub count: usize,
    /// The first hundred.
    pub members: Vec<Labelled<Id<IdentityId>>>,
    /// Channels that this account does not read: who speaks only there looks absent.
    pub unread_channels: usize,
    /// Since when this node has been in the server.
    pub since_ms: u64,
}

impl From<model::Prune> for Prune {
    fn from(prune: model::Prune) -> Self {
        Self {
            count: prune.count,
            members: prune.members.into_iter().map(named).collect(),
            unread_channels: prune.unread_channels,
            since_ms: prune.since.0,
        }
    }
}

/// A verdict with the chain that leads to it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Why {
    /// The verdict, the same that every node gives.
    pub allowed: bool,
    /// Who was asked about.
    pub member: Labelled<Id<IdentityId>>,
    /// The chain, in the order in which it is walked; the last step decides.
    pub steps: Vec<WhyStep>,
}

/// One link of the chain.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WhyStep {
    /// `owner`, `banned`, `timed_out`, `role`, `administrator`, `overwrite`, `implied`, `has`, `lacks`, `above`, `not_above`,
    /// `not_member`, `refused`.
    pub kind: &'static str,
    /// Whether it speaks for it or against it; null: both or neither.
    pub gives: Option<bool>,
    /// The role that it is about.
    pub role: Option<Labelled<Id<RoleId>>>,
    /// The channel that it is about.
    pub channel: Option<Labelled<Id<ChannelId>>>,
    /// The member that it is about.
    pub member: Option<Labelled<Id<IdentityId>>>,
    /// Names of the permissions that it is about; of an overwrite, what it allows.
    pub permissions: Vec<&'static str>,
    /// Of an overwrite, what it denies; what falls with a permission that lacks.
    pub denies: Vec<&'static str>,
    /// The end of a timeout.
    pub until_ms: Option<u64>,
    /// A rule's refusal, by name.
    pub code: Option<&'static str>,
    /// The same, in words.
    pub words: Option<String>,
    /// Who made it so, and when.
    pub events: Vec<WhyEvent>,
}

/// An event that made something so; the audit log has it under this id.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct WhyEvent {
    pub id: Id<EventId>,
    pub action: &'static str,
    pub target_name: Option<String>,
    pub actor_id: Id<IdentityId>,
    pub actor_name: String,
    pub time_ms: u64,
    pub reason: Option<String>,
}

fn names(bits: Bits) -> Vec<&'static str> {
    let named = Bits::NAMED.iter().filter(|(bit, _)| bits.contains(*bit));
    named.map(|(_, name)| *name).collect()
}

impl From<model::Why> for Why {
    fn from(why: model::Why) -> Self {
        Self {
            allowed: why.allowed,
            member: named((why.member, why.member_name)),
            steps: why.steps.into_iter().map(WhyStep::from).collect(),
        }
    }
}

impl From<model::WhyStep> for WhyStep {
    fn from(step: model::WhyStep) -> Self {
        Self {
            kind: step.kind,
            gives: step.gives,
            role: step.role.map(named),
            channel: step.channel.map(named),
            member: step.member.map(named),
            permissions: names(step.permissions),
            denies: names(step.denies),
            until_ms: step.until.map(|until| until.0),
            code: step.code,
            words: step.words,
            events: step.events.into_iter().map(WhyEvent::from).collect(),
        }
    }
}

impl From<model::WhyEvent> for WhyEvent {
    fn from(event: model::WhyEvent) -> Self {
        Self {
            id: Id(event.id),
            action: event.action,
            target_name: event.target_name,
            actor_id: Id(event.actor),
            actor_name: event.actor_name,
            time_ms: event.time.0,
            reason: event.reason,
        }
    }
}
