//! The signed entries of an identity log, and their bodies by kind number.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::codec::{self, CodecError, Limits};
use crate::hash::{Label, hash};
use crate::id::{Commitment, DeviceId, IdentityEntryId, IdentityId, Millis, ServerTag, VerifyKey};
use crate::member::LeafKeys;
use crate::signed::{Signable, SignedError, SigningKey, Verified, verify_bytes};

/// Version of the identity entry format that this build writes.
pub const ENTRY_VERSION: u16 = 1;

/// Longest entry payload in bytes: a revocation that names the last good sequence in [`LAST_GOOD_MAX`] servers fits.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// Most servers for which one revocation names the last good sequence: ten times what an eager member joins.
pub const LAST_GOOD_MAX: usize = 1024;

/// Length of the nonce that makes an identity's id unique, in bytes.
pub const IDENTITY_NONCE_LEN: usize = 16;

/// Longest recovery policy in bytes: dozens of friends or devices by key.
pub const RECOVERY_POLICY_BYTES_MAX: usize = 8 * 1024;

/// Entry kinds from here on are *critical*: whoever does not know one must not act on the log from there.
pub const CRITICAL_KIND_MIN: u16 = 0x8000;

/// One entry of an identity log.
///
/// Layout: CBOR map, keys 0–8 as numbered; at most [`ENTRY_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// Format version, [`ENTRY_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The identity; absent in genesis alone, which defines it.
    #[n(1)]
    pub identity: Option<IdentityId>,
    /// Position in the log, from 0.
    #[n(2)]
    pub seq: u32,
    /// The entry before this one; absent in genesis alone.
    #[n(3)]
    pub prev: Option<IdentityEntryId>,
    /// In which capacity the signer signs.
    #[n(4)]
    pub signer: Signer,
    /// The key that signs.
    #[n(5)]
    pub signer_key: VerifyKey,
    /// Number of the body's kind.
    #[n(6)]
    pub kind: u16,
    /// The encoded body.
    #[n(7)]
    pub body: ByteVec,
    /// When, as the signer's clock claims. Advisory: it decides nothing.
    #[n(8)]
    pub time: Millis,
}

/// Who signs an entry; the rank is recovery > root > older device > newer device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Signer {
    /// The root key as of the entry before.
    #[n(0)]
    Root,
    /// A device that is present as of the entry before.
    #[n(1)]
    Device(#[n(0)] DeviceId),
    /// The recovery key that the log commits to; it can replace the root and nothing else.
    #[n(2)]
    Recovery,
}

impl Signable for Entry {
    const SIGN: Label = Label::IdentityEntrySign;
    const ID: Label = Label::IdentityEntryId;
    const BYTES_MAX: usize = ENTRY_BYTES_MAX;
    type Hint = EntryHint;

    fn hint(&self) -> EntryHint {
        EntryHint {
            identity: self.identity,
            seq: self.seq,
            prev: self.prev,
            signer: self.signer,
            signer_key: self.signer_key,
        }
    }
}

/// What finding an entry's place and key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `Entry`")]
pub struct EntryHint {
    pub identity: Option<IdentityId>,
    pub seq: u32,
    pub prev: Option<IdentityEntryId>,
    pub signer: Signer,
    pub signer_key: VerifyKey,
}

impl Verified<Entry> {
    /// The entry's id.
    #[must_use]
    pub fn entry_id(&self) -> IdentityEntryId {
        IdentityEntryId(self.id().0)
    }

    /// The identity that this entry founds if it is a genesis: its payload under [`Label::IdentityId`].
    #[must_use]
    pub fn founds(&self) -> IdentityId {
        IdentityId(hash(Label::IdentityId, &[self.payload()]).0)
    }
}

/// A decoded body.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is documented at its struct")]
pub enum EntryBody {
    Genesis(IdentityGenesis),
    DeviceAdded(DeviceAdded),
    DeviceRevoked(DeviceRevoked),
    RootReplaced(RootReplaced),
    RecoveryPolicy(RecoveryPolicy),
    ProfileCommitment(ProfileCommitment),
    WrappingKeys(WrappingKeys),
}

/// Maps kind numbers to bodies, both ways. A number, once given, is never reused.
macro_rules! entry_bodies {
    ($($number:literal => $variant:ident($body:ident)),+ $(,)?) => {
        impl EntryBody {
            /// The number on the wire.
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self { $(Self::$variant(_) => $number,)+ }
            }

            /// Encodes the body alone.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$variant(body) => codec::encode(body),)+ }
            }

            /// Decodes the body of a kind; nothing for a number that this build does not know.
            ///
            /// # Errors
            /// [`CodecError`] if the bytes are not that kind's.
            pub fn decode(kind: u16, bytes: &[u8]) -> Result<Option<Self>, CodecError> {
                match kind {
                    $($number => codec::decode(bytes, Limits::bytes(ENTRY_BYTES_MAX)).map(Self::$variant).map(Some),)+
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$body> for EntryBody {
            fn from(body: $body) -> Self {
                Self::$variant(body)
            }
        })+
    };
}

entry_bodies!(
    1 => Genesis(IdentityGenesis),
    2 => DeviceAdded(DeviceAdded),
    3 => DeviceRevoked(DeviceRevoked),
    4 => RootReplaced(RootReplaced),
    5 => RecoveryPolicy(RecoveryPolicy),
    6 => ProfileCommitment(ProfileCommitment),
    7 => WrappingKeys(WrappingKeys),
);

/// Founds an identity, signed by its first root key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct IdentityGenesis {
    /// The root key, which must be the entry's `signer_key`.
    #[n(0)]
    pub root: VerifyKey,
    /// The first device; its possession proof covers [`genesis_possession_payload`].
    #[n(1)]
    pub device: DeviceCert,
    /// [`IDENTITY_NONCE_LEN`] random bytes.
    #[n(2)]
    pub nonce: ByteVec,
    /// Commitment to a recovery key, see [`recovery_commitment`].
    #[n(3)]
    pub recovery: Option<Commitment>,
}

/// A device's key, with a proof that the device holds it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DeviceCert {
    /// Ed25519 key of the device.
    #[n(0)]
    pub signing: VerifyKey,
    /// 64-byte signature by `signing` under [`Label::DevicePossession`], so that nobody can claim another's device.
    #[n(1)]
    pub possession: ByteVec,
}

impl DeviceCert {
    /// Certifies the device of `key` over a possession payload.
    #[must_use]
    pub fn make(key: &SigningKey, payload: &[u8]) -> Self {
        Self {
            signing: key.public(),
            possession: key.sign(Label::DevicePossession, payload).to_vec().into(),
        }
    }

    /// Checks the possession proof strictly.
    ///
    /// # Errors
    /// [`SignedError`] if the key is weak or the signature does not verify.
    pub fn check(&self, payload: &[u8]) -> Result<(), SignedError> {
        verify_bytes(
            Label::DevicePossession,
            &self.signing,
            payload,
            &self.possession,
        )
    }
}

/// What the first device signs to show possession: root key and nonce, 48 bytes.
#[must_use]
pub fn genesis_possession_payload(root: &VerifyKey, nonce: &[u8]) -> Vec<u8> {
    [root.as_bytes(), nonce].concat()
}

/// What a further device signs to show possession: the identity's id, 32 bytes.
#[must_use]
pub fn device_possession_payload(identity: &IdentityId) -> Vec<u8> {
    identity.0.to_vec()
}

/// Adds a device; signed by the root or by a device that is present.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DeviceAdded {
    /// The new device; its possession proof covers [`device_possession_payload`].
    #[n(0)]
    pub cert: DeviceCert,
}

/// Revokes a device for good; signed by the root, an older device, or the device itself.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct DeviceRevoked {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Up to where the device's acts count: ascending by server, at most [`LAST_GOOD_MAX`]. A server that is not named
    /// honours what its `device_cut` event has seen.
    #[n(1)]
    pub last_good: Vec<LastGood>,
}

/// The last good sequences of a revoked device in one server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct LastGood {
    /// The server.
    #[n(0)]
    pub server: ServerTag,
    /// The last authority event that counts; absent: none.
    #[n(1)]
    pub event_seq: Option<u64>,
    /// The last register that counts; absent: none.
    #[n(2)]
    pub register_seq: Option<u64>,
}

/// Replaces the root key; signed by the root or by the recovery key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RootReplaced {
    /// The new root key.
    #[n(0)]
    pub root: VerifyKey,
    /// 64-byte signature by `root` over the identity's id under [`Label::RootPossession`].
    #[n(1)]
    pub possession: ByteVec,
}

/// Sets how the account can be recovered; signed by the root.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RecoveryPolicy {
    /// Version of the policy's own format.
    #[n(0)]
    pub version: u16,
    /// The policy: at most [`RECOVERY_POLICY_BYTES_MAX`] bytes, opaque to whoever does not recover.
    #[n(1)]
    pub policy: ByteVec,
    /// Commitment to the recovery key that may replace the root from now on; absent: none may.
    #[n(2)]
    pub recovery: Option<Commitment>,
}

/// Commits to the account's profile; signed by the root or a device.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct ProfileCommitment {
    /// Opened by a [`crate::member::Personal`]; absent: no profile.
    #[n(0)]
    pub profile: Option<Commitment>,
}

/// Publishes the keys that seal account material to one device; signed by that device or the root.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct WrappingKeys {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its keys.
    #[n(1)]
    pub keys: LeafKeys,
}

/// Gives the id of a device: the hash of its signing key.
#[must_use]
pub fn device_id(signing: &VerifyKey) -> DeviceId {
    DeviceId(hash(Label::DeviceId, &[&signing.0]).0)
}

/// Commits to a recovery key without showing it.
#[must_use]
pub fn recovery_commitment(key: &VerifyKey) -> Commitment {
    Commitment(hash(Label::RecoveryKey, &[&key.0]).0)
}
