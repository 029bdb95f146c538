//! The worst accepted input of 1 MB that we know: shapes that a member or admin can make, resolved, besides signatures; CPU time and memory.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use conclave_core::event::{
    Ban, Body, Event, Merge, Overwrite, OverwriteSet, RoleGrant, RoleUpdate, Subject,
};
use conclave_core::id::EventId;
use conclave_core::log::{AuthorProof, Log};
use conclave_core::permissions::Bits;
use conclave_core::signed::Verified;
use conclave_rivals::authority::{Who, Workshop, insert, link, member};
use conclave_rivals::{Samples, Single, cpu_time, print};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const BYTES: usize = 1_000_000;
const ADMINS: usize = 20;

fn main() -> Result<()> {
    let mut worst = (0.0, "");
    let shapes: [(&str, fn(&mut Maker, usize)); 9] = [
        ("bans beside their targets' acts", bans),
        ("one role's bits, all at once", bits),
        ("overwrites of one channel, all at once", overwrites),
        ("a wide log that is merged by sixteens", wide),
        ("a ladder of merges", ladder),
        ("a ladder that lags a rung", |maker, n| {
            lagging(maker, n, 1, never)
        }),
        ("a ladder that lags 200 rungs", |maker, n| {
            lagging(maker, n, 200, never);
        }),
        ("a lagging ladder, a quarrel every 20 rungs", |maker, n| {
            lagging(maker, n, 1, |n| n.is_multiple_of(20));
        }),
        ("a lagging ladder of quarrels", |maker, n| {
            lagging(maker, n, 1, |_| true);
        }),
    ];
    for (name, make) in shapes {
        let shop = Workshop::new(ADMINS, 250, 20);
        let base = shop.wires.len();
        let mut maker = Maker {
            fork: shop.heads.clone(),
            own: BTreeMap::new(),
            rows: Vec::new(),
            shop,
        };
        let (mut bytes, mut counted, mut n) = (0, base, 0);
        while bytes < BYTES {
            make(&mut maker, n);
            n += 1;
            bytes += maker.shop.wires[counted..]
                .iter()
                .map(|wire| wire.bytes.len())
                .sum::<usize>();
            counted = maker.shop.wires.len();
        }
        let shop = maker.shop;
        let (ms, mb) = measure(&shop, base)?;
        let events = (shop.wires.len() - base) as u64;
        told(name, "ms", "CPU time of the process", events, ms);
        told(
            &format!("{name}, memory"),
            "MB",
            "bytes allocated at the height",
            events,
            mb,
        );
        if ms > worst.0 {
            worst = (ms, name);
        }
    }
    let (ms, name) = worst;
    let figure = Single {
        what: &format!("worst input of 1 MB ({name})"),
        measures: "CPU time of the process besides signatures",
        unit: "ms",
        n: BYTES as u64,
        goal: Some(100.0),
    };
    print(&figure.quantile(&Samples::new(vec![ms]), 0.5));
    Ok(())
}

fn told(what: &str, unit: &str, measures: &str, n: u64, value: f64) {
    let figure = Single {
        what,
        measures,
        unit,
        n,
        goal: None,
    };
    print(&figure.quantile(&Samples::new(vec![value]), 0.5));
}

/// Takes in what was made, and resolves the heads once at the end.
fn measure(shop: &Workshop, base: usize) -> Result<(f64, f64)> {
    let events: Vec<(Verified<Event>, AuthorProof)> = shop
        .wires
        .iter()
        .map(|wire| Some((wire.open()?, wire.proof)))
        .collect::<Option<_>>()
        .context("an event that does not open")?;
    let mut log = Log::new(shop.server);
    let mut events = events.into_iter();
    for (event, proof) in events.by_ref().take(base) {
        insert(&mut log, event, proof);
    }
    log.current().context("no state")?;
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let start = cpu_time();
    for (event, proof) in events {
        insert(&mut log, event, proof);
    }
    std::hint::black_box(log.current());
    let ms = (cpu_time() - start).as_secs_f64() * 1e3;
    let mb = ALLOCATOR.peak_usage().saturating_sub(before) as f64 / 1e6;
    Ok((ms, mb))
}

/// Makes a shape event by event.
struct Maker {
    shop: Workshop,
    /// Where everything comes apart.
    fork: Vec<EventId>,
    own: BTreeMap<Who, EventId>,
    rows: Vec<[EventId; 2]>,
}

impl Maker {
    fn act(&mut self, who: Who, heads: Vec<EventId>, body: impl Into<Body>) -> EventId {
        let made = self.shop.act_at(who, heads, body);
        self.own.insert(who, made);
        made
    }

    /// Somebody acts who knows of nobody else since the fork.
    fn alone(&mut self, who: Who, body: impl Into<Body>) {
        let own = self.own.get(&who);
        let heads = own.map_or_else(|| self.fork.clone(), |own| vec![*own]);
        self.act(who, heads, body);
    }

    fn grant(&self, n: usize, who: usize) -> RoleGrant {
        RoleGrant {
            role: self.shop.roles[1 + (n * 2 + who) % 200],
            member: member(5000 + n % 500),
        }
    }
}

/// The owner bans the admins over and over, while one of them acts.
fn bans(maker: &mut Maker, n: usize) {
    if n.is_multiple_of(2) {
        let ban = Ban {
            member: member(3 + n % 17),
            seen: vec![],
            delete_ms: None,
            dropped_leaves: vec![],
        };
        maker.alone(0, ban);
    } else {
        maker.alone(2, maker.grant(n, 2));
    }
}

fn bits(maker: &mut Maker, n: usize) {
    let set = Bits(0x421 << (n % 7));
    let update = RoleUpdate {
        role: maker.shop.roles[100],
        name: None,
        color: None,
        hoist: None,
        mentionable: None,
        set: Some(set & Bits::ALL),
        clear: Some(Bits(0x842 << (n % 7)).without(set)),
        position: None,
    };
    maker.alone(1 + n % ADMINS, update);
}

fn overwrites(maker: &mut Maker, n: usize) {
    let overwrite = Overwrite {
        subject: Subject::Role(maker.shop.roles[1 + n % 200]),
        allow: Bits::VIEW_CHANNEL,
        deny: Bits::SEND_MESSAGES,
    };
    let channel = maker.shop.channels[0];
    maker.alone(1 + n % ADMINS, OverwriteSet { channel, overwrite });
}

/// Twenty chains, and now and then the owner merges sixteen of them.
fn wide(maker: &mut Maker, n: usize) {
    if n % 40 != 39 {
        return maker.alone(1 + n % ADMINS, link(None));
    }
    let own = maker.own.get(&0).copied();
    let others = maker.shop.heads.iter().copied();
    let others = others.filter(|head| Some(*head) != own);
    let heads: Vec<EventId> = own.into_iter().chain(others).take(16).collect();
    maker.act(0, heads, Merge::default());
}

/// Two chains, each event of which cites both last ones.
fn ladder(maker: &mut Maker, n: usize) {
    let below = maker
        .rows
        .last()
        .map_or_else(|| maker.fork.clone(), |row| row.to_vec());
    let row = [1, 2].map(|who| {
        let grant = maker.grant(n, who);
        maker.act(who, below.clone(), grant)
    });
    maker.rows.push(row);
}

fn never(_: usize) -> bool {
    false
}

/// Two chains, each event of which cites its own last and the other's last but so many. Where they quarrel, both give one role to
/// one member.
fn lagging(maker: &mut Maker, n: usize, lag: usize, quarrel: fn(usize) -> bool) {
    let last = maker.rows.last().copied();
    let before = n.checked_sub(lag + 1).map(|at| maker.rows[at]);
    let row = [0, 1].map(|side| {
        let own = last.map(|row| row[side]);
        let other = before.map(|row| row[1 - side]);
        let heads: Vec<EventId> = own.into_iter().chain(other).collect();
        let heads = if heads.is_empty() {
            maker.fork.clone()
        } else {
            heads
        };
        let grant = maker.grant(n, if quarrel(n) { 1 } else { side + 1 });
        maker.act(side + 1, heads, grant)
    });
    maker.rows.push(row);
}
