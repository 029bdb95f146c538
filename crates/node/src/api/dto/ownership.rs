//! Who owns a server, and who may after them.

use conclave_core::id::{EventId, IdentityId, ServerId, VerifyKey};
use conclave_core::state::Title;
use conclave_engine::model::{self, Began};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::id::Id;

/// Somebody by name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Named {
    pub id: Id<IdentityId>,
    pub name: String,
    /// Whether they are a member now.
    pub member: bool,
}

impl From<model::Named> for Named {
    fn from(named: model::Named) -> Self {
        Self {
            id: Id(named.id),
            name: named.name,
            member: named.member,
        }
    }
}

fn names(list: Vec<model::Named>) -> Vec<Named> {
    list.into_iter().map(Named::from).collect()
}

/// How the owner became one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum BeganName {
    Founding,
    Transfer,
    Succession,
}

/// What entitles to a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TitleName {
    RecoveryKey,
    Successor,
    Council,
}

/// The ownership of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Ownership {
    pub owner: Named,
    pub began: BeganName,
    /// Since when, as the author of that event claims.
    pub since_ms: u64,
    /// The caller owns the server.
    pub mine: bool,
    /// The account's root key is on this device, so that it can transfer and set the policy.
    pub root_here: bool,
    pub succession: Option<SuccessionTerms>,
    /// Claims that are open, the best title first.
    pub claims: Vec<Claim>,
}

/// Who may take over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SuccessionTerms {
    pub id: Id<EventId>,
    pub successors: Vec<Named>,
    pub recovery_keys: Vec<Id<VerifyKey>>,
    pub council: Vec<Named>,
    pub quorum: u16,
    pub delay_days: u16,
    /// How many confirmations a claim needs.
    pub needed: usize,
    /// Several people attest the delay, so that no single clock decides it.
    pub delay_trustworthy: bool,
    /// The caller may claim by name; whoever holds a recovery key may with it.
    pub may_claim: bool,
    pub may_claim_for_others: bool,
}

/// An open claim.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Claim {
    pub id: Id<EventId>,
    pub by: Named,
    pub heir: Named,
    pub title: TitleName,
    /// Since when this device knows it, by its own clock.
    pub known_since_ms: u64,
    /// When this device may first attest the delay.
    pub ripe_at_ms: u64,
    pub confirmed: Vec<Named>,
    /// Those whose confirmation would count and lacks.
    pub missing: Vec<Named>,
    pub needed: usize,
    pub may_confirm: bool,
    pub may_take: bool,
    pub may_veto: bool,
}

impl From<model::Ownership> for Ownership {
    fn from(ownership: model::Ownership) -> Self {
        Self {
            owner: ownership.owner.into(),
            began: match ownership.began {
                Began::Founding => BeganName::Founding,
                Began::Transfer => BeganName::Transfer,
                Began::Succession => BeganName::Succession,
            },
            since_ms: ownership.since.0,
            mine: ownership.mine,
            root_here: ownership.root_here,
            succession: ownership.succession.map(SuccessionTerms::from),
            claims: ownership.claims.into_iter().map(Claim::from).collect(),
        }
    }
}

impl From<model::SuccessionView> for SuccessionTerms {
    fn from(view: model::SuccessionView) -> Self {
        Self {
            id: Id(view.event),
            successors: names(view.successors),
            recovery_keys: view.recovery_keys.into_iter().map(Id).collect(),
            council: names(view.council),
            quorum: view.quorum,
            delay_days: view.delay_days,
            needed: view.needed,
            delay_trustworthy: view.delay_trustworthy,
            may_claim: view.may_claim,
            may_claim_for_others: view.may_claim_for_others,
        }
    }
}

impl From<model::ClaimView> for Claim {
    fn from(claim: model::ClaimView) -> Self {
        Self {
            id: Id(claim.id),
            by: claim.by.into(),
            heir: claim.heir.into(),
            title: match claim.title {
                Title::RecoveryKey(_) => TitleName::RecoveryKey,
                Title::Successor(_) => TitleName::Successor,
                Title::Council => TitleName::Council,
            },
            known_since_ms: claim.known_since.0,
            ripe_at_ms: claim.ripe_at.0,
            confirmed: names(claim.confirmed),
            missing: names(claim.missing),
            needed: claim.needed,
            may_confirm: claim.may_confirm,
            may_take: claim.may_take,
            may_veto: claim.may_veto,
        }
    }
}

/// What the descent of a server is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DescentName {
    Verified,
    False,
    /// The events that it names are not here.
    Unknown,
}

impl From<Option<bool>> for DescentName {
    fn from(descends: Option<bool>) -> Self {
        match descends {
            Some(true) => Self::Verified,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }
}

/// A successor of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Successor {
    pub id: Id<ServerId>,
    pub name: String,
    pub founder: Named,
    pub founded_ms: u64,
    pub descent: DescentName,
    pub joined: bool,
    /// Its roles and channels are those of the server that it descends from; null while its log is not here.
    pub same_structure: Option<bool>,
}

/// The server that this one descends from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Parent {
    pub id: Id<ServerId>,
    pub name: Option<String>,
    pub descent: DescentName,
}

/// Servers that descend from one, and the one that it descends from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Successors {
    pub successors: Vec<Successor>,
    pub parent: Option<Parent>,
}

impl From<model::Lineage> for Successors {
    fn from(lineage: model::Lineage) -> Self {
        let successor = |view: model::SuccessorView| Successor {
            id: Id(view.id),
            name: view.name,
            founder: view.founder.into(),
            founded_ms: view.founded.0,
            descent: view.descends.into(),
            joined: view.joined,
            same_structure: view.same_structure,
        };
        Self {
            successors: lineage.successors.into_iter().map(successor).collect(),
            parent: lineage.parent.map(|parent| Parent {
                id: Id(parent.id),
                name: parent.name,
                descent: parent.descends.into(),
            }),
        }
    }
}

/// Founds a successor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FoundSuccessor {
    pub name: Option<String>,
    /// Give members the roles that they hold, for when they come.
    #[serde(default)]
    pub with_members_roles: bool,
}

/// Hands a server over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TransferTo {
    pub member_id: Id<IdentityId>,
}

/// Sets who may take over; everything empty: nobody.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PutSuccession {
    #[serde(default)]
    pub successors: Vec<Id<IdentityId>>,
    #[serde(default)]
    pub recovery_keys: Vec<Id<VerifyKey>>,
    #[serde(default)]
    pub council: Vec<Id<IdentityId>>,
    #[serde(default)]
    pub quorum: u16,
    pub delay_days: u16,
}

/// Asks for a server.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeClaim {
    /// For whom; absent: for the caller.
    pub heir_id: Option<Id<IdentityId>>,
    /// The text of a recovery key, where one is used.
    pub recovery_key: Option<String>,
}

/// A fresh recovery key; nothing of it is kept.
#[derive(Clone, Serialize, JsonSchema)]
pub struct RecoveryKey {
    /// For the policy.
    pub key: Id<VerifyKey>,
    /// To be written down: whoever has it may claim the server.
    pub secret: String,
}
