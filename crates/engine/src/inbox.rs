//! The one order of checks for whatever arrives.
//!
//! An envelope passes: canonical bytes and limits → right server → not settled yet → a known topic → the pseudonym's strict
//! signature → a known sender → not closed out → storable here → open → the checks of its topic. What lacks something is
//! parked within bounds; what breaks a rule is refused by name. Own envelopes enter after their sealing and pass the same
//! checks of authority ("no fast path skips a check").

mod authority;
mod channel;
mod keys;
mod members;

use conclave_core::envelope::{Envelope, Form, Topic};
use conclave_core::id::{EpochId, VerifyKey};
use conclave_core::keys::EpochKeys;
use conclave_core::policy::Durability;
use conclave_core::signed::{SignedError, Unverified, Verified};
use conclave_core::view::{Table, View, ViewError};

use crate::ctx::{Ctx, Outgoing};
use crate::effect::ConnId;
use crate::room::{Room, Standing, Wait, stored_envelope};
use crate::wire::Position;

pub use authority::accept as accept_event;
pub use channel::{accept as accept_content, allowed as content_allowed, drop_target, slow_ms};
pub use keys::{adopt_all, open_with_share, reopen};
pub use members::{NAME_CHARS_MAX, accept as accept_record};

/// What became of an envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It is durable with this transaction, or settled before: the sender may be told.
    Settled(Position),
    /// It is held in memory until something arrives; the sender is not told.
    Held,
    /// It breaks a rule.
    Refused(Refusal),
}

/// Why an envelope was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Its bytes or signature are bad.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// It belongs to another server.
    #[error("the envelope belongs to another server")]
    WrongServer,
    /// Too far beyond a gap.
    #[error("sequence {0} is too far beyond what is here")]
    TooFarAhead(u64),
    /// This node must not store it.
    #[error("this node may not store envelopes of a strict channel that it cannot read")]
    NotForUs,
    /// What it says breaks a rule; it is refused for good.
    #[error("{0}")]
    Rule(String),
    /// The parking lot is full; it may come again.
    #[error("too much is waiting here")]
    Full,
}

/// What the checks of a topic say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Processed.
    Done,
    /// Something must come first.
    Wait(Wait),
    /// It breaks a rule.
    Refuse(String),
}

/// Failure of a whole call.
pub type Fault = ViewError;

/// Takes one envelope in wire form.
///
/// # Errors
/// [`ViewError`] if the store cannot be read; nothing else is a failure of the call.
pub fn take(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    bytes: &[u8],
    from: Option<ConnId>,
) -> Result<Taken, ViewError> {
    let (position, envelope) = match admit(room, bytes) {
        Ok(Admission::New(position, envelope)) => (position, *envelope),
        Ok(Admission::Known(position)) => return Ok(Taken::Settled(position)),
        Ok(Admission::Hold(wait)) => {
            room.waiting.hold(wait, from, bytes.to_vec());
            return Ok(Taken::Held);
        }
        Err(refusal) => return Ok(Taken::Refused(refusal)),
    };
    let verdict = process(room, ctx, &position, &envelope)?;
    match verdict {
        Verdict::Done => {}
        Verdict::Wait(wait) => {
            if room.identity_of(&position.pseudonym).is_none()
                && room.local.standing == Standing::Active
            {
                // Nobody vouches for the sender yet: memory only, so that strangers cannot fill the disk.
                room.waiting.hold(wait, from, bytes.to_vec());
                return Ok(Taken::Held);
            }
            if !room.waiting.park(&mut ctx.txn, room.id, wait, position) {
                return Ok(Taken::Refused(Refusal::Full));
            }
        }
        Verdict::Refuse(reason) => {
            // Refused for good, so that nobody needs to offer it again.
            room.cursors.settle(&mut ctx.txn, room.id, &position);
            return Ok(Taken::Refused(Refusal::Rule(reason)));
        }
    }
    store(room, ctx, &position, bytes);
    ctx.out.outgoing.push(Outgoing {
        server: room.id,
        position,
        bytes: bytes.to_vec(),
        ephemeral: false,
        except: from,
    });
    Ok(Taken::Settled(position))
}

/// Puts an envelope into the store and settles its position.
pub fn store(room: &mut Room, ctx: &mut Ctx<'_>, position: &Position, bytes: &[u8]) {
    ctx.txn.put(Table::Envelope, position.key(), bytes);
    room.cursors.settle(&mut ctx.txn, room.id, position);
}

enum Admission {
    New(Position, Box<Verified<Envelope>>),
    Known(Position),
    Hold(Wait),
}

/// The checks that need no keys.
fn admit(room: &Room, bytes: &[u8]) -> Result<Admission, Refusal> {
    let unverified = Unverified::<Envelope>::decode(bytes)?;
    let hint = unverified.hint();
    if hint.server != room.tag || hint.form == Form::Ephemeral {
        return Err(Refusal::WrongServer);
    }
    let position = Position {
        topic: hint.topic,
        pseudonym: hint.pseudonym,
        seq: hint.seq,
    };
    if position.seq == 0 || room.cursors.has(&position) {
        return Ok(Admission::Known(position));
    }
    if !room.cursors.has_room(&position) {
        return Err(Refusal::TooFarAhead(position.seq));
    }
    let envelope = unverified.verify(&VerifyKey(hint.pseudonym.0))?;
    envelope
        .check()
        .map_err(|error| Refusal::Rule(error.to_string()))?;
    let Some(topic) = room.topics.get(&position.topic) else {
        return Ok(Admission::Hold(Wait::Topic(position.topic)));
    };
    let introduces_itself =
        matches!(topic, Topic::Members(_)) || room.local.standing == Standing::Joining;
    if !introduces_itself && room.identity_of(&position.pseudonym).is_none() {
        return Ok(Admission::Hold(Wait::Pseudonym(position.pseudonym)));
    }
    if let Topic::Channel(_, channel) = topic {
        let channel = room
            .community
            .as_ref()
            .and_then(|community| community.channel(channel));
        let strict =
            channel.is_some_and(|channel| channel.durability == Durability::Strict.number());
        if strict && !channel::readable(room, topic) {
            return Err(Refusal::NotForUs);
        }
    }
    Ok(Admission::New(position, Box::new(envelope)))
}

/// The checks of the envelope's topic.
fn process(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
) -> Result<Verdict, Fault> {
    let Some(topic) = room.topics.get(&position.topic).copied() else {
        return Ok(Verdict::Wait(Wait::Topic(position.topic)));
    };
    match (topic, envelope.form) {
        (Topic::Keys(_), Form::Keys) => keys::process(room, ctx, position, envelope),
        (Topic::Authority(_), Form::Sealed) => match epoch_keys(room, &envelope.epoch) {
            Some(keys) => authority::process(room, ctx, position, envelope, &keys),
            None => Ok(Verdict::Wait(Wait::Epoch(envelope.epoch))),
        },
        (Topic::Members(_), Form::Sealed) => match epoch_keys(room, &envelope.epoch) {
            Some(keys) => members::process(room, ctx, position, envelope, &keys),
            None => Ok(Verdict::Wait(Wait::Epoch(envelope.epoch))),
        },
        (Topic::Channel(_, channel), Form::Sealed | Form::Tombstone) => {
            channel::process(room, ctx, position, envelope, channel)
        }
        _ => Ok(Verdict::Refuse(
            "this form has no place in this topic".to_owned(),
        )),
    }
}

/// The keys of an epoch, cheap to hold while the room changes.
fn epoch_keys(room: &Room, epoch: &EpochId) -> Option<EpochKeys> {
    room.epochs.keys(epoch).cloned()
}

/// Looks again at everything that waited for `wait`, and at whatever that sets free in turn.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn settle_waiting(room: &mut Room, ctx: &mut Ctx<'_>, wait: Wait) -> Result<(), ViewError> {
    for position in room.waiting.wake(&wait) {
        let Some(bytes) = ctx.txn.get(Table::Envelope, &position.key())? else {
            room.waiting.unpark(&mut ctx.txn, room.id, &position);
            continue;
        };
        let Ok(envelope) = stored_envelope(&bytes) else {
            continue;
        };
        match process(room, ctx, &position, &envelope)? {
            Verdict::Done => room.waiting.unpark(&mut ctx.txn, room.id, &position),
            Verdict::Wait(next) => {
                // It is parked already, so there is room.
                let _ = room.waiting.park(&mut ctx.txn, room.id, next, position);
            }
            Verdict::Refuse(_) => {
                room.waiting.unpark(&mut ctx.txn, room.id, &position);
                ctx.txn.delete(Table::Envelope, position.key());
            }
        }
    }
    for (from, bytes) in room.waiting.release(&wait) {
        take(room, ctx, &bytes, from)?;
    }
    Ok(())
}
