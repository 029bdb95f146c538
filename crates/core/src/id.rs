//! Identifiers: fixed-length byte strings, each with a type of its own.

use core::fmt;

use minicbor::{Decode, Decoder, Encode, Encoder};

/// Declares a newtype over `[u8; N]` that is a CBOR byte string of exactly `N` bytes and prints as lower-case hex.
macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Gives the bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads the identifier from a slice of exactly the right length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                <[u8; $len]>::try_from(bytes).ok().map(Self)
            }

            /// Reads the identifier from lower- or upper-case hex of exactly the right length.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut out = [0u8; $len];
                $crate::id::decode_hex(text, &mut out).then_some(Self(out))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("..)")
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                Self::from_slice(d.bytes()?).ok_or_else(|| {
                    minicbor::decode::Error::message(concat!("wrong length of ", stringify!($name))).at(at)
                })
            }
        }
    };
}

/// Decodes hex into `out`; false unless `text` is exactly twice as long and hex throughout.
fn decode_hex(text: &str, out: &mut [u8]) -> bool {
    let digit = |c: u8| (c as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let text = text.as_bytes();
    if text.len() != out.len() * 2 {
        return false;
    }
    for (pair, byte) in text.chunks_exact(2).zip(out) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
            return false;
        };
        *byte = high << 4 | low;
    }
    true
}

byte_id!(
    /// A person: the hash of their identity log's genesis entry ([`crate::hash::Label::IdentityId`]).
    IdentityId, 32
);
byte_id!(
    /// One entry of an identity log ([`crate::hash::Label::IdentityEntryId`]).
    IdentityEntryId, 32
);
byte_id!(
    /// A device: the hash of its signing key ([`crate::hash::Label::DeviceId`]).
    DeviceId, 32
);
byte_id!(
    /// A server: the id of its genesis event, so that creators and first rules cannot be swapped.
    ServerId, 32
);
byte_id!(
    /// An authority event: the hash of its signed bytes ([`crate::hash::Label::EventId`]).
    EventId, 32
);
byte_id!(
    /// A role: the id of the event that created it; `@everyone` bears the server's id.
    RoleId, 32
);
byte_id!(
    /// A channel or category: the id of the event that created it.
    ChannelId, 32
);
byte_id!(
    /// An invite: the id of the event that created it.
    InviteId, 32
);
byte_id!(
    /// A sealed envelope: the hash of its signed bytes ([`crate::hash::Label::EnvelopeId`]).
    /// A message's id is the id of the envelope that brought it.
    EnvelopeId, 32
);
byte_id!(
    /// A member register: the hash of its signed bytes ([`crate::hash::Label::RegisterId`]).
    RegisterId, 32
);
byte_id!(
    /// The Ed25519 public key under which one device is known in one server.
    Pseudonym, 32
);
byte_id!(
    /// A checkpoint: the hash of its payload ([`crate::hash::Label::CheckpointId`]).
    CheckpointId, 32
);
byte_id!(
    /// An Ed25519 public key.
    VerifyKey, 32
);
byte_id!(
    /// What a carrier knows a server by: a hash of its id, truncated ([`crate::hash::Label::ServerTag`]).
    ServerTag, 16
);
byte_id!(
    /// What a carrier knows a topic by ([`crate::hash::Label::TopicTag`]).
    TopicTag, 16
);
byte_id!(
    /// An audience: one distinct visibility rule of one server ([`crate::hash::Label::AudienceId`]).
    AudienceId, 32
);
byte_id!(
    /// An epoch of an audience: the hash of its public header ([`crate::hash::Label::EpochId`]).
    EpochId, 32
);
byte_id!(
    /// A leaf of a key tree: the hash of its public keys ([`crate::hash::Label::LeafId`]).
    LeafId, 32
);
byte_id!(
    /// What a slot of a key record is found by: a hash that tells only its receiver something
    /// ([`crate::hash::Label::SlotTag`]).
    SlotTag, 16
);
byte_id!(
    /// A content-addressed blob: the BLAKE3 hash of its ciphertext.
    BlobHash, 32
);
byte_id!(
    /// A node of the network: its Ed25519 transport key, which authenticates connections and nothing else.
    NodeId, 32
);
byte_id!(
    /// A salted commitment to personal text ([`crate::hash::Label::Commitment`]).
    Commitment, 32
);
byte_id!(
    /// A hash with no narrower type.
    Digest, 32
);

impl ServerId {
    /// The `@everyone` role of this server.
    #[must_use]
    pub const fn everyone(&self) -> RoleId {
        RoleId(self.0)
    }

    /// The genesis event of this server.
    #[must_use]
    pub const fn genesis(&self) -> EventId {
        EventId(self.0)
    }
}

impl From<EventId> for RoleId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<EventId> for ChannelId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<EventId> for InviteId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

/// Milliseconds since the Unix epoch, as some clock claims.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] pub u64);
