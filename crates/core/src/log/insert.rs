//! Takes events in: structure, then local authority in the state of their past.

use super::limits::{Malformed, check_body, check_event};
use super::{AuthorProof, HaltReason, InsertError, Inserted, Log, Node, Verdict};
use crate::codec;
use crate::event::{Body, BodyError, EVENT_VERSION, Event};
use crate::id::{DeviceId, EventId, IdentityId};
use crate::permissions::{Actor, Basis, Denied, Level, judge};
use crate::policy::{Checkpoint, Cosigned};
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
        let named = event.last_checkpoint;
        let expected = past.checkpoint().map(|(checkpoint, _)| checkpoint);
        if named != expected {
            let found = named;
            return Ok(self.reject(id, Denied::LastCheckpoint { expected, found }));
        }
        let verdict = self.authorise(&past, id, &event, body, proof);
        let verdict = verdict.and_then(|authorised| {
            let posted = self.posted(&event, &authorised)?;
            Ok((authorised, posted))
        });
        match verdict {
            Ok((Authorised::Act(act), posted)) => {
                let state = fold(&past, &[&*act], &self.causality);
                if state.min_version() > PROTOCOL_VERSION {
                    self.halts
                        .entry(id)
                        .or_insert(HaltReason::MinVersion(state.min_version()));
                }
                let node = self.node(event, proof, Some(*act));
                Ok(match posted {
                    Some(posted) => self.keep_post(id, node, state, posted),
                    None => self.keep(id, node, state),
                })
            }
            Ok((Authorised::Newer(reason), _)) => {
                self.halts.insert(id, reason);
                let node = self.node(event, proof, None);
                Ok(self.keep(id, node, past))
            }
            Err(denied) => Ok(self.reject(id, denied)),
        }
    }

    /// Judges an event in the state of its past.
    pub(super) fn authorise(
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
        let alone = event.parents.is_empty()
            && event.seq == 0
            && event.prev_self.is_none()
            && event.last_checkpoint.is_none();
        if !alone || genesis.peers.contains(&event.author) {
            return Err(Malformed::Genesis.into());
        }
        let genesis = genesis.clone();
        let act = act(id, &event, *body, Basis::fixed(Level::Owner));
        let state = Community::found(id, &act, &genesis);
        let node = self.node(event, AuthorProof::Founder, Some(act));
        Ok(self.keep(id, node, state))
    }

    /// The checkpoint that an event posts, if it posts one that is valid.
    fn posted(
        &mut self,
        event: &Event,
        authorised: &Authorised,
    ) -> Result<Option<(Cosigned, Checkpoint)>, Denied> {
        let Authorised::Act(act) = authorised else {
            return Ok(None);
        };
        let Body::Checkpoint(body) = &act.body else {
            return Ok(None);
        };
        let cosigned = Cosigned::decode(&body.cosigned)
            .map_err(|error| Denied::Checkpoint(Box::new(error.into())))?;
        let checkpoint = self.judge_checkpoint(&event.parents, &cosigned)?;
        Ok(Some((cosigned, checkpoint)))
    }

    fn node(&self, event: Verified<Event>, proof: AuthorProof, act: Option<Act>) -> Node {
        let depths = event
            .parents
            .iter()
            .filter_map(|parent| self.nodes.get(parent));
        let depth = depths.map(|node| node.depth + 1).max().unwrap_or(0);
        Node {
            event,
            proof,
            act,
            depth,
        }
    }

    /// Keeps an event that posts a checkpoint: what lies beside the frozen past then acts forward.
    fn keep_post(
        &mut self,
        id: EventId,
        node: Node,
        state: Community,
        (cosigned, checkpoint): (Cosigned, Checkpoint),
    ) -> Inserted {
        let inserted = self.keep(id, node, state);
        self.keep_checkpoint(id, cosigned, checkpoint);
        if let Some(state) = self.acting_forward(&[id]) {
            self.snapshots.replace(id, state);
        }
        inserted
    }

    /// Keeps an event that counts, and the state after it.
    fn keep(&mut self, id: EventId, node: Node, state: Community) -> Inserted {
        let event = &node.event;
        let covers = event.parents == self.heads;
        if node.act.is_none() {
            self.causality.note_gap();
        }
        self.causality
            .insert(id, event.prev_self.as_ref(), &event.parents, covers);
        self.order.insert((node.depth, id));
        self.heads.retain(|head| !event.parents.contains(head));
        // Nothing that is accepted cites it yet, or it would have been missed.
        let at = self.heads.partition_point(|head| *head < id);
        self.heads.insert(at, id);
        let device = event.device;
        let chain = self.chains.entry(device).or_default();
        let here = chain.by_seq.entry(event.seq).or_default();
        here.insert(id);
        let forked = here.len() > 1;
        if forked {
            chain.forks.insert(event.seq);
        }
        self.nodes.insert(id, node);
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
pub(super) enum Decoded {
    Known(Box<Body>),
    Newer(HaltReason),
}

/// An event that counts.
pub(super) enum Authorised {
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
