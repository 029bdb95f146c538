//! Thousands of faults, and all still agree.
#![allow(clippy::unwrap_used)]

use conclave_testkit::faults::{Counters, Fault};
use conclave_testkit::rough::hour;

/// Seeds that one test runs; four nodes live an hour and more in each.
const SEEDS: u64 = 2;

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

#[test]
fn everybody_agrees_after_rough_hours() {
    run(0..SEEDS);
}
