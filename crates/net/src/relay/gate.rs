//! Who may use a relay, and how many at once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use iroh::EndpointId;
use iroh_relay::server::{Access, AccessControl, ClientRequest, ConnectionId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{relay::RelayLimits, secret::Secret};

/// Decides about each client after it has proven its node id, and counts.
pub(super) struct Gate {
    tokens: Vec<Secret>,
    connections_max: usize,
    connections_per_node_max: usize,
    pending_max: usize,
    pending: Arc<Semaphore>,
    admitted: Mutex<Admitted>,
    pub(super) accepted: AtomicU64,
    pub(super) refused_token: AtomicU64,
    pub(super) refused_full: AtomicU64,
    pub(super) dropped_pending: AtomicU64,
    pub(super) timed_out: AtomicU64,
}

#[derive(Default)]
struct Admitted {
    total: usize,
    by_node: BTreeMap<EndpointId, usize>,
}

impl Gate {
    pub(super) fn new(tokens: Vec<Secret>, limits: &RelayLimits) -> Self {
        Self {
            tokens,
            connections_max: limits.connections_max,
            connections_per_node_max: limits.connections_per_node_max,
            pending_max: limits.pending_max,
            pending: Arc::new(Semaphore::new(limits.pending_max)),
            admitted: Mutex::default(),
            accepted: AtomicU64::new(0),
            refused_token: AtomicU64::new(0),
            refused_full: AtomicU64::new(0),
            dropped_pending: AtomicU64::new(0),
            timed_out: AtomicU64::new(0),
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.admitted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .total
    }

    pub(super) fn pending(&self) -> usize {
        self.pending_max
            .saturating_sub(self.pending.available_permits())
    }

    /// Takes a place for a connection that has proven nothing yet.
    pub(super) fn start_pending(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.pending).try_acquire_owned().ok();
        if place.is_none() {
            self.dropped_pending.fetch_add(1, Ordering::Relaxed);
        }
        place
    }

    fn has_access(&self, token: Option<&str>) -> bool {
        let Some(token) = token else {
            return self.tokens.is_empty();
        };
        // All are compared, so that the time does not tell which one came close.
        let matches = self
            .tokens
            .iter()
            .filter(|known| known.matches(token))
            .count();
        self.tokens.is_empty() || matches > 0
    }

    fn admit(&self, node_id: EndpointId) -> bool {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if admitted.total >= self.connections_max {
            return false;
        }
        let of_node = admitted.by_node.entry(node_id).or_default();
        if *of_node >= self.connections_per_node_max {
            return false;
        }
        *of_node += 1;
        admitted.total += 1;
        true
    }

    fn release(&self, node_id: EndpointId) {
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.total = admitted.total.saturating_sub(1);
        if let Some(of_node) = admitted.by_node.get_mut(&node_id) {
            *of_node -= 1;
            if *of_node == 0 {
                admitted.by_node.remove(&node_id);
            }
        }
    }
}

impl AccessControl for Gate {
    async fn on_connect(&self, request: &ClientRequest) -> Access {
        let deny = |counter: &AtomicU64, reason: &str| {
            counter.fetch_add(1, Ordering::Relaxed);
            Access::Deny {
                reason: Some(reason.to_owned()),
            }
        };
        if !self.has_access(request.auth_token().as_deref()) {
            return deny(&self.refused_token, "no valid token");
        }
        if !self.admit(request.endpoint_id()) {
            return deny(&self.refused_full, "too many connections");
        }
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Access::Allow
    }

    fn on_disconnect(&self, endpoint_id: EndpointId, _: ConnectionId) {
        self.release(endpoint_id);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use iroh::SecretKey;

    use super::*;

    fn gate(tokens: &[&str], connections_max: usize) -> Gate {
        let limits = RelayLimits {
            connections_max,
            connections_per_node_max: 2,
            pending_max: 1,
            ..Default::default()
        };
        Gate::new(tokens.iter().copied().map(Secret::new).collect(), &limits)
    }

    #[test]
    fn an_open_relay_lets_everybody_in_and_a_closed_one_only_with_a_token() {
        assert!(gate(&[], 9).has_access(None));
        assert!(gate(&[], 9).has_access(Some("whatever")));
        let closed = gate(&["first", "second"], 9);
        assert!(closed.has_access(Some("first")) && closed.has_access(Some("second")));
        assert!(
            !closed.has_access(None)
                && !closed.has_access(Some(""))
                && !closed.has_access(Some("third"))
        );
    }

    #[test]
    fn connections_are_capped_in_total_and_per_node_and_places_are_given_back() {
        let gate = gate(&[], 3);
        let ids: Vec<_> = (1..=3)
            .map(|seed| SecretKey::from_bytes(&[seed; 32]).public())
            .collect();
        assert!(gate.admit(ids[0]) && gate.admit(ids[0]));
        assert!(!gate.admit(ids[0]), "two of one node");
        assert!(gate.admit(ids[1]));
        assert!(!gate.admit(ids[2]), "three in total");
        gate.release(ids[0]);
        assert!(gate.admit(ids[2]));
        assert_eq!(gate.connections(), 3);
    }

    #[test]
    fn pending_connections_are_capped() {
        let gate = gate(&[], 3);
        let place = gate.start_pending().unwrap();
        assert!(gate.start_pending().is_none());
        assert_eq!(
            (gate.pending(), gate.dropped_pending.load(Ordering::Relaxed)),
            (1, 1)
        );
        drop(place);
        assert!(gate.start_pending().is_some());
    }
}
