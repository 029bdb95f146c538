//! Leaves: the key pairs that epochs are sealed to.

use core::fmt;

use hpke::Serializable;
use hpke::kem::{Kem, X25519HkdfSha256, XWing};

use super::Suite;
use crate::derive::derive;
use crate::hash::Label;
use crate::id::LeafId;
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

    /// A leaf that gets the state key alone.
    #[must_use]
    pub fn state_only(keys: LeafKeys) -> Self {
        Self {
            state_only: true,
            ..Self::full(keys)
        }
    }
}
