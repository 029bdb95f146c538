//! The state on top of a checkpoint: what was frozen stays, and what it was frozen without acts forward, or not at all.
//!
//! Let C be the canonical checkpoint of some heads, P the past of its frontier, and Q that of its predecessor's. The state is
//! that of P, and on it what lies beyond P, in causal order:
//!
//! - an event that has all of P before it counts as it stands;
//! - one that has all of Q before it, but not all of P, is *late*: it is judged again as if P were before it, and acts
//!   forward from there, or is lost;
//! - any other is too old, and lost.

use super::insert::{Authorised, Decoded};
use super::{Causality, Log};
use crate::id::{CheckpointId, EventId};
use crate::permissions::Denied;
use crate::state::{Act, Community, Lost, fold};

/// A late event with the state in which it was judged.
struct Judged {
    /// What of the tail was before it.
    before: Vec<EventId>,
    id: EventId,
    /// The state after it.
    after: Community,
}

impl Log {
    /// The state at some heads whose canonical checkpoint is not that of what lies before them.
    pub(super) fn acting_forward(&mut self, heads: &[EventId]) -> Option<Community> {
        let tip = self.tip(heads);
        let base = match tip {
            None => self.founding()?,
            Some(tip) => self.frozen_state(tip)?,
        };
        let checkpoint = tip.and_then(|tip| self.checkpoints.get(&tip));
        let frontier = checkpoint.map_or_else(
            || vec![self.server.genesis()],
            |checkpoint| checkpoint.frontier.clone(),
        );
        // Nobody looks for quarrels among these, so all may be in one.
        self.quarrels.extend(self.beyond(heads, &frontier));
        Some(self.forward(&base, tip, heads))
    }

    /// The state that a checkpoint froze. Goes up from the nearest one that is at hand, not down by recursion: a chain of
    /// checkpoints may be long.
    fn frozen_state(&mut self, tip: CheckpointId) -> Option<Community> {
        let mut missing = vec![tip];
        let mut at = tip;
        loop {
            let checkpoint = self.checkpoints.get(&at)?;
            if self.snapshots.get(&checkpoint.frontier).is_some() {
                break;
            }
            match checkpoint.prev {
                Some(prev) => missing.push(prev),
                None => break,
            }
            at = *missing.last()?;
        }
        let mut state = None;
        for id in missing.into_iter().rev() {
            let frontier = self.checkpoints.get(&id)?.frontier.clone();
            state = self.state_at(frontier);
        }
        state
    }

    /// The state at some heads on top of the state that `tip` froze.
    pub(super) fn forward(
        &self,
        base: &Community,
        tip: Option<CheckpointId>,
        heads: &[EventId],
    ) -> Community {
        let genesis = vec![self.server.genesis()];
        let checkpoint = tip.and_then(|tip| self.checkpoints.get(&tip));
        let frontier = checkpoint.map_or(&genesis, |checkpoint| &checkpoint.frontier);
        let prev = checkpoint.and_then(|checkpoint| checkpoint.prev);
        let prev = prev.and_then(|prev| self.checkpoints.get(&prev));
        let older = prev.map_or(&genesis, |prev| &prev.frontier);
        let mut acts: Vec<Act> = Vec::new();
        let mut lost: Vec<(EventId, Lost)> = Vec::new();
        let mut last: Option<Judged> = None;
        for id in self.beyond(heads, frontier) {
            let Some(act) = self.nodes.get(&id).and_then(|node| node.act.as_ref()) else {
                continue;
            };
            let own = core::slice::from_ref(&id);
            if self.covers(own, frontier) {
                acts.push(act.clone());
            } else if self.covers(own, older) {
                match self.judge_late(base, &acts, act, &mut last) {
                    Ok(act) => acts.push(act),
                    Err(denied) => lost.push((id, Lost::Overtaken(denied))),
                }
            } else {
                lost.push((id, Lost::TooOld));
            }
        }
        let acts: Vec<&Act> = acts.iter().collect();
        let tip = tip.and_then(|id| Some((id, self.checkpoints.get(&id)?.epoch)));
        fold(base, &acts, &self.sparse()).standing_on(tip, lost)
    }

    /// The causal order for acts among which some are left out, so that their parents alone do not show it.
    fn sparse(&self) -> Causality {
        let mut causality = self.causality.clone();
        causality.note_gap();
        causality
    }

    /// Judges a late event as if the frozen past were before it, with what survives of the tail before it.
    fn judge_late(
        &self,
        base: &Community,
        acts: &[Act],
        act: &Act,
        last: &mut Option<Judged>,
    ) -> Result<Act, Denied> {
        let node = self
            .nodes
            .get(&act.id)
            .ok_or(Denied::NotMember(act.author))?;
        let mut before: Vec<&Act> = acts.iter().collect();
        before.retain(|other| self.causality.before(&other.id, &act.id));
        let ids: Vec<EventId> = before.iter().map(|act| act.id).collect();
        let state = match last.take() {
            // A late branch of one strand goes on from where its last event left it.
            Some(judged) if ids.split_last() == Some((&judged.id, &judged.before)) => judged.after,
            _ => fold(base, &before, &self.sparse()),
        };
        let state = state.with_causality(&self.causality);
        let known = |event: &EventId| self.causality.before(event, &act.id);
        if let Some(event) = state.lifts_unseen(&act.body, known) {
            return Err(Denied::Unseen(event));
        }
        let body = Decoded::Known(Box::new(act.body.clone()));
        match self.authorise(&state, act.id, &node.event, body, node.proof)? {
            Authorised::Act(again) => {
                *last = Some(Judged {
                    before: ids,
                    id: act.id,
                    after: fold(&state, &[&*again], &self.causality),
                });
                Ok(*again)
            }
            Authorised::Newer(_) => Err(Denied::NotMember(act.author)),
        }
    }

    /// The state at some heads from genesis on, checkpoint by checkpoint, past every snapshot.
    pub(super) fn audit_forward(&self, heads: &[EventId]) -> Option<Community> {
        let mut chain = Vec::new();
        let mut at = self.tip(heads);
        while let Some(id) = at {
            chain.push(id);
            at = self.checkpoints.get(&id)?.prev;
        }
        let mut state = self.founding()?;
        let mut tip = None;
        for id in chain.into_iter().rev() {
            state = self.forward(&state, tip, &self.checkpoints.get(&id)?.frontier);
            tip = Some(id);
        }
        Some(self.forward(&state, tip, heads))
    }
}
