//! Thousands of faults, and all still agree.
#![allow(clippy::unwrap_used)]

use conclave_testkit::faults::{Counters, Fault};
use conclave_testkit::rough::hour;

/// Seeds of one test; four nodes live an hour and some minutes in each. Eight tests make a thousand node-hours, and tests run
/// side by side.
const SEEDS: u64 = 39;

fn run(seeds: core::ops::Range<u64>) {
    let (mut counters, mut node_hours, mut commands, mut acknowledged) =
        (Counters::default(), 0.0, 0, 0);
    for seed in seeds {
        let outcome = hour(seed);
        counters.add(&outcome.sim.counters);
        node_hours += outcome.sim.node_ms as f64 / 3_600_000.0;
        commands += outcome.sim.commands;
        acknowledged += outcome.acknowledged;
    }
    println!(
        "{node_hours:.1} node-hours, {commands} commands, {acknowledged} acknowledged messages, {} faults",
        counters.total()
    );
    for (fault, count) in counters.iter() {
        println!("  {fault:?}: {count}");
    }
    for fault in [
        Fault::Lost,
        Fault::Doubled,
        Fault::Reordered,
        Fault::Cut,
        Fault::CrashBeforeCommit,
        Fault::CrashAfterCommit,
    ] {
        assert!(counters.of(fault) > 0, "{fault:?} never happened");
    }
    assert!(acknowledged > 0);
}

/// Runs one share of the seeds, ten times as many in a soak.
fn share(index: u64) {
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some_and(|value| value == "1");
    let seeds = if soak { SEEDS * 10 } else { SEEDS };
    run(index * 1_000_000..index * 1_000_000 + seeds);
}

macro_rules! shares {
    ($($name:ident = $index:literal),+ $(,)?) => {
        $(#[test]
        fn $name() {
            share($index);
        })+
    };
}

shares!(
    everybody_agrees_after_rough_hours_0 = 0,
    everybody_agrees_after_rough_hours_1 = 1,
    everybody_agrees_after_rough_hours_2 = 2,
    everybody_agrees_after_rough_hours_3 = 3,
    everybody_agrees_after_rough_hours_4 = 4,
    everybody_agrees_after_rough_hours_5 = 5,
    everybody_agrees_after_rough_hours_6 = 6,
    everybody_agrees_after_rough_hours_7 = 7,
);
