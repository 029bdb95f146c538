//! The relays that a node listens at: which are configured, how it stands with them, and moving on when one dies.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use iroh::{Endpoint, RelayConfig, RelayMap, Watcher};
use tokio_stream::StreamExt;

use crate::{addr::RelayUrl, backoff::Backoff, close::shorten, config::RelayEntry, pin::Pins};

/// How long a lost relay may take to come back before the others are measured. On its own iroh would look after 20 to
/// 45 seconds, during which nobody reaches this node.
const MOVE_DELAY: Duration = Duration::from_secs(2);

/// Longest pause between two measurements while no relay answers.
const MOVE_DELAY_MAX: Duration = Duration::from_secs(60);

/// How this node stands with one of the relays that it listens at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayStatus {
    /// The relay.
    pub url: RelayUrl,
    /// Whether peers can reach this node through it now.
    pub connected: bool,
    /// Its words, when it denied access; trying again with the same token will not help.
    pub denied: Option<String>,
}

/// The configured relays. iroh listens at the nearest of them that answers.
#[derive(Default)]
pub(crate) struct Homes {
    pins: Pins,
    relays: Mutex<BTreeMap<RelayUrl, Arc<RelayConfig>>>,
}

impl Homes {
    pub(crate) fn new(relays: &[RelayEntry]) -> Self {
        let homes = Self::default();
        relays.iter().for_each(|relay| {
            homes.keep(relay);
        });
        homes
    }

    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(crate) fn map(&self) -> RelayMap {
        let map = RelayMap::empty();
        for (url, relay) in &*self.lock() {
            map.insert(url.to_iroh(), Arc::clone(relay));
        }
        map
    }

    pub(crate) async fn add(&self, endpoint: &Endpoint, relay: &RelayEntry) {
        let config = self.keep(relay);
        endpoint.insert_relay(relay.url.to_iroh(), config).await;
    }

    pub(crate) async fn remove(&self, endpoint: &Endpoint, url: &RelayUrl) {
        self.lock().remove(url);
        endpoint.remove_relay(&url.to_iroh()).await;
    }

    fn keep(&self, relay: &RelayEntry) -> Arc<RelayConfig> {
        if let Some(cert) = &relay.pinned_cert_der {
            self.pins.add(relay.url.host(), cert.clone());
        }
        let config = Arc::new(relay.to_iroh());
        self.lock().insert(relay.url.clone(), Arc::clone(&config));
        config
    }

    /// Has the relays measured again soon after the connection to the chosen one is lost. Never ends.
    pub(crate) async fn move_on(&self, endpoint: &Endpoint) {
        let mut backoff = Backoff::new(MOVE_DELAY, MOVE_DELAY_MAX);
        loop {
            status_when(endpoint, |status| {
                !status.is_empty() && !is_connected(status)
            })
            .await;
            // Only this node waits here, so there is nobody to be out of step with: no jitter.
            let delay = backoff.next_delay(u64::MAX);
            let back = status_when(endpoint, is_connected);
            if tokio::time::timeout(delay, back).await.is_ok() {
                backoff.reset();
            } else {
                self.measure(endpoint).await;
            }
        }
    }

    /// Sets a relay to what it is already, which makes iroh measure all of them without disturbing any connection.
    async fn measure(&self, endpoint: &Endpoint) {
        let any = self
            .lock()
            .iter()
            .next()
            .map(|(url, relay)| (url.to_iroh(), Arc::clone(relay)));
        if let Some((url, relay)) = any {
            endpoint.insert_relay(url, relay).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RelayUrl, Arc<RelayConfig>>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_connected(status: &[RelayStatus]) -> bool {
    status.iter().any(|relay| relay.connected)
}

pub(crate) fn status(endpoint: &Endpoint) -> Vec<RelayStatus> {
    status_of(&endpoint.home_relay_status().get())
}

/// Waits for a state of the relays; for ever once the endpoint is closed.
pub(crate) async fn status_when(
    endpoint: &Endpoint,
    condition: impl Fn(&[RelayStatus]) -> bool,
) -> Vec<RelayStatus> {
    let mut snapshots = endpoint.home_relay_status().stream();
    while let Some(snapshot) = snapshots.next().await {
        let status = status_of(&snapshot);
        if condition(&status) {
            return status;
        }
    }
    std::future::pending().await
}

fn status_of(snapshot: &[iroh::endpoint::RelayStatus]) -> Vec<RelayStatus> {
    let known = snapshot.iter().filter_map(|status| {
        Some(RelayStatus {
            url: RelayUrl::from_iroh(status.url())?,
            connected: status.is_connected(),
            denied: status.auth_denied_reason().map(shorten),
        })
    });
    known.collect()
}
