//! Domain-separated hashing: every use of BLAKE3 names its label.

use crate::id::Digest;

/// Where a hash or a signature belongs. No two types of content share a label, so that bytes of one kind can never pass
/// for another (chapter `encoding`, "Labels").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    missing_docs,
    reason = "each label is the context string that it maps to"
)]
pub enum Label {
    IdentityId,
    IdentityEntryId,
    IdentityEntrySign,
    DeviceId,
    DevicePossession,
    RecoveryKey,
    EventId,
    EventSign,
    RegisterId,
    RegisterSign,
    InviteProof,
    InviteSignSeed,
    InviteLeafSeed,
    EnvelopeId,
    EnvelopeSign,
    ServerTag,
    TopicTag,
    AudienceId,
    EpochId,
    EpochHeaderSign,
    EpochHeaderId,
    EpochCommitment,
    EpochHeaderKey,
    EpochStateKey,
    EpochContentKey,
    EpochEncapsulation,
    ChannelKey,
    MessageCommitment,
    MessageKey,
    LinkKey,
    LeafId,
    LeafSeedX25519,
    LeafSeedXWing,
    LeafList,
    NodeSeed,
    NodeRecordId,
    EpochPublic,
    SlotInfo,
    DirectSlotInfo,
    NodeSlotInfo,
    NodeEncapsulation,
    NodePublic,
    NodeHeaderSign,
    NodeHeaderId,
    NodeHeaderKey,
    MessageNonce,
    BlobCommitment,
    SlotTag,
    SlotLeaf,
    SlotNode,
    DeleteSecret,
    DeleteSecretSeed,
    Commitment,
    MemberRoot,
    BlobKey,
    SubscribeProof,
    PseudonymSeed,
    DeviceLeafSeed,
    AccountTopicKey,
    HostingId,
    ManifestDelegation,
    ManifestId,
    ManifestSign,
    ReceiptId,
    ReceiptSign,
    DiscoveryId,
    DiscoverySign,
    CheckpointId,
    CheckpointSign,
    ApiToken,
}

impl Label {
    /// Gives the context string, which is part of the protocol.
    #[must_use]
    pub const fn context(self) -> &'static str {
        match self {
            Self::IdentityId => "conclave v1 identity id",
            Self::IdentityEntryId => "conclave v1 identity entry id",
            Self::IdentityEntrySign => "conclave v1 identity entry signature",
            Self::DeviceId => "conclave v1 device id",
            Self::DevicePossession => "conclave v1 device possession signature",
            Self::RecoveryKey => "conclave v1 recovery key commitment",
            Self::EventId => "conclave v1 event id",
            Self::EventSign => "conclave v1 event signature",
            Self::RegisterId => "conclave v1 register id",
            Self::RegisterSign => "conclave v1 register signature",
            Self::InviteProof => "conclave v1 invite proof signature",
            Self::InviteSignSeed => "conclave v1 invite signing seed",
            Self::InviteLeafSeed => "conclave v1 invite leaf seed",
            Self::EnvelopeId => "conclave v1 envelope id",
            Self::EnvelopeSign => "conclave v1 envelope signature",
            Self::ServerTag => "conclave v1 server tag",
            Self::TopicTag => "conclave v1 topic tag",
            Self::AudienceId => "conclave v1 audience id",
            Self::EpochId => "conclave v1 epoch id",
            Self::EpochHeaderSign => "conclave v1 epoch header signature",
            Self::EpochHeaderId => "conclave v1 epoch header id",
            Self::EpochCommitment => "conclave v1 epoch key commitment",
            Self::EpochHeaderKey => "conclave v1 epoch header key",
            Self::EpochStateKey => "conclave v1 epoch state key",
            Self::EpochContentKey => "conclave v1 epoch content key",
            Self::EpochEncapsulation => "conclave v1 epoch encapsulation randomness",
            Self::ChannelKey => "conclave v1 channel key",
            Self::MessageCommitment => "conclave v1 message key commitment",
            Self::MessageKey => "conclave v1 message key",
            Self::LinkKey => "conclave v1 link key",
            Self::LeafId => "conclave v1 leaf id",
            Self::LeafSeedX25519 => "conclave v1 leaf seed x25519",
            Self::LeafSeedXWing => "conclave v1 leaf seed x-wing",
            Self::LeafList => "conclave v1 leaf list",
            Self::NodeSeed => "conclave v1 node seed",
            Self::NodeRecordId => "conclave v1 node record id",
            Self::EpochPublic => "conclave v1 epoch public header",
            Self::SlotInfo => "conclave v1 epoch slot",
            Self::DirectSlotInfo => "conclave v1 direct slot",
            Self::NodeSlotInfo => "conclave v1 node slot",
            Self::NodeEncapsulation => "conclave v1 node encapsulation randomness",
            Self::NodePublic => "conclave v1 node public header",
            Self::NodeHeaderSign => "conclave v1 node header signature",
            Self::NodeHeaderId => "conclave v1 node header id",
            Self::NodeHeaderKey => "conclave v1 node header key",
            Self::MessageNonce => "conclave v1 message nonce",
            Self::BlobCommitment => "conclave v1 blob key commitment",
            Self::SlotTag => "conclave v1 slot tag",
            Self::SlotLeaf => "conclave v1 slot root leaf",
            Self::SlotNode => "conclave v1 slot root node",
            Self::DeleteSecret => "conclave v1 delete secret",
            Self::DeleteSecretSeed => "conclave v1 delete secret seed",
            Self::Commitment => "conclave v1 personal text commitment",
            Self::MemberRoot => "conclave v1 member register root",
            Self::BlobKey => "conclave v1 blob key",
            Self::SubscribeProof => "conclave v1 subscribe proof signature",
            Self::PseudonymSeed => "conclave v1 pseudonym seed",
            Self::DeviceLeafSeed => "conclave v1 device leaf seed",
            Self::AccountTopicKey => "conclave v1 account topic key",
            Self::HostingId => "conclave v1 hosting id",
            Self::ManifestDelegation => "conclave v1 hosting manifest delegation signature",
            Self::ManifestId => "conclave v1 hosting manifest id",
            Self::ManifestSign => "conclave v1 hosting manifest signature",
            Self::ReceiptId => "conclave v1 receipt id",
            Self::ReceiptSign => "conclave v1 receipt signature",
            Self::DiscoveryId => "conclave v1 discovery record id",
            Self::DiscoverySign => "conclave v1 discovery record signature",
            Self::CheckpointId => "conclave v1 checkpoint id",
            Self::CheckpointSign => "conclave v1 checkpoint signature",
            Self::ApiToken => "conclave v1 local api token",
        }
    }
}

/// Hashes the concatenation of `parts` under a label (BLAKE3 derive-key mode). Callers whose parts vary in length put the
/// lengths in or encode the parts first.
#[must_use]
pub fn hash(label: Label, parts: &[&[u8]]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key(label.context());
    for part in parts {
        hasher.update(part);
    }
    Digest(*hasher.finalize().as_bytes())
}

/// Hashes as [`hash`] does and keeps the first 16 bytes: for tags, never for anything that must resist collisions.
#[must_use]
pub fn tag(label: Label, parts: &[&[u8]]) -> [u8; 16] {
    let digest = hash(label, parts);
    let mut out = [0; 16];
    out.copy_from_slice(&digest.0[..16]);
    out
}
