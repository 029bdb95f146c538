//! Notaries, checkpoints, and evidence against notaries.

use conclave_core::id::{CheckpointId, Digest, EventId, IdentityId, VerifyKey};
use conclave_engine::model;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::id::Id;

/// What a server knows of its own finality.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Finality {
    pub notaries: Vec<Notary>,
    /// How many of them sign.
    pub quorum: u16,
    /// How often they were changed.
    pub generation: u64,
    /// Events that no checkpoint has frozen yet, besides those that post one or join heads.
    pub unfrozen: usize,
    /// The newest first.
    pub checkpoints: Vec<Checkpoint>,
    /// Evidence against notaries who signed two at once.
    pub forks: Vec<Fork>,
    /// What is being signed.
    pub signing: Vec<Signing>,
}

/// A notary, with the member whose root key it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Notary {
    pub key: Id<VerifyKey>,
    pub member_id: Option<Id<IdentityId>>,
    pub name: Option<String>,
    pub me: bool,
}

/// A checkpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Checkpoint {
    pub id: Id<CheckpointId>,
    pub epoch: u64,
    pub prev: Option<Id<CheckpointId>>,
    /// As its proposer claims.
    pub time_ms: u64,
    /// Whether it counts.
    pub canonical: bool,
    pub signers: Vec<Id<VerifyKey>>,
    pub frontier: Vec<Id<EventId>>,
    pub state_root: Id<Digest>,
    pub member_root: Id<Digest>,
    pub log_root: Id<Digest>,
}

/// Two or more checkpoints after one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Fork {
    pub epoch: u64,
    pub rivals: Vec<Id<CheckpointId>>,
    /// Who signed more than one of them.
    pub signers: Vec<Notary>,
    /// Whether other notaries have gone on from before it.
    pub settled: bool,
}

/// A checkpoint that lacks signatures.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Signing {
    pub epoch: u64,
    pub signatures: usize,
    pub needed: u16,
}

impl From<model::Finality> for Finality {
    fn from(finality: model::Finality) -> Self {
        Self {
            notaries: finality.notaries.into_iter().map(Notary::from).collect(),
            quorum: finality.quorum,
            generation: finality.generation,
            unfrozen: finality.unfrozen,
            checkpoints: finality
                .checkpoints
                .into_iter()
                .map(Checkpoint::from)
                .collect(),
            forks: finality.forks.into_iter().map(Fork::from).collect(),
            signing: finality
                .signing
                .into_iter()
                .map(|(epoch, signatures, needed)| Signing {
                    epoch,
                    signatures,
                    needed,
                })
                .collect(),
        }
    }
}

impl From<model::NotaryLine> for Notary {
    fn from(notary: model::NotaryLine) -> Self {
        Self {
            key: Id(notary.key),
            member_id: notary.member.map(Id),
            name: notary.name,
            me: notary.me,
        }
    }
}

impl From<model::CheckpointLine> for Checkpoint {
    fn from(line: model::CheckpointLine) -> Self {
        Self {
            id: Id(line.id),
            epoch: line.epoch,
            prev: line.prev.map(Id),
            time_ms: line.time.0,
            canonical: line.canonical,
            signers: line.signers.into_iter().map(Id).collect(),
            frontier: line.frontier.into_iter().map(Id).collect(),
            state_root: Id(line.state_root),
            member_root: Id(line.member_root),
            log_root: Id(line.log_root),
        }
    }
}

impl From<model::ForkLine> for Fork {
    fn from(fork: model::ForkLine) -> Self {
        Self {
            epoch: fork.epoch,
            rivals: fork.rivals.into_iter().map(Id).collect(),
            signers: fork.signers.into_iter().map(Notary::from).collect(),
            settled: fork.settled,
        }
    }
}
