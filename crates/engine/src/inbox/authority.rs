//! Authority events: from an opened envelope into the log.

use conclave_core::envelope::Envelope;
use conclave_core::event::{Body, Event, RootError, verify_receiver, verify_root};
use conclave_core::id::EventId;
use conclave_core::keys::EpochKeys;
use conclave_core::log::InsertError;
use conclave_core::message;
use conclave_core::signed::{Unverified, Verified};
use conclave_core::state::{CutError, verify_cut};

use super::{Fault, Verdict, settle_waiting};
use crate::ctx::Ctx;
use crate::room::{Room, Wait};
use crate::wire::Position;

/// Opens, verifies and inserts an event.
pub(super) fn process(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
    keys: &EpochKeys,
) -> Result<Verdict, Fault> {
    let opened = match message::open(envelope, keys.state.as_bytes()) {
        Ok(opened) => opened,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let unverified = match Unverified::<Event>::decode(&opened) {
        Ok(unverified) => unverified,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let hint = unverified.hint();
    let is_genesis = hint.server.is_none() && unverified.id().0 == room.id.0;
    if hint.server != Some(room.id) && !is_genesis {
        return Ok(Verdict::Refuse(
            "the event belongs to another server".to_owned(),
        ));
    }
    let Some(register) = room.roster.by_pseudonym(&position.pseudonym) else {
        return Ok(Verdict::Wait(Wait::Pseudonym(position.pseudonym)));
    };
    if register.identity != hint.author || register.device != hint.device {
        return Ok(Verdict::Refuse(
            "the event's device is not the sender's".to_owned(),
        ));
    }
    let Some(identity) = room.identities.get(&hint.author) else {
        return Ok(Verdict::Wait(Wait::Identity(hint.author)));
    };
    let Some(key) = identity.device_key_at(&hint.identity_head, &hint.device) else {
        return Ok(if identity.contains(&hint.identity_head) {
            Verdict::Refuse("the author's identity log does not certify the device".to_owned())
        } else {
            Verdict::Wait(Wait::Identity(hint.author))
        });
    };
    match unverified.verify(&key) {
        Ok(event) => accept(room, ctx, position, event),
        Err(error) => Ok(Verdict::Refuse(error.to_string())),
    }
}

/// Inserts a verified event.
pub fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    event: Verified<Event>,
) -> Result<Verdict, Fault> {
    let Some(proof) = room.author_proof(event.register.as_ref()) else {
        return Ok(match event.register {
            Some(register) => Verdict::Wait(Wait::Register(register)),
            None => Verdict::Refuse("no register proves the author's membership".to_owned()),
        });
    };
    if let Some(verdict) = judge_cut(room, &event).or_else(|| judge_root(room, &event)) {
        return Ok(verdict);
    }
    let id: EventId = event.event_id();
    match room.log.insert(event.clone(), proof) {
        Ok(_) => {
            room.remember_event(&mut ctx.txn, &event, *position);
            room.refresh();
            settle_waiting(room, ctx, Wait::Event(id))?;
            let topics: Vec<_> = room.topics.keys().copied().collect();
            if event.kind == conclave_core::event::Kind::ChannelCreate.number() {
                for topic in topics {
                    settle_waiting(room, ctx, Wait::Topic(topic))?;
                }
            }
            if id == room.id.genesis() {
                settle_waiting(room, ctx, Wait::Genesis)?;
            }
            Ok(Verdict::Done)
        }
        Err(InsertError::Duplicate) => Ok(Verdict::Done),
        Err(InsertError::MissingParents(missing)) => Ok(match missing.first() {
            Some(parent) => Verdict::Wait(Wait::Event(*parent)),
            None => Verdict::Refuse("an event without its parents".to_owned()),
        }),
        Err(error) => Ok(Verdict::Refuse(error.to_string())),
    }
}

/// What takes the root's signature has it, and a root that is named is one; nothing if the event asks for none, or it holds.
fn judge_root(room: &Room, event: &Verified<Event>) -> Option<Verdict> {
    let body = event.decode_body().ok()?;
    if !body.needs_root() && !matches!(body, Body::Accession(_)) {
        return None;
    }
    let Some(log) = room.identities.get(&event.author) else {
        return Some(Verdict::Wait(Wait::Identity(event.author)));
    };
    match verify_root(event, &body, log) {
        Ok(()) => {}
        Err(RootError::UnknownHead(_)) => {
            return Some(Verdict::Wait(Wait::Identity(event.author)));
        }
        Err(error) => return Some(Verdict::Refuse(error.to_string())),
    }
    let Body::OwnershipTransfer(transfer) = &body else {
        return None;
    };
    let known = room.identities.get(&transfer.to);
    match known.map(|log| verify_receiver(transfer, log)) {
        Some(Ok(())) => None,
        // The root may be newer than what is known of the log.
        None | Some(Err(RootError::OtherRoot)) => Some(Verdict::Wait(Wait::Identity(transfer.to))),
        Some(Err(error)) => Some(Verdict::Refuse(error.to_string())),
    }
}

/// A device cut stands on an entry of the identity's own log; nothing if the event is none, or holds.
fn judge_cut(room: &Room, event: &Verified<Event>) -> Option<Verdict> {
    let Ok(Body::DeviceCut(cut)) = event.decode_body() else {
        return None;
    };
    let Some(log) = room.identities.get(&cut.identity) else {
        return Some(Verdict::Wait(Wait::Identity(cut.identity)));
    };
    match verify_cut(room.id, &cut, log) {
        Ok(()) => None,
        Err(CutError::UnknownEntry) => Some(Verdict::Wait(Wait::Identity(cut.identity))),
        Err(error) => Some(Verdict::Refuse(error.to_string())),
    }
}
