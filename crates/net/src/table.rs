//! Who this node is connected to: at most one connection per peer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use iroh::endpoint::Connection;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{addr::NodeId, close::DisconnectReason, connection::ConnectionId, outbox::Outbox};

/// What decides between two connections to the same peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) dialed: bool,
    /// The peer's instance, from its HELLO.
    pub(crate) instance: [u8; 8],
    pub(crate) since: Instant,
}

impl Origin {
    /// Tells whether this connection takes the place of `old`. For two nodes that dial each other at the same time,
    /// both sides come to the same answer: the connection that the lower node id dialled stays.
    ///
    /// In every other case the peer had a reason to dial although an old connection exists, and the new one stays: the
    /// peer restarted (another instance), or lost the old one (long after it was made, or dialled by the same side).
    fn replaces(&self, old: &Self, own: &NodeId, peer: &NodeId, race_window: Duration) -> bool {
        let restarted = self.instance != old.instance;
        let later = self.since.saturating_duration_since(old.since) > race_window;
        restarted || later || self.dialed == old.dialed || self.dialed == (own < peer)
    }
}

/// Asks the task of a connection to end it.
#[derive(Default)]
pub(crate) struct Stop {
    reason: OnceLock<DisconnectReason>,
    token: CancellationToken,
}

impl Stop {
    /// The first reason counts.
    pub(crate) fn request(&self, reason: DisconnectReason) {
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    pub(crate) async fn requested(&self) -> DisconnectReason {
        self.token.cancelled().await;
        self.reason
            .get()
            .cloned()
            .unwrap_or(DisconnectReason::Local)
    }
}

/// One established connection, as seen from outside of its task.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) node_id: NodeId,
    pub(crate) origin: Origin,
    pub(crate) conn: Connection,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) stop: Arc<Stop>,
    /// Cancelled once the task has reported the end.
    pub(crate) done: CancellationToken,
}

pub(crate) enum Admission {
    /// The new connection is in; its task first waits for the end of the one that it replaces.
    Admitted {
        id: ConnectionId,
        predecessor: Option<CancellationToken>,
    },
    /// The existing connection stays.
    Refused { existing: ConnectionId },
}

#[derive(Default)]
struct Inner {
    ids_given: u64,
    entries: BTreeMap<ConnectionId, Entry>,
    by_node: BTreeMap<NodeId, ConnectionId>,
    dialing: BTreeSet<NodeId>,
}

pub(crate) struct Table {
    own: NodeId,
    race_window: Duration,
    inner: Mutex<Inner>,
}

impl Table {
    /// Connections made within `race_window` of each other may be the two of a mutual dial.
    pub(crate) fn new(own: NodeId, race_window: Duration) -> Self {
        Self {
            own,
            race_window,
            inner: Mutex::default(),
        }
    }

    pub(crate) fn admit(&self, entry: Entry) -> Admission {
        let inner = &mut *self.lock();
        let old = inner
            .by_node
            .get(&entry.node_id)
            .and_then(|id| Some((*id, inner.entries.get(id)?)));
        let predecessor = match old {
            Some((existing, old)) => {
                if !entry
                    .origin
                    .replaces(&old.origin, &self.own, &entry.node_id, self.race_window)
                {
                    return Admission::Refused { existing };
                }
                old.stop.request(DisconnectReason::Replaced);
                Some(old.done.clone())
            }
            None => None,
        };
        inner.ids_given += 1;
        let id = ConnectionId(inner.ids_given);
        inner.by_node.insert(entry.node_id, id);
        inner.entries.insert(id, entry);
        Admission::Admitted { id, predecessor }
    }

    pub(crate) fn remove(&self, id: ConnectionId) {
        let mut inner = self.lock();
        if let Some(entry) = inner.entries.remove(&id)
            && inner.by_node.get(&entry.node_id) == Some(&id)
        {
            inner.by_node.remove(&entry.node_id);
        }
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<Entry> {
        self.lock().entries.get(&id).cloned()
    }

    pub(crate) fn of_node(&self, node_id: &NodeId) -> Option<ConnectionId> {
        self.lock().by_node.get(node_id).copied()
    }

    pub(crate) fn all(&self) -> Vec<(ConnectionId, Entry)> {
        self.lock()
            .entries
            .iter()
            .map(|(id, entry)| (*id, entry.clone()))
            .collect()
    }

    /// Marks the node as being dialled until the guard is dropped; `None` when it already is.
    pub(crate) fn start_dialing(&self, node_id: NodeId) -> Option<Dialing<'_>> {
        let started = self.lock().dialing.insert(node_id);
        started.then_some(Dialing {
            table: self,
            node_id,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Dialing<'a> {
    table: &'a Table,
    node_id: NodeId,
}

impl Drop for Dialing<'_> {
    fn drop(&mut self) {
        self.table.lock().dialing.remove(&self.node_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: NodeId = [1; 32];
    const HIGH: NodeId = [2; 32];
    const WINDOW: Duration = Duration::from_secs(20);

    fn origin(dialed: bool, instance: u8, since: Instant) -> Origin {
        Origin {
            dialed,
            instance: [instance; 8],
            since,
        }
    }

    #[test]
    fn a_mutual_dial_leaves_the_connection_of_the_lower_id_whatever_the_order_of_arrival() {
        let now = Instant::now();
        for lower_came_first in [true, false] {
            // Each side sees the same two connections, one as dialled and one as accepted.
            for (own, peer) in [(LOW, HIGH), (HIGH, LOW)] {
                let of_lower = origin(own == LOW, 7, now);
                let of_higher = origin(own == HIGH, 7, now);
                let (old, new) = if lower_came_first {
                    (of_lower, of_higher)
                } else {
                    (of_higher, of_lower)
                };
                assert_eq!(new.replaces(&old, &own, &peer, WINDOW), !lower_came_first);
            }
        }
    }

    #[test]
    fn a_peer_that_restarted_or_lost_its_connection_is_let_in_again() {
        let now = Instant::now();
        let old = origin(true, 7, now);
        assert!(!origin(false, 7, now).replaces(&old, &LOW, &HIGH, WINDOW));
        assert!(
            origin(false, 8, now).replaces(&old, &LOW, &HIGH, WINDOW),
            "restarted"
        );
        let later = now + WINDOW + Duration::from_millis(1);
        assert!(
            origin(false, 7, later).replaces(&old, &LOW, &HIGH, WINDOW),
            "long after"
        );
        assert!(
            origin(true, 7, now).replaces(&old, &LOW, &HIGH, WINDOW),
            "same direction"
        );
    }
}
