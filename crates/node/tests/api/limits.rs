//! Too long, too many, too slow, of the wrong kind: refused, and others notice nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use conclave_node::api::{BodyKind, CONNECTIONS_MAX, routes};
use serde_json::json;

use crate::common::{TestNode, filled, send};

fn headers(node: &TestNode, kind: &str) -> Vec<(&'static str, String)> {
    vec![
        ("host", node.host()),
        ("authorization", format!("Bearer {}", node.token)),
        ("content-type", kind.to_owned()),
    ]
}

#[test]
fn bodies_of_another_type_are_refused_everywhere() {
    let node = TestNode::start();
    for route in routes().filter(|route| !matches!(route.body, BodyKind::Raw(_))) {
        let path = format!("/api/v1{}", filled(route.path));
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
        ] {
            assert_eq!(
                send(node.port, route.method, &path, &headers(&node, kind), b"{}").status,
                415,
                "{} {path} as {kind:?}",
                route.method
            );
        }
        let right = send(
            node.port,
            route.method,
            &path,
            &headers(&node, "application/json; charset=utf-8"),
            b"{}",
        );
        assert_ne!(right.status, 415, "{} {path}", route.method);
    }
    node.stop();
}

#[test]
fn bodies_beyond_the_limit_are_refused_before_they_are_read() {
    let node = TestNode::start();
    for route in routes() {
        let path = format!("/api/v1{}", filled(route.path));
        let mut head = headers(&node, "application/json");
        head.push(("content-length", (1_u64 << 40).to_string()));
        assert_eq!(
            send(node.port, route.method, &path, &head, b"{").status,
            413,
            "{} {path}",
            route.method
        );
    }
    // Without a length, the limit holds while reading.
    let mut head = headers(&node, "application/json");
    head.push(("transfer-encoding", "chunked".to_owned()));
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(300 * 1024));
    let chunked = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let answer = send(
        node.port,
        "PUT",
        "/api/v1/settings",
        &head,
        chunked.as_bytes(),
    );
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    let short = "f\r\n{\"text\":\"abcd\"}\r\n0\r\n\r\n";
    assert_eq!(
        send(
            node.port,
            "PUT",
            "/api/v1/settings",
            &head,
            short.as_bytes()
        )
        .status,
        204
    );
    node.stop();
}

#[test]
fn damaged_and_unknown_json_is_an_error_that_says_where() {
    let node = TestNode::start();
    for body in [
        "{",
        "[]",
        "{\"name\":1}",
        "{\"name\":\"x\",\"nmae\":\"y\"}",
        "\u{0}",
        &"[".repeat(100_000),
        "{\"name\":\"x\",\"icon_blob\":\"zz\"}",
    ] {
        let answer = send(
            node.port,
            "POST",
            "/api/v1/servers",
            &headers(&node, "application/json"),
            body.as_bytes(),
        );
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid"),
            "{}",
            &body[..body.len().min(40)]
        );
    }
    assert_eq!(
        node.post("/servers", &json!({ "name": "Home" })).status,
        201
    );
    assert_eq!(node.get("/servers/xyz").code(), "invalid");
    assert_eq!(
        node.get(&format!("/servers/{}", "ab".repeat(32))).code(),
        "not_found"
    );
    node.stop();
}

#[test]
fn headers_beyond_the_limits_are_refused() {
    let node = TestNode::start();
    let mut many = headers(&node, "application/json");
    assert_eq!(send(node.port, "GET", "/api/v1/me", &many, b"").status, 200);
    many.extend((0..100).map(|_| ("x-filler", "y".to_owned())));
    assert_eq!(send(node.port, "GET", "/api/v1/me", &many, b"").status, 431);
    let mut long = headers(&node, "application/json");
    long.push(("x-filler", "y".repeat(64 * 1024)));
    assert_eq!(send(node.port, "GET", "/api/v1/me", &long, b"").status, 431);
    node.stop();
}

#[test]
fn idle_connections_fill_their_slots_and_no_more_and_time_out() {
    let node = TestNode::start();
    let mut idle: Vec<TcpStream> = (0..CONNECTIONS_MAX)
        .map(|_| TcpStream::connect(("127.0.0.1", node.port)).unwrap())
        .collect();
    // Half a request each, so that every one is taken.
    for stream in &mut idle {
        stream.write_all(b"GET / HTTP/1.1\r\nhost:").unwrap();
    }
    let mut one_more = TcpStream::connect(("127.0.0.1", node.port)).unwrap();
    one_more
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    assert!(
        matches!(one_more.read(&mut [0; 1]), Ok(0) | Err(_)),
        "a connection beyond the limit was served"
    );
    // Whoever does not finish the header is let go, and then there is room again.
    for stream in &mut idle {
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        while matches!(stream.read(&mut [0; 256]), Ok(1..)) {}
    }
    assert_eq!(node.get("/me").status, 200);
    node.stop();
}
