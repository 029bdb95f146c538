//! What messages carry: a file outlives whoever sent it, and goes with its message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::content::Attachment;
use conclave_core::event::BlobRef;
use conclave_core::id::{ChannelId, EnvelopeId, ServerId};
use conclave_engine::blobs::keep;
use conclave_engine::command::{Command, Reply};
use conclave_testkit::sim::{Node, Sim};

/// Bytes of a file that takes three frames.
const THREE_PARTS: usize = 600_000;

fn bytes(len: usize, seed: u8) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31) ^ seed)
        .collect()
}

fn store(sim: &mut Sim, node: Node, bytes: Vec<u8>) -> BlobRef {
    let mime = "application/octet-stream".to_owned();
    let Reply::Blob(blob) = sim.must(node, Command::StoreBlob { mime, bytes }) else {
        panic!("a file has an address")
    };
    blob
}

fn send(sim: &mut Sim, node: Node, channel: ChannelId, files: &[BlobRef]) -> EnvelopeId {
    let attach = |blob: &BlobRef| Attachment {
        name: "chart.bin".into(),
        blob: blob.clone(),
        width: None,
        height: None,
    };
    let command = Command::Send {
        channel,
        text: "look".into(),
        reply_to: None,
        attachments: files.iter().map(attach).collect(),
        nonce: None,
    };
    let Reply::Message(message) = sim.must(node, command) else {
        panic!("a message has an id")
    };
    message
}

fn read(sim: &Sim, node: Node, blob: &BlobRef) -> Option<Vec<u8>> {
    sim.read(node, |reader| reader.blob(blob).unwrap())
}

fn has(sim: &mut Sim, node: Node, blob: &BlobRef, ms: u64) -> bool {
    sim.run_until(ms, |sim| sim.is_up(node) && read(sim, node, blob).is_some())
}

fn people<const N: usize>(seed: u64, names: [&str; N]) -> (Sim, [Node; N], ServerId, ChannelId) {
    let mut sim = Sim::new(seed);
    let nodes = names.map(|name| sim.person(name));
    let (server, general) = sim.found(nodes[0], "Harbour");
    let link = sim.invite(nodes[0], server, true);
    for node in &nodes[1..] {
        sim.join(*node, &link);
    }
    (sim, nodes, server, general)
}

/// A sends a file while C is offline, and leaves; nobody has opened it. C returns and gets it from B.
#[test]
fn a_file_outlives_whoever_sent_it() {
    let (mut sim, [ada, ben, cem], _, general) = people(11, ["Ada", "Ben", "Cem"]);
    sim.crash(cem);
    let blob = store(&mut sim, ada, bytes(THREE_PARTS, 1));
    send(&mut sim, ada, general, std::slice::from_ref(&blob));
    assert!(has(&mut sim, ben, &blob, 60_000), "Ben keeps a copy");
    sim.crash(ada);
    sim.restart(cem);
    assert!(has(&mut sim, cem, &blob, 120_000), "Cem gets it from Ben");
    assert_eq!(read(&sim, cem, &blob), Some(bytes(THREE_PARTS, 1)));
}

/// A fetch that is cut off in the middle goes on where it was, after a restart and with somebody else.
#[test]
fn a_fetch_goes_on_after_a_restart() {
    let (mut sim, [ada, ben, cem], _, general) = people(12, ["Ada", "Ben", "Cem"]);
    sim.crash(cem);
    let blobs: Vec<BlobRef> = (0..10)
        .map(|seed| store(&mut sim, ada, bytes(THREE_PARTS, seed)))
        .collect();
    send(&mut sim, ada, general, &blobs);
    for blob in &blobs {
        assert!(has(&mut sim, ben, blob, 120_000));
    }
    sim.restart(cem);
    let begun = sim.run_until(120_000, |sim| {
        let count = blobs
            .iter()
            .filter(|blob| read(sim, cem, blob).is_some())
            .count();
        count > 0
    });
    assert!(begun);
    let left = blobs
        .iter()
        .filter(|blob| read(&sim, cem, blob).is_none())
        .count();
    assert!(left > 0, "it is cut off in the middle");
    sim.crash(cem);
    sim.crash(ada);
    sim.restart(cem);
    for blob in &blobs {
        assert!(has(&mut sim, cem, blob, 300_000), "the rest comes from Ben");
    }
}

/// A large file is not pushed at everybody; whoever opens it gets it, also when nobody has it at that moment.
#[test]
fn a_large_file_comes_to_who_opens_it() {
    let (mut sim, [ada, ben, cem], server, general) = people(13, ["Ada", "Ben", "Cem"]);
    let large = usize::try_from(keep::KEEP_BYTES_MAX).unwrap() + 1;
    let blob = store(&mut sim, ada, bytes(large, 2));
    let small = store(&mut sim, ada, bytes(1000, 3));
    send(&mut sim, ada, general, &[blob.clone(), small.clone()]);
    assert!(has(&mut sim, ben, &small, 60_000));
    sim.run_for(60_000);
    assert!(read(&sim, ben, &blob).is_none());
    let fetch = || Command::FetchBlob {
        server,
        hash: blob.hash,
    };
    sim.must(ben, fetch());
    assert!(has(&mut sim, ben, &blob, 60_000), "Ben opens it");

    sim.crash(ada);
    sim.crash(ben);
    sim.must(cem, fetch());
    sim.run_for(60_000);
    assert!(read(&sim, cem, &blob).is_none(), "nobody is there");
    sim.restart(ben);
    assert!(has(&mut sim, cem, &blob, 180_000), "it comes with Ben");
}

/// A deleted message takes its file along, on every node; what another message carries stays.
#[test]
fn a_file_goes_with_its_message() {
    let (mut sim, [ada, ben], _, general) = people(14, ["Ada", "Ben"]);
    let (kept, shared, gone) = (
        store(&mut sim, ada, bytes(2000, 4)),
        store(&mut sim, ada, bytes(2000, 5)),
        store(&mut sim, ada, bytes(THREE_PARTS, 6)),
    );
    send(&mut sim, ada, general, &[kept.clone(), shared.clone()]);
    let message = send(&mut sim, ada, general, &[shared.clone(), gone.clone()]);
    for blob in [&kept, &shared, &gone] {
        assert!(has(&mut sim, ben, blob, 60_000));
    }
    sim.must(ada, Command::Delete { message });
    for node in [ada, ben] {
        let dropped = sim.run_until(60_000, |sim| read(sim, node, &gone).is_none());
        assert!(dropped, "{}", sim.name(node));
    }
    sim.run_for(120_000);
    for node in [ada, ben] {
        assert!(read(&sim, node, &gone).is_none(), "it does not come back");
        assert!(read(&sim, node, &kept).is_some());
        assert!(read(&sim, node, &shared).is_some());
    }
    // Nothing of it is left in the store.
    let (store, _) = sim.steal(ben);
    let rows = |table| {
        use conclave_core::view::{Direction, KeyRange, View};
        let range = KeyRange::prefix(gone.hash.as_bytes());
        store
            .range(table, &range, Direction::Forward, 10)
            .unwrap()
            .len()
    };
    assert_eq!(rows(conclave_core::view::Table::Blob), 0);
    assert_eq!(rows(conclave_core::view::Table::BlobChunk), 0);
}

/// In a larger server some members keep each file, not all of them.
#[test]
fn a_large_server_keeps_so_many_copies() {
    let mut sim = Sim::new(15);
    let names: Vec<String> = (0..keep::COPIES + 5).map(|i| format!("P{i}")).collect();
    let nodes: Vec<Node> = names.iter().map(|name| sim.person(name)).collect();
    let (_server, general) = {
        let (server, general) = sim.found(nodes[0], "Harbour");
        let link = sim.invite(nodes[0], server, true);
        for node in &nodes[1..] {
            sim.join(*node, &link);
        }
        (server, general)
    };
    sim.run_for(60_000);
    let blob = store(&mut sim, nodes[0], bytes(1000, 7));
    send(&mut sim, nodes[0], general, std::slice::from_ref(&blob));
    sim.run_for(180_000);
    let copies = nodes[1..]
        .iter()
        .filter(|node| read(&sim, **node, &blob).is_some())
        .count();
    println!("{copies} of {} others keep a copy", nodes.len() - 1);
    assert!(
        copies == keep::COPIES || copies == keep::COPIES - 1,
        "{copies}"
    );
}
