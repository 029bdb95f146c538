//! The audit log, which is the authority log itself, and what of it did not survive.

use conclave_core::id::{EventId, IdentityId, Millis};
use conclave_core::permissions::Denied;
use conclave_core::state::Rule;

/// One line of the audit log.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AuditEntry {
    pub id: EventId,
    pub time: Millis,
    pub actor: IdentityId,
    pub actor_name: String,
    /// `member_ban`, `channel_create`, ...
    pub action: &'static str,
    pub target: Option<String>,
    pub target_name: Option<String>,
    pub reason: Option<String>,
    /// Field and new value.
    pub changes: Vec<(String, String)>,
    /// Why it does not count; absent: it counts.
    pub why_not: Option<WhyNot>,
}

impl AuditEntry {
    /// Whether it counts.
    #[must_use]
    pub fn effective(&self) -> bool {
        self.why_not.is_none()
    }
}

/// Why an accepted event does not count.
#[derive(Clone, Debug)]
pub enum WhyNot {
    /// Something concurrent took it away.
    Overruled(Overruling),
    /// Older than the last two checkpoints when it arrived.
    TooOld,
    /// After what a checkpoint froze without it, it would not be allowed.
    Overtaken(Denied),
    /// Of a newer protocol: this program cannot tell what it does.
    Newer,
}

/// What took an event away.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Overruling {
    pub event: EventId,
    pub rule: Rule,
    pub actor: IdentityId,
    pub actor_name: String,
    pub action: &'static str,
    pub target_name: Option<String>,
    pub reason: Option<String>,
    pub time: Millis,
}

/// A page of the audit log, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditPage {
    /// What matches.
    pub entries: Vec<AuditEntry>,
    /// Where to go on: also given when so much had to be looked through that nothing was found yet.
    pub next: Option<EventId>,
}

/// An event that was accepted and does not count, because a concurrent one overruled it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LostEntry {
    pub entry: AuditEntry,
    /// This person did it.
    pub own: bool,
    /// When this node learnt that it does not count; absent: it never counted here.
    pub noticed: Option<Millis>,
    /// It had counted on this node until then.
    pub counted_here: bool,
    /// This person has been told and has said so.
    pub acknowledged: bool,
}
