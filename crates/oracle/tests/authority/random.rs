//! Ten thousand random histories with planted shapes; a million with `CONCLAVE_SOAK`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use conclave_core::id::EventId;
use conclave_oracle::Rule;

use crate::compare::{difference, shrunk};
use crate::dice::Dice;
use crate::laws;
use crate::village::*;
use crate::{acts, shapes};

/// How many histories `./test` looks at.
const HISTORIES: u64 = 10_000;

/// How many `./test --soak` does.
const HISTORIES_SOAK: u64 = 1_000_000;

/// Seeds of histories in which the two once disagreed. They are looked at first, for ever; what each found has a test of its
/// own in core, since a change of this generator gives a seed another history.
const KEPT: &[u64] = &[1254];

/// A random history: people who know random parts of it act, with planted shapes between.
pub fn history(seed: u64) -> (Village, Vec<&'static str>) {
    let mut dice = Dice::new(seed);
    let mut village = Village::settled();
    let mut planted = Vec::new();
    for _ in 0..1 + dice.roll(2) {
        for _ in 0..dice.roll(4) {
            step(&mut dice, &mut village);
        }
        planted.push(shapes::plant(&mut dice, &mut village));
        news(&mut dice, &mut village);
    }
    // Two shapes that the counters below ask for more often than the others.
    if dice.one_in(8) {
        let at = village.heads();
        shapes::equivocation(&mut dice, &mut village, &at);
    }
    if dice.one_in(8) {
        let at = village.heads();
        shapes::falling_level(&mut dice, &mut village, &at);
    }
    for _ in 0..dice.roll(4) {
        step(&mut dice, &mut village);
    }
    (village, planted)
}

fn step(dice: &mut Dice, village: &mut Village) {
    let who = village.random_who(dice);
    if dice.one_in(3) {
        let from = village.random_who(dice);
        village.hears(who, from);
    }
    let act = acts::any(dice, village, who);
    village.try_now(who, act);
}

/// Some hear of some of what has happened.
fn news(dice: &mut Dice, village: &mut Village) {
    let heads = village.heads();
    for who in 0..PEOPLE {
        let mut known = village.people[who].known.clone();
        known.extend(heads.iter().filter(|_| dice.one_in(2)));
        village.people[who].known = village.antichain(&known);
    }
}

/// What histories hold, counted.
#[derive(Default)]
struct Counters {
    histories: AtomicU64,
    voided: AtomicU64,
    equivocation: AtomicU64,
    fallen: AtomicU64,
    old: AtomicU64,
    passed: AtomicU64,
    /// By the rule that something fell under.
    rules: [AtomicU64; 7],
    rejected: AtomicU64,
}

impl Counters {
    fn at_least(&self, what: &str, counter: &AtomicU64, percent: u64) {
        let (all, some) = (
            self.histories.load(Ordering::Relaxed),
            counter.load(Ordering::Relaxed),
        );
        println!("of {all} histories {some} hold {what}");
        assert!(
            some * 100 >= all * percent,
            "{some} of {all} hold {what}, at least {percent} % must"
        );
    }
}

/// Everything that is compared of one history; what fails is told with its seed.
fn agree(seed: u64, counters: &Counters) {
    let (mut village, planted) = history(seed);
    let heads = village.heads();
    let mut dice = Dice::new(!seed);
    let mut points = vec![heads.clone()];
    let accepted = village.oracle.accepted();
    let some: Vec<EventId> = (0..1 + dice.roll(3))
        .map(|_| dice.pick(accepted).id)
        .collect();
    points.push(village.antichain(&some));
    let differs = points
        .iter()
        .any(|point| difference(&mut village.log, &village.oracle, point).is_some());
    if village.broken || differs {
        panic!("seed {seed}, {planted:?}:\n{}", shrunk(&village));
    }
    assert_eq!(village.oracle.heads(), heads, "seed {seed}");
    let forks: Vec<_> = village
        .log
        .forks()
        .map(|f| (f.device, f.seq, f.first, f.second))
        .collect();
    assert_eq!(village.oracle.forks(), forks, "seed {seed}");
    if let Err(broken) = laws::hold(&village, &mut dice) {
        panic!("seed {seed}, {planted:?}: {broken}");
    }
    count(&village, &heads, counters);
}

fn count(village: &Village, heads: &[EventId], counters: &Counters) {
    let add = |counter: &AtomicU64, holds: bool| {
        counter.fetch_add(u64::from(holds), Ordering::Relaxed);
    };
    let overruled = village.oracle.overruled(heads).unwrap();
    add(&counters.histories, true);
    add(&counters.voided, !overruled.by.is_empty());
    add(&counters.equivocation, !village.oracle.forks().is_empty());
    add(&counters.fallen, overruled.some_level_fell());
    add(&counters.old, holds_an_old_event(village));
    let state = village.oracle.resolve(heads).unwrap();
    add(&counters.passed, state.reign.begun.is_some());
    let rules: BTreeSet<Rule> = overruled.by.values().map(|(_, rule)| *rule).collect();
    for (rule, counter) in (1..).zip(&counters.rules) {
        add(counter, rules.contains(&rule));
    }
    add(
        &counters.rejected,
        village.oracle.accepted().len() < village.made.len(),
    );
}

/// Whether somebody acted without most of what was there: of five events at least.
fn holds_an_old_event(village: &Village) -> bool {
    let accepted = village.oracle.accepted().iter().enumerate();
    accepted.skip(village.setting).any(|(number, taken)| {
        let earlier = village.setting..number;
        let missed = earlier.clone().filter(|n| !taken.past.contains(*n)).count();
        missed >= 5 && missed * 2 > earlier.len()
    })
}

/// The log and the oracle, which share no rule, say the same of every event and every state.
#[test]
fn the_log_and_the_oracle_agree_on_random_histories() {
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some();
    let histories = if soak { HISTORIES_SOAK } else { HISTORIES };
    let counters = Counters::default();
    KEPT.iter().for_each(|seed| agree(*seed, &counters));
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get() as u64);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let counters = &counters;
            scope.spawn(move || {
                (thread..histories)
                    .step_by(threads as usize)
                    .for_each(|seed| agree(seed, counters));
            });
        }
    });
    counters.at_least("a voided event", &counters.voided, 30);
    counters.at_least("an equivocation", &counters.equivocation, 5);
    counters.at_least("a level that fell and held on", &counters.fallen, 5);
    counters.at_least("an old event", &counters.old, 5);
    counters.at_least("another owner", &counters.passed, 5);
    for (rule, counter) in (1..).zip(&counters.rules) {
        counters.at_least(&format!("an act voided by rule {rule}"), counter, 0);
        assert!(
            counter.load(Ordering::Relaxed) > 0,
            "no act is voided by rule {rule}"
        );
    }
    counters.at_least("an event that does not stand", &counters.rejected, 30);
}

/// Every planted shape is planted, and does something: else it is no shape.
#[test]
fn every_shape_comes_to_something() {
    let mut accepted: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, shape) in shapes::ALL {
        for seed in 0..20 {
            let mut village = Village::settled();
            let at = village.heads();
            shape(&mut Dice::new(seed), &mut village, &at);
            *accepted.entry(name).or_default() += village.oracle.accepted().len() - village.setting;
        }
    }
    let idle: Vec<_> = accepted.iter().filter(|(_, count)| **count < 5).collect();
    assert!(idle.is_empty(), "{idle:?}");
}
