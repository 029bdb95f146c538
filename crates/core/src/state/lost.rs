//! What a merge took away: events that one state lets count and another does not.

use imbl::ordmap::DiffItem;

use super::{Community, Overruling};
use crate::id::EventId;

/// How the set of overruled events changed from one state to a later one, each list ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrulings {
    /// Overruled now: the event, by which one, and by which rule.
    pub fallen: Vec<(EventId, Overruling)>,
    /// Not overruled any more: what overruled them was overruled itself.
    pub risen: Vec<EventId>,
}

impl Community {
    /// Every event that does not count though it was accepted, by id, with the one that overruled it.
    pub fn overruled_events(&self) -> impl ExactSizeIterator<Item = (&EventId, &Overruling)> {
        self.overruled.iter()
    }

    /// Whether the log had an event when it resolved to this state.
    #[must_use]
    pub fn knows(&self, event: &EventId) -> bool {
        self.cites(core::slice::from_ref(event), event)
    }

    /// What ceased to count, and what counts again, since an earlier state. Costs no more than what changed.
    #[must_use]
    pub fn overrulings_since(&self, before: &Self) -> Overrulings {
        let mut changed = Overrulings::default();
        for item in before.overruled.diff(&self.overruled) {
            match item {
                DiffItem::Add(event, by) => changed.fallen.push((*event, *by)),
                DiffItem::Remove(event, _) => changed.risen.push(*event),
                // Another restriction takes the same event: nothing that counted is lost by it.
                DiffItem::Update { .. } => {}
            }
        }
        changed
    }
}
