//! An event's place in the log: parents, antichain, the device's own chain.

use super::{InsertError, Log, Verdict};
use crate::event::{Event, PARENTS_MAX};
use crate::id::{DeviceId, EventId};
use crate::permissions::Denied;

/// Most parents that one device may have signed: two show a fork, more show nothing further.
const BRANCHES_MAX: usize = 2;

impl Log {
    /// Checks an event's place. Gives a reason to reject it for good where its past holds one.
    pub(super) fn check_place(&self, event: &Event) -> Result<Option<Denied>, InsertError> {
        let parents = &event.parents;
        if parents.len() > PARENTS_MAX {
            return Err(InsertError::TooManyParents(parents.len()));
        }
        if parents.is_empty() || !parents.is_sorted_by(|a, b| a < b) {
            return Err(InsertError::NotAntichain);
        }
        let missing: Vec<EventId> = parents
            .iter()
            .filter(|parent| !self.contains(parent))
            .copied()
            .collect();
        if !missing.is_empty() {
            return Err(InsertError::MissingParents(missing));
        }
        // Not the event before it: where that is not in the past of the parents, the chain is wrong whether it is known or not.
        let rejected = |id: &&EventId| matches!(self.verdict(id), Some(Verdict::Rejected(_)));
        if let Some(rejected) = parents.iter().find(rejected) {
            return Ok(Some(Denied::CitesRejected(*rejected)));
        }
        if parents
            .iter()
            .any(|a| parents.iter().any(|b| self.causality.before(a, b)))
        {
            return Err(InsertError::NotAntichain);
        }
        self.check_branches(parents)?;
        if self.cites_fork(&event.device, parents) {
            return Ok(Some(Denied::Frozen(event.device)));
        }
        self.check_chain(event)?;
        Ok(None)
    }

    fn check_branches(&self, parents: &[EventId]) -> Result<(), InsertError> {
        let mut devices: Vec<DeviceId> = parents
            .iter()
            .filter_map(|id| Some(self.nodes.get(id)?.event.device))
            .collect();
        devices.sort_unstable();
        let crowded = devices
            .chunk_by(|a, b| a == b)
            .find(|same| same.len() > BRANCHES_MAX);
        match crowded.and_then(<[DeviceId]>::first) {
            Some(device) => Err(InsertError::TooManyBranches(*device)),
            None => Ok(()),
        }
    }

    /// Whether the past of `heads` proves that a device has forked its chain.
    fn cites_fork(&self, device: &DeviceId, heads: &[EventId]) -> bool {
        let Some(chain) = self.chains.get(device) else {
            return false;
        };
        let in_past = |seq: &u64| {
            chain
                .at(*seq)
                .filter(|id| self.is_ancestor(id, heads))
                .count()
        };
        chain.forks.iter().any(|seq| in_past(seq) > 1)
    }

    /// The event must follow the device's last one in its past, with the next sequence and the same author.
    fn check_chain(&self, event: &Event) -> Result<(), InsertError> {
        let wrong = InsertError::SelfChain {
            device: event.device,
            seq: event.seq,
        };
        let chain = self.chains.get(&event.device);
        let at = |seq: u64| chain.into_iter().flat_map(move |chain| chain.at(seq));
        if at(event.seq).any(|id| self.is_ancestor(id, &event.parents)) {
            return Err(wrong);
        }
        match (&event.prev_self, event.seq.checked_sub(1)) {
            (None, None) => Ok(()),
            (Some(prev), Some(seq)) => {
                let known = at(seq).any(|id| id == prev);
                let author = self.nodes.get(prev).map(|node| node.event.author);
                let follows =
                    known && author == Some(event.author) && self.is_ancestor(prev, &event.parents);
                if follows { Ok(()) } else { Err(wrong) }
            }
            _ => Err(wrong),
        }
    }
}
