#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod epoch;
mod properties;
mod record;
mod tree;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::id::{AudienceId, DeviceId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId};
use crate::signed::SigningKey;

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Somebody with a leaf.
pub(super) struct Person {
    pub secret: LeafSecret,
    pub leaf: Leaf,
}

pub(super) fn person(seed: u8, suite: Suite) -> Person {
    let secret = LeafSecret::from_seed(&[seed; 32]);
    let leaf = Leaf::full(secret.public(suite));
    Person { secret, leaf }
}

pub(super) fn closed_invite(seed: u8, suite: Suite) -> Person {
    let secret = LeafSecret::from_seed(&[seed; 32]);
    let leaf = Leaf::state_only(secret.public(suite));
    Person { secret, leaf }
}

impl Person {
    pub fn open(&self, record: &EpochRecord) -> Result<OpenedEpoch, KeysError> {
        record.open(&self.secret, self.leaf.id)
    }
}

pub(super) fn signer() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

pub(super) fn plan(suite: Suite, people: &[&Person]) -> EpochPlan<'static> {
    EpochPlan {
        server: ServerId([1; 32]),
        audience: AudienceId([2; 32]),
        suite,
        shape: Shape::FLAT,
        heads: vec![EventId([3; 32])],
        parents: Vec::new(),
        leaves: people.iter().map(|person| person.leaf.clone()).collect(),
        nodes: &[],
        reason: Reason::First,
        removed: Vec::new(),
        closing: Vec::new(),
        link_content: true,
        author: IdentityId([4; 32]),
        device: DeviceId([5; 32]),
        identity_head: IdentityEntryId([6; 32]),
    }
}

pub(super) fn make(plan: &EpochPlan<'_>, seed: u64) -> NewEpoch {
    make_epoch(plan, &signer(), &mut rng(seed)).unwrap()
}

/// The record as a receiver has it: through the wire.
pub(super) fn wire(record: &EpochRecord) -> EpochRecord {
    match KeyRecord::decode(&KeyRecord::Epoch(record.clone()).encode()).unwrap() {
        KeyRecord::Epoch(record) => record,
        other => panic!("decoded {other:?}"),
    }
}

pub(super) fn stranger() -> LeafId {
    LeafId([0xee; 32])
}
