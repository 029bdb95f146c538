//! Key trees of several levels in the real machine: a few people, buckets of two.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::envelope::{Envelope, Form};
use conclave_core::id::{ChannelId, ServerId};
use conclave_core::keys::{Growth, KeyRecord};
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View};
use conclave_engine::command::Command;
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::{Node, Sim};

const NAMES: [&str; 9] = [
    "Ada", "Ben", "Cem", "Dua", "Eva", "Fay", "Gus", "Hal", "Ida",
];

struct Harbour {
    sim: Sim,
    people: Vec<Node>,
    server: ServerId,
    general: ChannelId,
    link: String,
}

/// Nine people whose trees have buckets of two; everybody has spoken.
fn harbour(seed: u64) -> Harbour {
    let mut sim = Sim::new(seed);
    sim.growth = Growth {
        flat_max: 2,
        arity: 2,
    };
    let people: Vec<Node> = NAMES.iter().map(|name| sim.person(name)).collect();
    let (server, general) = sim.found(people[0], "Harbour");
    let link = sim.invite(people[0], server, true);
    for node in &people[1..] {
        sim.join(*node, &link);
    }
    for node in &people {
        let text = format!("{} is here", sim.name(*node));
        sim.say(*node, general, &text);
        sim.run_for(5_000);
    }
    sim.sees(people[0], general, "Ida is here");
    sim.converge(&people, server, 120_000);
    Harbour {
        sim,
        people,
        server,
        general,
        link,
    }
}

impl Harbour {
    fn ban(&mut self, by: Node, member: Node) {
        let (server, member) = (self.server, self.sim.identity(member));
        let ban = Command::Ban {
            server,
            member,
            reason: None,
            delete_ms: None,
        };
        self.sim.must(by, ban);
    }

    fn everybody_sees(&mut self, but: &[Node], text: &str) {
        for node in self.people.clone() {
            if !but.contains(&node) {
                self.sim.sees(node, self.general, text);
            }
        }
    }

    /// What somebody reads with their own keys and all that is stored at `witness`.
    fn spied(&self, spy: Node, witness: Node) -> Vec<String> {
        let (store, keys) = self.sim.steal(spy);
        let mut attacker = Attacker::new(self.server, &keys, &[&self.link]);
        attacker.copy(&store);
        attacker.copy(&self.sim.steal(witness).0);
        attacker.open_epochs();
        attacker.read(self.general).into_values().collect()
    }

    /// The key records that a node stores.
    fn records(&self, node: Node) -> Vec<KeyRecord> {
        let all = KeyRange::prefix(&[]);
        let (store, _) = self.sim.steal(node);
        let rows = store.range(Table::Envelope, &all, Direction::Forward, usize::MAX);
        rows.unwrap()
            .into_iter()
            .filter_map(|(_, bytes)| Verified::<Envelope>::from_store(&bytes).ok())
            .filter(|envelope| envelope.form == Form::Keys)
            .filter_map(|envelope| KeyRecord::decode(&envelope.sealed).ok())
            .collect()
    }

    /// The deepest tree that an epoch was sealed through, and how many nodes there are.
    fn depth(&self, node: Node) -> (u8, usize) {
        let records = self.records(node);
        let epochs = records.iter().filter_map(|record| match record {
            KeyRecord::Epoch(epoch) => Some(epoch.header().depth),
            _ => None,
        });
        let nodes = records
            .iter()
            .filter(|record| matches!(record, KeyRecord::Node(_)));
        (epochs.max().unwrap_or(0), nodes.count())
    }
}

#[test]
fn a_ban_goes_through_nodes_and_the_banned_one_reads_nothing_more() {
    let mut harbour = harbour(101);
    let [ada, ben, cem] = [harbour.people[0], harbour.people[1], harbour.people[2]];
    harbour.ban(ada, cem);
    harbour.sim.say(ada, harbour.general, "Cem is out");
    harbour.everybody_sees(&[cem], "Cem is out");
    let (depth, nodes) = harbour.depth(ben);
    assert!(depth >= 3 && nodes >= 4, "depth {depth}, {nodes} nodes");
    let read = harbour.spied(cem, ben);
    assert!(read.iter().any(|text| text == "Ida is here"), "{read:?}");
    assert!(read.iter().all(|text| text != "Cem is out"), "{read:?}");
    // The touched ones mend their path when they speak, and a second ban goes through what they made.
    for node in [ben, harbour.people[3], harbour.people[4]] {
        let text = format!("{} goes on", harbour.sim.name(node));
        harbour.sim.say(node, harbour.general, &text);
        harbour.everybody_sees(&[cem], &text);
    }
    let ida = harbour.people[8];
    harbour.ban(ada, ida);
    harbour.sim.say(ada, harbour.general, "Ida is out");
    harbour.everybody_sees(&[cem, ida], "Ida is out");
    for spy in [cem, ida] {
        let read = harbour.spied(spy, ben);
        assert!(read.iter().all(|text| text != "Ida is out"), "{read:?}");
    }
}

#[test]
fn who_was_away_for_long_reads_on_through_nodes_made_meanwhile() {
    let mut harbour = harbour(102);
    let [ada, ben, cem, dua] = [0, 1, 2, 3].map(|at| harbour.people[at]);
    harbour.sim.crash(dua);
    harbour.sim.run_for(600_000);
    harbour.ban(ada, cem);
    for round in 0..3 {
        for node in [
            ada,
            ben,
            harbour.people[4],
            harbour.people[5],
            harbour.people[6],
        ] {
            let text = format!("round {round} of {}", harbour.sim.name(node));
            harbour.sim.say(node, harbour.general, &text);
            harbour.sim.run_for(2_000);
        }
        let out = harbour.people[8 - round];
        harbour.ban(ada, out);
    }
    harbour.sim.say(ada, harbour.general, "a year later");
    harbour.sim.sees(ben, harbour.general, "a year later");
    harbour.sim.restart(dua);
    harbour.sim.sees(dua, harbour.general, "a year later");
    harbour.sim.sees(dua, harbour.general, "round 0 of Ada");
    harbour.sim.say(dua, harbour.general, "Dua is back");
    harbour.sim.sees(ada, harbour.general, "Dua is back");
}

#[test]
fn nodes_survive_crashes_at_any_moment() {
    let mut harbour = harbour(103);
    let [ada, cem] = [harbour.people[0], harbour.people[2]];
    for node in harbour.people.clone() {
        harbour.sim.crash(node);
        harbour.sim.run_for(1_000);
        harbour.sim.restart(node);
    }
    harbour.sim.run_for(60_000);
    harbour.ban(ada, cem);
    for node in harbour.people.clone() {
        if node != cem {
            let text = format!("{} after the crash", harbour.sim.name(node));
            harbour.sim.say(node, harbour.general, &text);
            harbour.sim.crash(node);
            harbour.sim.restart(node);
            harbour.sim.run_for(20_000);
        }
    }
    harbour.everybody_sees(&[cem], "Ada after the crash");
    harbour.everybody_sees(&[cem], "Ida after the crash");
    let read = harbour.spied(cem, ada);
    assert!(
        read.iter().all(|text| !text.contains("after the crash")),
        "{read:?}"
    );
}

#[test]
fn slots_that_travel_apart_reach_everybody_and_are_dropped_when_superseded() {
    let mut sim = Sim::new(104);
    sim.whole_bytes_max = Some(0);
    let people: Vec<Node> = NAMES[..5].iter().map(|name| sim.person(name)).collect();
    let (server, general) = sim.found(people[0], "Harbour");
    let link = sim.invite(people[0], server, true);
    for node in &people[1..] {
        sim.join(*node, &link);
    }
    let mut harbour = Harbour {
        sim,
        people: people.clone(),
        server,
        general,
        link,
    };
    let [ada, ben, cem, dua, eva] = [0, 1, 2, 3, 4].map(|at| people[at]);
    harbour.sim.say(ada, general, "with slots apart");
    harbour.everybody_sees(&[], "with slots apart");
    harbour.sim.crash(eva);
    harbour.ban(ada, cem);
    harbour.sim.say(ada, general, "Cem is out");
    harbour.everybody_sees(&[cem, eva], "Cem is out");
    harbour.sim.restart(eva);
    harbour.sim.sees(eva, general, "Cem is out");
    let read = harbour.spied(cem, ben);
    assert!(
        read.iter().any(|text| text == "with slots apart"),
        "{read:?}"
    );
    assert!(read.iter().all(|text| text != "Cem is out"), "{read:?}");
    let parts = |harbour: &Harbour, node| {
        let records = harbour.records(node);
        let parts = records.iter();
        parts
            .filter(|record| matches!(record, KeyRecord::Slots(_)))
            .count()
    };
    let before = parts(&harbour, ben);
    assert!(before >= 2, "{before} parts");
    // A month later the slots of the first epoch are gone, and those of the second are not.
    const MONTH_MS: i64 = 31 * 24 * 3_600 * 1_000;
    for node in [ada, ben, dua, eva] {
        harbour.sim.skew(node, MONTH_MS);
    }
    harbour.sim.run_for(120_000);
    let after = parts(&harbour, ben);
    assert!(
        after >= 1 && after < before,
        "{before} parts became {after}"
    );
    harbour.sim.say(ada, general, "a month later");
    for node in [ben, dua, eva] {
        harbour.sim.sees(node, general, "a month later");
        harbour.sim.sees(node, general, "with slots apart");
    }
}
