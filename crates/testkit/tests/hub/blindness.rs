//! A hub's disk and wire, decoded: the listed fields and nothing else.

use conclave_core::codec::{self, Limits};
use conclave_core::view::{Direction, KeyRange, Table, View};
use conclave_engine::hub::HubLimits;
use conclave_engine::wire::Frame;
use conclave_testkit::sim::Sim;

/// Words that stand in messages, names and channels, and nowhere else.
const PLANTED: [&str; 4] = [
    "Zanzibar-garden-club",
    "the treasure is under the quincunx",
    "Ada-Kumquat",
    "Bob-Kumquat",
];

/// Tables that a hub writes; everything else of its store stays empty.
const TABLES: [Table; 6] = [
    Table::HubSpace,
    Table::HubTopic,
    Table::HubLog,
    Table::HubPlace,
    Table::HubMember,
    Table::HubClosing,
];

#[test]
fn a_hubs_disk_and_wire_hold_no_text_no_name_and_no_identity() {
    let mut sim = Sim::new(41);
    let (a, b) = (sim.person(PLANTED[2]), sim.person(PLANTED[3]));
    let hub = sim.hub("hub", HubLimits::default());
    let (server, channel) = sim.found(a, PLANTED[0]);
    let link = sim.invite(a, server, true);
    sim.join(b, &link);
    sim.add_hub(a, server, hub);
    sim.run_for(120_000);
    sim.say(a, channel, PLANTED[1]);
    sim.sees(b, channel, PLANTED[1]);
    sim.run_for(60_000);

    let mut secrets: Vec<Vec<u8>> = PLANTED
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    for node in [a, b] {
        // Who is behind a pseudonym, which server and which channel it is, and what opens anything.
        secrets.push(sim.identity(node).0.to_vec());
        let (store, keys) = sim.steal(node);
        secrets.push(keys.device_id().0.to_vec());
        secrets.push(keys.leaf_seed(server).to_vec());
        secrets.extend(epoch_secrets(&store));
    }
    secrets.extend([server.0.to_vec(), channel.0.to_vec()]);

    let disk: Vec<(Table, Vec<u8>, Vec<u8>)> = sim.look(hub, |_, store| {
        let all = KeyRange::prefix(b"");
        Table::ALL
            .into_iter()
            .flat_map(|table| {
                let rows = store
                    .range(table, &all, Direction::Forward, usize::MAX)
                    .unwrap();
                rows.into_iter()
                    .map(move |(key, value)| (table, key, value))
            })
            .collect()
    });
    assert!(disk.iter().filter(|row| row.0 == Table::HubLog).count() > 5);
    for (table, key, value) in &disk {
        assert!(TABLES.contains(table), "{table:?} is written");
        assert_eq!(fields(*table, value), listed(*table), "{table:?}");
        search(&secrets, key, &format!("a key of {table:?}"));
        search(&secrets, value, &format!("{table:?}"));
    }
    let wire = sim.wire_of(hub);
    assert!(wire.len() > 20);
    for frame in wire {
        Frame::decode(frame).expect("a frame");
        search(&secrets, frame, "the wire");
    }
    // The same search finds what it looks for where it does stand.
    let (own, _) = sim.steal(a);
    let rows = own.range(
        Table::Message,
        &KeyRange::prefix(b""),
        Direction::Forward,
        usize::MAX,
    );
    assert!(
        rows.unwrap()
            .iter()
            .any(|(_, value)| holds(value, PLANTED[1].as_bytes()))
    );
}

/// Every secret of an epoch that a member's store holds.
fn epoch_secrets(store: &conclave_store::MemoryStore) -> Vec<Vec<u8>> {
    let all = KeyRange::prefix(b"");
    let rows = store
        .range(Table::InviteSecret, &all, Direction::Forward, usize::MAX)
        .unwrap();
    let links = rows.iter().filter_map(|(_, link)| {
        let link = String::from_utf8(link.clone()).ok()?;
        let link = conclave_core::invite::InviteLink::parse(&link).ok()?;
        Some(link.secret.as_bytes().to_vec())
    });
    links.collect()
}

/// The map keys of a row, as the chapter lists them.
const fn listed(table: Table) -> &'static [u64] {
    match table {
        Table::HubSpace => &[0, 1, 2, 3, 4, 5],
        Table::HubTopic => &[0, 1, 2, 3],
        Table::HubLog => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        Table::HubMember => &[0, 1],
        Table::HubClosing => &[0, 1],
        _ => &[],
    }
}

/// The map keys of a row; those that may be absent count as there.
fn fields(table: Table, value: &[u8]) -> Vec<u64> {
    if table == Table::HubPlace {
        assert_eq!(value.len(), 8, "a position");
        return Vec::new();
    }
    codec::validate(value, Limits::bytes(1 << 20)).expect("canonical");
    let mut decoder = minicbor::Decoder::new(value);
    let count = decoder.map().unwrap().expect("a map of known length");
    let mut keys: Vec<u64> = (0..count)
        .map(|_| {
            let key = decoder.u64().unwrap();
            decoder.skip().unwrap();
            key
        })
        .collect();
    if table == Table::HubLog {
        // Who carried it for somebody else, and until when it is kept.
        keys.extend([3, 7]);
        keys.sort_unstable();
        keys.dedup();
    }
    keys
}

fn search(secrets: &[Vec<u8>], bytes: &[u8], place: &str) {
    for secret in secrets {
        assert!(!holds(bytes, secret), "{place} holds {secret:02x?}");
    }
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}
