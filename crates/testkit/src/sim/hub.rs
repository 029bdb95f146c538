//! Hubs of the simulation: a node that runs a [`Hub`] over a store of its own.

use conclave_core::id::{Millis, NodeId, ServerId};
use conclave_core::policy;
use conclave_core::signed::SigningKey;
use conclave_engine::command::Command;
use conclave_engine::effect::Input;
use conclave_engine::hub::{Hub, HubConfig, HubInput, HubLimits};
use conclave_store::{MemoryStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::{Happening, Member, Node, Sim};
use crate::faults::Fault;

/// A hub as it runs, and how it starts again.
pub(super) struct HubSeat {
    config: HubConfig,
    hub: Option<Hub>,
}

impl HubSeat {
    pub(super) fn is_up(&self) -> bool {
        self.hub.is_some()
    }

    pub(super) fn stop(&mut self) {
        self.hub = None;
    }
}

impl Sim {
    /// Adds a hub with the given bounds.
    ///
    /// # Panics
    /// If an empty store does not open.
    pub fn hub(&mut self, name: &str, limits: HubLimits) -> Node {
        let node = Node(self.members.len());
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let mut id = [0; 32];
        rng.fill_bytes(&mut id);
        let config = HubConfig {
            node: NodeId(id),
            receipt_key: SigningKey::generate(&mut rng),
            limits,
            only: None,
        };
        let store = MemoryStore::new();
        let hub = Hub::open(config.clone(), &store).expect("an empty store opens");
        self.members.push(Member {
            name: name.to_owned(),
            id: NodeId(id),
            keys: None,
            peer: None,
            hub: Some(HubSeat {
                config,
                hub: Some(hub),
            }),
            store,
            rng,
            skew_ms: 0,
            notices: Vec::new(),
        });
        self.later(1 + node.0 as u64, Happening::Tick(node));
        node
    }

    /// Makes a hub one of a server's.
    pub fn add_hub(&mut self, owner: Node, server: ServerId, hub: Node) {
        let member = &self.members[hub.0];
        let seat = member.hub.as_ref().expect("it is a hub");
        let hub = policy::Hub {
            node: member.id,
            receipt_key: seat.config.receipt_key.public(),
            relays: Vec::new(),
            addresses: vec![format!("10.0.0.{}:1", hub.0 + 1)],
        };
        self.must(owner, Command::AddHub { server, hub });
    }

    /// Looks into a hub.
    ///
    /// # Panics
    /// If it is none, or not running.
    pub fn look<T>(&self, hub: Node, look: impl FnOnce(&Hub, &MemoryStore) -> T) -> T {
        let member = &self.members[hub.0];
        let seat = member.hub.as_ref().expect("it is a hub");
        look(
            seat.hub.as_ref().expect("the hub is running"),
            &member.store,
        )
    }

    /// Every frame that reached or left a hub, as whoever watches its wire sees them.
    #[must_use]
    pub fn wire_of(&self, hub: Node) -> &[Vec<u8>] {
        self.wires.get(&hub).map_or(&[], Vec::as_slice)
    }

    /// Gives a hub an empty disk, as if it had been replaced.
    pub fn wipe(&mut self, hub: Node) {
        self.crash(hub);
        self.members[hub.0].store = MemoryStore::new();
    }

    pub(super) fn restart_hub(&mut self, node: Node) {
        let member = &mut self.members[node.0];
        member.store = member.store.crash();
        let seat = member.hub.as_mut().expect("it is a hub");
        let hub = Hub::open(seat.config.clone(), &member.store).expect("the store opens");
        seat.hub = Some(hub);
    }

    /// One call of a hub: handle, commit, then send, with a crash in between where the dice say so.
    pub(super) fn handle_hub(&mut self, node: Node, input: Input) {
        let now: Millis = self.clock(node);
        let seed = self.seed;
        let input = match input {
            Input::Connected { conn, node, .. } => HubInput::Connected { conn, node },
            Input::Frame(conn, bytes) => {
                self.wires.entry(node).or_default().push(bytes.clone());
                HubInput::Frame(conn, bytes)
            }
            Input::Disconnected(conn) => HubInput::Disconnected(conn),
            Input::Tick => HubInput::Tick,
            Input::Command(..) | Input::OwnReach(_) => return,
        };
        let member = &mut self.members[node.0];
        let Some(hub) = member.hub.as_mut().and_then(|seat| seat.hub.as_mut()) else {
            return;
        };
        let effects = hub
            .handle(vec![input], now, &mut member.rng, &member.store)
            .unwrap_or_else(|error| panic!("seed {seed}: {}: {error}", member.name));
        if self.roll(self.faults.crash_before_commit) {
            self.counters.count(Fault::CrashBeforeCommit);
            self.fall(node);
            return;
        }
        let committed = self.members[node.0].store.commit(&effects.changes);
        committed.unwrap_or_else(|error| panic!("seed {seed}: commit: {error}"));
        if self.roll(self.faults.crash_after_commit) {
            self.counters.count(Fault::CrashAfterCommit);
            self.fall(node);
            return;
        }
        for send in effects.sends {
            self.wires.entry(node).or_default().push(send.frame.clone());
            for conn in send.to {
                self.send(node, conn.0, send.frame.clone());
            }
        }
        for (conn, _) in effects.hangups {
            self.close(conn.0);
        }
    }
}
