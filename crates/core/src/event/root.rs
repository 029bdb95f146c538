//! Bodies that take the signature of the author's identity root beside the device's: a stolen device cannot make them.
//!
//! The content is a byte string of its own, so that the root signs exactly the bytes that travel. The signature covers the
//! event's place as well: nothing that the root once approved can be used again elsewhere (chapter `event`, "Root-signed
//! bodies").

use core::ops::Deref;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::{BODY_LIMITS, Body, Event, Transfer};
use crate::codec;
use crate::hash::Label;
use crate::id::{IdentityEntryId, IdentityId};
use crate::identity::IdentityLog;
use crate::signed::{SignedError, SigningKey, Verified, verify_bytes};

/// A content with the root's signature.
///
/// Layout: CBOR map, 0 the encoded content as a byte string, 1 the 64-byte signature. The decoded content is read through
/// `Deref`; the signature is checked by [`verify_root`] before an event goes into a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootSigned<T> {
    wire: Wire,
    content: T,
}

/// The part that travels.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Wire {
    #[n(0)]
    content: ByteVec,
    #[n(1)]
    signature: ByteVec,
}

impl<T: Encode<()>> RootSigned<T> {
    /// A content that nobody has signed yet: good for asking whether it would be allowed.
    #[must_use]
    pub fn draft(content: T) -> Self {
        let wire = Wire {
            content: codec::encode(&content).into(),
            signature: Vec::new().into(),
        };
        Self { wire, content }
    }
}

impl<T> Deref for RootSigned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.content
    }
}

impl<T, C> Encode<C> for RootSigned<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.wire.encode(e, ctx)
    }
}

impl<'b, T: for<'a> Decode<'a, ()>, C> Decode<'b, C> for RootSigned<T> {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let wire = Wire::decode(d, ctx)?;
        let content = codec::decode(&wire.content, BODY_LIMITS)
            .map_err(|error| minicbor::decode::Error::message(error).at(at))?;
        Ok(Self { wire, content })
    }
}

/// Why a root's signature does not hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RootError {
    /// The log at hand is not the author's.
    #[error("the log is not that of {0:?}")]
    WrongIdentity(IdentityId),
    /// The author's log does not reach that far yet.
    #[error("identity entry {0:?} is not known")]
    UnknownHead(IdentityEntryId),
    /// The event names a key that was no root of the identity that it names, as far as its log is known.
    #[error("the identity's log has no such root key")]
    OtherRoot,
    /// The root did not sign this.
    #[error("the identity's root key did not sign this: {0}")]
    Signature(SignedError),
}

/// Checks that the root key which the author's log has at the event's identity head has signed the body, if the body asks for
/// it, and is the one that a take-over names; passes any other.
///
/// # Errors
/// [`RootError`]; after [`RootError::UnknownHead`] it may hold once more of the identity's log is known.
pub fn verify_root(event: &Event, body: &Body, log: &IdentityLog) -> Result<(), RootError> {
    let accession = match body {
        Body::Accession(body) => Some(body.root),
        _ => None,
    };
    let wire = body.root_signed();
    if wire.is_none() && accession.is_none() {
        return Ok(());
    }
    if log.id() != event.author {
        return Err(RootError::WrongIdentity(event.author));
    }
    let head = event.identity_head;
    let root = log.root_at(&head).ok_or(RootError::UnknownHead(head))?;
    if accession.is_some_and(|named| named != root) {
        return Err(RootError::OtherRoot);
    }
    let Some(wire) = wire else { return Ok(()) };
    let payload = payload(event, &wire.content);
    verify_bytes(Label::RootApproval, &root, &payload, &wire.signature)
        .map_err(RootError::Signature)
}

/// Checks that the root which a transfer names is or was one of the receiver's log.
///
/// # Errors
/// [`RootError`]; after [`RootError::OtherRoot`] it may hold once more of the log is known.
pub fn verify_receiver(transfer: &Transfer, log: &IdentityLog) -> Result<(), RootError> {
    if log.id() != transfer.to {
        return Err(RootError::WrongIdentity(transfer.to));
    }
    if log.had_root(&transfer.root) {
        Ok(())
    } else {
        Err(RootError::OtherRoot)
    }
}

/// What the root signs: the event's place and the content, as one CBOR array of eight.
fn payload(event: &Event, content: &ByteVec) -> Vec<u8> {
    codec::encode(&(
        event.server,
        event.author,
        event.device,
        event.seq,
        event.identity_head,
        &event.parents,
        event.kind,
        content,
    ))
}

/// The lowest key of the content that this build must not ignore.
pub(super) fn critical_key(wire: &Wire) -> Option<u64> {
    codec::critical_keys(&wire.content).first().copied()
}

impl Body {
    /// The signed part of a body that asks for the root's signature.
    pub(super) fn root_signed(&self) -> Option<&Wire> {
        match self {
            Self::OwnershipTransfer(body) => Some(&body.wire),
            Self::SuccessionPolicy(body) => Some(&body.wire),
            _ => None,
        }
    }

    fn root_signed_mut(&mut self) -> Option<&mut Wire> {
        match self {
            Self::OwnershipTransfer(body) => Some(&mut body.wire),
            Self::SuccessionPolicy(body) => Some(&mut body.wire),
            _ => None,
        }
    }

    /// Whether the kind asks for the signature of the author's root.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        self.root_signed().is_some()
    }

    /// Length of the root's signature, where there is one.
    pub(crate) fn root_signature_len(&self) -> Option<usize> {
        self.root_signed().map(|wire| wire.signature.len())
    }
}

impl Verified<Event> {
    /// Signs an event that this program makes: with the device's key, and where its body asks for it with the root's, over
    /// the place that the event now has. The event's body is replaced by the signed one.
    #[must_use]
    pub fn sign_event(mut event: Event, device: &SigningKey, root: &SigningKey) -> Self {
        if let Ok(mut body) = event.decode_body()
            && let Some(wire) = body.root_signed_mut()
        {
            let payload = payload(&event, &wire.content);
            wire.signature = root.sign(Label::RootApproval, &payload).to_vec().into();
            event.body = body.encode().into();
        }
        Self::sign(event, device)
    }
}

#[cfg(test)]
mod tests;
