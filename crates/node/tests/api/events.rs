//! The stream of events: who may open it, what comes, who is let go.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Error, Message, WebSocket};

use crate::common::TestNode;

fn open(
    node: &TestNode,
    protocols: &str,
    extra: &[(&'static str, String)],
) -> Result<WebSocket<TcpStream>, u16> {
    let tcp = TcpStream::connect(("127.0.0.1", node.port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut request = format!("ws://{}/api/v1/events", node.host())
        .into_client_request()
        .unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocols.parse().unwrap());
    for (name, value) in extra {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match tungstenite::client(request, tcp) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
            Err(response.status().as_u16())
        }
        Err(error) => panic!("{error}"),
    }
}

fn mine(node: &TestNode) -> String {
    format!("conclave.v1, bearer.{}", node.token)
}

/// The next event; the close code when there is none.
fn next(socket: &mut WebSocket<TcpStream>) -> Result<Value, Option<u16>> {
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => return Ok(serde_json::from_str(text.as_str()).unwrap()),
            Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code.into())),
            Ok(_) => {}
            Err(error) => {
                eprintln!("the stream ended: {error}");
                return Err(None);
            }
        }
    }
}

#[test]
fn the_stream_is_guarded_like_every_route() {
    let node = TestNode::start();
    assert_eq!(open(&node, "conclave.v1", &[]).err(), Some(401));
    assert_eq!(
        open(&node, "conclave.v1, bearer.wrong", &[]).err(),
        Some(401)
    );
    assert_eq!(
        open(
            &node,
            &mine(&node),
            &[("origin", "http://evil.example".into())]
        )
        .err(),
        Some(403)
    );
    assert_eq!(
        open(&node, &mine(&node), &[("host", "evil.example".into())]).err(),
        Some(421)
    );
    assert_eq!(
        open(
            &node,
            &mine(&node),
            &[("sec-fetch-site", "cross-site".into())]
        )
        .err(),
        Some(403)
    );
    assert_eq!(
        open(
            &node,
            &mine(&node),
            &[("sec-fetch-site", "same-site".into())]
        )
        .err(),
        Some(403)
    );
    let own = format!("http://127.0.0.1:{}", node.port);
    let mut socket = open(
        &node,
        &mine(&node),
        &[("origin", own), ("sec-fetch-site", "same-origin".into())],
    )
    .unwrap();
    assert_eq!(next(&mut socket).unwrap()["type"], "ready");
    // A token in the sub-protocol counts for the stream alone.
    let headers = [
        ("host", node.host()),
        ("sec-websocket-protocol", mine(&node)),
    ];
    assert_eq!(
        crate::common::send(node.port, "GET", "/api/v1/me", &headers, b"").status,
        401
    );
    drop(socket);
    node.stop();
}

#[test]
fn events_are_numbered_and_bring_whole_objects() {
    let node = TestNode::start();
    let (server, channel) = node.server();
    let mut socket = open(&node, &mine(&node), &[]).unwrap();
    let ready = next(&mut socket).unwrap();
    assert_eq!(
        (ready["type"].as_str(), ready["seq"].as_u64()),
        (Some("ready"), Some(1))
    );
    assert_eq!(ready["data"]["servers"][0]["id"], server.as_str());
    let sent = node
        .post(
            &format!("/channels/{channel}/messages"),
            &json!({ "content": "**hi**" }),
        )
        .json();
    let mut last = 1;
    let created = loop {
        let event = next(&mut socket).unwrap();
        assert_eq!(event["seq"], last + 1);
        last += 1;
        if event["type"] == "message.created" {
            break event;
        }
    };
    assert_eq!(created["data"]["id"], sent["id"]);
    assert_eq!(created["data"]["content"], "**hi**");
    assert_eq!(created["data"]["tree"], sent["tree"]);
    drop(socket);
    node.stop();
}

#[test]
fn a_limited_token_hears_only_what_it_may() {
    let node = TestNode::start();
    let ((mine, my_channel), (_, other_channel)) = (node.server(), node.server());
    let token = node.api_token(&["profile:read", "messages:read"], Some(&mine));
    let mut socket = open(&node, &format!("conclave.v1, bearer.{token}"), &[]).unwrap();
    assert_eq!(
        next(&mut socket).unwrap()["data"]["servers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    node.post(
        &format!("/channels/{other_channel}/messages"),
        &json!({ "content": "secret" }),
    );
    node.as_person(
        "PATCH",
        &format!("/servers/{mine}"),
        Some(&json!({ "name": "Renamed" })),
    );
    node.post(
        &format!("/channels/{my_channel}/messages"),
        &json!({ "content": "hello" }),
    );
    let event = loop {
        let event = next(&mut socket).unwrap();
        assert!(!event.to_string().contains("secret"), "{event}");
        assert_ne!(
            event["type"], "server.updated",
            "reading servers was not allowed"
        );
        if event["type"] == "message.created" {
            break event;
        }
    };
    assert_eq!(event["data"]["content"], "hello");
    drop(socket);
    node.stop();
}

#[test]
fn a_client_that_does_not_read_is_let_go_and_another_gets_everything() {
    const MESSAGES: usize = 1200;
    let node = TestNode::start();
    let (_, channel) = node.server();
    let mut slow = open(&node, &mine(&node), &[]).unwrap();
    let mut quick = open(&node, &mine(&node), &[]).unwrap();
    for socket in [&mut slow, &mut quick] {
        assert_eq!(next(socket).unwrap()["type"], "ready");
    }
    let reader = std::thread::spawn(move || {
        let mut seen = 0;
        while seen < MESSAGES {
            match next(&mut quick) {
                Ok(event) => seen += usize::from(event["type"] == "message.created"),
                Err(code) => panic!("closed with {code:?} after {seen} messages"),
            }
        }
    });
    let text = "x".repeat(4000);
    for _ in 0..MESSAGES {
        let sent = node.post(
            &format!("/channels/{channel}/messages"),
            &json!({ "content": text }),
        );
        assert_eq!(sent.status, 201, "{}", sent.text());
    }
    reader.join().unwrap();
    let mut got = 0;
    let end = loop {
        match next(&mut slow) {
            Ok(event) => got += usize::from(event["type"] == "message.created"),
            Err(code) => break code,
        }
    };
    assert!(got < MESSAGES, "the slow client got everything");
    // The close frame itself may not have fitted either.
    assert!(matches!(end, Some(4008) | None), "closed with {end:?}");
    node.stop();
}
