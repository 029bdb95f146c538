//! The embedded relay: paths through it, access, caps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use common::{Node, config, patiently};
use conclave_net::{
    ConnectError, NetConfig, PathKind, Payload, PeerAddr, RelayEntry, RelayStatus, Secret,
    relay::{RelayCertificate, RelayError, RelayServer, RelayServerConfig},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn certificate() -> RelayCertificate {
    RelayCertificate::self_signed(vec!["127.0.0.1".into()]).unwrap()
}

async fn https_relay() -> RelayServer {
    let mut config = RelayServerConfig::new(loopback());
    config.certificate = Some(certificate());
    config.quic_bind = Some(loopback());
    RelayServer::start(config).await.unwrap()
}

fn entry(relay: &RelayServer) -> RelayEntry {
    RelayEntry {
        pinned_cert_der: relay.cert_der().map(<[u8]>::to_vec),
        quic_port: relay.quic_port(),
        ..RelayEntry::new(relay.url().clone())
    }
}

/// A node that has no other way than the relay.
fn relayed(seed: u8, relay: RelayEntry) -> NetConfig {
    NetConfig {
        direct: false,
        bind: None,
        relays: vec![relay],
        ..config(seed)
    }
}

async fn online(node: &Node) -> Vec<RelayStatus> {
    let connected = |status: &[RelayStatus]| status.iter().any(|relay| relay.connected);
    patiently("the relay", node.net.relay_status_when(connected)).await
}

async fn denied(node: &Node) -> String {
    let denied = |status: &[RelayStatus]| status.iter().any(|relay| relay.denied.is_some());
    let status = patiently("a denial", node.net.relay_status_when(denied)).await;
    assert!(!status[0].connected);
    status[0].denied.clone().unwrap()
}

/// All that a stranger knows of a node: its id and its relay.
fn by_relay(node: &Node, relay: &RelayServer) -> PeerAddr {
    PeerAddr::new(node.net.node_id()).with_relay(relay.url().clone())
}

#[tokio::test]
async fn nodes_that_know_id_and_relay_only_talk_through_the_relay() {
    let relay = https_relay().await;
    let (mut alice, mut bob) = (
        Node::start(relayed(1, entry(&relay))).await,
        Node::start(relayed(2, entry(&relay))).await,
    );
    assert_eq!(bob.addr().await, by_relay(&bob, &relay));
    let to_bob = alice.connect(&by_relay(&bob, &relay)).await;
    let path = alice.path().await;
    assert_eq!(
        (path.node_id, path.kind),
        (
            bob.net.node_id(),
            PathKind::Relayed {
                url: relay.url().clone()
            }
        )
    );
    alice
        .net
        .send(to_bob, vec![Payload::message(vec![9; 200_000])])
        .unwrap();
    let (to_alice, _, payload) = bob.received().await;
    assert_eq!(payload, vec![9; 200_000]);
    bob.net
        .send(to_alice, vec![Payload::message("back")])
        .unwrap();
    assert_eq!(alice.received().await.2, b"back");

    let metrics = relay.metrics_text();
    assert_eq!(counter(&metrics, "conclave_relay_connections"), 2);
    assert!(counter(&metrics, "conclave_relay_bytes_sent_total") > 200_000);
    assert!(
        !metrics.contains(&hex::encode(alice.net.node_id())[..8]),
        "counters name no client"
    );
    alice.net.close().await;
    bob.net.close().await;
    relay.shutdown().await;
}

fn counter(metrics: &str, name: &str) -> u64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn nodes_that_met_at_the_relay_go_on_directly() {
    let relay = https_relay().await;
    let with_relay = |seed| NetConfig {
        relays: vec![entry(&relay)],
        ..config(seed)
    };
    let (mut alice, mut bob) = (
        Node::start(with_relay(1)).await,
        Node::start(with_relay(2)).await,
    );
    online(&bob).await;
    let to_bob = alice.connect(&by_relay(&bob, &relay)).await;
    while alice.path().await.kind != PathKind::Direct {}
    assert_eq!(alice.net.paths()[0].1.kind, PathKind::Direct);
    alice
        .net
        .send(to_bob, vec![Payload::message("direct")])
        .unwrap();
    assert_eq!(bob.received().await.2, b"direct");
    alice.net.close().await;
    bob.net.close().await;
    relay.shutdown().await;
}

#[tokio::test]
async fn a_relay_with_tokens_lets_in_who_has_one() {
    let mut closed = RelayServerConfig::new(loopback());
    closed.tokens = vec![Secret::new("for-friends"), Secret::new("for-family")];
    let relay = RelayServer::start(closed).await.unwrap();
    let with = |seed, token: Option<&str>| {
        relayed(
            seed,
            RelayEntry {
                token: token.map(Secret::new),
                ..entry(&relay)
            },
        )
    };

    let without = Node::start(with(1, None)).await;
    assert_eq!(denied(&without).await, "no valid token");
    let wrong = Node::start(with(2, Some("for-foes"))).await;
    assert_eq!(denied(&wrong).await, "no valid token");

    let (mut alice, mut bob) = (
        Node::start(with(3, Some("for-friends"))).await,
        Node::start(with(4, Some("for-family"))).await,
    );
    online(&alice).await;
    online(&bob).await;
    let to_bob = alice.connect(&by_relay(&bob, &relay)).await;
    alice
        .net
        .send(to_bob, vec![Payload::message("let in")])
        .unwrap();
    assert_eq!(bob.received().await.2, b"let in");

    let metrics = relay.metrics_text();
    assert_eq!(counter(&metrics, "conclave_relay_accepted_total"), 2);
    assert!(counter(&metrics, "conclave_relay_refused_token_total") >= 2);
    assert!(!metrics.contains("for-f"));
    for node in [without, wrong, alice, bob] {
        node.net.close().await;
    }
    relay.shutdown().await;
}

#[tokio::test]
async fn clients_of_a_relay_are_capped_and_places_are_given_back() {
    let mut small = RelayServerConfig::new(loopback());
    small.limits.connections_max = 2;
    let relay = RelayServer::start(small).await.unwrap();
    let alice = Node::start(relayed(1, entry(&relay))).await;
    let bob = Node::start(relayed(2, entry(&relay))).await;
    online(&alice).await;
    online(&bob).await;
    let carol = Node::start(relayed(3, entry(&relay))).await;
    assert_eq!(denied(&carol).await, "too many connections");
    assert_eq!(
        counter(&relay.metrics_text(), "conclave_relay_connections"),
        2
    );

    bob.net.close().await;
    online(&carol).await; // tries again by itself
    assert_eq!(
        counter(&relay.metrics_text(), "conclave_relay_connections"),
        2
    );
    alice.net.close().await;
    carol.net.close().await;
    relay.shutdown().await;
}

/// Asks for a WebSocket as a client would, and then never proves a node id.
async fn stall_after_upgrade(relay: &RelayServer) -> TcpStream {
    let mut stream = TcpStream::connect(relay.addr()).await.unwrap();
    let request = "GET /relay HTTP/1.1\r\nHost: relay\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: iroh-relay-v1\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    patiently("an answer", stream.read_exact(&mut first))
        .await
        .unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    stream
}

async fn closed_by_relay(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = patiently("the relay to hang up", stream.read_to_end(&mut rest)).await; // a reset is an end as well
}

#[tokio::test]
async fn clients_that_never_prove_a_node_id_are_cut_off_and_capped() {
    let mut strict = RelayServerConfig::new(loopback());
    strict.limits.pending_max = 2;
    strict.limits.pending_timeout = Duration::from_secs(2);
    let relay = RelayServer::start(strict).await.unwrap();
    let silent = TcpStream::connect(relay.addr()).await.unwrap();
    let stalled = stall_after_upgrade(&relay).await;
    let beyond = TcpStream::connect(relay.addr()).await.unwrap();
    closed_by_relay(beyond).await;
    assert_eq!(
        counter(
            &relay.metrics_text(),
            "conclave_relay_dropped_pending_total"
        ),
        1
    );
    assert_eq!(
        counter(
            &relay.metrics_text(),
            "conclave_relay_timed_out_pending_total"
        ),
        0
    );
    closed_by_relay(silent).await;
    closed_by_relay(stalled).await;
    assert_eq!(
        counter(
            &relay.metrics_text(),
            "conclave_relay_timed_out_pending_total"
        ),
        2
    );

    let alice = Node::start(relayed(1, entry(&relay))).await;
    online(&alice).await;
    alice.net.close().await;
    relay.shutdown().await;
}

#[tokio::test]
async fn a_relay_with_another_certificate_than_the_pinned_one_is_not_used() {
    let (relay, other) = (https_relay().await, certificate());
    let bob = Node::start(relayed(2, entry(&relay))).await;
    online(&bob).await;

    let mut deceived = relayed(
        1,
        RelayEntry {
            pinned_cert_der: Some(other.leaf_der().to_vec()),
            ..entry(&relay)
        },
    );
    deceived.limits.handshake_timeout = Duration::from_secs(2);
    let alice = Node::start(deceived.clone()).await;
    let refused = alice.net.connect(&by_relay(&bob, &relay)).await;
    assert!(
        matches!(refused, Err(ConnectError::Unreachable { .. })),
        "{refused:?}"
    );
    alice.net.close().await;

    // The certificate is of no public authority either: without a pin it is refused too.
    deceived.relays[0].pinned_cert_der = None;
    let alice = Node::start(deceived.clone()).await;
    assert!(matches!(
        alice.net.connect(&by_relay(&bob, &relay)).await,
        Err(ConnectError::Unreachable { .. })
    ));
    alice.net.close().await;

    deceived.relays = vec![entry(&relay)];
    let alice = Node::start(deceived).await;
    patiently("a connection", alice.net.connect(&by_relay(&bob, &relay)))
        .await
        .unwrap();
    alice.net.close().await;
    bob.net.close().await;
    relay.shutdown().await;
}

#[tokio::test]
async fn a_relay_learned_later_is_used_like_one_from_the_start() {
    let relay = https_relay().await;
    let mut alice = Node::start(config(1)).await;
    let bob = Node::start(relayed(2, entry(&relay))).await;
    online(&bob).await;
    assert!(alice.addr().await.relays.is_empty());
    alice.net.add_relay(&entry(&relay)).await;
    online(&alice).await;
    assert_eq!(alice.addr().await.relays, [relay.url().clone()].into());
    alice.connect(&by_relay(&bob, &relay)).await;
    alice.net.close().await;
    bob.net.close().await;
    relay.shutdown().await;
}

#[tokio::test]
async fn a_node_moves_to_its_other_relay_when_one_dies() {
    let (first, second) = (https_relay().await, https_relay().await);
    let relays = vec![entry(&first), entry(&second)];
    let node = Node::start(NetConfig {
        relays,
        ..relayed(1, entry(&first))
    })
    .await;
    let home = online(&node).await[0].url.clone();
    let (dying, other) = if home == *first.url() {
        (first, second)
    } else {
        (second, first)
    };
    dying.shutdown().await;
    let moved = |status: &[RelayStatus]| {
        status
            .iter()
            .any(|relay| relay.connected && relay.url == *other.url())
    };
    patiently("the other relay", node.net.relay_status_when(moved)).await;
    node.net.close().await;
    other.shutdown().await;
}

#[tokio::test]
async fn a_relay_that_is_dropped_disconnects_its_clients() {
    let relay = https_relay().await;
    let node = Node::start(relayed(1, entry(&relay))).await;
    online(&node).await;
    drop(relay);
    let offline = |status: &[RelayStatus]| status.iter().all(|relay| !relay.connected);
    patiently("the end of the relay", node.net.relay_status_when(offline)).await;
    node.net.close().await;
}

#[tokio::test]
async fn a_client_is_slowed_down_to_its_rate() {
    let mut slow = RelayServerConfig::new(loopback());
    slow.limits.bytes_per_second = NonZeroU32::new(64 << 10).unwrap();
    slow.limits.burst_bytes = NonZeroU32::new(64 << 10).unwrap();
    let relay = RelayServer::start(slow).await.unwrap();
    let (mut alice, mut bob) = (
        Node::start(relayed(1, entry(&relay))).await,
        Node::start(relayed(2, entry(&relay))).await,
    );
    online(&bob).await;
    let to_bob = alice.connect(&by_relay(&bob, &relay)).await;
    alice
        .net
        .send(to_bob, vec![Payload::message(vec![1; 160 << 10])])
        .unwrap();
    assert_eq!(bob.received().await.2.len(), 160 << 10);
    assert!(counter(&relay.metrics_text(), "conclave_relay_bytes_slowed_total") > 0);
    alice.net.close().await;
    bob.net.close().await;
    relay.shutdown().await;
}

#[tokio::test]
async fn address_discovery_without_a_certificate_does_not_start() {
    let mut config = RelayServerConfig::new(loopback());
    config.quic_bind = Some(loopback());
    let refused = RelayServer::start(config.clone()).await.map(|_| ());
    assert!(matches!(refused, Err(RelayError::QuicWithoutCertificate)));
    config.certificate = Some(certificate());
    let relay = RelayServer::start(config).await.unwrap();
    assert!(
        relay.quic_port().is_some() && relay.url().to_string().starts_with("https://127.0.0.1:")
    );
    relay.shutdown().await;
}
