//! Who owns a server, and who may after them.

use conclave_core::id::{EventId, IdentityId, Millis, ServerId, VerifyKey};
use conclave_core::state::Title;

/// Somebody by name.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Named {
    pub id: IdentityId,
    pub name: String,
    /// Whether they are a member now.
    pub member: bool,
}

/// How the owner became one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Began {
    Founding,
    Transfer,
    Succession,
}

/// The ownership of a server.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ownership {
    pub owner: Named,
    pub began: Began,
    /// When, as the author of that event claims.
    pub since: Millis,
    /// This account owns the server.
    pub mine: bool,
    /// The account's root key is on this device, so that it can transfer and set the policy.
    pub root_here: bool,
    pub succession: Option<SuccessionView>,
    /// Claims that are open, the best title first.
    pub claims: Vec<ClaimView>,
}

/// A successor of a server, as one of its members announced it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SuccessorView {
    pub id: ServerId,
    pub name: String,
    pub founder: Named,
    pub founded: Millis,
    /// It descends from this server's state at events that are known here; absent while they are not.
    pub descends: Option<bool>,
    /// This account takes part in it.
    pub joined: bool,
    /// Its roles and channels are those that the server had there; absent while its log is not here.
    pub same_structure: Option<bool>,
}

/// The server that another descends from.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ParentView {
    pub id: ServerId,
    /// Its name, if it is known here.
    pub name: Option<String>,
    /// The descent is true by that server's log, if it is here.
    pub descends: Option<bool>,
}

/// Where a server comes from, and what comes after it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Lineage {
    pub successors: Vec<SuccessorView>,
    pub parent: Option<ParentView>,
}

/// The succession policy in force.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SuccessionView {
    pub event: EventId,
    pub successors: Vec<Named>,
    pub recovery_keys: Vec<VerifyKey>,
    pub council: Vec<Named>,
    pub quorum: u16,
    pub delay_days: u16,
    /// How many confirmations a claim needs.
    pub needed: usize,
    /// Several people attest the delay, so that no single clock decides it.
    pub delay_trustworthy: bool,
    /// This account may claim by its name; with a recovery key anybody may.
    pub may_claim: bool,
    /// This account may claim for others.
    pub may_claim_for_others: bool,
}

/// An open claim.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ClaimView {
    pub id: EventId,
    pub by: Named,
    pub heir: Named,
    pub title: Title,
    /// Since when this node knows it, by its own clock.
    pub known_since: Millis,
    /// When this node may first attest the delay.
    pub ripe_at: Millis,
    pub confirmed: Vec<Named>,
    /// Those whose confirmation would count and lacks.
    pub missing: Vec<Named>,
    pub needed: usize,
    /// This account's confirmation would count, once the delay is over here.
    pub may_confirm: bool,
    pub may_take: bool,
    pub may_veto: bool,
}
