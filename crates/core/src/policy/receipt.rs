//! A hub's receipt.

use minicbor::{Decode, Encode};

use crate::hash::{Label, hash};
use crate::id::{Digest, EnvelopeId, Millis, NodeId, ServerTag, TopicTag, VerifyKey};
use crate::signed::Signable;

/// Version of the receipt format that this build writes.
pub const RECEIPT_VERSION: u16 = 1;

/// Longest receipt payload in bytes.
pub const RECEIPT_BYTES_MAX: usize = 512;

/// A hub's signed word that an envelope is on its disk, given after fsync. A hub that later denies it is convicted by it.
///
/// Layout: CBOR map, keys 0–11; at most [`RECEIPT_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Format version, [`RECEIPT_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The hub.
    #[n(1)]
    pub hub: NodeId,
    /// The hub's receipt key as the manifest names it, which signs this.
    #[n(2)]
    pub receipt_key: VerifyKey,
    /// Which life of the hub's log this is: a hub restored from a backup begins a new one, from 1.
    #[n(3)]
    pub incarnation: u64,
    /// The server.
    #[n(4)]
    pub server: ServerTag,
    /// The topic.
    #[n(5)]
    pub topic: TopicTag,
    /// The envelope.
    #[n(6)]
    pub envelope: EnvelopeId,
    /// Its position in the hub's log of this topic and incarnation, from 1.
    #[n(7)]
    pub position: u64,
    /// Hash of the hub's log of this topic up to and with this position.
    #[n(8)]
    pub log_head: Digest,
    /// The manifest by which the hub accepted it.
    #[n(9)]
    pub manifest_seq: u64,
    /// Until when the hub promises to keep it; absent: for as long as the manifest says.
    #[n(10)]
    pub keep_until: Option<Millis>,
    /// When, by the hub's clock.
    #[n(11)]
    pub time: Millis,
}

/// Extends the chain of a hub's log by one position: hash of the head before (32, zero before the first) ‖ position (8,
/// big-endian) ‖ envelope (32).
#[must_use]
pub fn log_head(before: &Digest, position: u64, envelope: &EnvelopeId) -> Digest {
    hash(
        Label::HubLogHead,
        &[&before.0, &position.to_be_bytes(), &envelope.0],
    )
}

impl Signable for Receipt {
    const SIGN: Label = Label::ReceiptSign;
    const ID: Label = Label::ReceiptId;
    const BYTES_MAX: usize = RECEIPT_BYTES_MAX;
    /// The receipt key, which the manifest must name for this hub.
    type Hint = VerifyKey;

    fn hint(&self) -> VerifyKey {
        self.receipt_key
    }
}
