//! Node-hours of rough weather for one second of CPU time, with real cryptography; commands and faults counted.

use std::ops::Range;

use anyhow::{Result, ensure};
use conclave_rivals::{Figure, Samples, Single, cpu_time, print};
use conclave_testkit::faults::Counters;
use conclave_testkit::rough::hour;

/// Worlds of four nodes that one sample simulates for an hour and more.
const SEEDS: u64 = 4;

/// Samples that count; one before them does not.
const ROUNDS: u64 = 5;

/// Commands, and faults, that a node-hour must bring for the figure to mean anything.
const LEAST: f64 = 100.0;

const MS_PER_HOUR: f64 = 3_600_000.0;

#[derive(Default)]
struct Run {
    node_hours: f64,
    cpu_s: f64,
    commands: u64,
    faults: Counters,
}

fn main() -> Result<()> {
    run(0..SEEDS);
    let mut all = Run::default();
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let one = run(round * SEEDS..(round + 1) * SEEDS);
        rates.push(one.node_hours / one.cpu_s);
        all.add(&one);
    }
    let per_node_hour = |count: u64| count as f64 / all.node_hours;
    let (commands, faults) = (
        per_node_hour(all.commands),
        per_node_hour(all.faults.total()),
    );
    eprintln!(
        "{:.1} node-hours, {commands:.0} commands and {faults:.0} faults in each",
        all.node_hours
    );
    for (fault, count) in all.faults.iter() {
        eprintln!("  {fault:?}: {count}");
    }
    ensure!(
        commands >= LEAST && faults >= LEAST,
        "too calm: at least {LEAST} commands and faults a node-hour"
    );
    let rate = Single {
        what: "simulator",
        measures: "node-hours in one second of CPU time, median",
        unit: "node-hours",
        n: ROUNDS * SEEDS,
        goal: None,
    };
    print(&rate.quantile(&Samples::new(rates), 0.5));
    print(&counted("commands of the simulator", "commands", commands));
    print(&counted("faults of the simulator", "faults", faults));
    for (fault, count) in all.faults.iter() {
        print(&counted(
            &format!("{fault:?}"),
            "faults",
            per_node_hour(count),
        ));
    }
    Ok(())
}

/// What one node-hour brought, over all samples.
fn counted(what: &str, unit: &str, count: f64) -> Figure {
    let single = Single {
        what,
        measures: "in one node-hour",
        unit,
        n: ROUNDS * SEEDS,
        goal: None,
    };
    single.quantile(&Samples::new(vec![count]), 0.5)
}

fn run(seeds: Range<u64>) -> Run {
    let mut run = Run::default();
    let start = cpu_time();
    for seed in seeds {
        let sim = hour(seed).sim;
        run.node_hours += sim.node_ms as f64 / MS_PER_HOUR;
        run.commands += sim.commands;
        run.faults.add(&sim.counters);
    }
    run.cpu_s = (cpu_time() - start).as_secs_f64();
    run
}

impl Run {
    fn add(&mut self, other: &Self) {
        self.node_hours += other.node_hours;
        self.cpu_s += other.cpu_s;
        self.commands += other.commands;
        self.faults.add(&other.faults);
    }
}
