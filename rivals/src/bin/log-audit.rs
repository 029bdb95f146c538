//! Full audit of 100,000 authority events by 20 admins, every tenth concurrent, and of 100,000 joins, beside the signature checks alone.

use anyhow::{Context, Result};
use conclave_core::event::Event;
use conclave_core::log::Log;
use conclave_core::member::Register;
use conclave_core::state::{Roster, verify_join};
use conclave_rivals::authority::{Bare, Wire, Workshop, insert};
use conclave_rivals::{Comparison, print};

const EVENTS: usize = 100_000;
const JOINS: usize = 100_000;
const ADMINS: usize = 20;

/// Rounds that count.
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let mut shop = history();
    print(&audit(&shop)?);
    let joins: Vec<Wire> = (0..JOINS).map(|n| shop.register(5000 + n)).collect();
    shop.wires.truncate(2);
    print(&join(&shop, &joins)?);
    Ok(())
}

/// Every tenth event does not know the one before, so that a fifth of all have something beside them.
fn history() -> Workshop {
    let mut shop = Workshop::new(ADMINS, 50, 20);
    let mut n = 0;
    while shop.wires.len() < EVENTS {
        let before = shop.heads.clone();
        let author = 1 + n % ADMINS;
        let body = shop.everyday(n);
        shop.act(author, body);
        if n % 10 == 9 {
            let body = shop.everyday(n * 8);
            shop.act_at(1 + (n + 7) % ADMINS, before, body);
        }
        n += 1;
    }
    shop
}

fn audit(shop: &Workshop) -> Result<conclave_rivals::Figure> {
    let bare: Option<Vec<Bare>> = shop.wires.iter().map(Bare::of::<Event>).collect();
    let bare = bare.context("an event that does not open")?;
    let figure = Comparison {
        what: "audit of authority events, from the wire to the state",
        n: shop.wires.len() as u64,
        rounds: ROUNDS,
        rival: "strict check of the same signatures alone",
        goal: Some(1.4),
    };
    Ok(figure.run(
        || {
            let mut log = Log::new(shop.server);
            for wire in &shop.wires {
                if let Some(event) = wire.open::<Event>() {
                    insert(&mut log, event, wire.proof);
                }
            }
            assert_eq!(log.len(), shop.wires.len());
            log.current().map(|state| state.digest())
        },
        || assert!(bare.iter().all(Bare::holds)),
    ))
}

fn join(shop: &Workshop, joins: &[Wire]) -> Result<conclave_rivals::Figure> {
    let mut log = Log::new(shop.server);
    for wire in &shop.wires {
        insert(&mut log, wire.open().context("an event")?, wire.proof);
    }
    let state = log.current().context("no state")?.clone();
    let mut bare = Vec::new();
    for wire in joins {
        let register = wire.open::<Register>().context("a register")?;
        bare.push(Bare::of::<Register>(wire).context("a register")?);
        bare.push(Bare::of_invite(&register).context("an invite's signature")?);
    }
    let figure = Comparison {
        what: "audit of joins, from the wire to the roster",
        n: joins.len() as u64,
        rounds: ROUNDS,
        rival: "strict check of both signatures of each alone",
        goal: Some(1.25),
    };
    Ok(figure.run(
        || {
            let mut roster = Roster::new();
            for wire in joins {
                if let Some(register) = wire.open::<Register>()
                    && verify_join(&state, &register).is_ok()
                {
                    roster.insert(register);
                }
            }
            assert_eq!(roster.registers().len(), joins.len());
            roster
        },
        || assert!(bare.iter().all(Bare::holds)),
    ))
}
