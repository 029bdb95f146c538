//! The simulator.

mod network;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{Millis, NodeId};
use conclave_core::identity::AccountKeys;
use conclave_core::member::Reach;
use conclave_core::view::{Change, Direction, KeyRange, Table, View};
use conclave_engine::command::{Command, CommandError, Reply};
use conclave_engine::effect::{CommandId, ConnId, Effects, Input, Notice};
use conclave_engine::peer::Peer;
use conclave_engine::reader::Reader;
use conclave_store::{MemoryStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::faults::{Counters, Fault, Faults};

/// Where simulated time begins: 2026-01-01T00:00:00Z.
pub const EPOCH_MS: u64 = 1_767_225_600_000;

/// How often a node is ticked, in milliseconds.
const TICK_MS: u64 = 5_000;

/// A node of the simulation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node(pub usize);

struct Member {
    name: String,
    id: NodeId,
    keys: AccountKeys,
    peer: Option<Peer>,
    store: MemoryStore,
    rng: ChaCha20Rng,
    skew_ms: i64,
    notices: Vec<Notice>,
}

struct Link {
    ends: (Node, Node),
    /// When the last frame to each end arrives, so that frames keep their order.
    last: [u64; 2],
}

enum Happening {
    Frame { conn: u64, to: Node, bytes: Vec<u8> },
    Dial { from: Node, to: NodeId },
    Tick(Node),
    Restart(Node),
}

/// A seeded world.
pub struct Sim {
    seed: u64,
    rng: ChaCha20Rng,
    now: u64,
    serial: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    members: Vec<Member>,
    links: BTreeMap<u64, Link>,
    apart: BTreeSet<(Node, Node)>,
    /// What goes wrong.
    pub faults: Faults,
    /// What went wrong.
    pub counters: Counters,
    /// Commands carried out.
    pub commands: u64,
    /// Node-milliseconds simulated.
    pub node_ms: u64,
}

impl Sim {
    /// A world with nobody in it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: ChaCha20Rng::seed_from_u64(seed),
            now: EPOCH_MS,
            serial: 0,
            queue: BTreeMap::new(),
            members: Vec::new(),
            links: BTreeMap::new(),
            apart: BTreeSet::new(),
            faults: Faults::NONE,
            counters: Counters::default(),
            commands: 0,
            node_ms: 0,
        }
    }

    /// The seed, for messages.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Simulated time.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(self.now)
    }

    /// A random number below `below`, from the world's seed.
    pub fn below(&mut self, below: u64) -> u64 {
        self.rng.next_u64() % below.max(1)
    }

    /// Adds a person with a device.
    pub fn person(&mut self, name: &str) -> Node {
        let node = Node(self.members.len());
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
        let mut id = [0; 32];
        rng.fill_bytes(&mut id);
        let id = NodeId(id);
        let keys = AccountKeys::generate(&mut rng);
        let mut store = MemoryStore::new();
        let founded = Peer::found(keys.clone(), name, id, Millis(self.now), &mut rng, &store);
        let (peer, effects) = founded.expect("a simulated name is fine");
        store.commit(&effects.changes).expect("memory is not full");
        self.members.push(Member {
            name: name.to_owned(),
            id,
            keys,
            peer: Some(peer),
            store,
            rng,
            skew_ms: 0,
            notices: Vec::new(),
        });
        let reach = Reach {
            node: id,
            relays: Vec::new(),
            addresses: vec![format!("10.0.0.{}:1", node.0 + 1)],
            time: Millis(self.now),
        };
        self.input(node, Input::OwnReach(reach));
        self.later(1 + node.0 as u64, Happening::Tick(node));
        node
    }

    /// What a node is called.
    #[must_use]
    pub fn name(&self, node: Node) -> &str {
        &self.members[node.0].name
    }

    /// Whether a node is running.
    #[must_use]
    pub fn is_up(&self, node: Node) -> bool {
        self.members[node.0].peer.is_some()
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.members.len()).map(Node)
    }

    /// Sets a node's clock off by so much.
    pub fn skew(&mut self, node: Node, ms: i64) {
        self.counters.count(Fault::Skew);
        self.members[node.0].skew_ms = ms;
    }

    /// Gives a node a command; `None` if it crashed over it or is not running.
    pub fn command(&mut self, node: Node, command: Command) -> Option<Result<Reply, CommandError>> {
        self.commands += 1;
        self.serial += 1;
        let id = CommandId(self.serial);
        let effects = self.handle(node, Input::Command(id, Box::new(command)))?;
        let (answered, result) = effects.reply?;
        assert_eq!(answered, id, "the answer is to this command");
        Some(result)
    }

    /// Gives a command that must succeed on a node that must not crash over it.
    ///
    /// # Panics
    /// With the seed, if it does not.
    pub fn must(&mut self, node: Node, command: Command) -> Reply {
        let what = format!("{command:?}");
        let spared = (
            self.faults.crash_before_commit,
            self.faults.crash_after_commit,
        );
        (
            self.faults.crash_before_commit,
            self.faults.crash_after_commit,
        ) = (0, 0);
        let result = self.command(node, command);
        (
            self.faults.crash_before_commit,
            self.faults.crash_after_commit,
        ) = spared;
        match result {
            Some(Ok(reply)) => reply,
            other => panic!(
                "seed {}: {} could not {what}: {other:?}",
                self.seed,
                self.name(node)
            ),
        }
    }

    /// Reads what a node would show.
    ///
    /// # Panics
    /// If the node is not running.
    pub fn read<T>(&self, node: Node, read: impl FnOnce(&Reader<'_>) -> T) -> T {
        let member = &self.members[node.0];
        let peer = member.peer.as_ref().expect("the node is running");
        read(&peer.read(&member.store, self.clock(node)))
    }

    /// Takes a node's notices since the last time.
    pub fn notices(&mut self, node: Node) -> Vec<Notice> {
        core::mem::take(&mut self.members[node.0].notices)
    }

    /// A copy of all that a node holds: what a thief of its disk and memory has.
    #[must_use]
    pub fn steal(&self, node: Node) -> (MemoryStore, AccountKeys) {
        let member = &self.members[node.0];
        (member.store.crash(), member.keys.clone())
    }

    /// Stops a node at once; nothing that was not committed survives.
    pub fn crash(&mut self, node: Node) {
        self.counters.count(Fault::Crash);
        self.stop(node);
    }

    /// Starts a stopped node from its store.
    ///
    /// # Panics
    /// With the seed, if the store does not open.
    pub fn restart(&mut self, node: Node) {
        let now = self.clock(node);
        let seed = self.seed;
        let member = &mut self.members[node.0];
        if member.peer.is_some() {
            return;
        }
        member.store = member.store.crash();
        let peer = Peer::open(member.keys.clone(), member.id, &member.store, now);
        member.peer =
            Some(peer.unwrap_or_else(|error| {
                panic!("seed {seed}: {} does not open: {error}", member.name)
            }));
        let reach = Reach {
            node: member.id,
            relays: Vec::new(),
            addresses: vec![format!("10.0.0.{}:1", node.0 + 1)],
            time: now,
        };
        self.input(node, Input::OwnReach(reach));
        self.input(node, Input::Tick);
    }

    /// Empties a table of a stopped node, as a program that was changed may: it forgets what would hold it back.
    ///
    /// # Panics
    /// If the store cannot be read or written.
    pub fn wipe(&mut self, node: Node, table: Table) {
        let store = &mut self.members[node.0].store;
        *store = store.crash();
        let rows = store.range(
            table,
            &KeyRange::prefix(&[]),
            Direction::Forward,
            usize::MAX,
        );
        let changes: Vec<Change> = rows
            .expect("the store reads")
            .into_iter()
            .map(|(key, _)| Change::Delete { table, key })
            .collect();
        store.commit(&changes).expect("the store writes");
    }

    /// Lets time pass.
    pub fn run_for(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some((&(at, _), _)) = self.queue.first_key_value() {
            if at > until {
                break;
            }
            self.step();
        }
        self.pass(until);
    }

    /// Lets time pass until a condition holds; false if it does not within `ms_max`.
    pub fn run_until(&mut self, ms_max: u64, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        let until = self.now + ms_max;
        let mut next_look = 0;
        loop {
            if self.now >= next_look {
                if holds(self) {
                    return true;
                }
                next_look = self.now + 100;
            }
            match self.queue.first_key_value() {
                Some((&(at, _), _)) if at <= until => self.step(),
                _ => {
                    self.pass(until);
                    return holds(self);
                }
            }
        }
    }

    fn pass(&mut self, until: u64) {
        let up = self
            .members
            .iter()
            .filter(|member| member.peer.is_some())
            .count() as u64;
        self.node_ms += up * until.saturating_sub(self.now);
        self.now = self.now.max(until);
    }

    fn step(&mut self) {
        let Some(((at, _), happening)) = self.queue.pop_first() else {
            return;
        };
        self.pass(at);
        match happening {
            Happening::Frame { conn, to, bytes } => {
                if self.links.contains_key(&conn) {
                    self.input(to, Input::Frame(ConnId(conn), bytes));
                }
            }
            Happening::Dial { from, to } => self.connect(from, to),
            Happening::Restart(node) => self.restart(node),
            Happening::Tick(node) => {
                self.input(node, Input::Tick);
                self.later(TICK_MS, Happening::Tick(node));
            }
        }
    }

    fn input(&mut self, node: Node, input: Input) {
        self.handle(node, input);
    }

    /// One call of a node: handle, commit, then send, with a crash in between where the dice say so.
    fn handle(&mut self, node: Node, input: Input) -> Option<Effects> {
        let now = self.clock(node);
        let seed = self.seed;
        let member = &mut self.members[node.0];
        let peer = member.peer.as_mut()?;
        let effects = peer
            .handle(input, now, &mut member.rng, &member.store)
            .unwrap_or_else(|error| panic!("seed {seed}: {}: {error}", member.name));
        if self.roll(self.faults.crash_before_commit) {
            self.counters.count(Fault::CrashBeforeCommit);
            self.fall(node);
            return None;
        }
        let committed = self.members[node.0].store.commit(&effects.changes);
        committed.unwrap_or_else(|error| panic!("seed {seed}: commit: {error}"));
        if self.roll(self.faults.crash_after_commit) {
            self.counters.count(Fault::CrashAfterCommit);
            self.fall(node);
            return None;
        }
        self.members[node.0]
            .notices
            .extend(effects.notices.iter().cloned());
        for (conn, bytes) in &effects.sends {
            self.send(node, conn.0, bytes.clone());
        }
        for (conn, _) in &effects.hangups {
            self.close(conn.0);
        }
        for reach in &effects.dials {
            let delay = 1 + self.below(50);
            self.later(
                delay,
                Happening::Dial {
                    from: node,
                    to: reach.node,
                },
            );
        }
        Some(effects)
    }

    /// Stops a node and lets it come back after a while.
    fn fall(&mut self, node: Node) {
        self.stop(node);
        let rest = 1_000 + self.below(30_000);
        self.later(rest, Happening::Restart(node));
    }

    fn stop(&mut self, node: Node) {
        self.members[node.0].peer = None;
        let own: Vec<u64> = self
            .links
            .iter()
            .filter(|(_, link)| link.ends.0 == node || link.ends.1 == node)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in own {
            self.close(conn);
        }
    }

    fn clock(&self, node: Node) -> Millis {
        Millis(self.now.saturating_add_signed(self.members[node.0].skew_ms))
    }

    fn roll(&mut self, chance: u32) -> bool {
        chance > 0 && self.rng.next_u64() % 10_000 < u64::from(chance)
    }

    fn later(&mut self, ms: u64, happening: Happening) {
        self.at(self.now + ms, happening);
    }

    fn at(&mut self, at: u64, happening: Happening) {
        self.serial += 1;
        self.queue.insert((at, self.serial), happening);
    }
}
