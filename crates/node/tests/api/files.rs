//! Files: only bytes make a picture, the other origin runs nothing, tickets open one file.

use serde_json::json;

use crate::common::{Answer, TestNode, send};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02\x08\x06\0\0\0";
const HTML: &[u8] = b"<!doctype html><script>alert(1)</script>";

fn attach(node: &TestNode, channel: &str, name: &str, kind: &str, bytes: &[u8]) -> Answer {
    let headers = [
        ("host", node.host()),
        ("authorization", format!("Bearer {}", node.token)),
        ("content-type", kind.to_owned()),
        ("x-filename", name.to_owned()),
    ];
    send(
        node.port,
        "POST",
        &format!("/api/v1/channels/{channel}/attachments"),
        &headers,
        bytes,
    )
}

/// Opens a file by a ticket; gives the answer of the files' origin.
fn open(node: &TestNode, id: &str, changed: &[(&'static str, String)]) -> (Answer, u16, String) {
    let ticket = node.post(&format!("/attachments/{id}/ticket"), &json!({}));
    assert_eq!(ticket.status, 200, "{}", ticket.text());
    let url = ticket.json()["url"].as_str().unwrap().to_owned();
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
    let mut headers = changed.to_vec();
    if changed.iter().all(|(name, _)| *name != "host") {
        headers.push(("host", host.to_owned()));
    }
    (
        send(port, "GET", &format!("/{path}"), &headers, b""),
        port,
        format!("/{path}"),
    )
}

#[test]
fn a_picture_is_shown_and_a_page_is_only_a_download() {
    let node = TestNode::start();
    let (_, channel) = node.server();

    let picture = attach(&node, &channel, "..%2F..%2Fa%20b.png", "text/html", PNG).json();
    assert_eq!(
        (picture["name"].as_str(), picture["mime"].as_str()),
        (Some("a b.png"), Some("image/png"))
    );
    assert_eq!(
        (picture["width"].as_u64(), picture["height"].as_u64()),
        (Some(3), Some(2))
    );
    let (shown, port, _) = open(&node, picture["id"].as_str().unwrap(), &[]);
    assert_ne!(port, node.port, "files lie on an origin of their own");
    assert_eq!((shown.status, shown.body.as_slice()), (200, PNG));
    assert_eq!(shown.header("content-type"), Some("image/png"));
    assert!(
        shown
            .header("content-disposition")
            .unwrap()
            .starts_with("inline")
    );

    let page = attach(&node, &channel, "x.html", "text/html", HTML).json();
    let (page, ..) = open(&node, page["id"].as_str().unwrap(), &[]);
    assert_eq!((page.status, page.body.as_slice()), (200, HTML));
    assert_eq!(
        page.header("content-type"),
        Some("application/octet-stream")
    );
    assert!(
        page.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    for answer in [&shown, &page] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    node.stop();
}

#[test]
fn the_files_origin_answers_tickets_alone() {
    let node = TestNode::start();
    let (_, channel) = node.server();
    let id = attach(&node, &channel, "a.png", "image/png", PNG).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (right, port, path) = open(&node, &id, &[]);
    assert_eq!(right.status, 200);
    let ask = |path: &str, headers: &[(&str, String)]| send(port, "GET", path, headers, b"").status;
    let host = ("host", format!("127.0.0.1:{port}"));
    let bearer = ("authorization", format!("Bearer {}", node.token));
    assert_eq!(ask("/files/guess", &[host.clone(), bearer.clone()]), 404);
    assert_eq!(
        ask("/api/v1/me", &[host.clone(), bearer]),
        404,
        "the API is not on this origin"
    );
    assert_eq!(ask(&path, &[("host", "evil.example".into())]), 421);
    assert_eq!(
        ask(
            &path,
            &[host.clone(), ("sec-fetch-site", "cross-site".into())]
        ),
        403
    );
    assert_eq!(
        ask(
            &path,
            &[host.clone(), ("origin", "http://evil.example".into())]
        ),
        403
    );
    assert_eq!(
        ask(
            &path,
            &[host.clone(), ("sec-fetch-site", "same-site".into())]
        ),
        200
    );
    let part = send(
        port,
        "GET",
        &path,
        &[host, ("range", "bytes=1-3".into())],
        b"",
    );
    assert_eq!((part.status, part.body.as_slice()), (206, &PNG[1..4]));
    node.stop();
}

#[test]
fn only_pictures_become_avatars() {
    let node = TestNode::start();
    let put = |bytes: &[u8]| {
        let headers = [
            ("host", node.host()),
            ("authorization", format!("Bearer {}", node.token)),
            ("content-type", "image/png".into()),
        ];
        send(node.port, "POST", "/api/v1/blobs", &headers, bytes)
    };
    assert_eq!(put(HTML).code(), "invalid");
    assert_eq!(
        put(b"<svg xmlns='http://www.w3.org/2000/svg'/>").code(),
        "invalid"
    );
    let stored = put(PNG);
    assert_eq!(stored.status, 201);
    let hash = stored.json()["hash"].as_str().unwrap().to_owned();
    assert_eq!(
        node.put("/me", &json!({ "avatar_blob": hash })).json()["avatar"],
        hash.as_str()
    );
    let image = node.get(&format!("/blobs/{hash}"));
    assert_eq!(
        (
            image.status,
            image.header("content-type"),
            image.body.as_slice()
        ),
        (200, Some("image/png"), PNG)
    );
    assert_eq!(
        node.get(&format!("/blobs/{}", "ab".repeat(32))).code(),
        "not_found"
    );
    node.stop();
}

#[test]
fn an_attached_file_travels_with_its_message() {
    let node = TestNode::start();
    let (_, channel) = node.server();
    let id = attach(&node, &channel, "a.png", "image/png", PNG).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let unknown = node.post(
        &format!("/channels/{channel}/messages"),
        &json!({ "content": "x", "attachments": ["cd".repeat(32)] }),
    );
    assert_eq!(unknown.code(), "not_found");
    let sent = node.post(
        &format!("/channels/{channel}/messages"),
        &json!({ "content": "look", "attachments": [id] }),
    );
    assert_eq!(sent.status, 201, "{}", sent.text());
    let read = node
        .get(&format!(
            "/messages/{}",
            sent.json()["id"].as_str().unwrap()
        ))
        .json();
    let file = &read["attachments"][0];
    assert_eq!(
        (
            file["id"].as_str(),
            file["name"].as_str(),
            file["state"].as_str()
        ),
        (Some(id.as_str()), Some("a.png"), Some("ready"))
    );
    assert_eq!(open(&node, &id, &[]).0.body, PNG);
    node.stop();
}
