//! Bans and the audit log.

use conclave_core::id::{EventId, IdentityId};
use conclave_core::state::Rule;
use conclave_engine::model::{self, WhyNot};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::id::Id;

/// A ban in force.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ban {
    pub id: Id<IdentityId>,
    pub name: String,
    pub reason: Option<String>,
    pub time_ms: u64,
    pub actor_id: Id<IdentityId>,
}

impl From<model::BanEntry> for Ban {
    fn from(ban: model::BanEntry) -> Self {
        Self {
            id: Id(ban.member),
            name: ban.name,
            reason: ban.reason,
            time_ms: ban.time.0,
            actor_id: Id(ban.actor),
        }
    }
}

/// The bans of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Bans {
    pub bans: Vec<Ban>,
}

/// One line of the audit log, which is the authority log itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AuditEntry {
    pub id: Id<EventId>,
    pub time_ms: u64,
    pub actor_id: Id<IdentityId>,
    pub actor_name: String,
    pub action: &'static str,
    pub target_id: Option<String>,
    pub target_name: Option<String>,
    pub reason: Option<String>,
    pub changes: Vec<FieldChange>,
    /// Whether it counts.
    pub effective: bool,
    /// Why not, in words.
    pub why_not: Option<String>,
    /// How a checkpoint lost it: `too_old` (it builds on neither of the last two) or `overtaken` (after what was frozen without it, it
    /// would not be allowed); absent otherwise.
    pub checkpoint_lost: Option<&'static str>,
    /// What overruled it.
    pub overruled_by: Option<Overruling>,
}

/// What took an event away.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Overruling {
    pub id: Id<EventId>,
    /// `removed`, `timed_out`, `device_cut`, `invite`, `lost` (what permitted it), `lifted` (its target).
    pub rule: &'static str,
    pub actor_id: Id<IdentityId>,
    pub actor_name: String,
    pub action: &'static str,
    pub target_name: Option<String>,
    pub reason: Option<String>,
    pub time_ms: u64,
}

impl From<model::Overruling> for Overruling {
    fn from(overruling: model::Overruling) -> Self {
        Self {
            id: Id(overruling.event),
            rule: name(overruling.rule),
            actor_id: Id(overruling.actor),
            actor_name: overruling.actor_name,
            action: overruling.action,
            target_name: overruling.target_name,
            reason: overruling.reason,
            time_ms: overruling.time.0,
        }
    }
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Removed => "removed",
        Rule::TimedOut => "timed_out",
        Rule::DeviceCut => "device_cut",
        Rule::Invite => "invite",
        Rule::Lost => "lost",
        Rule::Lifted => "lifted",
        Rule::Reign => "reign",
    }
}

fn words(rule: Rule) -> &'static str {
    match rule {
        Rule::Removed => "its author was banned or kicked",
        Rule::TimedOut => "its author was timed out",
        Rule::DeviceCut => "its device was cut off",
        Rule::Invite => "its author's invite was closed",
        Rule::Lost => "what permitted it was taken",
        Rule::Lifted => "its target was put out of reach",
        Rule::Reign => "who owned the server was settled otherwise",
    }
}

/// Why an event does not count, in words for whoever has no catalogue of their own.
fn in_words(why: &WhyNot) -> String {
    match why {
        WhyNot::Overruled(by) => format!(
            "overruled by a concurrent act of {}: {}",
            by.actor_name,
            words(by.rule)
        ),
        WhyNot::TooOld => "older than the last two checkpoints when it arrived".to_owned(),
        WhyNot::Overtaken(denied) => format!("overtaken by a checkpoint: {denied}"),
        WhyNot::Newer => "of a newer version: update this program".to_owned(),
    }
}

/// One field that changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FieldChange {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl From<model::AuditEntry> for AuditEntry {
    fn from(entry: model::AuditEntry) -> Self {
        let changes = entry.changes.into_iter();
        let why_not = entry.why_not.as_ref().map(in_words);
        Self {
            id: Id(entry.id),
            time_ms: entry.time.0,
            actor_id: Id(entry.actor),
            actor_name: entry.actor_name,
            action: entry.action,
            target_id: entry.target,
            target_name: entry.target_name,
            reason: entry.reason,
            changes: changes
                .map(|(field, after)| FieldChange {
                    field,
                    before: None,
                    after: Some(after),
                })
                .collect(),
            effective: why_not.is_none(),
            why_not,
            checkpoint_lost: match entry.why_not {
                Some(WhyNot::TooOld) => Some("too_old"),
                Some(WhyNot::Overtaken(_)) => Some("overtaken"),
                _ => None,
            },
            overruled_by: match entry.why_not {
                Some(WhyNot::Overruled(by)) => Some(by.into()),
                Some(WhyNot::TooOld | WhyNot::Overtaken(_) | WhyNot::Newer) | None => None,
            },
        }
    }
}

/// A page of the audit log, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Audit {
    pub entries: Vec<AuditEntry>,
    /// What to give as `before` for the next page; absent at the end. Given also where a page found little: a page looks through
    /// a bounded part of the log.
    pub next: Option<Id<EventId>>,
}

impl From<model::AuditPage> for Audit {
    fn from(page: model::AuditPage) -> Self {
        Self {
            entries: page.entries.into_iter().map(AuditEntry::from).collect(),
            next: page.next.map(Id),
        }
    }
}

/// An event that was accepted and does not count.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LostEntry {
    /// What was done, and what overruled it.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// This person did it.
    pub own: bool,
    /// When this node learnt that it does not count; absent: it never counted here.
    pub noticed_ms: Option<u64>,
    /// It had counted on this node until then.
    pub counted_here: bool,
    /// This person has been shown it.
    pub acknowledged: bool,
}

impl From<model::LostEntry> for LostEntry {
    fn from(lost: model::LostEntry) -> Self {
        Self {
            entry: lost.entry.into(),
            own: lost.own,
            noticed_ms: lost.noticed.map(|noticed| noticed.0),
            counted_here: lost.counted_here,
            acknowledged: lost.acknowledged,
        }
    }
}

/// What did not survive, latest first: all for those who may read the audit log, their own for everybody.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Lost {
    pub entries: Vec<LostEntry>,
}
