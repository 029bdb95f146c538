//! Takes events in: structure, then local authority in the state of their past.

use super::limits::{Malformed, check_body, check_event};
use super::{AuthorProof, HaltReason, InsertError, Inserted, Log, Node, Verdict};
use crate::codec;
use crate::event::{Body, BodyError, EVENT_VERSION, Event};
use crate::id::{DeviceId, EventId, IdentityId};
use crate::permissions::{Actor, Basis, Denied, Level, judge};
use crate::signed::Verified;
use crate::state::{Act, Community, copy_of, fold, ground_of};

/// Version of the authority protocol that this program speaks.
pub const PROTOCOL_VERSION: u16 = 1;

/// Most rejected ids that are remembered. One that is forgotten is judged again, to the same end.
const REJECTED_MAX: usize = 100_000;

impl Log {
    /// Takes in an event whose signature and device certificate were verified.
    ///
    /// The verdict is a function of the event and its past. A certificate that a [`Body::DeviceCut`] carries is checked by the
    /// caller, who has the identity's log ([`crate::state::verify_cut`]).
    ///
    /// # Errors
    /// [`InsertError`]: the event was not taken in.
    pub fn insert(
        &mut self,
        event: Verified<Event>,
        proof: AuthorProof,
    ) -> Result<Inserted, InsertError> {
        let id = event.event_id();
        if event.server_of(id) != self.server {
            return Err(InsertError::WrongServer);
        }
        if self.contains(&id) {
            return Err(InsertError::Duplicate);
        }
        check_event(&event)?;
        if event.server.is_none() {
            return self.insert_genesis(id, event);
        }
        let body = decode(&event)?;
        if let Some(verdict) = self.check_place(&event)? {
            return Ok(self.reject(id, verdict));
        }
        let past = self
            .state_at(event.parents.clone())
            .ok_or(InsertError::WrongServer)?;
        match self.authorise(&past, id, &event, body, proof) {
            Ok(Authorised::Act(act)) => Ok(self.accept(id, event, &past, Some(*act))),
            Ok(Authorised::Newer(reason)) => {
                self.halts.insert(id, reason);
                Ok(self.accept(id, event, &past, None))
            }
            Err(denied) => Ok(self.reject(id, denied)),
        }
    }

    /// Judges an event in the state of its past.
    fn authorise(
        &self,
        past: &Community,
        id: EventId,
        event: &Event,
        body: Decoded,
        proof: AuthorProof,
    ) -> Result<Authorised, Denied> {
        let actor = self.author(past, event, proof)?;
        let body = match body {
            Decoded::Known(body) => *body,
            // What a server does not allow yet is refused by every version alike; so no member can halt it alone.
            Decoded::Newer(_) if past.min_version() <= PROTOCOL_VERSION => {
                return Err(Denied::Version {
                    kind: event.kind,
                    allowed: past.min_version(),
                });
            }
            Decoded::Newer(reason) => return Ok(Authorised::Newer(reason)),
        };
        let basis = judge(past, &actor, &body, Some(event.time))?;
        debug_assert!(basis.is_supplied(), "{basis:?}");
        let admission = match proof {
            AuthorProof::Member {
                invite: Some(invite),
                pseudonym,
                ..
            } if actor.identity != past.owner() => Some((invite, pseudonym)),
            _ => None,
        };
        let copy = copy_of(past, &body);
        let ground = ground_of(past, &actor.identity, &body);
        Ok(Authorised::Act(Box::new(Act {
            admission,
            copy,
            ground,
            ..act(id, event, body, basis)
        })))
    }

    /// Who acts, if they are a member in the state of the event's past.
    fn author(&self, past: &Community, event: &Event, proof: AuthorProof) -> Result<Actor, Denied> {
        let identity = event.author;
        let not_member = Denied::NotMember(identity);
        if past.cut(&event.device).is_some() {
            return Err(Denied::DeviceCut(event.device));
        }
        if identity == past.owner() {
            return Ok(Actor::from(&identity));
        }
        if past.ban(&identity).is_some() {
            return Err(Denied::Banned(identity));
        }
        let founder = past.founders().any(|founder| founder == identity);
        let removed = past.removals(&identity).next().is_some();
        match proof {
            AuthorProof::Founder | AuthorProof::Member { invite: None, .. } => {
                if founder && !removed {
                    Ok(Actor::from(&identity))
                } else {
                    Err(not_member)
                }
            }
            AuthorProof::Member {
                invite: Some(invite),
                pseudonym,
                register_seq,
            } => {
                let admits = past
                    .invite(&invite)
                    .is_some_and(|known| known.admits(&pseudonym));
                if !admits || !self.returned(past, &identity, &event.device, register_seq) {
                    return Err(not_member);
                }
                Ok(Actor {
                    identity,
                    invites: vec![invite],
                })
            }
        }
    }

    /// Whether a register of this sequence is later than what every kick and ban of its identity has seen of its device.
    fn returned(
        &self,
        past: &Community,
        identity: &IdentityId,
        device: &DeviceId,
        register_seq: u64,
    ) -> bool {
        past.removals(identity).all(|removal| {
            let body = self
                .nodes
                .get(removal)
                .and_then(|node| node.act.as_ref())
                .map(|act| &act.body);
            let seen = match body {
                Some(Body::Kick(body)) => &body.seen,
                Some(Body::Ban(body)) => &body.seen,
                _ => return false,
            };
            let seen = seen.iter().find(|seen| seen.device == *device);
            seen.and_then(|seen| seen.register_seq)
                .is_none_or(|last| register_seq > last)
        })
    }

    fn insert_genesis(
        &mut self,
        id: EventId,
        event: Verified<Event>,
    ) -> Result<Inserted, InsertError> {
        let Decoded::Known(body) = decode(&event)? else {
            return Err(Malformed::Genesis.into());
        };
        let Body::Genesis(genesis) = &*body else {
            return Err(Malformed::Genesis.into());
        };
        let alone = event.parents.is_empty() && event.seq == 0 && event.prev_self.is_none();
        if !alone || genesis.peers.contains(&event.author) {
            return Err(Malformed::Genesis.into());
        }
        let genesis = genesis.clone();
        let act = act(id, &event, *body, Basis::fixed(Level::Owner));
        let state = Community::found(id, &act, &genesis);
        Ok(self.keep(id, event, Some(act), state))
    }

    /// Keeps an event that counts, and the state after it.
    fn accept(
        &mut self,
        id: EventId,
        event: Verified<Event>,
        past: &Community,
        act: Option<Act>,
    ) -> Inserted {
        let acts: Vec<&Act> = act.iter().collect();
        let state = fold(past, &acts, &self.causality);
        if state.min_version() > PROTOCOL_VERSION {
            self.halts
                .entry(id)
                .or_insert(HaltReason::MinVersion(state.min_version()));
        }
        self.keep(id, event, act, state)
    }

    fn keep(
        &mut self,
        id: EventId,
        event: Verified<Event>,
        act: Option<Act>,
        state: Community,
    ) -> Inserted {
        let depths = event
            .parents
            .iter()
            .filter_map(|parent| self.nodes.get(parent));
        let depth = depths.map(|node| node.depth + 1).max().unwrap_or(0);
        let covers = event.parents == self.heads;
        if act.is_none() {
            self.causality.note_gap();
        }
        self.causality
            .insert(id, event.prev_self.as_ref(), &event.parents, covers);
        self.order.insert((depth, id));
        self.heads.retain(|head| !event.parents.contains(head));
        // Nothing that is accepted cites it yet, or it would have been missed.
        let at = self.heads.partition_point(|head| *head < id);
        self.heads.insert(at, id);
        let chain = self.chains.entry(event.device).or_default();
        let here = chain.by_seq.entry(event.seq).or_default();
        here.insert(id);
        let forked = here.len() > 1;
        if forked {
            chain.forks.insert(event.seq);
        }
        let device = event.device;
        self.nodes.insert(id, Node { event, act, depth });
        self.snapshots.arrive(id, state);
        self.current = None;
        Inserted {
            verdict: Verdict::Accepted,
            heads_changed: true,
            fork: if forked { self.fork(&device) } else { None },
        }
    }

    fn reject(&mut self, id: EventId, denied: Denied) -> Inserted {
        let verdict = Verdict::Rejected(denied);
        self.rejected.insert(id, verdict.clone());
        if self.rejected.len() > REJECTED_MAX {
            self.rejected.pop_first();
        }
        Inserted {
            verdict,
            heads_changed: false,
            fork: None,
        }
    }
}

/// A decoded body, or why it is beyond this program.
enum Decoded {
    Known(Box<Body>),
    Newer(HaltReason),
}

/// An event that counts.
enum Authorised {
    Act(Box<Act>),
    Newer(HaltReason),
}

fn decode(event: &Verified<Event>) -> Result<Decoded, Malformed> {
    if event.version > EVENT_VERSION {
        return Ok(Decoded::Newer(HaltReason::Format(event.version)));
    }
    if let Some(key) = codec::critical_keys(event.payload()).first() {
        return Ok(Decoded::Newer(HaltReason::Critical(*key)));
    }
    match event.decode_body() {
        Ok(body) => {
            check_body(&body)?;
            Ok(Decoded::Known(Box::new(body)))
        }
        Err(BodyError::UnknownKind(kind)) => Ok(Decoded::Newer(HaltReason::UnknownKind(kind))),
        Err(BodyError::Critical(key)) => Ok(Decoded::Newer(HaltReason::Critical(key))),
        Err(BodyError::Codec(error)) => Err(Malformed::Body(error)),
    }
}

fn act(id: EventId, event: &Event, body: Body, basis: Basis) -> Act {
    Act {
        id,
        author: event.author,
        device: event.device,
        seq: event.seq,
        parents: event.parents.as_slice().into(),
        time: event.time,
        reason: event.reason.as_deref().map(Into::into),
        body,
        basis,
        admission: None,
        copy: None,
        ground: None,
    }
}
