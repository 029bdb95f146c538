//! The tree over a record's slots: a member fetches its own slots and proves them against the header.

use super::Slot;
use crate::hash::{Label, hash};
use crate::id::Digest;

/// The hash of a slot: tag ‖ encapsulated key ‖ ciphertext, whose lengths the suite fixes.
fn leaf(slot: &Slot) -> Digest {
    hash(
        Label::SlotLeaf,
        &[&slot.tag.0, &slot.encapsulated, &slot.ciphertext],
    )
}

fn node(left: &Digest, right: &Digest) -> Digest {
    hash(Label::SlotNode, &[&left.0, &right.0])
}

/// One level up; the last of an odd number rises as it is. The count in the header tells shapes apart.
fn above(level: &[Digest]) -> Vec<Digest> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(left, right),
            rest => rest.first().copied().unwrap_or(Digest([0; 32])),
        })
        .collect()
}

/// The root over slots in ascending order of tags; 32 zero bytes over none.
#[must_use]
pub fn slot_root(slots: &[Slot]) -> Digest {
    let mut level: Vec<Digest> = slots.iter().map(leaf).collect();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or(Digest([0; 32]))
}

/// The siblings on the way from one slot to the root, lowest first; nothing if there is no such slot.
#[must_use]
pub fn slot_proof(slots: &[Slot], index: usize) -> Option<Vec<Digest>> {
    slots.get(index)?;
    let mut level: Vec<Digest> = slots.iter().map(leaf).collect();
    let mut at = index;
    let mut proof = Vec::new();
    while level.len() > 1 {
        proof.extend(level.get(at ^ 1));
        level = above(&level);
        at /= 2;
    }
    Some(proof)
}

/// Whether a proof leads from a slot, as number `index` of `count`, to the root.
#[must_use]
pub fn slot_proven(root: &Digest, count: u32, index: u32, slot: &Slot, proof: &[Digest]) -> bool {
    let (mut count, mut at) = (count, index);
    if at >= count {
        return false;
    }
    let mut hash = leaf(slot);
    let mut siblings = proof.iter();
    while count > 1 {
        if at ^ 1 < count {
            let Some(sibling) = siblings.next() else {
                return false;
            };
            hash = if at % 2 == 0 {
                node(&hash, sibling)
            } else {
                node(sibling, &hash)
            };
        }
        at /= 2;
        count = count.div_ceil(2);
    }
    siblings.next().is_none() && hash == *root
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::id::SlotTag;

    fn slots(count: u8) -> Vec<Slot> {
        (0..count)
            .map(|i| Slot {
                tag: SlotTag([i; 16]),
                encapsulated: vec![i; 32].into(),
                ciphertext: vec![i; 49].into(),
            })
            .collect()
    }

    #[test]
    fn every_slot_of_every_count_has_a_proof_that_fits_it_alone() {
        for count in 1..=20u8 {
            let slots = slots(count);
            let root = slot_root(&slots);
            for (index, slot) in slots.iter().enumerate() {
                let proof = slot_proof(&slots, index).unwrap();
                let at = u32::try_from(index).unwrap();
                let count = u32::from(count);
                assert!(slot_proven(&root, count, at, slot, &proof));
                for wrong in (0..count).filter(|wrong| *wrong != at) {
                    assert!(
                        !slot_proven(&root, count, wrong, slot, &proof),
                        "{wrong} of {count}"
                    );
                }
                let other = slots[(index + 1) % slots.len()].clone();
                assert!(count == 1 || !slot_proven(&root, count, at, &other, &proof));
                assert!(
                    !slot_proven(&root, count, count, slot, &proof),
                    "beyond the end"
                );
                let longer = [&proof[..], &[root]].concat();
                assert!(
                    !slot_proven(&root, count, at, slot, &longer),
                    "a longer proof"
                );
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(
                        !slot_proven(&root, count, at, slot, shorter),
                        "a shorter proof"
                    );
                }
            }
            assert!(slot_proof(&slots, slots.len()).is_none());
        }
    }
}
