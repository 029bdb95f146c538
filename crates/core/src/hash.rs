//! Domain-separated hashing: every use of BLAKE3 names its label.

use crate::id::Digest;

/// Declares the labels with their contexts, so that none can be left out of [`Label::ALL`].
macro_rules! labels {
    ($($name:ident = $context:literal),+ $(,)?) => {
        /// Where a hash or a signature belongs. No two types of content share a label, so that bytes of one kind can never
        /// pass for another (chapter `encoding`, "Labels").
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[expect(missing_docs, reason = "each label is the context string that it maps to")]
        pub enum Label { $($name,)+ }

        impl Label {
            /// All labels.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Gives the context string, which is part of the protocol.
            #[must_use]
            pub const fn context(self) -> &'static str {
                match self { $(Self::$name => $context,)+ }
            }
        }
    };
}

labels!(
    IdentityId = "conclave v1 identity id",
    IdentityEntryId = "conclave v1 identity entry id",
    IdentityEntrySign = "conclave v1 identity entry signature",
    DeviceId = "conclave v1 device id",
    DevicePossession = "conclave v1 device possession signature",
    RootPossession = "conclave v1 root possession signature",
    RecoveryKey = "conclave v1 recovery key commitment",
    EventId = "conclave v1 event id",
    EventSign = "conclave v1 event signature",
    RegisterId = "conclave v1 register id",
    RegisterSign = "conclave v1 register signature",
    InviteProof = "conclave v1 invite proof signature",
    InviteSignSeed = "conclave v1 invite signing seed",
    InviteLeafSeed = "conclave v1 invite leaf seed",
    EnvelopeId = "conclave v1 envelope id",
    EnvelopeSign = "conclave v1 envelope signature",
    ServerTag = "conclave v1 server tag",
    TopicTag = "conclave v1 topic tag",
    AudienceId = "conclave v1 audience id",
    EpochId = "conclave v1 epoch id",
    EpochHeaderSign = "conclave v1 epoch header signature",
    EpochHeaderId = "conclave v1 epoch header id",
    EpochCommitment = "conclave v1 epoch key commitment",
    EpochHeaderKey = "conclave v1 epoch header key",
    EpochStateKey = "conclave v1 epoch state key",
    EpochContentKey = "conclave v1 epoch content key",
    EpochEncapsulation = "conclave v1 epoch encapsulation randomness",
    ChannelKey = "conclave v1 channel key",
    MessageCommitment = "conclave v1 message key commitment",
    MessageKey = "conclave v1 message key",
    LinkKey = "conclave v1 link key",
    LeafId = "conclave v1 leaf id",
    LeafSeedX25519 = "conclave v1 leaf seed x25519",
    LeafSeedXWing = "conclave v1 leaf seed x-wing",
    LeafList = "conclave v1 leaf list",
    NodeSeed = "conclave v1 node seed",
    NodeRecordId = "conclave v1 node record id",
    EpochPublic = "conclave v1 epoch public header",
    SlotInfo = "conclave v1 epoch slot",
    DirectSlotInfo = "conclave v1 direct slot",
    NodeSlotInfo = "conclave v1 node slot",
    NodeEncapsulation = "conclave v1 node encapsulation randomness",
    NodePublic = "conclave v1 node public header",
    NodeHeaderSign = "conclave v1 node header signature",
    NodeHeaderId = "conclave v1 node header id",
    NodeHeaderKey = "conclave v1 node header key",
    MessageNonce = "conclave v1 message nonce",
    BlobCommitment = "conclave v1 blob key commitment",
    SlotTag = "conclave v1 slot tag",
    SlotLeaf = "conclave v1 slot root leaf",
    SlotNode = "conclave v1 slot root node",
    Note = "conclave v1 sealed note",
    DeleteSecret = "conclave v1 delete secret",
    DeleteSecretSeed = "conclave v1 delete secret seed",
    Commitment = "conclave v1 personal text commitment",
    MemberRoot = "conclave v1 member register root",
    StateDigest = "conclave v1 state digest",
    StateEntry = "conclave v1 state entry",
    StateRoot = "conclave v1 state root",
    LogRoot = "conclave v1 log root",
    BlobKey = "conclave v1 blob key",
    SubscribeProof = "conclave v1 subscribe proof signature",
    PseudonymSeed = "conclave v1 pseudonym seed",
    DeviceLeafSeed = "conclave v1 device leaf seed",
    AccountTopicKey = "conclave v1 account topic key",
    HostingId = "conclave v1 hosting id",
    ManifestDelegation = "conclave v1 hosting manifest delegation signature",
    ManifestId = "conclave v1 hosting manifest id",
    ManifestSign = "conclave v1 hosting manifest signature",
    ReceiptId = "conclave v1 receipt id",
    ReceiptSign = "conclave v1 receipt signature",
    DiscoveryId = "conclave v1 discovery record id",
    DiscoverySign = "conclave v1 discovery record signature",
    CheckpointId = "conclave v1 checkpoint id",
    CheckpointSign = "conclave v1 checkpoint signature",
    RootApproval = "conclave v1 root approval signature",
    SuccessionRecovery = "conclave v1 succession recovery signature",
    ApiToken = "conclave v1 local api token",
);

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
