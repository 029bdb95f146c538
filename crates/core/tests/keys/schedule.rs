//! One seeded schedule: who does what in which order, and the laws that are checked on the way.

mod hostile;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::EpochId;
use conclave_core::keys::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::village::{Event, Log, Person, Ring, What};

/// What a schedule may contain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Shape {
    TwoBansAtOnce,
    BanBesideAdd,
    ForkAndMerge,
    BannedAuthor,
    GarbageSlots,
    NoOpChain,
    NodeReadmits,
    ExpiredLink,
    LeakedLink,
    Crash,
    NodeMade,
    UsedNode,
}

impl Shape {
    pub const ALL: [Self; 12] = [
        Self::TwoBansAtOnce,
        Self::BanBesideAdd,
        Self::ForkAndMerge,
        Self::BannedAuthor,
        Self::GarbageSlots,
        Self::NoOpChain,
        Self::NodeReadmits,
        Self::ExpiredLink,
        Self::LeakedLink,
        Self::Crash,
        Self::NodeMade,
        Self::UsedNode,
    ];
}

#[derive(Default)]
pub struct Run {
    pub shapes: BTreeMap<Shape, u64>,
    pub seals: u64,
    pub opens: u64,
}

const PEOPLE: usize = 6;
/// Nobody's number: the link, which somebody has leaked from the start.
const LINK: usize = PEOPLE;
/// Who joins later, if anybody lets them.
const NEWCOMER: usize = PEOPLE - 1;

struct Message {
    epoch: EpochId,
    sender: usize,
    authorised: BTreeSet<usize>,
}

struct World {
    seed: u64,
    rng: ChaCha20Rng,
    log: Log,
    people: Vec<Person>,
    link: Person,
    expired: bool,
    epochs: Vec<EpochRecord>,
    nodes: Vec<NodeRecord>,
    directs: Vec<DirectSlot>,
    /// What each person, and the link, could open if they got every byte that was ever sent.
    all_seeing: Vec<Ring>,
    messages: Vec<Message>,
    cheated: BTreeSet<(EpochId, usize)>,
    run: Run,
}

pub fn run(seed: u64) -> Run {
    let mut world = World::new(seed);
    for _ in 0..5 {
        world.step();
    }
    world.settle();
    world.run
}

impl World {
    fn new(seed: u64) -> Self {
        let people = cast();
        let rings = people
            .iter()
            .chain([&cast_link()])
            .map(|person| person.ring.clone())
            .collect();
        let mut world = Self {
            seed,
            rng: ChaCha20Rng::seed_from_u64(seed),
            log: Log::default(),
            people,
            link: cast_link(),
            expired: false,
            epochs: Vec::new(),
            nodes: Vec::new(),
            directs: Vec::new(),
            all_seeing: rings,
            messages: Vec::new(),
            cheated: BTreeSet::new(),
            run: Run::default(),
        };
        for person in 0..NEWCOMER {
            world.event(0, What::Add(person));
        }
        world.say(0);
        world.sync_all();
        world
    }

    fn below(&mut self, below: usize) -> usize {
        (self.rng.next_u64() % below as u64) as usize
    }

    fn count(&mut self, shape: Shape) {
        *self.run.shapes.entry(shape).or_default() += 1;
    }

    fn event(&mut self, by: usize, what: What) {
        let past = self.people[by].knows.clone();
        self.people[by].knows.insert(self.log.0.len());
        self.log.0.push(Event { what, past });
    }

    fn readers(&self, by: usize) -> BTreeSet<usize> {
        self.log.readers(&self.people[by].knows)
    }

    /// Two different people who may read, as the first one sees it.
    fn pair(&mut self) -> Option<(usize, usize)> {
        let (a, b) = (self.below(PEOPLE), self.below(PEOPLE));
        let readers = self.readers(a);
        (a != b && readers.contains(&a) && readers.contains(&b)).then_some((a, b))
    }

    fn step(&mut self) {
        let Some((a, b)) = self.pair() else { return };
        match self.below(11) {
            0 => {
                // Two bans at once, of different people, by people who do not know of each other's.
                if let Some((c, d)) = self.pair().filter(|(c, d)| *c != a && *d != b) {
                    self.event(a, What::Ban(b));
                    self.event(c, What::Ban(d));
                    self.say(a);
                    self.say(c);
                    self.count(Shape::TwoBansAtOnce);
                }
            }
            1 => {
                if let Some((c, _)) = self.pair().filter(|(c, _)| *c != a && *c != NEWCOMER) {
                    self.event(a, What::Ban(b));
                    self.event(c, What::Add(NEWCOMER));
                    self.say(a);
                    self.say(c);
                    self.sync(a, NEWCOMER);
                    self.sync(c, NEWCOMER);
                    self.count(Shape::BanBesideAdd);
                }
            }
            2 => {
                // Both sides go on for a while before they meet.
                self.event(a, What::Ban(b));
                self.say(a);
                for _ in 0..2 {
                    let (c, d) = (self.below(PEOPLE), self.below(PEOPLE));
                    if c != a && d != a {
                        self.sync(c, d);
                        self.say(d);
                    }
                }
                self.sync_all();
                self.say(a);
                self.count(Shape::ForkAndMerge);
            }
            3 => {
                self.event(a, What::Ban(b));
                self.say(b);
                self.count(Shape::BannedAuthor);
            }
            4 => self.garbage(a, b),
            5 => self.no_op(a),
            6 => self.readmit(a, b),
            7 => {
                self.expired = true;
                self.event(a, What::Ban(b));
                self.say(a);
                self.count(Shape::ExpiredLink);
            }
            8 => {
                self.event(a, What::Revoke);
                self.say(a);
                self.count(Shape::LeakedLink);
            }
            9 => self.crash(a, b),
            _ => self.sync(a, b),
        }
        let (c, d) = (self.below(PEOPLE), self.below(PEOPLE));
        self.sync(c, d);
        self.say(d);
    }

    /// Speaks by the rules: uses an epoch that passes, or makes the next one.
    fn say(&mut self, by: usize) {
        if !self.readers(by).contains(&by) {
            return;
        }
        let Some(epoch) = self.people[by].usable(&self.log).or_else(|| self.heal(by)) else {
            return;
        };
        self.tend(by);
        let known_out = self.known_out(by);
        self.look_everywhere();
        for out in known_out {
            let opened = self.all_seeing[out].keys.get(&epoch);
            let opened = opened.is_some_and(|keys| keys.content.is_some());
            assert!(
                !opened,
                "seed {}: {by} sealed to {out}, whom they knew to be out",
                self.seed
            );
            self.run.seals += 1;
        }
        let authorised = self.readers(by);
        self.messages.push(Message {
            epoch,
            sender: by,
            authorised,
        });
    }

    /// Who may not read by what somebody knows; whom others have let in meanwhile is let into history too, and left aside.
    fn known_out(&self, by: usize) -> Vec<usize> {
        let knows = &self.people[by].knows;
        let readers = self.readers(by);
        let let_in = |other: &usize| {
            let unheard = (0..self.log.0.len()).filter(|at| !knows.contains(at));
            unheard
                .into_iter()
                .any(|at| self.log.0[at].what == What::Add(*other))
        };
        let mut out: Vec<usize> = (0..PEOPLE)
            .filter(|other| !readers.contains(other) && !let_in(other))
            .collect();
        if !self.log.link_lives(knows) {
            out.push(LINK);
        }
        out
    }

    fn tree(&self, by: usize) -> Tree {
        let link = (!self.expired).then_some(&self.link);
        self.people[by].tree(&self.log, &self.people, link)
    }

    fn heal(&mut self, by: usize) -> Option<EpochId> {
        let person = &self.people[by];
        if person.ring.keys.is_empty() && !self.epochs.is_empty() {
            return None;
        }
        let tree = self.tree(by);
        let plan = person.plan(&self.log, &tree);
        if tree.leaves().len() > tree.cover_len() {
            self.count(Shape::UsedNode);
        }
        let epoch = self.publish(by, plan);
        self.compare_with_oracle(by, &epoch);
        self.people[by].usable(&self.log)
    }

    fn publish(&mut self, by: usize, plan: EpochPlan) -> EpochRecord {
        let epoch = make_epoch(&plan, &Person::signer(by), &mut self.rng).unwrap();
        let person = &mut self.people[by];
        let share = Share::Full(epoch.secret.clone());
        person.ring.keys.insert(epoch.id, share.keys());
        person.ring.shares.insert(epoch.id, share);
        person.epochs.insert(epoch.id, epoch.record.clone());
        person.adopt(&self.log, &epoch.record);
        self.epochs.push(epoch.record.clone());
        epoch.record
    }

    /// Who opens an honest epoch by its slots is exactly who may read by the plainest reading of the log.
    fn compare_with_oracle(&mut self, by: usize, epoch: &EpochRecord) {
        self.look_everywhere();
        let mut expected = self.readers(by);
        if self.log.link_lives(&self.people[by].knows) && !self.expired {
            expected.insert(LINK);
        }
        for person in 0..=LINK {
            let held = &self.all_seeing[person].held;
            let opens = held
                .iter()
                .any(|(leaf, secret)| epoch.open(secret, *leaf).is_ok());
            assert_eq!(
                opens,
                expected.contains(&person),
                "seed {}: {person} and the epoch of {by}",
                self.seed
            );
        }
    }

    fn tend(&mut self, by: usize) {
        let link = (!self.expired).then_some(self.link.clone());
        let people = self.people.clone();
        let made = self.people[by].tend(&self.log, &people, link.as_ref(), &mut self.rng);
        for (record, _) in made {
            self.nodes.push(record);
            self.count(Shape::NodeMade);
        }
        self.reopen(by);
    }

    fn look_everywhere(&mut self) {
        for ring in &mut self.all_seeing {
            ring.open(
                self.epochs.iter(),
                self.nodes.iter(),
                self.directs.iter(),
                true,
            );
        }
    }

    fn reopen(&mut self, who: usize) {
        let person = &mut self.people[who];
        let nodes: Vec<NodeRecord> = person
            .nodes
            .iter()
            .map(|(record, _)| record.clone())
            .collect();
        person.ring.open(
            person.epochs.values(),
            nodes.iter(),
            self.directs.iter(),
            true,
        );
    }

    /// Gives all that one knows to another.
    fn sync(&mut self, from: usize, to: usize) {
        let giver = self.people[from].clone();
        let taker = &mut self.people[to];
        taker.knows.extend(giver.knows);
        taker.epochs.extend(giver.epochs);
        for (record, header) in giver.nodes {
            if !taker
                .nodes
                .iter()
                .any(|(known, _)| known.id() == record.id())
            {
                taker.nodes.push((record, header));
            }
        }
        self.reopen(to);
        let taker = &mut self.people[to];
        let records: Vec<EpochRecord> = taker.epochs.values().cloned().collect();
        loop {
            let mut more = false;
            for record in &records {
                more |= taker.graph.get(&record.id()).is_none() && taker.adopt(&self.log, record);
            }
            if !more {
                return;
            }
        }
    }

    fn sync_all(&mut self) {
        for from in 1..PEOPLE {
            self.sync(from, 0);
        }
        for to in 1..PEOPLE {
            self.sync(0, to);
        }
    }

    /// Everybody meets, members serve each other, and whoever was authorised opens what was sealed for them.
    fn settle(&mut self) {
        self.sync_all();
        let readers = self.readers(0);
        let said_before = self.messages.len();
        for who in readers.iter().copied() {
            self.say(who);
            self.sync_all();
        }
        let wanted: BTreeSet<EpochId> = self.messages.iter().map(|message| message.epoch).collect();
        for epoch in wanted {
            // A member gives what they have adopted to whoever may read now: the direct slots of the engine.
            let giver = readers.iter().find(|who| {
                let person = &self.people[**who];
                person.graph.get(&epoch).is_some() && person.ring.shares.contains_key(&epoch)
            });
            let Some(giver) = giver else { continue };
            let share = self.people[*giver].ring.shares[&epoch].clone();
            for who in &readers {
                if !self.people[*who].ring.shares.contains_key(&epoch) {
                    let leaf = Leaf::full(self.people[*who].keys.clone());
                    self.directs
                        .extend(direct_slot(epoch, &share, &leaf, crate::village::SUITE));
                }
            }
        }
        self.look_everywhere();
        let messages = core::mem::take(&mut self.messages);
        for message in &messages {
            for who in &message.authorised {
                // Who is out by now was served by slots alone: not where an author cheated, nor before a newcomer had any.
                let unserved = *who == NEWCOMER || self.cheated.contains(&(message.epoch, *who));
                if unserved && !readers.contains(who) {
                    continue;
                }
                let keys = self.all_seeing[*who].keys.get(&message.epoch);
                let opened = keys.is_some_and(|keys| keys.content.is_some());
                assert!(
                    opened,
                    "seed {}: {who} cannot open what {} sealed for them",
                    self.seed, message.sender
                );
                self.run.opens += 1;
            }
        }
        // Settled: who reads the newest epoch is who may, whatever happened before.
        for message in messages.iter().skip(said_before).rev().take(1) {
            for who in 0..PEOPLE {
                let opened = self.all_seeing[who].keys.contains_key(&message.epoch);
                assert_eq!(
                    opened,
                    readers.contains(&who),
                    "seed {}: {who} after all",
                    self.seed
                );
            }
        }
    }
}

/// The same people in every schedule: making their keys is the most costly part.
fn cast() -> Vec<Person> {
    static CAST: std::sync::OnceLock<Vec<Person>> = std::sync::OnceLock::new();
    CAST.get_or_init(|| (0..PEOPLE).map(Person::new).collect())
        .clone()
}

fn cast_link() -> Person {
    static LINK_LEAF: std::sync::OnceLock<Person> = std::sync::OnceLock::new();
    LINK_LEAF.get_or_init(|| Person::new(LINK)).clone()
}
