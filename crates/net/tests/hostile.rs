//! Peers that do not behave: each is cut off, and nobody else notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{Node, RawPeer, config, frame, pair, patiently};
use conclave_net::{
    Channel, CloseCode, ConnectError, ConnectionId, DisconnectReason, FrameError,
    INCOMING_UNITS_MIN, NetEvent, PAYLOAD_LEN_MAX, Payload, SendError, encode_header,
};

/// Shows that two nodes still exchange payloads, taking nothing but payloads from the second one's events.
async fn still_works(from: &Node, conn: ConnectionId, to: &mut Node) {
    from.net
        .send(conn, vec![Payload::message("still here")])
        .unwrap();
    to.until("a payload of the honest peer", |event| match event {
        NetEvent::Received { payload, .. } if payload == b"still here" => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_is_too_long_or_out_of_place_ends_its_own_connection_only() {
    let ((alice, to_bob), (mut bob, _)) = pair(config(1), config(2)).await;
    let len = PAYLOAD_LEN_MAX + 1;
    let too_long = encode_header(Channel::Messages, len).unwrap().to_vec();
    let cases = [
        (
            too_long,
            DisconnectReason::Frame(FrameError::TooLong {
                len,
                max: PAYLOAD_LEN_MAX,
            }),
        ),
        (
            vec![0, 0, 0, 1, 9, 0],
            DisconnectReason::Frame(FrameError::UnknownChannel { channel: 9 }),
        ),
        (
            frame(Channel::Control, b"?"),
            DisconnectReason::ControlFrame,
        ),
    ];
    for (bytes, expected) in cases {
        let mut mallory = RawPeer::greet(3, &bob.addr().await).await;
        let conn = bob.connected().await;
        mallory.write(&frame(Channel::Messages, b"good")).await;
        assert_eq!(
            bob.received().await,
            (conn, Channel::Messages, b"good".to_vec())
        );
        mallory.write(&bytes).await;
        assert_eq!(mallory.close_code().await, CloseCode::Frame as u64);
        assert_eq!(bob.disconnected().await, (conn, expected));
        still_works(&alice, to_bob, &mut bob).await;
        mallory.endpoint.close().await;
    }
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn garbage_instead_of_hello_is_refused_and_others_go_on() {
    let ((alice, to_bob), (mut bob, _)) = pair(config(1), config(2)).await;
    let cases = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        frame(Channel::Control, &[0; 40]),
        frame(
            Channel::Control,
            b"CNCL\x00\x02\x00\x01aaaaaaaabbbbbbbb\x00",
        ),
        frame(Channel::Control, b"CNCL"),
        frame(
            Channel::Messages,
            b"CNCL\x00\x01\x00\x01aaaaaaaabbbbbbbb\x00",
        ),
        frame(
            Channel::Control,
            &[
                b"CNCL\x00\x01\x00\x01aaaaaaaabbbbbbbb\x00".as_slice(),
                &[0; 300],
            ]
            .concat(),
        ),
    ];
    for garbage in cases {
        let mut mallory = RawPeer::dial(3, &bob.addr().await).await;
        mallory.write(&garbage).await;
        assert_eq!(
            mallory.close_code().await,
            CloseCode::Hello as u64,
            "{garbage:02x?}"
        );
        mallory.endpoint.close().await;
    }
    let good = RawPeer::greet(3, &bob.addr().await).await;
    bob.connected().await;
    still_works(&alice, to_bob, &mut bob).await;
    good.endpoint.close().await;
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_cut_off() {
    let mut config = config(1);
    config.limits.handshake_timeout = Duration::from_millis(300);
    let alice = Node::start(config).await;
    let silent = RawPeer::dial(2, &alice.addr().await).await;
    assert_eq!(silent.close_code().await, CloseCode::Timeout as u64);
    silent.endpoint.close().await;
    alice.net.close().await;
}

#[tokio::test]
async fn connections_without_hello_are_capped_and_their_places_are_given_back() {
    let mut limited = config(1);
    limited.limits.handshakes_max = 2;
    limited.limits.handshake_timeout = Duration::from_secs(2);
    let mut alice = Node::start(limited).await;
    let addr = alice.addr().await;
    let silent = [RawPeer::dial(2, &addr).await, RawPeer::dial(3, &addr).await];
    let bob = Node::start(config(4)).await;
    let refused = patiently("a refusal", bob.net.connect(&addr)).await;
    assert!(
        matches!(refused, Err(ConnectError::Unreachable { .. })),
        "{refused:?}"
    );
    for peer in silent {
        assert_eq!(peer.close_code().await, CloseCode::Timeout as u64);
        peer.endpoint.close().await;
    }
    patiently("a connection", bob.net.connect(&addr))
        .await
        .unwrap();
    alice.connected().await;
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_disconnected_when_its_queue_is_full() {
    let mut limited = config(1);
    limited.limits.outgoing_bytes_max = 1 << 20;
    let ((mut alice, to_bob), (mut bob, _)) = pair(limited, config(2)).await;
    let slow = RawPeer::greet(3, &alice.addr().await).await;
    let to_slow = alice.connected().await;
    let mut accepted = 0;
    let refused = loop {
        match alice
            .net
            .send(to_slow, vec![Payload::message(vec![0; 64 << 10])])
        {
            Ok(()) => accepted += 64 << 10,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
        // The queue, QUIC's send window, and what the slow peer's own QUIC takes in without anybody reading it.
        assert!(accepted < 64 << 20, "queued without bound");
    };
    assert!(
        matches!(refused, SendError::SlowPeer { queued } if queued <= 1 << 20),
        "{refused:?}"
    );
    assert_eq!(
        alice.disconnected().await,
        (to_slow, DisconnectReason::SlowPeer)
    );
    assert_eq!(slow.close_code().await, CloseCode::Slow as u64);
    still_works(&alice, to_bob, &mut bob).await;
    slow.endpoint.close().await;
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_disconnected_in_time_even_if_its_queue_is_not_full() {
    let mut limited = config(1);
    limited.limits.stall_timeout = Duration::from_millis(500);
    limited.limits.outgoing_bytes_max = 64 << 20;
    let mut alice = Node::start(limited).await;
    let slow = RawPeer::greet(3, &alice.addr().await).await;
    let to_slow = alice.connected().await;
    alice
        .net
        .send(to_slow, vec![Payload::bulk(vec![0; 1 << 20]); 40])
        .unwrap();
    assert_eq!(
        alice.disconnected().await,
        (to_slow, DisconnectReason::SlowPeer)
    );
    assert_eq!(slow.close_code().await, CloseCode::Slow as u64);
    slow.endpoint.close().await;
    alice.net.close().await;
}

#[tokio::test]
async fn a_flood_does_not_starve_the_other_peers() {
    let ((mut alice, to_bob), (mut bob, to_alice)) = pair(config(1), config(2)).await;
    let mut flooder = RawPeer::greet(3, &bob.addr().await).await;
    let flood_conn = bob.connected().await;
    let flood = frame(Channel::Messages, b"flood").repeat(10_000);
    let flooding =
        tokio::spawn(async move { while flooder.send.write_all(&flood).await.is_ok() {} });
    let mut flooded = 0_u32;
    for _ in 0..50 {
        alice
            .net
            .send(to_bob, vec![Payload::message("ping")])
            .unwrap();
        bob.until("a ping through the flood", |event| match event {
            NetEvent::Received { conn, .. } if conn == to_alice => Some(()),
            NetEvent::Received { conn, .. } if conn == flood_conn => {
                flooded += 1;
                None
            }
            _ => None,
        })
        .await;
        bob.net
            .send(to_alice, vec![Payload::message("pong")])
            .unwrap();
        assert_eq!(alice.received().await.2, b"pong");
    }
    assert!(flooded > 1000, "there was no flood: {flooded} frames");
    bob.net.close().await;
    patiently("the flood to end", flooding).await.unwrap();
    alice.net.close().await;
}

#[tokio::test]
async fn a_flood_fills_no_more_than_its_own_share_of_the_events() {
    let mut limited = config(2);
    limited.limits.incoming_units_max = INCOMING_UNITS_MIN;
    let mut bob = Node::start(limited).await;
    let addr = bob.addr().await;
    let mut flooder = RawPeer::greet(3, &addr).await;
    let flood_conn = bob.connected().await;
    let flood = frame(Channel::Messages, b"flood").repeat(20_000);
    flooder.write(&flood).await; // fits into QUIC's window, so all of it is there at once

    // Nobody takes bob's events until alice is connected; the flood has had all that time.
    let mut alice = Node::start(config(1)).await;
    alice.connect(&addr).await;
    patiently("both connections", async {
        while bob.net.paths().len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut before = 0;
    bob.until("alice behind the flood", |event| match event {
        NetEvent::Connected { .. } => Some(()),
        NetEvent::Received { conn, .. } if conn == flood_conn => {
            before += 1;
            None
        }
        _ => None,
    })
    .await;
    assert!(
        (1..=4 * INCOMING_UNITS_MIN).contains(&before),
        "{before} of 20,000 frames came first"
    );
    flooder.endpoint.close().await;
    alice.net.close().await;
    bob.net.close().await;
}

#[tokio::test]
async fn incoming_connections_are_capped_and_places_are_given_back() {
    let mut limited = config(1);
    limited.limits.connections_incoming_max = 2;
    let mut alice = Node::start(limited).await;
    let addr = alice.addr().await;
    let first = RawPeer::greet(2, &addr).await;
    let first_conn = alice.connected().await;
    let second = RawPeer::greet(3, &addr).await;
    alice.connected().await;
    let third = RawPeer::greet(4, &addr).await;
    assert_eq!(third.close_code().await, CloseCode::Busy as u64);

    let bob = Node::start(config(5)).await;
    let refused = patiently("a refusal", async {
        // The handshake itself succeeds; the refusal follows, as an error here or as the end of the connection.
        match bob.net.connect(&addr).await {
            Err(ConnectError::Refused { code }) => DisconnectReason::Peer { code },
            Err(other) => panic!("{other}"),
            Ok(_) => {
                let mut bob = Node {
                    net: bob.net.clone(),
                    events: bob.events,
                };
                bob.disconnected().await.1
            }
        }
    });
    assert_eq!(
        refused.await,
        DisconnectReason::Peer {
            code: Some(CloseCode::Busy)
        }
    );

    first.conn.close(0_u32.into(), b"");
    assert_eq!(alice.disconnected().await.0, first_conn);
    let fourth = RawPeer::greet(6, &addr).await;
    alice.connected().await;
    for peer in [first, second, third, fourth] {
        peer.endpoint.close().await;
    }
    bob.net.close().await;
    alice.net.close().await;
}

#[tokio::test]
async fn outgoing_connections_are_capped() {
    let mut limited = config(1);
    limited.limits.connections_outgoing_max = 1;
    let (mut alice, bob, carol) = (
        Node::start(limited).await,
        Node::start(config(2)).await,
        Node::start(config(3)).await,
    );
    let to_bob = alice.connect(&bob.addr().await).await;
    let refused = alice.net.connect(&carol.addr().await).await;
    assert_eq!(refused, Err(ConnectError::TooManyConnections { max: 1 }));
    alice.net.disconnect(to_bob);
    alice.disconnected().await;
    alice.connect(&carol.addr().await).await;
    for node in [alice, bob, carol] {
        node.net.close().await;
    }
}

#[tokio::test]
async fn connections_end_when_nobody_takes_events_any_more() {
    let ((mut alice, to_bob), (bob, to_alice)) = pair(config(1), config(2)).await;
    drop(bob.events);
    alice
        .net
        .send(to_bob, vec![Payload::message("anybody there?")])
        .unwrap();
    assert_eq!(
        alice.disconnected().await.1,
        DisconnectReason::Peer {
            code: Some(CloseCode::Shutdown)
        }
    );
    assert!(
        patiently("the end", bob.net.room(to_alice, 1 << 30))
            .await
            .is_err()
    );
    alice.net.close().await;
    bob.net.close().await;
}
