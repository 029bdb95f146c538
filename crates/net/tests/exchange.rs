//! Nodes that behave: payloads, versions, ends of connections, restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{collections::BTreeSet, time::Duration};

use common::{Node, config, frame, pair, patiently, raw_endpoint};
use conclave_net::{
    Channel, CloseCode, ConnectError, ConnectionId, DisconnectReason, FrameError, Hello, NetConfig,
    NetEvent, PAYLOAD_LEN_MAX, PathKind, Payload, PeerAddr, SendError, VersionRange,
};
use iroh::endpoint::VarInt;

#[tokio::test]
async fn payloads_travel_in_both_directions_on_both_channels() {
    let ((mut alice, to_bob), (mut bob, to_alice)) = pair(config(1), config(2)).await;
    alice
        .net
        .send(
            to_bob,
            vec![Payload::message("hello"), Payload::message("")],
        )
        .unwrap();
    bob.net
        .send(to_alice, vec![Payload::bulk(vec![7; 300_000])])
        .unwrap();
    assert_eq!(
        bob.received().await,
        (to_alice, Channel::Messages, b"hello".to_vec())
    );
    assert_eq!(
        bob.received().await,
        (to_alice, Channel::Messages, Vec::new())
    );
    assert_eq!(
        alice.received().await,
        (to_bob, Channel::Bulk, vec![7; 300_000])
    );

    let paths = alice.net.paths();
    assert_eq!(paths.len(), 1);
    assert_eq!(
        (paths[0].0, paths[0].1.node_id, &paths[0].1.kind),
        (to_bob, bob.net.node_id(), &PathKind::Direct)
    );
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn ten_thousand_small_frames_arrive_in_order() {
    const COUNT: u32 = 10_000;
    let ((alice, to_bob), (mut bob, _)) = pair(config(1), config(2)).await;
    let sender = alice.net.clone();
    let sending = tokio::spawn(async move {
        for number in 0..COUNT {
            let payload = number.to_be_bytes().to_vec();
            sender.room(to_bob, payload.len()).await.unwrap();
            sender
                .send(to_bob, vec![Payload::message(payload)])
                .unwrap();
        }
    });
    for number in 0..COUNT {
        assert_eq!(bob.received().await.2, number.to_be_bytes());
    }
    sending.await.unwrap();
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn the_longest_payload_arrives_and_a_longer_one_is_not_sent() {
    let ((alice, to_bob), (mut bob, _)) = pair(config(1), config(2)).await;
    let longest = vec![3; PAYLOAD_LEN_MAX];
    let too_long = SendError::Frame(FrameError::TooLong {
        len: PAYLOAD_LEN_MAX + 1,
        max: PAYLOAD_LEN_MAX,
    });
    assert_eq!(
        alice
            .net
            .send(to_bob, vec![Payload::message(vec![3; PAYLOAD_LEN_MAX + 1])]),
        Err(too_long)
    );
    alice
        .net
        .send(to_bob, vec![Payload::message(longest.clone())])
        .unwrap();
    assert_eq!(bob.received().await.2, longest);
    alice.net.close().await;
    bob.net.close().await;
}

fn speaking(seed: u8, min: u16, max: u16) -> NetConfig {
    NetConfig {
        versions: VersionRange::new(min, max).unwrap(),
        ..config(seed)
    }
}

async fn agreed_version(first: NetConfig, second: NetConfig) -> (u16, u16) {
    let (mut first, mut second) = (Node::start(first).await, Node::start(second).await);
    first.net.connect(&second.addr().await).await.unwrap();
    let version = |event| match event {
        NetEvent::Connected { version, .. } => Some(version),
        _ => None,
    };
    let versions = (
        first.until("a version", version).await,
        second.until("a version", version).await,
    );
    first.net.close().await;
    second.net.close().await;
    versions
}

#[tokio::test]
async fn an_old_node_and_a_new_one_speak_the_old_version() {
    assert_eq!(
        agreed_version(speaking(1, 1, 1), speaking(2, 1, 2)).await,
        (1, 1)
    );
    assert_eq!(
        agreed_version(speaking(1, 1, 2), speaking(2, 1, 1)).await,
        (1, 1)
    );
    assert_eq!(
        agreed_version(speaking(1, 1, 2), speaking(2, 1, 2)).await,
        (2, 2)
    );
}

#[tokio::test]
async fn nodes_without_a_common_version_refuse_each_other_and_name_both_ranges() {
    let (old, new) = (
        Node::start(speaking(1, 1, 2)).await,
        Node::start(speaking(2, 3, 4)).await,
    );
    let ranges = |node: &str| match node {
        "old" => (
            VersionRange::new(1, 2).unwrap(),
            VersionRange::new(3, 4).unwrap(),
        ),
        _ => (
            VersionRange::new(3, 4).unwrap(),
            VersionRange::new(1, 2).unwrap(),
        ),
    };
    for (name, dialing, dialed) in [("old", &old, &new), ("new", &new, &old)] {
        let (ours, theirs) = ranges(name);
        let refused = dialing.net.connect(&dialed.addr().await).await;
        assert_eq!(
            refused,
            Err(ConnectError::VersionMismatch { ours, theirs }),
            "dialled by the {name} node"
        );
    }
    assert_eq!((old.net.paths().len(), new.net.paths().len()), (0, 0));
    old.net.close().await;
    new.net.close().await;
}

#[tokio::test]
async fn a_refusal_that_overtakes_the_hello_still_names_the_versions() {
    let alice = Node::start(config(1)).await;
    let future_node = raw_endpoint(2).await;
    let addr = future_node
        .bound_sockets()
        .into_iter()
        .fold(PeerAddr::new([0; 32]), PeerAddr::with_direct);
    let addr = PeerAddr {
        node_id: *future_node.id().as_bytes(),
        ..addr
    };
    let theirs = VersionRange::new(8, 9).unwrap();
    let refusing = tokio::spawn(async move {
        let conn = future_node.accept().await.unwrap().await.unwrap();
        let hello = Hello::new(theirs, 0, [0; 8], "").unwrap().encode();
        conn.close(VarInt::from_u32(CloseCode::Version as u32), &hello);
        conn.closed().await;
        future_node.close().await;
    });
    let refused = patiently("a refusal", alice.net.connect(&addr)).await;
    assert_eq!(
        refused,
        Err(ConnectError::VersionMismatch {
            ours: VersionRange::CURRENT,
            theirs
        })
    );
    refusing.await.unwrap();
    alice.net.close().await;
}

#[tokio::test]
async fn what_is_queued_is_delivered_before_a_graceful_end() {
    let ((mut alice, to_bob), (mut bob, to_alice)) = pair(config(1), config(2)).await;
    alice
        .net
        .send(to_bob, vec![Payload::message(vec![5; 100_000]); 40])
        .unwrap();
    alice.net.disconnect(to_bob);
    assert_eq!(
        alice.net.send(to_bob, vec![Payload::message("too late")]),
        Err(SendError::NotConnected(to_bob))
    );
    for _ in 0..40 {
        assert_eq!(bob.received().await.2.len(), 100_000);
    }
    let by_peer = DisconnectReason::Peer {
        code: Some(CloseCode::Normal),
    };
    assert_eq!(bob.disconnected().await, (to_alice, by_peer));
    assert_eq!(
        alice.disconnected().await,
        (to_bob, DisconnectReason::Local)
    );
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_peer_that_restarts_on_the_same_key_connects_again() {
    let ((mut alice, to_bob), (bob, _)) = pair(config(1), config(2)).await;
    bob.net.close().await;
    assert_eq!(alice.disconnected().await.0, to_bob);
    let bob = Node::start(config(2)).await;
    let again = alice.connect(&bob.addr().await).await;
    assert_ne!(again, to_bob);
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_peer_that_crashed_takes_the_place_of_its_former_self() {
    let mut alice = Node::start(config(1)).await;
    let to_alice = alice.addr().await;
    // Both lives dial from a runtime of their own, which can be stopped like a process.
    let live = |to_alice: PeerAddr| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let started = runtime.spawn(async move {
            let mut bob = Node::start(config(2)).await;
            bob.connect(&to_alice).await;
            bob
        });
        (runtime, started)
    };
    let (first_life, started) = live(to_alice.clone());
    let ghost = started.await.unwrap();
    let first = alice.connected().await;
    first_life.shutdown_background(); // nothing is said on the network
    drop(ghost);

    let (second_life, started) = live(to_alice);
    let bob = started.await.unwrap();
    assert_eq!(
        alice.disconnected().await,
        (first, DisconnectReason::Replaced)
    );
    let second = alice.connected().await;
    assert_ne!(first, second);
    let closing = second_life.spawn(async move { bob.net.close().await });
    closing.await.unwrap();
    alice.net.close().await;
    second_life.shutdown_background();
}

#[tokio::test]
async fn nodes_that_dial_each_other_at_once_end_up_with_one_working_connection() {
    for round in 0..5 {
        let (mut alice, mut bob) = (Node::start(config(1)).await, Node::start(config(2)).await);
        let (to_alice, to_bob) = (alice.addr().await, bob.addr().await);
        let (from_alice, from_bob) =
            tokio::join!(alice.net.connect(&to_bob), bob.net.connect(&to_alice));
        assert!(
            from_alice.is_ok() || from_bob.is_ok(),
            "round {round}: {from_alice:?}, {from_bob:?}"
        );

        let mut seen = [Seen::default(), Seen::default()];
        patiently("one connection on both sides", async {
            while !seen.iter().all(Seen::settled) {
                tokio::select! {
                    event = alice.events.recv() => seen[0].note(&alice, event.unwrap()),
                    event = bob.events.recv() => seen[1].note(&bob, event.unwrap()),
                }
            }
        })
        .await;
        alice.net.close().await;
        bob.net.close().await;
    }
}

/// What one side knows of its connections; it greets on each.
#[derive(Default)]
struct Seen {
    live: BTreeSet<ConnectionId>,
    greeted_on: BTreeSet<ConnectionId>,
}

impl Seen {
    fn note(&mut self, node: &Node, event: NetEvent) {
        match event {
            NetEvent::Connected { conn, .. } => {
                self.live.insert(conn);
                let _ = node.net.send(conn, vec![Payload::message("hi")]); // may be replaced already
            }
            NetEvent::Received { conn, .. } => drop(self.greeted_on.insert(conn)),
            NetEvent::Disconnected { conn, .. } => drop(self.live.remove(&conn)),
            NetEvent::PathChanged { .. } => {}
        }
    }

    fn settled(&self) -> bool {
        self.live.len() == 1 && self.live.is_subset(&self.greeted_on)
    }
}

#[tokio::test]
async fn a_second_dial_returns_the_existing_connection() {
    let ((alice, to_bob), (bob, to_alice)) = pair(config(1), config(2)).await;
    assert_eq!(alice.net.connect(&bob.addr().await).await, Ok(to_bob));
    assert_eq!(bob.net.connect(&alice.addr().await).await, Ok(to_alice));
    assert_eq!(
        alice.net.connect(&alice.addr().await).await,
        Err(ConnectError::SelfConnect)
    );
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unreachable() {
    let mut config = config(1);
    config.limits.handshake_timeout = Duration::from_millis(500);
    let alice = Node::start(config.clone()).await;
    config.secret_key = [2; 32].into();
    let bob = Node::start(config).await;
    let to_bob = bob.addr().await;
    bob.net.close().await;
    let refused = alice.net.connect(&to_bob).await;
    assert!(
        matches!(refused, Err(ConnectError::Unreachable { .. })),
        "{refused:?}"
    );
    let nowhere = PeerAddr::new(to_bob.node_id);
    assert!(matches!(
        alice.net.connect(&nowhere).await,
        Err(ConnectError::Unreachable { .. })
    ));
    alice.net.close().await;
    assert_eq!(alice.net.connect(&to_bob).await, Err(ConnectError::Closed));
}

#[tokio::test]
async fn a_hello_of_a_later_version_may_be_longer() {
    let alice = Node::start(config(1)).await;
    let mut later = common::RawPeer::dial(2, &alice.addr().await).await;
    let mut hello = Hello::new(VersionRange::CURRENT, u64::MAX, [2; 8], "later")
        .unwrap()
        .encode();
    hello.extend_from_slice(&[0xee; 50]);
    later.write(&frame(Channel::Control, &hello)).await;
    assert_eq!(later.read_hello().await.versions, VersionRange::CURRENT);
    let mut alice = alice;
    let features = alice.until("the connection", |event| match event {
        NetEvent::Connected { features, .. } => Some(features),
        _ => None,
    });
    assert_eq!(features.await, u64::MAX);
    later.endpoint.close().await;
    alice.net.close().await;
}
