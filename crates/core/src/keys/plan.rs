//! Making epochs.

use std::collections::BTreeMap;

use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::cover::{Cover, Target};
use super::header::{EPOCH_HEADER_BYTES_MAX, EPOCH_PARENTS_MAX, EPOCH_VERSION, SLOTS_MAX};
use super::leaf::sorted;
use super::slot::{Place, PlaceKind};
use super::{
    EpochHeader, EpochKeys, EpochRecord, EpochSecret, KeysError, Leaf, LeafSecret, Link,
    PublicHeader, Reason, Removed, Share, Slot, Suite, slot_root,
};
use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{
    AudienceId, DeviceId, Digest, EpochId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId,
};
use crate::member::Closing;
use crate::padding;
use crate::signed::{SigningKey, Verified};
use crate::{aead, codec};

/// Fewest slots of a record: a chat of two looks like one of four.
pub const SLOTS_MIN: usize = 4;

/// All that goes into an epoch.
#[derive(Clone, Debug)]
pub struct EpochPlan {
    /// The server.
    pub server: ServerId,
    /// Whose keys these are.
    pub audience: AudienceId,
    /// How slots are sealed.
    pub suite: Suite,
    /// Whom it is sealed to.
    pub cover: Cover,
    /// Authority heads that the recipients derive from, in any order.
    pub heads: Vec<EventId>,
    /// Epochs to follow, with what the author knows of them, in any order.
    pub parents: Vec<(EpochId, EpochKeys)>,
    /// Why.
    pub reason: Reason,
    /// Devices that left or were removed since the parents, in any order.
    pub removed: Vec<Removed>,
    /// What of the removed is honoured, in any order.
    pub closing: Vec<Closing>,
    /// Link the parents' content keys too, as the history policy allows.
    pub link_content: bool,
    /// Who makes it.
    pub author: IdentityId,
    /// With which device, whose key signs.
    pub device: DeviceId,
    /// The author's identity log as of now.
    pub identity_head: IdentityEntryId,
}

/// A fresh epoch.
#[derive(Clone, Debug)]
pub struct NewEpoch {
    /// Its id.
    pub id: EpochId,
    /// To be sent.
    pub record: EpochRecord,
    /// To be kept.
    pub secret: EpochSecret,
    /// Recipients whose keys cannot be sealed to (absent for the suite, malformed, of small order). They are in the leaf list
    /// and get no slot: a bad key must not keep a room from rotating.
    pub unsealed: Vec<LeafId>,
}

/// Makes an epoch of a fresh secret.
///
/// # Errors
/// [`KeysError::Depth`], [`KeysError::Parents`], [`KeysError::Leaves`] or [`KeysError::HeaderSize`].
pub fn make_epoch(
    plan: &EpochPlan,
    signer: &SigningKey,
    rng: &mut dyn CryptoRng,
) -> Result<NewEpoch, KeysError> {
    check(plan)?;
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *secret);
    let secret = EpochSecret::from_bytes(*secret);
    let mut nonce = [0; 32];
    rng.fill_bytes(&mut nonce);
    let (slots, unsealed) = seal_slots(plan, &nonce, &secret, rng);
    let keys = secret.keys();
    let public = public_header(
        plan,
        nonce,
        &secret,
        &slots,
        links(plan, &nonce, &keys, rng)?,
    );
    let digest = hash(Label::EpochPublic, &[&codec::encode(&public)]);
    let header = Verified::sign(signed_header(plan, digest), signer);
    let wire = header.bytes().encode();
    let too_long = KeysError::HeaderSize(wire.len());
    if header.payload().len() > EPOCH_HEADER_BYTES_MAX {
        return Err(too_long);
    }
    let key = header_key(keys.state.as_bytes(), &nonce);
    let sealed = padding::pad(&wire).and_then(|padded| aead::seal(&key, &digest.0, &padded, rng));
    let record = EpochRecord::assemble(public, sealed.ok_or(too_long)?, slots);
    Ok(NewEpoch {
        id: record.id(),
        record,
        secret,
        unsealed,
    })
}

fn check(plan: &EpochPlan) -> Result<(), KeysError> {
    if plan.parents.len() > EPOCH_PARENTS_MAX {
        return Err(KeysError::Parents(plan.parents.len()));
    }
    // Padding adds at most an eighth.
    let slots = plan.cover.targets.len();
    if slots == 0 || slots > (SLOTS_MAX / 8 * 7) as usize {
        return Err(KeysError::Leaves(slots));
    }
    Ok(())
}

/// Seals the secret to a cover of the recipients, and to throwaway keys up to a padded count.
fn seal_slots(
    plan: &EpochPlan,
    nonce: &[u8; 32],
    secret: &EpochSecret,
    rng: &mut dyn CryptoRng,
) -> (Vec<Slot>, Vec<LeafId>) {
    let place = Place {
        kind: PlaceKind::Epoch,
        suite: plan.suite,
        scope: nonce,
    };
    let full = Share::Full(secret.clone());
    let mut slots = BTreeMap::new();
    let mut unsealed = Vec::new();
    for target in &plan.cover.targets {
        match seal_share(&place, target, &full, secret.as_bytes()) {
            Some(slot) => drop(slots.insert(slot.tag, slot)),
            None => unsealed.push(target.id),
        }
    }
    let count = padding::padded_len(slots.len(), SLOTS_MIN);
    while slots.len() < count {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        let nobody = Leaf::full(LeafSecret::from_seed(&seed).public(plan.suite));
        slots.extend(seal_share(&place, &nobody, &full, &seed).map(|slot| (slot.tag, slot)));
    }
    (slots.into_values().collect(), unsealed)
}

/// Seals what a target may have; nothing if its keys cannot be sealed to.
pub(super) fn seal_share(
    place: &Place<'_>,
    target: &Target,
    share: &Share,
    root: &[u8; 32],
) -> Option<Slot> {
    let payload = share.narrowed(target.state_only).to_bytes();
    place.seal(&target.id, &target.keys, &*payload, root).ok()
}

fn public_header(
    plan: &EpochPlan,
    nonce: [u8; 32],
    secret: &EpochSecret,
    slots: &[Slot],
    links: Vec<Link>,
) -> PublicHeader {
    PublicHeader {
        version: EPOCH_VERSION,
        suite: plan.suite.number(),
        nonce: ByteArray::from(nonce),
        parents: links.iter().map(|link| link.parent).collect(),
        depth: plan.cover.shape.depth,
        arity: plan.cover.shape.arity,
        slot_count: u32::try_from(slots.len()).unwrap_or(u32::MAX),
        slot_root: slot_root(slots),
        state_commitment: secret.state_key().commitment(&nonce),
        content_commitment: secret.content_key().commitment(&nonce),
        links,
    }
}

/// Seals the parents' keys, each under the new key of its kind, in ascending order of parents.
fn links(
    plan: &EpochPlan,
    nonce: &[u8; 32],
    keys: &EpochKeys,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Link>, KeysError> {
    let parents: BTreeMap<_, _> = plan.parents.iter().map(|(id, keys)| (*id, keys)).collect();
    let mut links = Vec::with_capacity(parents.len());
    for (parent, old) in parents {
        let mut seal = |kind, new: &[u8; 32], old: &[u8; 32]| {
            let sealed = aead::seal(&link_key(kind, new, nonce), &parent.0, old, rng);
            sealed
                .map(Into::into)
                .ok_or(KeysError::Parents(plan.parents.len()))
        };
        let state = seal(LinkKind::State, keys.state.as_bytes(), old.state.as_bytes())?;
        let content = match (plan.link_content, &keys.content, &old.content) {
            (true, Some(new), Some(old)) => {
                Some(seal(LinkKind::Content, new.as_bytes(), old.as_bytes())?)
            }
            _ => None,
        };
        links.push(Link {
            parent,
            state,
            content,
        });
    }
    Ok(links)
}

fn signed_header(plan: &EpochPlan, public: Digest) -> EpochHeader {
    EpochHeader {
        version: EPOCH_VERSION,
        public,
        server: plan.server,
        audience: plan.audience,
        heads: sorted(&plan.heads),
        leaf_list: plan.cover.leaf_list,
        leaf_count: plan.cover.leaf_count,
        reason: plan.reason,
        removed: sorted(&plan.removed),
        closing: {
            let mut closing = plan.closing.clone();
            closing.sort_unstable_by_key(|entry| (entry.pseudonym, entry.topic, entry.last));
            closing.dedup_by_key(|entry| (entry.pseudonym, entry.topic));
            closing
        },
        author: plan.author,
        device: plan.device,
        identity_head: plan.identity_head,
    }
}

/// Which key a link leads to.
#[derive(Clone, Copy)]
pub(super) enum LinkKind {
    State = 1,
    Content = 2,
}

/// The key of a link: from its kind, the new epoch's key of that kind, and the record's nonce.
pub(super) fn link_key(kind: LinkKind, new: &[u8; 32], nonce: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    derive(Label::LinkKey, &[&[kind as u8], new, nonce])
}

/// The key of the sealed header: from the state key and the record's nonce.
pub(super) fn header_key(state: &[u8; 32], nonce: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    derive(Label::EpochHeaderKey, &[state, nonce])
}
