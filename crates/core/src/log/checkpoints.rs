//! The checkpoints of a log: which are valid, which are canonical, and what each has frozen.
//!
//! A checkpoint is posted by an event, so all that is said here is a function of sets of events, like everything else of a
//! log. Checkpoints form a tree by their predecessors. The *canonical* one of a past is found from genesis on: of the
//! successors that the past holds, those of the latest generation of notaries; exactly one goes on, two are a fork and end it.

mod told;

use std::collections::{BTreeMap, BTreeSet};

pub use told::{CheckpointFault, CheckpointFork, Frozen};

use super::Log;
use crate::commitment::{EventTree, StateTree};
use crate::id::{CheckpointId, Digest, EventId, Millis, VerifyKey};
use crate::permissions::Denied;
use crate::policy::{CHECKPOINT_VERSION, Checkpoint, CheckpointError, Cosigned, FRONTIER_MAX};
use crate::state::Community;

/// Commitments that are kept: the next checkpoint goes on from the one before, and a fork from the one before that.
const KEPT_MAX: usize = 4;

/// All checkpoints that a log holds.
#[derive(Clone, Default, Debug)]
pub(super) struct Checkpoints {
    known: BTreeMap<CheckpointId, Known>,
    /// Successors by predecessor.
    next: BTreeMap<Option<CheckpointId>, BTreeSet<CheckpointId>>,
    /// While nothing has two successors: all checkpoints, in order.
    line: Option<Vec<CheckpointId>>,
    /// Commitments of the latest few, by epoch.
    kept: BTreeMap<(u64, CheckpointId), Commitments>,
}

#[derive(Clone, Debug)]
struct Known {
    checkpoint: Checkpoint,
    cosigned: Cosigned,
    /// Events that post it, all of one content.
    posts: BTreeSet<EventId>,
}

/// What a checkpoint commits to.
#[derive(Clone, Debug)]
struct Commitments {
    state: Community,
    rows: StateTree,
    events: EventTree,
}

impl Checkpoints {
    /// Whether a checkpoint is known already.
    pub(super) fn contains(&self, id: &CheckpointId) -> bool {
        self.known.contains_key(id)
    }

    pub(super) fn get(&self, id: &CheckpointId) -> Option<&Checkpoint> {
        self.known.get(id).map(|known| &known.checkpoint)
    }

    /// Takes in a valid checkpoint and the event that posts it.
    pub(super) fn insert(&mut self, post: EventId, cosigned: Cosigned, checkpoint: Checkpoint) {
        let id = cosigned.id();
        if let Some(known) = self.known.get_mut(&id) {
            known.posts.insert(post);
            return;
        }
        let prev = checkpoint.prev;
        let posts = BTreeSet::from([post]);
        let successors = self.next.entry(prev).or_default();
        successors.insert(id);
        let alone = successors.len() == 1;
        let first = self.known.is_empty();
        self.known.insert(
            id,
            Known {
                checkpoint,
                cosigned,
                posts,
            },
        );
        // The predecessor is in the past of the post, so it stands last if nothing has ever forked.
        let mut line = match (first, self.line.take()) {
            (true, _) => Some(Vec::new()),
            (false, line) => line,
        };
        if let Some(line) = line.as_mut() {
            line.push(id);
        }
        self.line = line.filter(|_| alone);
    }

    /// Whether the past of some heads holds a checkpoint.
    fn within(&self, log: &Log, id: &CheckpointId, heads: &[EventId]) -> bool {
        let posts = self
            .known
            .get(id)
            .into_iter()
            .flat_map(|known| &known.posts);
        let mut posts = posts;
        posts.any(|post| log.is_ancestor(post, heads))
    }

    /// The canonical checkpoint in the past of some heads.
    fn canonical(&self, log: &Log, heads: &[EventId]) -> Option<CheckpointId> {
        if let Some(line) = &self.line {
            // Whoever knows one knows those before it.
            let known = line.partition_point(|id| self.within(log, id, heads));
            return known
                .checked_sub(1)
                .and_then(|last| line.get(last))
                .copied();
        }
        let mut tip = None;
        while let Some(next) = self.successor(tip, |id| self.within(log, id, heads)) {
            tip = Some(next);
        }
        tip
    }

    /// The one successor that counts among those that are there, if it is one.
    fn successor(
        &self,
        prev: Option<CheckpointId>,
        there: impl Fn(&CheckpointId) -> bool,
    ) -> Option<CheckpointId> {
        let latest = self.latest_generation(prev, there);
        match latest.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    fn latest_generation(
        &self,
        prev: Option<CheckpointId>,
        there: impl Fn(&CheckpointId) -> bool,
    ) -> Vec<CheckpointId> {
        let successors = self.next.get(&prev).into_iter().flatten();
        let successors: Vec<CheckpointId> = successors.filter(|id| there(id)).copied().collect();
        let generation = |id: &CheckpointId| self.get(id).map(|checkpoint| checkpoint.generation);
        let latest = successors.iter().map(generation).max();
        successors
            .into_iter()
            .filter(|id| Some(generation(id)) == latest)
            .collect()
    }
}

impl Log {
    /// The canonical checkpoint in the past of some heads, and its number.
    pub(super) fn tip(&self, heads: &[EventId]) -> Option<CheckpointId> {
        self.checkpoints.canonical(self, heads)
    }

    /// All checkpoints, by number, then id.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<Frozen<'_>> {
        let mut canonical = BTreeSet::new();
        let mut at = self.tip(&self.heads);
        while let Some(id) = at {
            canonical.insert(id);
            at = self
                .checkpoints
                .get(&id)
                .and_then(|checkpoint| checkpoint.prev);
        }
        let mut all: Vec<Frozen<'_>> = self
            .checkpoints
            .known
            .iter()
            .map(|(id, known)| Frozen {
                id: *id,
                checkpoint: &known.checkpoint,
                cosigned: &known.cosigned,
                canonical: canonical.contains(id),
            })
            .collect();
        all.sort_by_key(|frozen| (frozen.checkpoint.epoch, frozen.id));
        all
    }

    /// One checkpoint.
    #[must_use]
    pub fn checkpoint(&self, id: &CheckpointId) -> Option<&Checkpoint> {
        self.checkpoints.get(id)
    }

    /// Proof of every fork, those that a later change of notaries has settled included.
    #[must_use]
    pub fn checkpoint_forks(&self) -> Vec<CheckpointFork> {
        let forks = self.checkpoints.next.keys().filter_map(|prev| {
            let rivals = self.checkpoints.latest_generation(*prev, |_| true);
            let first = self.checkpoints.get(rivals.first()?)?;
            (rivals.len() > 1).then(|| CheckpointFork {
                prev: *prev,
                epoch: first.epoch,
                signers: self.signed_twice(&rivals),
                rivals,
            })
        });
        forks.collect()
    }

    fn signed_twice(&self, rivals: &[CheckpointId]) -> Vec<VerifyKey> {
        let mut times: BTreeMap<VerifyKey, usize> = BTreeMap::new();
        let known = rivals
            .iter()
            .filter_map(|id| self.checkpoints.known.get(id));
        for key in known.flat_map(|known| known.cosigned.signers()) {
            *times.entry(key).or_default() += 1;
        }
        let twice = times.into_iter().filter(|(_, times)| *times > 1);
        twice.map(|(key, _)| key).collect()
    }

    /// Whether an event lies in the past that the canonical checkpoint of the current heads has frozen.
    #[must_use]
    pub fn is_final(&self, event: &EventId) -> bool {
        let tip = self.tip(&self.heads);
        let tip = tip.and_then(|id| self.checkpoints.get(&id));
        tip.is_some_and(|checkpoint| self.is_ancestor(event, &checkpoint.frontier))
    }

    /// Events that no canonical checkpoint has frozen yet, in causal order.
    #[must_use]
    pub fn unfrozen(&self) -> Vec<EventId> {
        let tip = self
            .tip(&self.heads)
            .and_then(|id| self.checkpoints.get(&id));
        let frontier = tip.map(|checkpoint| checkpoint.frontier.as_slice());
        self.beyond(&self.heads, frontier.unwrap_or_default())
    }

    /// Events in the past of `heads` that are not in that of `frontier`, in causal order.
    pub(super) fn beyond(&self, heads: &[EventId], frontier: &[EventId]) -> Vec<EventId> {
        let mut found: BTreeSet<(u64, EventId)> = BTreeSet::new();
        let mut waiting: Vec<EventId> = heads.to_vec();
        while let Some(id) = waiting.pop() {
            let Some(node) = self.nodes.get(&id) else {
                continue;
            };
            if !self.is_ancestor(&id, frontier) && found.insert((node.depth, id)) {
                waiting.extend_from_slice(&node.event.parents);
            }
        }
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// The checkpoint that a notary may sign: the past of these heads is frozen. Nothing before genesis, or if there are more
    /// heads than a frontier takes.
    pub fn propose(
        &mut self,
        heads: &[EventId],
        member_root: Digest,
        now: Millis,
    ) -> Option<Checkpoint> {
        let frontier = self.antichain(heads).ok()?;
        if frontier.len() > FRONTIER_MAX {
            return None;
        }
        self.commit_to(&frontier, member_root, now)
    }

    /// What a checkpoint with this frontier says.
    fn commit_to(
        &mut self,
        frontier: &[EventId],
        member_root: Digest,
        time: Millis,
    ) -> Option<Checkpoint> {
        let state = self.resolve(frontier).ok()?;
        let prev = state.checkpoint();
        let before = prev.and_then(|(id, _)| self.checkpoints.get(&id)).cloned();
        let old = before
            .as_ref()
            .map(|checkpoint| checkpoint.frontier.clone());
        let new = self.beyond(frontier, old.as_deref().unwrap_or_default());
        let times = new
            .iter()
            .filter_map(|id| Some(self.nodes.get(id)?.event.time));
        let latest = times.max().unwrap_or(Millis(0));
        let epoch = prev.map_or(1, |(_, epoch)| epoch.saturating_add(1));
        let (state_root, log_root) = self.roots(&state, frontier, prev, &new);
        let notaries = state.notaries();
        Some(Checkpoint {
            version: CHECKPOINT_VERSION,
            server: self.server,
            epoch,
            prev: prev.map(|(id, _)| id),
            frontier: frontier.to_vec(),
            state_root,
            member_root,
            log_root,
            notaries: notaries.keys.clone(),
            quorum: notaries.quorum,
            min_time: before.map_or(latest, |checkpoint| checkpoint.min_time.max(latest)),
            time,
            generation: notaries.generation,
        })
    }

    /// The commitments to a state and the events that it froze, from those of the checkpoint before.
    fn roots(
        &self,
        state: &Community,
        frontier: &[EventId],
        prev: Option<(CheckpointId, u64)>,
        new: &[EventId],
    ) -> (Digest, Digest) {
        let commitments = self.commitments(state, frontier, prev, new);
        (commitments.rows.root(), commitments.events.root())
    }

    fn commitments(
        &self,
        state: &Community,
        frontier: &[EventId],
        prev: Option<(CheckpointId, u64)>,
        new: &[EventId],
    ) -> Commitments {
        let before = prev.and_then(|(id, epoch)| self.checkpoints.kept.get(&(epoch, id)));
        let Some(before) = before else {
            let mut events = EventTree::default();
            for event in self.beyond(frontier, &[]) {
                events.insert(&event);
            }
            return Commitments {
                rows: StateTree::of(state),
                events,
                state: state.clone(),
            };
        };
        let mut commitments = before.clone();
        commitments.rows.advance(&before.state, state);
        for event in new {
            commitments.events.insert(event);
        }
        commitments.state = state.clone();
        commitments
    }

    /// Judges a checkpoint that an event posts. Its verdict depends on the past of its frontier alone.
    pub(super) fn judge_checkpoint(
        &mut self,
        parents: &[EventId],
        cosigned: &Cosigned,
    ) -> Result<Checkpoint, Denied> {
        let judged = self.judge(parents, cosigned, true);
        judged.map_err(|fault| Denied::Checkpoint(Box::new(fault)))
    }

    /// Checks a checkpoint that is still being signed, at the current heads: everything but that enough notaries have signed.
    /// A notary who signs what passes signs nothing false.
    ///
    /// # Errors
    /// [`CheckpointFault`].
    pub fn examine(&mut self, cosigned: &Cosigned) -> Result<Checkpoint, CheckpointFault> {
        let heads = self.heads.clone();
        self.judge(&heads, cosigned, false)
    }

    fn judge(
        &mut self,
        parents: &[EventId],
        cosigned: &Cosigned,
        complete: bool,
    ) -> Result<Checkpoint, CheckpointFault> {
        let checkpoint = cosigned.read(self.server)?;
        let frontier = &checkpoint.frontier;
        for event in frontier {
            let covered = frontier
                .iter()
                .any(|other| self.causality.before(event, other));
            if covered || !self.is_ancestor(event, parents) {
                return Err(CheckpointFault::Frontier(*event));
            }
        }
        if self.checkpoints.contains(&cosigned.id()) {
            return Ok(checkpoint);
        }
        let unknown = CheckpointFault::Frontier(self.server.genesis());
        let Some(state) = self.state_at(frontier.clone()) else {
            return Err(unknown);
        };
        let notaries = state.notaries();
        if checkpoint.notaries != notaries.keys
            || checkpoint.quorum != notaries.quorum
            || checkpoint.generation != notaries.generation
        {
            return Err(CheckpointFault::Notaries);
        }
        // Before anything that costs: only notaries make us compute.
        let keys: BTreeSet<VerifyKey> = notaries.keys.iter().copied().collect();
        if complete {
            cosigned.verify(self.server, &keys, notaries.quorum)?;
        } else if cosigned.verify_signatures(&keys)? == 0 {
            let needed = usize::from(notaries.quorum);
            return Err(CheckpointError::Quorum { found: 0, needed }.into());
        }
        let (member_root, time) = (checkpoint.member_root, checkpoint.time);
        let Some(expected) = self.commit_to(&checkpoint.frontier, member_root, time) else {
            return Err(unknown);
        };
        compare(&expected, &checkpoint)?;
        Ok(checkpoint)
    }

    /// Keeps a valid checkpoint with its commitments.
    pub(super) fn keep_checkpoint(
        &mut self,
        post: EventId,
        cosigned: Cosigned,
        checkpoint: Checkpoint,
    ) {
        let id = cosigned.id();
        if !self.checkpoints.contains(&id)
            && let Some(state) = self.state_at(checkpoint.frontier.clone())
        {
            let prev = state.checkpoint();
            let before = prev.and_then(|(id, _)| self.checkpoints.get(&id));
            let old = before.map(|checkpoint| checkpoint.frontier.clone());
            let new = self.beyond(&checkpoint.frontier, old.as_deref().unwrap_or_default());
            let commitments = self.commitments(&state, &checkpoint.frontier, prev, &new);
            self.checkpoints
                .kept
                .insert((checkpoint.epoch, id), commitments);
            while self.checkpoints.kept.len() > KEPT_MAX {
                self.checkpoints.kept.pop_first();
            }
        }
        self.checkpoints.insert(post, cosigned, checkpoint);
    }

    /// The commitments of one of the latest checkpoints and the state that it froze: what proofs are made from.
    #[must_use]
    pub fn commitments_of(
        &self,
        id: &CheckpointId,
    ) -> Option<(&Community, &StateTree, &EventTree)> {
        let epoch = self.checkpoints.get(id)?.epoch;
        let kept = self.checkpoints.kept.get(&(epoch, *id))?;
        Some((&kept.state, &kept.rows, &kept.events))
    }
}

/// Compares what a checkpoint says with what the log says.
fn compare(expected: &Checkpoint, found: &Checkpoint) -> Result<(), CheckpointFault> {
    if expected.prev != found.prev || expected.epoch != found.epoch {
        return Err(CheckpointFault::Predecessor {
            expected: expected.prev,
            found: found.prev,
        });
    }
    let roots = [
        ("state root", expected.state_root, found.state_root),
        ("log root", expected.log_root, found.log_root),
    ];
    for (what, expected, found) in roots {
        if expected != found {
            return Err(CheckpointFault::Root {
                what,
                expected,
                found,
            });
        }
    }
    if expected.min_time == found.min_time {
        Ok(())
    } else {
        Err(CheckpointFault::MinTime)
    }
}
