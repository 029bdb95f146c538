//! Merge of two branches of 1,000 events each, signatures verified already: taking in the other branch, and the merged state.

use anyhow::{Context, Result};
use conclave_core::event::Event;
use conclave_core::log::{AuthorProof, Log};
use conclave_core::signed::Verified;
use conclave_rivals::authority::{Workshop, insert};
use conclave_rivals::{Samples, Single, cpu_time, print};

const BRANCH: usize = 1000;
const ADMINS: usize = 20;
const ROUNDS: usize = 9;

fn main() -> Result<()> {
    let mut shop = Workshop::new(ADMINS, 50, 20);
    let base = shop.wires.len();
    let fork = shop.heads.clone();
    let mut branches = Vec::new();
    for side in 0..2 {
        let start = shop.wires.len();
        let mut heads = fork.clone();
        for n in 0..BRANCH {
            // Half of the admins on either side, each in turn.
            let who = 1 + side * ADMINS / 2 + n % (ADMINS / 2);
            let body = shop.everyday(n + side * 100_000);
            heads = vec![shop.act_at(who, heads, body)];
        }
        branches.push((start, shop.wires.len(), heads));
    }
    let events: Vec<(Verified<Event>, AuthorProof)> = shop
        .wires
        .iter()
        .map(|wire| Some((wire.open()?, wire.proof)))
        .collect::<Option<_>>()
        .context("an event that does not open")?;
    let mut log = Log::new(shop.server);
    for (event, proof) in &events[..base + BRANCH] {
        insert(&mut log, event.clone(), *proof);
    }
    log.current().context("no state")?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let mut log = log.clone();
        let other = events[base + BRANCH..].to_vec();
        let start = cpu_time();
        for (event, proof) in other {
            insert(&mut log, event, proof);
        }
        std::hint::black_box(log.current());
        times.push((cpu_time() - start).as_secs_f64() * 1e3);
        assert_eq!(log.heads().len(), 2);
    }
    let figure = Single {
        what: "merge of two branches, signatures verified",
        measures: "CPU time of the process, median",
        unit: "ms",
        n: 2 * BRANCH as u64,
        goal: Some(50.0),
    };
    print(&figure.quantile(&Samples::new(times), 0.5));
    Ok(())
}
