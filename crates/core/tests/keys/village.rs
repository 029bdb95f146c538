//! People, what they know, and what a sender does by the rules.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::*;
use conclave_core::keys::rules::{EpochFacts, EpochGraph, Grounds, Removal};
use conclave_core::keys::*;
use conclave_core::member::LeafKeys;
use conclave_core::signed::SigningKey;
use rand_chacha::ChaCha20Rng;

pub const SERVER: ServerId = ServerId([1; 32]);
pub const AUDIENCE: AudienceId = AudienceId([2; 32]);
pub const SUITE: Suite = Suite::X25519;
const GROWTH: Growth = Growth {
    flat_max: 1,
    arity: 2,
};

/// What happened in the log. A person may read if they were added and no ban stands that their addition does not follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    Add(usize),
    Ban(usize),
    /// Takes the link out of use.
    Revoke,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub what: What,
    pub past: BTreeSet<usize>,
}

/// All events ever made; each person knows some.
#[derive(Default)]
pub struct Log(pub Vec<Event>);

impl Log {
    pub fn id(number: usize) -> EventId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(number as u64 + 1).to_be_bytes());
        EventId(id)
    }

    pub fn heads(&self, known: &BTreeSet<usize>) -> Vec<EventId> {
        let covered: BTreeSet<usize> = known
            .iter()
            .flat_map(|at| self.0[*at].past.clone())
            .collect();
        known.difference(&covered).map(|at| Self::id(*at)).collect()
    }

    pub fn past(&self, heads: &[EventId]) -> BTreeSet<usize> {
        let heads = (0..self.0.len()).filter(|at| heads.contains(&Self::id(*at)));
        heads
            .flat_map(|at| self.0[at].past.iter().copied().chain([at]))
            .collect()
    }

    /// Readers by the plainest reading of the rules: the oracle, which knows nothing of keys.
    pub fn readers(&self, known: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut readers = BTreeSet::new();
        for add in known {
            let What::Add(person) = self.0[*add].what else {
                continue;
            };
            let outlives = |ban: &usize| {
                self.0[*ban].what != What::Ban(person) || self.0[*add].past.contains(ban)
            };
            if known.iter().all(outlives) {
                readers.insert(person);
            }
        }
        readers
    }

    pub fn link_lives(&self, known: &BTreeSet<usize>) -> bool {
        !known.iter().any(|at| self.0[*at].what == What::Revoke)
    }
}

/// A person, or the link, which is a leaf that nobody speaks for.
#[derive(Clone)]
pub struct Person {
    pub number: usize,
    pub leaf: LeafId,
    pub keys: LeafKeys,
    pub knows: BTreeSet<usize>,
    pub epochs: BTreeMap<EpochId, EpochRecord>,
    pub nodes: Vec<(NodeRecord, NodeHeader)>,
    /// Headers that R3 accepts.
    pub graph: EpochGraph,
    pub ring: Ring,
}

/// What somebody can open with what they hold: leaves, seeds of nodes, shares and keys of epochs.
#[derive(Clone, Default)]
pub struct Ring {
    pub held: BTreeMap<LeafId, LeafSecret>,
    seeds: BTreeSet<Digest>,
    pub shares: BTreeMap<EpochId, Share>,
    pub keys: BTreeMap<EpochId, EpochKeys>,
}

impl Ring {
    pub fn of(leaf: LeafId, secret: &LeafSecret) -> Self {
        Self {
            held: BTreeMap::from([(leaf, secret.clone())]),
            ..Self::default()
        }
    }

    /// Opens all that opens, over and over.
    pub fn open<'a>(
        &mut self,
        epochs: impl Iterator<Item = &'a EpochRecord> + Clone,
        nodes: impl Iterator<Item = &'a NodeRecord> + Clone,
        directs: impl Iterator<Item = &'a DirectSlot> + Clone,
        links: bool,
    ) {
        loop {
            let before = (self.held.len(), self.shares.len(), self.keys.len());
            for node in nodes.clone() {
                if self.seeds.contains(&node.id()) {
                    continue;
                }
                let held = self.held.iter();
                if let Some(seed) = held
                    .clone()
                    .find_map(|(id, secret)| node.open_seed(secret, *id).ok())
                {
                    self.seeds.insert(node.id());
                    let secret = seed.leaf_secret();
                    self.held.insert(secret.public(SUITE).id(), secret);
                }
            }
            for direct in directs.clone() {
                if self.shares.contains_key(&direct.epoch) {
                    continue;
                }
                let held = self.held.iter().filter(|(id, _)| direct.is_for(id));
                if let Some(share) = held
                    .clone()
                    .find_map(|(id, secret)| open_direct(direct, secret, *id).ok())
                {
                    self.shares.insert(direct.epoch, share.clone());
                    self.keys.insert(direct.epoch, share.keys());
                }
            }
            for epoch in epochs.clone() {
                let id = epoch.id();
                if !self.shares.contains_key(&id)
                    && let Some(opened) = self
                        .held
                        .iter()
                        .find_map(|(leaf, secret)| epoch.open(secret, *leaf).ok())
                {
                    self.keys.insert(id, opened.keys);
                    self.shares
                        .extend(opened.secret.map(|secret| (id, Share::Full(secret))));
                }
                let parents = &epoch.header().parents;
                let lacks = parents.iter().any(|parent| !self.keys.contains_key(parent));
                if links
                    && lacks
                    && let Some(keys) = self.keys.get(&id)
                {
                    for (parent, keys) in epoch.unlink(keys) {
                        self.keys.entry(parent).or_insert(keys);
                    }
                }
            }
            if (self.held.len(), self.shares.len(), self.keys.len()) == before {
                return;
            }
        }
    }
}

impl Person {
    pub fn new(number: usize) -> Self {
        let mut seed = [7; 32];
        seed[0] = u8::try_from(number).unwrap();
        let secret = LeafSecret::from_seed(&seed);
        let keys = secret.public(SUITE);
        let leaf = keys.id();
        Self {
            number,
            ring: Ring::of(leaf, &secret),

            leaf,
            keys,
            knows: BTreeSet::new(),
            epochs: BTreeMap::new(),
            nodes: Vec::new(),
            graph: EpochGraph::default(),
        }
    }

    pub fn signer(number: usize) -> SigningKey {
        SigningKey::from_seed(&[u8::try_from(number).unwrap() + 100; 32])
    }

    pub fn identity(number: usize) -> IdentityId {
        IdentityId([u8::try_from(number).unwrap() + 1; 32])
    }

    /// Everything that bears on the audience and that this person knows.
    fn removals(&self, log: &Log) -> Vec<Removal> {
        let taken = self
            .knows
            .iter()
            .filter(|at| !matches!(log.0[**at].what, What::Add(_)));
        taken.map(|at| Removal::Event(Log::id(*at))).collect()
    }

    /// Takes an epoch in if rule R3 allows it; what waits for a parent comes again.
    pub fn adopt(&mut self, log: &Log, record: &EpochRecord) -> bool {
        let Some(keys) = self.ring.keys.get(&record.id()) else {
            return false;
        };
        let Ok(header) = record.open_header(keys) else {
            return false;
        };
        let author = usize::from(header.hint().author.0[0]) - 1;
        let Ok(header) = header.verify(&Person::signer(author).public()) else {
            return false;
        };
        let past = log.past(&header.heads);
        if !past.is_subset(&self.knows) {
            return false;
        }
        let facts = EpochFacts::new(record, &header);
        let removals = self.removals(log);
        let grounds = Grounds {
            author_present: log.readers(&past).contains(&author),
            removals: &removals,
            bad_slot: false,
            cutoff: false,
            refresh: false,
        };
        let contains = |event: &EventId, heads: &[EventId]| {
            log.past(heads).iter().any(|at| Log::id(*at) == *event)
        };
        let valid = self.graph.valid(&facts, &grounds, &contains).is_ok();
        if valid {
            self.graph.insert(facts);
        }
        valid
    }

    /// Rules R1 and R2: the epoch to speak under, if there is one.
    pub fn usable(&self, log: &Log) -> Option<EpochId> {
        let removals = self.removals(log);
        let contains = |event: &EventId, heads: &[EventId]| {
            log.past(heads).iter().any(|at| Log::id(*at) == *event)
        };
        let candidates = self
            .graph
            .iter()
            .filter(|facts| self.ring.shares.contains_key(&facts.id))
            .filter(|facts| self.graph.usable(&facts.id, true, &removals, &contains))
            .map(|facts| facts.id)
            .collect();
        self.graph.choose(&candidates)
    }

    /// The tree by what this person knows; `link` is there while it has not expired.
    pub fn tree(&self, log: &Log, people: &[Person], link: Option<&Person>) -> Tree {
        let mut tree = Tree::new(SUITE, GROWTH);
        for reader in log.readers(&self.knows) {
            tree.insert(Leaf::full(people[reader].keys.clone()));
        }
        if let Some(link) = link.filter(|_| log.link_lives(&self.knows)) {
            tree.insert(Leaf::full(link.keys.clone()));
            tree.set_lone([link.leaf]);
        }
        for (_, header) in &self.nodes {
            let author = usize::from(header.author.0[0]) - 1;
            if people[author].leaf == header.author_leaf {
                tree.insert_node(header);
            }
        }
        tree
    }

    /// What an epoch of this person's is made of; a hostile one changes it.
    pub fn plan(&self, log: &Log, tree: &Tree) -> EpochPlan {
        let open: BTreeSet<EpochId> = self
            .graph
            .iter()
            .map(|facts| facts.id)
            .filter(|id| self.ring.keys.contains_key(id))
            .collect();
        let parents: Vec<(EpochId, EpochKeys)> = self
            .graph
            .heads(&open)
            .into_iter()
            .map(|id| (id, self.ring.keys[&id].clone()))
            .collect();
        EpochPlan {
            server: SERVER,
            audience: AUDIENCE,
            suite: SUITE,
            cover: tree.cover(),
            heads: log.heads(&self.knows),
            reason: if parents.is_empty() {
                Reason::First
            } else {
                Reason::Removal
            },
            parents,
            removed: Vec::new(),
            closing: Vec::new(),
            link_content: true,
            author: Self::identity(self.number),
            device: DeviceId([u8::try_from(self.number).unwrap() + 1; 32]),
            identity_head: IdentityEntryId([1; 32]),
        }
    }

    /// Makes the nodes above this person that are worth it.
    pub fn tend(
        &mut self,
        log: &Log,
        people: &[Person],
        link: Option<&Person>,
        rng: &mut ChaCha20Rng,
    ) -> Vec<(NodeRecord, NodeHeader)> {
        let mut made = Vec::new();
        let Some(epoch) = self.usable(log) else {
            return made;
        };
        let state = self.ring.keys[&epoch].state.clone();
        for _ in 1..DEPTH_MAX {
            let tree = self.tree(log, people, link);
            let Some(group) = tree.heal(&self.leaf) else {
                break;
            };
            let path: Vec<TreeNode> = tree.path(&self.leaf).into_iter().cloned().collect();
            made.push(self.node(&group, &path, (epoch, &state), log, rng));
            self.nodes.extend(made.last().cloned());
        }
        made
    }

    pub fn node(
        &self,
        group: &Group,
        path: &[TreeNode],
        epoch: (EpochId, &StateKey),
        log: &Log,
        rng: &mut ChaCha20Rng,
    ) -> (NodeRecord, NodeHeader) {
        let plan = NodePlan {
            server: SERVER,
            audience: AUDIENCE,
            suite: SUITE,
            epoch,
            level: group.level,
            position: group.position,
            children: group.children.clone(),
            nodes: path,
            heads: log.heads(&self.knows),
            author: Self::identity(self.number),
            device: DeviceId([u8::try_from(self.number).unwrap() + 1; 32]),
            identity_head: IdentityEntryId([1; 32]),
            author_leaf: self.leaf,
        };
        let node = make_node(&plan, &Self::signer(self.number), rng).unwrap();
        let header = node.record.open_header(epoch.1).unwrap();
        let header = header.verify(&Self::signer(self.number).public()).unwrap();
        (node.record, NodeHeader::clone(&header))
    }
}
