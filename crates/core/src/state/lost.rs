//! What a merge took away: events that one state lets count and another does not.

use imbl::ordmap::DiffItem;

use super::{Community, Overruling};
use crate::id::EventId;

/// How the set of accepted events that do not count changed from one state to a later one, each list ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrulings {
    /// Overruled now, or lost by a checkpoint.
    pub fallen: Vec<EventId>,
    /// Counting again: what took it away was overruled itself, or a fork took the checkpoint away.
    pub risen: Vec<EventId>,
}

impl Community {
    /// Every event that does not count though it was accepted, by id, with the one that overruled it.
    pub fn overruled_events(&self) -> impl ExactSizeIterator<Item = (&EventId, &Overruling)> {
        self.overruled.iter()
    }

    /// Every accepted event that does not count: overruled, or lost by a checkpoint.
    pub fn fallen(&self) -> impl Iterator<Item = &EventId> {
        let lost = self.lost.keys();
        self.overruled
            .keys()
            .chain(lost.filter(|event| !self.overruled.contains_key(*event)))
    }

    fn has_fallen(&self, event: &EventId) -> bool {
        self.overruled.contains_key(event) || self.lost.contains_key(event)
    }

    /// Whether the log had an event when it resolved to this state.
    #[must_use]
    pub fn knows(&self, event: &EventId) -> bool {
        self.cites(core::slice::from_ref(event), event)
    }

    /// What ceased to count, and what counts again, since an earlier state. Costs no more than what changed.
    #[must_use]
    pub fn overrulings_since(&self, before: &Self) -> Overrulings {
        let overruled = before.overruled.diff(&self.overruled).map(touched);
        let lost = before.lost.diff(&self.lost).map(touched);
        let mut touched: Vec<EventId> = overruled.chain(lost).collect();
        touched.sort_unstable();
        touched.dedup();
        let mut changed = Overrulings::default();
        for event in touched {
            match (before.has_fallen(&event), self.has_fallen(&event)) {
                (false, true) => changed.fallen.push(event),
                (true, false) => changed.risen.push(event),
                // Something else takes the same event: nothing that counted is lost by it.
                _ => {}
            }
        }
        changed
    }
}

fn touched<T>(item: DiffItem<'_, '_, EventId, T>) -> EventId {
    match item {
        DiffItem::Add(event, _)
        | DiffItem::Remove(event, _)
        | DiffItem::Update {
            old: (event, _), ..
        } => *event,
    }
}
