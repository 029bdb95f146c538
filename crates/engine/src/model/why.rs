//! Why somebody may do something, or may not: the chain of what gives and what takes.

use conclave_core::id::{ChannelId, EventId, IdentityId, Millis, RoleId};
use conclave_core::permissions::Bits;

/// A verdict with its chain.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Why {
    pub allowed: bool,
    pub member: IdentityId,
    pub member_name: String,
    /// In the order in which it is walked; the last one decides.
    pub steps: Vec<WhyStep>,
}

/// One link of the chain.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct WhyStep {
    /// `owner`, `banned`, `timed_out`, `role`, `administrator`, `overwrite`, `implied`, `has`, `lacks`, `above`, `not_above`,
    /// `not_member`, `refused`.
    pub kind: &'static str,
    /// Whether this step speaks for it, against it, or neither.
    pub gives: Option<bool>,
    pub role: Option<(RoleId, String)>,
    pub channel: Option<(ChannelId, String)>,
    pub member: Option<(IdentityId, String)>,
    /// What of the permissions it is about; for an overwrite what it allows.
    pub permissions: Bits,
    /// What an overwrite denies, or falls with a permission that lacks.
    pub denies: Bits,
    pub until: Option<Millis>,
    /// A rule's refusal: `Denied::code`.
    pub code: Option<&'static str>,
    /// The same, in words.
    pub words: Option<String>,
    /// What made it so: who gave the role, who set the bits or the overwrite, who banned.
    pub events: Vec<WhyEvent>,
}

/// An event that made something so.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct WhyEvent {
    pub id: EventId,
    pub action: &'static str,
    pub target_name: Option<String>,
    pub actor: IdentityId,
    pub actor_name: String,
    pub time: Millis,
    pub reason: Option<String>,
}
