//! Dials the nodes that the engine asks for, again and again while it keeps asking.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use conclave_core::member::Reach;
use conclave_net::{Backoff, ConnectError, Network, NodeId, PeerAddr};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// First pause after a failed attempt, and the longest one.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How long a wish of the engine counts: it repeats those that it still has with its ticks.
const WISH_LIFETIME: Duration = Duration::from_secs(30);

/// Nodes that are wanted at the same time; the engine itself chooses few of a server's members.
const WISHES_MAX: usize = 512;

/// Attempts at the same time.
const ATTEMPTS_MAX: usize = 16;

struct Wish {
    addr: PeerAddr,
    asked: Instant,
    next: Instant,
    backoff: Backoff,
    dialing: bool,
}

/// The wishes and the attempts to fulfil them.
pub struct Dialer {
    network: Network,
    wishes: HashMap<NodeId, Wish>,
    attempts: JoinSet<(NodeId, Result<(), ConnectError>)>,
}

impl Dialer {
    /// Begins without wishes.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            wishes: HashMap::new(),
            attempts: JoinSet::new(),
        }
    }

    /// Works until the engine's end of `wishes` is gone.
    pub async fn run(mut self, mut wishes: mpsc::Receiver<Reach>) {
        loop {
            let due = self.start_due();
            tokio::select! {
                reach = wishes.recv() => match reach {
                    Some(reach) => self.wish(&reach),
                    None => return self.attempts.abort_all(),
                },
                Some(done) = self.attempts.join_next() => {
                    if let Ok((node, outcome)) = done {
                        self.attempted(node, &outcome);
                    }
                }
                () = tokio::time::sleep(due) => {}
            }
        }
    }

    fn wish(&mut self, reach: &Reach) {
        let Some(addr) = address(reach).filter(|addr| addr.node_id != self.network.node_id())
        else {
            return;
        };
        let now = Instant::now();
        if let Some(wish) = self.wishes.get_mut(&addr.node_id) {
            if wish.addr != addr {
                // Somewhere else than where it could not be reached.
                (wish.addr, wish.next) = (addr, now);
                wish.backoff.reset();
            }
            wish.asked = now;
        } else if self.wishes.len() < WISHES_MAX {
            let backoff = Backoff::new(PAUSE.0, PAUSE.1);
            self.wishes.insert(
                addr.node_id,
                Wish {
                    addr,
                    asked: now,
                    next: now,
                    backoff,
                    dialing: false,
                },
            );
        }
    }

    fn attempted(&mut self, node: NodeId, outcome: &Result<(), ConnectError>) {
        let Some(wish) = self.wishes.get_mut(&node) else {
            return;
        };
        wish.dialing = false;
        match outcome {
            Ok(()) => drop(self.wishes.remove(&node)),
            Err(error) => {
                tracing::debug!(node = %hex::encode(&node[..4]), %error, "not reached");
                let mut random = [0; 8];
                // Without randomness the pauses are the shortest ones; the transport would not have started.
                let _ = getrandom::fill(&mut random);
                wish.next = Instant::now() + wish.backoff.next_delay(u64::from_le_bytes(random));
            }
        }
    }

    /// Starts the attempts that are due; gives the time until the next one is.
    fn start_due(&mut self) -> Duration {
        let now = Instant::now();
        self.wishes
            .retain(|_, wish| wish.dialing || now.duration_since(wish.asked) < WISH_LIFETIME);
        let mut wait = WISH_LIFETIME;
        for (node, wish) in self.wishes.iter_mut().filter(|(_, wish)| !wish.dialing) {
            if wish.next > now {
                wait = wait.min(wish.next - now);
            } else if self.attempts.len() < ATTEMPTS_MAX {
                wish.dialing = true;
                let (network, addr, node) = (self.network.clone(), wish.addr.clone(), *node);
                self.attempts
                    .spawn(async move { (node, network.connect(&addr).await.map(drop)) });
            }
        }
        wait
    }
}

/// Reads what a member says of their node; parts that are no addresses are left out.
fn address(reach: &Reach) -> Option<PeerAddr> {
    let mut addr = PeerAddr::new(reach.node.0);
    addr.relays = reach
        .relays
        .iter()
        .filter_map(|url| url.parse().ok())
        .take(conclave_net::PEER_RELAYS_MAX)
        .collect();
    addr.direct = reach
        .addresses
        .iter()
        .filter_map(|text| text.parse().ok())
        .take(conclave_net::PEER_DIRECT_MAX)
        .collect();
    (!addr.relays.is_empty() || !addr.direct.is_empty()).then_some(addr)
}
