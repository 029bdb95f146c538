//! Watchers: clients that are told what changed. One that does not keep up is let go, and nobody else notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use conclave_core::id::ServerId;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::api::Action;

/// Events that wait for one client, beside what its socket holds: a second of a very busy server.
const QUEUE_MAX: usize = 256;

/// Clients at the same time.
const WATCHERS_MAX: usize = 64;

/// One event, shared by all clients that get it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its type, as the API names it.
    pub kind: &'static str,
    /// The server that it belongs to, if any.
    pub server: Option<ServerId>,
    /// What a client must be allowed to do to get it.
    pub action: Action,
    /// Its content.
    pub data: Value,
}

/// One client's end.
pub struct Subscription {
    events: mpsc::Receiver<Arc<Event>>,
    overrun: Arc<AtomicBool>,
}

impl Subscription {
    /// Waits for the next event; `None` once the client was let go or the node stops.
    pub async fn recv(&mut self) -> Option<Arc<Event>> {
        self.events.recv().await
    }

    /// Whether the client was let go because it did not keep up.
    pub fn is_overrun(&self) -> bool {
        self.overrun.load(Ordering::Acquire)
    }
}

struct Watcher {
    events: mpsc::Sender<Arc<Event>>,
    overrun: Arc<AtomicBool>,
}

/// All clients.
#[derive(Default)]
pub struct Watchers {
    list: Vec<Watcher>,
}

impl Watchers {
    /// Adds a client. Beyond the limit the oldest is let go.
    pub fn subscribe(&mut self) -> Subscription {
        self.list.retain(|watcher| !watcher.events.is_closed());
        if self.list.len() >= WATCHERS_MAX {
            self.list.remove(0).overrun.store(true, Ordering::Release);
        }
        let (sender, events) = mpsc::channel(QUEUE_MAX);
        let overrun = Arc::new(AtomicBool::new(false));
        self.list.push(Watcher {
            events: sender,
            overrun: Arc::clone(&overrun),
        });
        Subscription { events, overrun }
    }

    /// Whether anybody watches.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Tells everybody.
    pub fn tell(&mut self, event: Event) {
        let event = Arc::new(event);
        self.list.retain(
            |watcher| match watcher.events.try_send(Arc::clone(&event)) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    watcher.overrun.store(true, Ordering::Release);
                    false
                }
                Err(mpsc::error::TrySendError::Closed(_)) => false,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn event(number: usize) -> Event {
        Event {
            kind: "test",
            server: None,
            action: Action::ServersRead,
            data: number.into(),
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_let_go_and_the_others_get_everything() {
        let mut watchers = Watchers::default();
        let mut slow = watchers.subscribe();
        let mut quick = watchers.subscribe();
        for number in 0..QUEUE_MAX + 10 {
            watchers.tell(event(number));
            assert_eq!(quick.recv().await.unwrap().data, number);
        }
        assert!(slow.is_overrun() && !quick.is_overrun());
        for number in 0..QUEUE_MAX {
            assert_eq!(slow.recv().await.unwrap().data, number);
        }
        assert!(slow.recv().await.is_none());
    }
}
