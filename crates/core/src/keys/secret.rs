//! The secrets of an epoch and what derives from them.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::derive::derive;
use crate::hash::{Label, hash};
use crate::id::{ChannelId, Digest};

/// Declares a 32-byte secret: wiped on drop, compared in constant time, never printed.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the bytes, as the encrypted store kept them.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes, for ciphers and for the encrypted store.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret!(
    /// The secret of an epoch, 32 random bytes: everything else of the epoch derives from it. Never linked to another.
    EpochSecret
);
secret!(
    /// Opens the authority and member planes of an epoch; whoever may join must be able to verify, so that closed invites
    /// hold it too.
    StateKey
);
secret!(
    /// From which the keys of an epoch's channels derive.
    ContentKey
);
secret!(
    /// Opens one channel's messages of one epoch.
    ChannelKey
);
secret!(
    /// The seed of an inner node of a key tree, held by the leaves beneath it alone.
    NodeSeed
);

impl EpochSecret {
    /// The key of authority and member planes.
    #[must_use]
    pub fn state_key(&self) -> StateKey {
        StateKey(*derive(Label::EpochStateKey, &[&self.0]))
    }

    /// The key from which channel keys derive.
    #[must_use]
    pub fn content_key(&self) -> ContentKey {
        ContentKey(*derive(Label::EpochContentKey, &[&self.0]))
    }

    /// Both keys.
    #[must_use]
    pub fn keys(&self) -> EpochKeys {
        EpochKeys {
            state: self.state_key(),
            content: Some(self.content_key()),
        }
    }
}

impl StateKey {
    /// What an epoch's header commits to, so that one record cannot open to different keys for different people.
    #[must_use]
    pub fn commitment(&self, nonce: &[u8; 32]) -> Digest {
        hash(Label::EpochCommitment, &[&[1], nonce, &self.0])
    }
}

impl ContentKey {
    /// The key of one channel.
    #[must_use]
    pub fn channel(&self, channel: &ChannelId) -> ChannelKey {
        ChannelKey(*derive(Label::ChannelKey, &[&self.0, &channel.0]))
    }

    /// What an epoch's header commits to.
    #[must_use]
    pub fn commitment(&self, nonce: &[u8; 32]) -> Digest {
        hash(Label::EpochCommitment, &[&[2], nonce, &self.0])
    }
}

/// What somebody may know of an epoch: through a slot both keys, or the state key alone for the leaf of a closed invite;
/// through a link whatever the link gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EpochKeys {
    /// Opens authority and member planes.
    pub state: StateKey,
    /// Opens messages.
    pub content: Option<ContentKey>,
}

impl EpochKeys {
    /// Bytes for the encrypted store: the state key, then the content key if there is one; 32 or 64.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(64));
        out.extend_from_slice(self.state.as_bytes());
        if let Some(content) = &self.content {
            out.extend_from_slice(content.as_bytes());
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (state, rest) = bytes.split_first_chunk::<32>()?;
        let content = match rest {
            [] => None,
            rest => Some(ContentKey(*<&[u8; 32]>::try_from(rest).ok()?)),
        };
        Some(Self {
            state: StateKey(*state),
            content,
        })
    }
}

/// What a slot brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Share {
    /// The epoch's secret.
    Full(EpochSecret),
    /// The state key alone.
    State(StateKey),
}

impl Share {
    /// Bytes of a share's plaintext.
    pub const LEN: usize = 33;

    /// The keys that the share gives.
    #[must_use]
    pub fn keys(&self) -> EpochKeys {
        match self {
            Self::Full(secret) => secret.keys(),
            Self::State(state) => EpochKeys {
                state: state.clone(),
                content: None,
            },
        }
    }

    /// The share that somebody who has this one may give on to a leaf.
    #[must_use]
    pub fn narrowed(&self, state_only: bool) -> Self {
        match self {
            Self::Full(secret) if state_only => Self::State(secret.state_key()),
            share => share.clone(),
        }
    }

    /// `1 ‖ secret` or `2 ‖ state key`, 33 bytes; also the form for the encrypted store.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; Self::LEN]> {
        let (kind, key) = match self {
            Self::Full(secret) => (1, secret.as_bytes()),
            Self::State(state) => (2, state.as_bytes()),
        };
        let mut out = Zeroizing::new([kind; Self::LEN]);
        out[1..].copy_from_slice(key);
        out
    }

    /// Reads what [`Self::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, key) = bytes.split_first()?;
        let key = *<&[u8; 32]>::try_from(key).ok()?;
        match kind {
            1 => Some(Self::Full(EpochSecret(key))),
            2 => Some(Self::State(StateKey(key))),
            _ => None,
        }
    }
}
