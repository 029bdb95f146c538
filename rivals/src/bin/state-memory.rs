//! Memory of the folded state of 100,000 members, each with a role, 500 channels and 250 roles: authority plane and roster.

use anyhow::{Context, Result};
use conclave_core::event::{Event, RoleGrant};
use conclave_core::log::Log;
use conclave_core::member::Register;
use conclave_core::state::Roster;
use conclave_rivals::authority::{Workshop, insert, member};
use conclave_rivals::{Samples, Single, print};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MEMBERS: usize = 100_000;

/// Most that the whole may take, in megabytes.
const GOAL: f64 = 60.0;

fn main() -> Result<()> {
    let mut shop = Workshop::new(20, 250, 500);
    for n in 0..MEMBERS {
        let (role, member) = (shop.roles[1 + n % 249], member(5000 + n));
        shop.act(1 + n % 20, RoleGrant { role, member });
    }
    let mut log = Log::new(shop.server);
    for wire in std::mem::take(&mut shop.wires) {
        let event = wire
            .open::<Event>()
            .context("an event that does not open")?;
        insert(&mut log, event, wire.proof);
    }
    let state = log.current().context("no state")?.clone();
    // What the state alone takes is what is freed with it, once the log and its older states are gone.
    drop(log);
    let with = ALLOCATOR.current_usage();
    drop(state);
    let authority = with.saturating_sub(ALLOCATOR.current_usage()) as f64 / 1e6;
    let before = ALLOCATOR.current_usage();
    let mut roster = Roster::new();
    for n in 0..MEMBERS {
        let register = shop.register(5000 + n).open::<Register>();
        roster.insert(register.context("a register that does not open")?);
    }
    let members = ALLOCATOR.current_usage().saturating_sub(before) as f64 / 1e6;
    told("authority plane of 100,000 members", authority, None);
    told(
        "roster of 100,000 members, registers as signed included",
        members,
        None,
    );
    told(
        "folded state of 100,000 members",
        authority + members,
        Some(GOAL),
    );
    Ok(())
}

fn told(what: &str, value: f64, goal: Option<f64>) {
    let figure = Single {
        what,
        measures: "bytes allocated",
        unit: "MB",
        n: MEMBERS as u64,
        goal,
    };
    print(&figure.quantile(&Samples::new(vec![value]), 0.5));
}
