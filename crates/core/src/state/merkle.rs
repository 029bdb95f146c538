//! A history-independent commitment to a map: a Patricia tree over the bits of its keys.
//!
//! The shape depends on the keys alone, never on the order in which they came. A leaf is
//! `H(label, 0x00 ‖ key ‖ value)`, a node `H(label, 0x01 ‖ bit ‖ left ‖ right)` where `bit` is the index of the first bit in
//! which the keys below differ, as two bytes, big-endian; the empty map is `H(label, 0x02)`. Keys with a clear bit go left.

use crate::hash::{Label, hash};
use crate::id::Digest;

/// One entry: 32-byte key, hash of the value.
pub(super) type Entry = ([u8; 32], Digest);

/// The root over entries that stand in ascending order of distinct keys.
pub(super) fn root(label: Label, entries: &[Entry]) -> Digest {
    match entries {
        [] => hash(label, &[&[2]]),
        [(key, value)] => hash(label, &[&[0], key, &value.0]),
        [(first, _), .., (last, _)] => {
            // Sorted keys share what the first and the last share, so depth is at most 256.
            let bit = first_difference(first, last);
            let middle = entries.partition_point(|(key, _)| !bit_of(key, bit));
            let (left, right) = entries.split_at(middle);
            let (left, right) = (root(label, left), root(label, right));
            hash(label, &[&[1], &bit.to_be_bytes(), &left.0, &right.0])
        }
    }
}

fn first_difference(a: &[u8; 32], b: &[u8; 32]) -> u16 {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let bits = match (a.get(same), b.get(same)) {
        (Some(a), Some(b)) => (a ^ b).leading_zeros(),
        _ => 0,
    };
    // At most 32 · 8.
    (same * 8) as u16 + bits as u16
}

fn bit_of(key: &[u8; 32], bit: u16) -> bool {
    let byte = key.get(usize::from(bit / 8)).copied().unwrap_or(0);
    byte >> (7 - bit % 8) & 1 == 1
}
