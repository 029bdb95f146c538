//! Chapter *authority*, "Taking an event in", step by step.

use std::collections::BTreeSet;

use conclave_core::event::{Body, BodyError, Event, PARENTS_MAX};
use conclave_core::id::{EventId, ServerId};
use conclave_core::log::AuthorProof;
use conclave_core::signed::Verified;

use crate::basis::Basis;
use crate::judge::Act;
use crate::reign::Ground;
use crate::set::Set;
use crate::weight::Level;
use crate::{Oracle, State, Taken, limits};

/// What comes of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It stands.
    Accepted,
    /// It never stands.
    Rejected(Why),
    /// It was taken in before.
    Known,
    /// Something that it cites is not here.
    Waits,
    /// It leaves no trace.
    Refused(Refusal),
}

/// Why an event is rejected, where the chapter has a name for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It cites a rejected event.
    CitesRejected,
    /// Its device forked, and the event has the evidence in its past.
    Frozen,
    /// Its device is cut.
    DeviceCut,
    /// Its author is banned.
    Banned,
    /// Its author is no member.
    NotMember,
    /// It names a checkpoint, and its past has none: no history here posts any.
    LastCheckpoint,
    /// It belongs to a newer protocol.
    Version,
    /// The chapter *permissions* does not allow it.
    Denied,
}

/// Why an event leaves no trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are the chapter's")]
pub enum Refusal {
    WrongServer,
    Malformed,
    TooManyParents,
    NotAntichain,
    TooManyBranches,
    SelfChain,
}

use Outcome::{Accepted, Refused, Rejected};

/// What kind of body an event has.
enum Decoded {
    Known(Box<Body>),
    Newer,
}

impl Oracle {
    /// Takes an event in. Its signature is verified, and so are the cited register and, of a device cut, the certificate.
    pub fn insert(&mut self, signed: &Verified<Event>, proof: AuthorProof) -> Outcome {
        let id = signed.event_id();
        let event: &Event = signed;
        // 1, 2
        if event.server.unwrap_or(ServerId(id.0)) != self.server {
            return Refused(Refusal::WrongServer);
        }
        if self.numbers.contains_key(&id) || self.rejected.contains_key(&id) {
            return Outcome::Known;
        }
        // 3
        let decoded = match (event.version, signed.decode_body()) {
            (0, _) | (_, Err(BodyError::Codec(_))) => return Refused(Refusal::Malformed),
            (1, Ok(body)) => Decoded::Known(Box::new(body)),
            _ => Decoded::Newer,
        };
        let within = match &decoded {
            Decoded::Known(body) => limits::event(event) && limits::body(body),
            Decoded::Newer => limits::event(event),
        };
        if !within {
            return Refused(Refusal::Malformed);
        }
        // 4
        if event.server.is_none() {
            return self.genesis(id, event, decoded);
        }
        self.later(id, event, proof, decoded)
    }

    fn genesis(&mut self, id: EventId, event: &Event, decoded: Decoded) -> Outcome {
        let Decoded::Known(body) = decoded else {
            return Refused(Refusal::Malformed);
        };
        let Body::Genesis(body) = *body else {
            return Refused(Refusal::Malformed);
        };
        let alone = event.parents.is_empty()
            && event.seq == 0
            && event.prev_self.is_none()
            && event.last_checkpoint.is_none();
        if !alone || body.peers.contains(&event.author) {
            return Refused(Refusal::Malformed);
        }
        self.take(Taken {
            id,
            event: event.clone(),
            proof: AuthorProof::Founder,
            body: Some(body.into()),
            past: Set::default(),
            depth: 0,
            basis: Basis::fixed(Level::Owner),
            ground: Ground::default(),
            copy: None,
        })
    }

    fn later(
        &mut self,
        id: EventId,
        event: &Event,
        proof: AuthorProof,
        decoded: Decoded,
    ) -> Outcome {
        if let Err(outcome) = self.place(event) {
            if let Rejected(why) = outcome {
                self.rejected.insert(id, why);
            }
            return outcome;
        }
        // 10
        let Some(state) = self.resolve(&event.parents) else {
            return Outcome::Waits;
        };
        if event.last_checkpoint.is_some() {
            let why = Why::LastCheckpoint;
            self.rejected.insert(id, why);
            return Rejected(why);
        }
        let act = Act {
            event,
            proof: &proof,
            state: &state,
        };
        let judged = match self.member(&act) {
            Err(why) => Err(why),
            Ok(()) => match &decoded {
                Decoded::Newer if state.minimum_version <= 1 => Err(Why::Version),
                Decoded::Newer => Ok(Basis::fixed(Level::Nobody)),
                Decoded::Known(body) => act.judge(body).ok_or(Why::Denied),
            },
        };
        let basis = match judged {
            Ok(basis) => basis,
            Err(why) => {
                self.rejected.insert(id, why);
                return Rejected(why);
            }
        };
        let body = match decoded {
            Decoded::Known(body) => Some(*body),
            Decoded::Newer => None,
        };
        let copy = body.as_ref().and_then(|body| state.copy_of(body));
        let ground = Ground::of(&state, event, body.as_ref());
        let past = self.past(&event.parents).unwrap_or_default();
        let parents = event.parents.iter().filter_map(|id| self.numbers.get(id));
        let depth = parents.map(|n| self.taken[*n].depth + 1).max().unwrap_or(0);
        self.take(Taken {
            id,
            event: event.clone(),
            proof,
            body,
            past,
            depth,
            basis,
            ground,
            copy,
        })
    }

    fn take(&mut self, taken: Taken) -> Outcome {
        self.numbers.insert(taken.id, self.taken.len());
        self.taken.push(taken);
        Accepted
    }

    /// Steps 5 to 9.
    fn place(&self, event: &Event) -> Result<(), Outcome> {
        let parents = &event.parents;
        if parents.len() > PARENTS_MAX {
            return Err(Refused(Refusal::TooManyParents));
        }
        if parents.is_empty() || !parents.is_sorted_by(|a, b| a < b) {
            return Err(Refused(Refusal::NotAntichain));
        }
        let known = |id: &EventId| self.numbers.contains_key(id) || self.rejected.contains_key(id);
        if !parents.iter().all(known) {
            return Err(Outcome::Waits);
        }
        let rejected = |id: &EventId| self.rejected.contains_key(id);
        if parents.iter().any(rejected) {
            return Err(Rejected(Why::CitesRejected));
        }
        if parents
            .iter()
            .any(|a| parents.iter().any(|b| self.before(a, b)))
        {
            return Err(Refused(Refusal::NotAntichain));
        }
        let device_of = |id: &EventId| self.taken[self.numbers[id]].event.device;
        for parent in parents {
            let same = parents
                .iter()
                .filter(|other| device_of(other) == device_of(parent));
            if same.count() > 2 {
                return Err(Refused(Refusal::TooManyBranches));
            }
        }
        let past = self.past(parents).unwrap_or_default();
        self.own_chain(event, &past)
    }

    /// Steps 8 and 9.
    fn own_chain(&self, event: &Event, past: &Set) -> Result<(), Outcome> {
        let own: Vec<&Taken> = past
            .iter()
            .map(|number| &self.taken[number])
            .filter(|taken| taken.event.device == event.device)
            .collect();
        let sequences: BTreeSet<u64> = own.iter().map(|taken| taken.event.seq).collect();
        if sequences.len() < own.len() {
            return Err(Rejected(Why::Frozen));
        }
        let before = event
            .prev_self
            .map(|id| own.iter().find(|taken| taken.id == id));
        let continues = match (event.seq, before) {
            (0, None) => true,
            (0, Some(_)) | (_, None | Some(None)) => false,
            (seq, Some(Some(before))) => {
                before.event.author == event.author && before.event.seq + 1 == seq
            }
        };
        if continues && !sequences.contains(&event.seq) {
            Ok(())
        } else {
            Err(Refused(Refusal::SelfChain))
        }
    }

    /// "Who is a member, for an event".
    fn member(&self, act: &Act<'_>) -> Result<(), Why> {
        let (event, state) = (act.event, act.state);
        if state.cuts.contains_key(&event.device) {
            return Err(Why::DeviceCut);
        }
        if event.author == state.owner {
            return Ok(());
        }
        if state.bans.contains_key(&event.author) {
            return Err(Why::Banned);
        }
        let founded = state.peers.contains(&event.author) || event.author == state.founder;
        let founding = founded && !state.removals.contains_key(&event.author);
        if founding || self.came_in(act) {
            Ok(())
        } else {
            Err(Why::NotMember)
        }
    }

    fn came_in(&self, act: &Act<'_>) -> bool {
        let AuthorProof::Member {
            invite: Some(invite),
            pseudonym,
            register_seq,
        } = act.proof
        else {
            return false;
        };
        let open = act.state.invites.get(invite).is_some_and(|invite| {
            let honoured = invite.honoured.as_ref();
            honoured.is_none_or(|honoured| honoured.contains(pseudonym))
        });
        let removals = act.state.removals.get(&act.event.author);
        let later = removals.into_iter().flatten().all(|id| {
            let seen = self
                .seen(id)
                .iter()
                .find(|seen| seen.device == act.event.device);
            seen.is_none_or(|seen| Some(*register_seq) > seen.register_seq)
        });
        open && later
    }

    /// What a kick or ban has seen.
    fn seen(&self, removal: &EventId) -> &[conclave_core::event::Seen] {
        let number = self.numbers.get(removal);
        match number.and_then(|number| self.taken[*number].body.as_ref()) {
            Some(Body::Kick(kick)) => &kick.seen,
            Some(Body::Ban(ban)) => &ban.seen,
            _ => &[],
        }
    }
}

impl Act<'_> {
    /// The invite that the author came through.
    pub(crate) fn invite(&self) -> Option<(conclave_core::id::InviteId, &crate::Invite)> {
        let AuthorProof::Member { invite, .. } = self.proof else {
            return None;
        };
        let state: &State = self.state;
        (*invite).and_then(|id| state.invites.get(&id).map(|invite| (id, invite)))
    }
}
