//! Authority events: the signed, hash-linked entries of a server's log.
//!
//! An [`Event`] says who acted, where in the log, and carries a [`Body`] by kind number. Bodies are encoded on their own and
//! ride as a byte string, so that an event of an unknown kind still verifies, hashes and finds its place: whoever meets one
//! halts the server ("update needed") instead of rejecting it (chapter `event`).

mod body;
mod kind;
mod root;

pub use body::*;
pub use kind::{Kind, KindClass};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
pub use root::{RootError, RootSigned, verify_receiver, verify_root};

use crate::codec::{self, CodecError, Limits};
use crate::hash::Label;
use crate::id::{
    CheckpointId, DeviceId, EventId, IdentityEntryId, IdentityId, Millis, RegisterId, ServerId,
};
use crate::signed::{Signable, Verified};

/// Version of the event format that this build writes.
pub const EVENT_VERSION: u16 = 1;

/// Most parents of an event: enough to merge every admin of a large server at once, few enough that checking that they are
/// an antichain stays cheap.
pub const PARENTS_MAX: usize = 16;

/// Longest event payload in bytes: a bulk ban of 200 with reasons fits several times over.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;

/// One authority event.
///
/// Layout: CBOR map, keys 0–13 as numbered below; at most [`EVENT_BYTES_MAX`] bytes. Its id is the hash of the payload; the
/// genesis event's id is the server's id.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Event {
    /// Format version, [`EVENT_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server; absent in genesis alone, which defines it.
    #[n(1)]
    pub server: Option<ServerId>,
    /// Who acts.
    #[n(2)]
    pub author: IdentityId,
    /// With which of their devices, whose signing key signs.
    #[n(3)]
    pub device: DeviceId,
    /// Position in the device's own chain in this server, from 0.
    #[n(4)]
    pub seq: u64,
    /// The device's event before this one; absent at sequence 0.
    #[n(5)]
    pub prev_self: Option<EventId>,
    /// The heads that the author saw: ascending, an antichain, at most [`PARENTS_MAX`]; empty in genesis alone.
    #[n(6)]
    pub parents: Vec<EventId>,
    /// The author's identity log as of this event.
    #[n(7)]
    pub identity_head: IdentityEntryId,
    /// The canonical checkpoint of the event's past, if there is one.
    #[n(8)]
    pub last_checkpoint: Option<CheckpointId>,
    /// Number of the body's [`Kind`].
    #[n(9)]
    pub kind: u16,
    /// The encoded body.
    #[n(10)]
    pub body: ByteVec,
    /// When, as the author's clock claims. Advisory: it decides nothing.
    #[n(11)]
    pub time: Millis,
    /// The register that proves the author's membership; absent for the owner.
    #[n(12)]
    pub register: Option<RegisterId>,
    /// Why, for the audit log; at most [`REASON_BYTES_MAX`] bytes.
    #[n(13)]
    pub reason: Option<String>,
}

/// Longest reason in bytes.
pub const REASON_BYTES_MAX: usize = 2048;

impl Event {
    /// The server that the event belongs to, given its own id.
    #[must_use]
    pub fn server_of(&self, id: EventId) -> ServerId {
        self.server.unwrap_or(ServerId(id.0))
    }

    /// Decodes the body.
    ///
    /// # Errors
    /// [`BodyError::UnknownKind`] or [`BodyError::Critical`] ask for an update of this program (the server is halted);
    /// [`BodyError::Codec`] means that the event is malformed and is rejected for good.
    pub fn decode_body(&self) -> Result<Body, BodyError> {
        let kind = Kind::from_number(self.kind).ok_or(BodyError::UnknownKind(self.kind))?;
        if let Some(key) = codec::critical_keys(&self.body).first() {
            return Err(BodyError::Critical(*key));
        }
        let body = Body::decode(kind, &self.body)?;
        match body.root_signed().and_then(root::critical_key) {
            Some(key) => Err(BodyError::Critical(key)),
            None => Ok(body),
        }
    }
}

/// Why a body cannot be acted on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BodyError {
    /// A kind that this build does not know.
    #[error("event kind {0} is newer than this program: update it")]
    UnknownKind(u16),
    /// A critical key that this build does not know.
    #[error("critical key {0} is newer than this program: update it")]
    Critical(u64),
    /// Malformed.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Signable for Event {
    const SIGN: Label = Label::EventSign;
    const ID: Label = Label::EventId;
    const BYTES_MAX: usize = EVENT_BYTES_MAX;
    type Hint = EventHint;

    fn hint(&self) -> EventHint {
        EventHint {
            server: self.server,
            author: self.author,
            device: self.device,
            identity_head: self.identity_head,
            register: self.register,
            parents: self.parents.clone(),
        }
    }
}

/// What finding an event's key and place takes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields of `Event`")]
pub struct EventHint {
    pub server: Option<ServerId>,
    pub author: IdentityId,
    pub device: DeviceId,
    pub identity_head: IdentityEntryId,
    pub register: Option<RegisterId>,
    pub parents: Vec<EventId>,
}

impl Verified<Event> {
    /// The event's id.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        EventId(self.id().0)
    }

    /// Decodes the body as [`Event::decode_body`] does, and looks for critical keys around it as well.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn decode_body(&self) -> Result<Body, BodyError> {
        match self.critical_key() {
            Some(key) => Err(BodyError::Critical(key)),
            None => Event::decode_body(self),
        }
    }
}

/// Limits of an encoded body.
const BODY_LIMITS: Limits = Limits::bytes(EVENT_BYTES_MAX);
