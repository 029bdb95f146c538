//! Bodies about the server itself.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::id::{BlobHash, Digest, EventId, IdentityId, ServerId, VerifyKey};
use crate::permissions::Bits;

/// Founds a server. Its author is the owner.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Genesis {
    /// Name of the server.
    #[n(0)]
    pub name: String,
    /// 1 community, 2 chat among equals.
    #[n(1)]
    pub template: u8,
    /// Makes the id unique: 32 random bytes.
    #[n(2)]
    pub nonce: ByteVec,
    /// What `@everyone` may do.
    #[n(3)]
    pub everyone: Bits,
    /// Key suite of the server's epochs ([`crate::keys`]): 1 X25519, 2 X-Wing.
    #[n(4)]
    pub suite: u8,
    /// The owner's identity root key, whose signature later asks for transfer of ownership and change of notaries.
    #[n(5)]
    pub owner_root: VerifyKey,
    /// Public half of the hosting root key; its hash is the hosting id.
    #[n(6)]
    pub hosting_root: VerifyKey,
    /// Notary keys, and how many of them sign a checkpoint; for a small server the owner's root alone.
    #[n(7)]
    pub notaries: Vec<VerifyKey>,
    /// k of the notaries, more than half.
    #[n(8)]
    pub notary_quorum: u16,
    /// History policy: 1 newcomers read all, 2 from joining on.
    #[n(9)]
    pub history: u8,
    /// For a chat: those who are equals of the founder from the start.
    #[n(10)]
    pub peers: Vec<IdentityId>,
    /// For a successor of another server: where it descends from.
    #[n(11)]
    pub descent: Option<Descent>,
}

/// From which server another descends, and in which state: whoever has its log can check all of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Descent {
    /// The server before.
    #[n(0)]
    pub server: ServerId,
    /// Heads of its log as the founder knew it: ascending, at most 16.
    #[n(1)]
    pub heads: Vec<EventId>,
    /// Digest of its state at those heads.
    #[n(2)]
    pub state: Digest,
    /// The latest checkpoint that the founder knew.
    #[n(3)]
    pub checkpoint: Option<EventId>,
}

/// Changes what the server is called and how it looks; absent fields stay.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct ServerUpdate {
    /// New name.
    #[n(0)]
    pub name: Option<String>,
    /// New description.
    #[n(1)]
    pub description: Option<String>,
    /// New encrypted icon.
    #[n(2)]
    pub icon: Option<BlobRef>,
    /// True: removes the icon.
    #[n(3)]
    pub icon_clear: Option<bool>,
    /// Lockdown: joins through invites are refused while true.
    #[n(4)]
    pub joins_paused: Option<bool>,
    /// Default durability of new channels.
    #[n(5)]
    pub durability: Option<u8>,
}

/// Where an encrypted blob is and how it opens.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BlobRef {
    /// Hash of the ciphertext.
    #[n(0)]
    pub hash: BlobHash,
    /// 32-byte key of this blob alone.
    #[n(1)]
    pub key: ByteVec,
    /// Length of the plaintext in bytes.
    #[n(2)]
    pub size: u64,
    /// Media type.
    #[n(3)]
    pub mime: String,
}

impl core::fmt::Debug for BlobRef {
    /// Without the key: whoever reads a log may not open the blob.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlobRef")
            .field("hash", &self.hash)
            .field("size", &self.size)
            .field("mime", &self.mime)
            .finish_non_exhaustive()
    }
}

/// Joins heads and does nothing else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Merge {
    /// Heads beyond the parents limit wait for further merges; this is always empty in version 1.
    #[n(0)]
    pub more: Vec<EventId>,
}

/// Allows kinds of a later version of the protocol; the owner's alone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct MinVersion {
    /// The lowest version that may take part from here on.
    #[n(0)]
    pub version: u16,
}
