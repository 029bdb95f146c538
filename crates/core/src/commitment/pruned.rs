//! A Patricia tree with most of it cut away: one form of proof for single entries, many, ranges, and absence.
//!
//! Bytes, in pre-order: `0x00 ‖ hash` what was cut away; `0x01 ‖ key ‖ value` a leaf; `0x02 ‖ bit` a branch, followed by its
//! left and right parts; `0x03` the empty tree, alone. On every path bits grow, so that decoding ends and the tree that the
//! root commits to was searched as its owner searches it: whoever looks for a key and ends at another one has shown that the
//! key is not there.

use minicbor::bytes::ByteVec;

use super::tree::{KEY_LEN, Key, Node, bit_of, branch_hash, empty_hash, leaf_hash};
use crate::hash::Label;
use crate::id::Digest;

/// Longest proof in bytes: one frame of the transport.
pub const PRUNED_BYTES_MAX: usize = 1 << 20;

/// Bits of a key.
const BITS: u16 = 256;

/// What is left of a tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pruned(Option<Part>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Cut(Digest),
    Leaf(Key, Digest),
    Branch(u16, Box<Self>, Box<Self>),
}

/// What a proof says about a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// It has this value.
    Value(Digest),
    /// It is not in the tree.
    Absent,
    /// The part where it would stand was cut away.
    Unknown,
}

/// Why bytes are no proof, or prove something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofError {
    /// More bytes than [`PRUNED_BYTES_MAX`].
    #[error("a proof of {0} bytes")]
    TooLong(usize),
    /// They end too early, go on too long, or have a part of no known kind.
    #[error("malformed at byte {0}")]
    Form(usize),
    /// A branch does not come after the one above it, or a leaf stands where its key does not lead.
    #[error("out of order at byte {0}")]
    Order(usize),
    /// It belongs to another tree.
    #[error("the proof has root {found:?}, not {expected:?}")]
    Root {
        /// The root that was committed to.
        expected: Digest,
        /// The root that the proof gives.
        found: Digest,
    },
    /// It does not show what it should.
    #[error("the proof does not show {0}")]
    Missing(&'static str),
}

impl Pruned {
    /// The empty tree.
    #[must_use]
    pub const fn empty() -> Self {
        Self(None)
    }

    pub(super) fn of_keys(root: Option<&Node>, keys: &[Key]) -> Self {
        Self(root.map(|root| keep(root, keys)))
    }

    pub(super) fn of_range(root: Option<&Node>, from: &Key, to: &Key) -> Self {
        Self(root.map(|root| keep_range(root, from, to, &[0; KEY_LEN], &[u8::MAX; KEY_LEN])))
    }

    /// The root that the proof belongs to.
    #[must_use]
    pub fn root(&self, label: Label) -> Digest {
        match &self.0 {
            None => empty_hash(label),
            Some(part) => part.hash(label),
        }
    }

    /// Checks that the proof belongs to a root.
    ///
    /// # Errors
    /// [`ProofError::Root`].
    pub fn verify(&self, label: Label, expected: &Digest) -> Result<(), ProofError> {
        let found = self.root(label);
        if found == *expected {
            Ok(())
        } else {
            Err(ProofError::Root {
                expected: *expected,
                found,
            })
        }
    }

    /// What the proof says about a key. Call [`Pruned::verify`] first: before that it says nothing.
    #[must_use]
    pub fn lookup(&self, key: &Key) -> Lookup {
        let Some(mut part) = self.0.as_ref() else {
            return Lookup::Absent;
        };
        loop {
            match part {
                Part::Cut(_) => return Lookup::Unknown,
                Part::Leaf(found, value) if found == key => return Lookup::Value(*value),
                Part::Leaf(..) => return Lookup::Absent,
                Part::Branch(bit, left, right) => {
                    part = if bit_of(key, *bit) { right } else { left };
                }
            }
        }
    }

    /// Every entry that was left, in ascending order of keys.
    #[must_use]
    pub fn entries(&self) -> Vec<(Key, Digest)> {
        let mut entries = Vec::new();
        let mut waiting: Vec<&Part> = self.0.iter().collect();
        while let Some(part) = waiting.pop() {
            match part {
                Part::Cut(_) => {}
                Part::Leaf(key, value) => entries.push((*key, *value)),
                Part::Branch(_, left, right) => waiting.extend([&**right, &**left]),
            }
        }
        entries
    }

    /// Whether nothing of the range from `from` to `to` was cut away: the entries that are left are all there are in it.
    #[must_use]
    pub fn covers(&self, from: &Key, to: &Key) -> bool {
        let all = |part: &Part| part.covers(from, to, &[0; KEY_LEN], &[u8::MAX; KEY_LEN]);
        self.0.as_ref().is_none_or(all)
    }

    /// Gives the bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(root) = &self.0 else {
            return vec![3];
        };
        let mut waiting = vec![root];
        while let Some(part) = waiting.pop() {
            match part {
                Part::Cut(hash) => {
                    out.push(0);
                    out.extend_from_slice(&hash.0);
                }
                Part::Leaf(key, value) => {
                    out.push(1);
                    out.extend_from_slice(key);
                    out.extend_from_slice(&value.0);
                }
                Part::Branch(bit, left, right) => {
                    out.push(2);
                    out.extend_from_slice(&bit.to_be_bytes());
                    waiting.extend([&**right, &**left]);
                }
            }
        }
        out
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > PRUNED_BYTES_MAX {
            return Err(ProofError::TooLong(bytes.len()));
        }
        if bytes == [3] {
            return Ok(Self(None));
        }
        let mut reader = Reader { bytes, at: 0 };
        let root = reader.part(None)?;
        if reader.at != bytes.len() {
            return Err(ProofError::Form(reader.at));
        }
        Ok(Self(Some(root)))
    }
}

impl Part {
    fn hash(&self, label: Label) -> Digest {
        match self {
            Self::Cut(hash) => *hash,
            Self::Leaf(key, value) => leaf_hash(label, key, value),
            Self::Branch(bit, left, right) => {
                branch_hash(label, *bit, &left.hash(label), &right.hash(label))
            }
        }
    }

    /// Any key below, if a leaf was left.
    fn some_key(&self) -> Option<Key> {
        match self {
            Self::Cut(_) => None,
            Self::Leaf(key, _) => Some(*key),
            Self::Branch(_, left, right) => left.some_key().or_else(|| right.some_key()),
        }
    }

    /// `low` and `high` bound the keys below, as far as the branches above tell.
    fn covers(&self, from: &Key, to: &Key, low: &Key, high: &Key) -> bool {
        match self {
            Self::Cut(_) => high < from || to < low,
            Self::Leaf(..) => true,
            Self::Branch(bit, left, right) => {
                let (below, above) = part_at(*bit, low, high);
                left.covers(from, to, low, &below) && right.covers(from, to, &above, high)
            }
        }
    }
}

/// The greatest key left of a branch, and the least right of it, within bounds. Bits that no branch has tested are free:
/// whoever checks a proof does not know them either.
fn part_at(bit: u16, low: &Key, high: &Key) -> (Key, Key) {
    let (mut below, mut above) = (*high, *low);
    set(&mut below, bit, false);
    set(&mut above, bit, true);
    (below, above)
}

fn set(key: &mut Key, bit: u16, to: bool) {
    let mask = 1 << (7 - bit % 8);
    if let Some(byte) = key.get_mut(usize::from(bit / 8)) {
        *byte = if to { *byte | mask } else { *byte & !mask };
    }
}

/// Keeps the way to each of the keys, which stand in ascending order.
fn keep(node: &Node, keys: &[Key]) -> Part {
    match node {
        _ if keys.is_empty() => Part::Cut(*node.hash()),
        Node::Leaf { key, value, .. } => Part::Leaf(*key, *value),
        Node::Branch {
            bit, left, right, ..
        } => {
            // Sought keys need not share the bits above, so they are parted one by one.
            let (ones, zeros): (Vec<Key>, Vec<Key>) =
                keys.iter().partition(|key| bit_of(key, *bit));
            Part::Branch(
                *bit,
                Box::new(keep(left, &zeros)),
                Box::new(keep(right, &ones)),
            )
        }
    }
}

/// Keeps whatever could lie in a range.
fn keep_range(node: &Node, from: &Key, to: &Key, low: &Key, high: &Key) -> Part {
    match node {
        _ if high < from || to < low => Part::Cut(*node.hash()),
        Node::Leaf { key, value, .. } => Part::Leaf(*key, *value),
        Node::Branch {
            bit, left, right, ..
        } => {
            let (below, above) = part_at(*bit, low, high);
            Part::Branch(
                *bit,
                Box::new(keep_range(left, from, to, low, &below)),
                Box::new(keep_range(right, from, to, &above, high)),
            )
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads a part below a branch of bit `above`. Bits grow, so this is at most 257 calls deep.
    fn part(&mut self, above: Option<u16>) -> Result<Part, ProofError> {
        let start = self.at;
        match self.take::<1>()? {
            [0] => Ok(Part::Cut(Digest(self.take()?))),
            [1] => Ok(Part::Leaf(self.take()?, Digest(self.take()?))),
            [2] => {
                let bit = u16::from_be_bytes(self.take()?);
                if bit >= BITS || above.is_some_and(|above| bit <= above) {
                    return Err(ProofError::Order(start));
                }
                let left = self.part(Some(bit))?;
                let right = self.part(Some(bit))?;
                let misplaced = |part: &Part, side: bool| {
                    part.some_key().is_some_and(|key| bit_of(&key, bit) != side)
                };
                if misplaced(&left, false) || misplaced(&right, true) {
                    return Err(ProofError::Order(start));
                }
                Ok(Part::Branch(bit, Box::new(left), Box::new(right)))
            }
            _ => Err(ProofError::Form(start)),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ProofError> {
        let end = self.at + N;
        let taken = self.bytes.get(self.at..end);
        let taken = taken.and_then(|bytes| bytes.try_into().ok());
        let taken = taken.ok_or(ProofError::Form(self.at))?;
        self.at = end;
        Ok(taken)
    }
}

impl<C> minicbor::Encode<C> for Pruned {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        ByteVec::from(Self::encode(self)).encode(e, ctx)
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Pruned {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes: ByteVec = minicbor::Decode::decode(d, ctx)?;
        Self::decode(&bytes).map_err(minicbor::decode::Error::custom)
    }
}
