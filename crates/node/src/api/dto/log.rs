//! Bans and the audit log.

use conclave_core::id::{EventId, IdentityId};
use conclave_engine::model;
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
    pub why_not: Option<String>,
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
            effective: entry.effective,
            why_not: entry.why_not,
        }
    }
}

/// A page of the audit log, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Audit {
    pub entries: Vec<AuditEntry>,
}
