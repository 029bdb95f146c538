//! Checkpoints of the authority plane, signed by notaries.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::codec::{self, CodecError, Limits};
use crate::hash::{Label, hash};
use crate::id::{CheckpointId, Digest, EventId, Millis, ServerId, VerifyKey};
use crate::signed::{SIGNED_OVERHEAD_MAX, Signable, SignedError, SigningKey, verify_bytes};

/// Version of the checkpoint format that this build writes.
pub const CHECKPOINT_VERSION: u16 = 1;

/// Longest checkpoint payload in bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 8 * 1024;

/// Most heads in a frontier, as of an event's parents.
pub const FRONTIER_MAX: usize = 16;

/// Most notaries of a server: a quorum of more would rarely be online together.
pub const NOTARIES_MAX: usize = 16;

/// Longest [`Cosigned`] in wire form, in bytes: the payload and a key with a signature for every notary.
pub const COSIGNED_BYTES_MAX: usize =
    CHECKPOINT_BYTES_MAX + SIGNED_OVERHEAD_MAX + NOTARIES_MAX * 112;

/// A frozen past of the authority plane with commitments to what it folds to.
///
/// Layout: CBOR map, keys 0–12; at most [`CHECKPOINT_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Checkpoint {
    /// Format version, [`CHECKPOINT_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server.
    #[n(1)]
    pub server: ServerId,
    /// Number of the checkpoint, from 1. Two of one number are a provable fork.
    #[n(2)]
    pub epoch: u64,
    /// The checkpoint before; absent in the first alone.
    #[n(3)]
    pub prev: Option<CheckpointId>,
    /// Heads whose past is frozen: ascending, an antichain, at most [`FRONTIER_MAX`].
    #[n(4)]
    pub frontier: Vec<EventId>,
    /// Commitment to the community's state.
    #[n(5)]
    pub state_root: Digest,
    /// Commitment to the member registers.
    #[n(6)]
    pub member_root: Digest,
    /// Commitment to the events of the frozen past.
    #[n(7)]
    pub log_root: Digest,
    /// The notaries in the state that it commits to, who sign it: ascending, at most [`NOTARIES_MAX`].
    #[n(8)]
    pub notaries: Vec<VerifyKey>,
    /// How many of them sign: more than half.
    #[n(9)]
    pub quorum: u16,
    /// The latest time that an event of the frozen past claims: an event after the checkpoint counts as no earlier.
    #[n(10)]
    pub min_time: Millis,
    /// When, as the proposer's clock claims. Advisory.
    #[n(11)]
    pub time: Millis,
    /// How often the notaries have been changed, in that state.
    #[n(12)]
    pub generation: u64,
}

/// A checkpoint with the signatures of its notaries.
///
/// Wire form: CBOR array of the payload and an array of `[key, signature]`, ascending by key.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
pub struct Cosigned {
    #[n(0)]
    payload: ByteVec,
    #[n(1)]
    signatures: Vec<Cosignature>,
}

/// One notary's signature.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(array)]
struct Cosignature {
    #[n(0)]
    key: VerifyKey,
    #[n(1)]
    signature: ByteVec,
}

/// Why a checkpoint was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Malformed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Of another format or server.
    #[error("a checkpoint of version {version} of {server:?}")]
    Other {
        /// Its version.
        version: u16,
        /// Its server.
        server: ServerId,
    },
    /// A list is too long or out of order, or number and predecessor contradict each other.
    #[error("the checkpoint's {0} cannot be right")]
    Field(&'static str),
    /// A signature by nobody who is a notary, or one that does not verify.
    #[error("the signature of {key:?}: {error:?}")]
    Signature {
        /// Whose it claims to be.
        key: VerifyKey,
        /// What is wrong; absent: not a notary.
        error: Option<SignedError>,
    },
    /// Too few signatures.
    #[error("{found} signatures of notaries, {needed} needed")]
    Quorum {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
}

impl Signable for Checkpoint {
    const SIGN: Label = Label::CheckpointSign;
    const ID: Label = Label::CheckpointId;
    const BYTES_MAX: usize = CHECKPOINT_BYTES_MAX;
    /// The server, whose last checkpoint (or genesis) names the notaries.
    type Hint = ServerId;

    fn hint(&self) -> ServerId {
        self.server
    }
}

impl Cosigned {
    /// Starts with a checkpoint that nobody has signed yet.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint) -> Self {
        Self {
            payload: codec::encode(checkpoint).into(),
            signatures: Vec::new(),
        }
    }

    /// Adds a notary's signature, in place of an older one by the same key.
    pub fn sign(&mut self, key: &SigningKey) {
        let signature = key
            .sign(Label::CheckpointSign, &self.payload)
            .to_vec()
            .into();
        let key = key.public();
        self.signatures.retain(|other| other.key != key);
        self.signatures.push(Cosignature { key, signature });
        self.signatures.sort_by_key(|signature| signature.key);
    }

    /// Gives the wire form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the wire form.
    ///
    /// # Errors
    /// [`CheckpointError::Codec`] and [`CheckpointError::Field`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let cosigned: Self = codec::decode(bytes, Limits::bytes(COSIGNED_BYTES_MAX))?;
        let ascending = cosigned
            .signatures
            .windows(2)
            .all(|pair| pair[0].key < pair[1].key);
        if !ascending || cosigned.signatures.len() > NOTARIES_MAX {
            return Err(CheckpointError::Field("signatures"));
        }
        Ok(cosigned)
    }

    /// The checkpoint's id.
    #[must_use]
    pub fn id(&self) -> CheckpointId {
        CheckpointId(hash(Label::CheckpointId, &[&self.payload]).0)
    }

    /// Whose signatures it bears, verified or not.
    pub fn signers(&self) -> impl Iterator<Item = VerifyKey> + '_ {
        self.signatures.iter().map(|signature| signature.key)
    }

    /// Takes over the signatures of another copy of the same checkpoint, up to the limit. Whoever calls this has verified them.
    pub fn gather(&mut self, other: &Self) {
        for signature in &other.signatures {
            let known = self.signers().any(|key| key == signature.key);
            if !known && other.payload == self.payload && self.signatures.len() < NOTARIES_MAX {
                self.signatures.push(signature.clone());
            }
        }
        self.signatures.sort_by_key(|signature| signature.key);
    }

    /// Reads what is claimed, and checks its form but no signature.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(&self, server: ServerId) -> Result<Checkpoint, CheckpointError> {
        let checkpoint: Checkpoint =
            codec::decode(&self.payload, Limits::bytes(CHECKPOINT_BYTES_MAX))?;
        checkpoint.check(server)?;
        Ok(checkpoint)
    }

    /// Checks that every signature is by one of `notaries` and verifies strictly, and counts them: for gathering, before the
    /// quorum is reached.
    ///
    /// # Errors
    /// [`CheckpointError::Signature`].
    pub fn verify_signatures(
        &self,
        notaries: &BTreeSet<VerifyKey>,
    ) -> Result<usize, CheckpointError> {
        for Cosignature { key, signature } in &self.signatures {
            let fault = |error| CheckpointError::Signature { key: *key, error };
            if !notaries.contains(key) {
                return Err(fault(None));
            }
            verify_bytes(Label::CheckpointSign, key, &self.payload, signature)
                .map_err(|error| fault(Some(error)))?;
        }
        Ok(self.signatures.len())
    }

    /// Checks everything that can be checked without the log: form, limits, and that at least `quorum` of `notaries` signed,
    /// all of them strictly. `notaries` and `quorum` are those of the state that it commits to.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify(
        &self,
        server: ServerId,
        notaries: &BTreeSet<VerifyKey>,
        quorum: u16,
    ) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = self.read(server)?;
        let found = self.verify_signatures(notaries)?;
        // A quorum of half or less is no quorum, whatever a caller has been told.
        let needed = usize::from(quorum).max(notaries.len() / 2 + 1);
        if found < needed {
            return Err(CheckpointError::Quorum { found, needed });
        }
        Ok(checkpoint)
    }
}

impl Checkpoint {
    fn check(&self, server: ServerId) -> Result<(), CheckpointError> {
        if self.version != CHECKPOINT_VERSION || self.server != server {
            return Err(CheckpointError::Other {
                version: self.version,
                server: self.server,
            });
        }
        let ids = &self.frontier;
        let frontier =
            (1..=FRONTIER_MAX).contains(&ids.len()) && ids.windows(2).all(|pair| pair[0] < pair[1]);
        let keys = &self.notaries;
        let notaries = (1..=NOTARIES_MAX).contains(&keys.len())
            && keys.windows(2).all(|pair| pair[0] < pair[1]);
        let quorum = usize::from(self.quorum);
        let fields = [
            ("frontier", frontier),
            ("notaries", notaries),
            ("quorum", quorum > keys.len() / 2 && quorum <= keys.len()),
            (
                "number",
                self.epoch > 0 && (self.epoch == 1) == self.prev.is_none(),
            ),
        ];
        match fields.into_iter().find(|(_, good)| !good) {
            Some((name, _)) => Err(CheckpointError::Field(name)),
            None => Ok(()),
        }
    }
}
