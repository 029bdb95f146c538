//! Leaves: the key pairs that epochs are sealed to.

use core::fmt;
use std::collections::BTreeMap;

use hpke::Serializable;
use hpke::kem::{Kem, X25519HkdfSha256, XWing};

use super::Suite;
use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{Digest, LeafId};
use crate::member::LeafKeys;

/// The secret half of a leaf, both suites; wiped on drop, never printed.
///
/// A device derives its leaf from its account keys, an invite from the link's secret, an inner node from its seed.
#[derive(Clone)]
pub struct LeafSecret {
    pub(super) x25519: <X25519HkdfSha256 as Kem>::PrivateKey,
    pub(super) xwing: Box<<XWing as Kem>::PrivateKey>,
}

impl LeafSecret {
    /// Derives the key pairs of both suites from one seed.
    ///
    /// Each takes `DeriveKeyPair` of RFC 9180 §7.1.3 (for X-Wing: of draft-ietf-hpke-pq) over 32 bytes that derive from the
    /// seed under [`Label::LeafSeedX25519`] or [`Label::LeafSeedXWing`].
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let light = derive(Label::LeafSeedX25519, &[seed]);
        let hybrid = derive(Label::LeafSeedXWing, &[seed]);
        Self {
            x25519: X25519HkdfSha256::derive_keypair(&*light).0,
            xwing: Box::new(XWing::derive_keypair(&*hybrid).0),
        }
    }

    /// The public half that a server with this suite needs: the X25519 key always, since it is the floor that every suite
    /// can be lowered to, and the X-Wing key where the suite uses it.
    #[must_use]
    pub fn public(&self, suite: Suite) -> LeafKeys {
        let xwing = match suite {
            Suite::X25519 => None,
            Suite::XWing => Some(XWing::sk_to_pk(&self.xwing).to_bytes().to_vec().into()),
        };
        LeafKeys {
            x25519: X25519HkdfSha256::sk_to_pk(&self.x25519)
                .to_bytes()
                .to_vec()
                .into(),
            xwing,
        }
    }
}

impl fmt::Debug for LeafSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafSecret(..)")
    }
}

/// A leaf that an epoch is to be sealed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Its id, [`LeafKeys::id`].
    pub id: LeafId,
    /// Its public keys.
    pub keys: LeafKeys,
    /// Gets the state key alone: the leaf of a closed invite.
    pub state_only: bool,
}

impl Leaf {
    /// A leaf that gets the whole epoch.
    #[must_use]
    pub fn full(keys: LeafKeys) -> Self {
        Self {
            id: keys.id(),
            keys,
            state_only: false,
        }
    }

    /// A leaf that gets the whole epoch, whose id is known already.
    #[must_use]
    pub(super) fn with_id(id: LeafId, keys: LeafKeys) -> Self {
        Self {
            id,
            keys,
            state_only: false,
        }
    }

    /// A leaf that gets the state key alone.
    #[must_use]
    pub fn state_only(keys: LeafKeys) -> Self {
        Self {
            state_only: true,
            ..Self::full(keys)
        }
    }
}

/// In ascending order, each once.
pub(super) fn sorted<T: Copy + Ord>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items.dedup();
    items
}

/// The commitment to a list of recipients, and their number: a hash over each one's id and whether it gets the state key
/// alone (1) or the epoch (0), in ascending order of ids.
#[must_use]
pub fn leaf_list(leaves: &[Leaf]) -> (Digest, u32) {
    // A leaf that is listed twice gets the lesser of the two.
    let mut canonical: BTreeMap<LeafId, Leaf> = BTreeMap::new();
    for leaf in leaves {
        canonical
            .entry(leaf.id)
            .and_modify(|before| before.state_only |= leaf.state_only)
            .or_insert_with(|| leaf.clone());
    }
    leaf_list_of(canonical.values())
}

/// As [`leaf_list`], for leaves that ascend and are listed once.
pub(super) fn leaf_list_of<'a>(leaves: impl ExactSizeIterator<Item = &'a Leaf>) -> (Digest, u32) {
    let count = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(leaves.len() * (LeafId::LEN + 1));
    for leaf in leaves {
        bytes.extend_from_slice(&leaf.id.0);
        bytes.push(u8::from(leaf.state_only));
    }
    (
        hash(Label::LeafList, &[&count.to_be_bytes(), &bytes]),
        count,
    )
}
