//! Bodies about finality.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// Posts a checkpoint that enough notaries have signed; self-proving, idempotent, open to any member.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Checkpoint {
    /// [`crate::policy::Cosigned`] in wire form.
    #[n(0)]
    pub cosigned: ByteVec,
}
