//! Append at the head of a log of 1,000,000 events, besides signature and disk; CPU time, and what an event takes in memory.

use anyhow::{Context, Result};
use conclave_core::event::Event;
use conclave_core::log::Log;
use conclave_core::signed::Verified;
use conclave_rivals::authority::{Workshop, insert};
use conclave_rivals::{Samples, Single, cpu_time, print};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const EVENTS: usize = 1_000_000;
const ADMINS: usize = 20;

/// Appends of one sample, and samples.
const APPENDS: usize = 1000;
const ROUNDS: usize = 20;

fn main() -> Result<()> {
    let mut shop = Workshop::new(ADMINS, 50, 20);
    let mut log = Log::new(shop.server);
    let mut n = 0;
    let before = ALLOCATOR.current_usage();
    while log.len() < EVENTS {
        for event in next(&mut shop, &mut n)? {
            insert(&mut log, event.0, event.1);
        }
    }
    log.current().context("no state")?;
    let taken = ALLOCATOR.current_usage().saturating_sub(before);
    let mut times = Vec::new();
    while times.len() < ROUNDS {
        let events = next(&mut shop, &mut n)?;
        let count = events.len() as f64;
        let start = cpu_time();
        for (event, proof) in events {
            insert(&mut log, event, proof);
            std::hint::black_box(log.current());
        }
        times.push((cpu_time() - start).as_secs_f64() * 1e6 / count);
    }
    let append = Single {
        what: "append at the head of a long log, besides signature and disk",
        measures: "CPU time of the process, median",
        unit: "µs",
        n: EVENTS as u64,
        goal: Some(30.0),
    };
    print(&append.quantile(&Samples::new(times), 0.5));
    let memory = Single {
        what: "memory of one event of a long log, states included",
        measures: "bytes allocated, mean",
        unit: "B",
        n: EVENTS as u64,
        goal: None,
    };
    print(&memory.quantile(&Samples::new(vec![taken as f64 / EVENTS as f64]), 0.5));
    Ok(())
}

type Events = Vec<(Verified<Event>, conclave_core::log::AuthorProof)>;

/// The next events, signed; of the bytes nothing is kept.
fn next(shop: &mut Workshop, n: &mut usize) -> Result<Events> {
    for _ in 0..APPENDS {
        let body = shop.everyday(*n);
        shop.act(1 + *n % ADMINS, body);
        *n += 1;
    }
    let wires = std::mem::take(&mut shop.wires);
    let open = |wire: &conclave_rivals::authority::Wire| {
        Verified::<Event>::from_store(&wire.bytes).map(|event| (event, wire.proof))
    };
    Ok(wires.iter().map(open).collect::<Result<Events, _>>()?)
}
