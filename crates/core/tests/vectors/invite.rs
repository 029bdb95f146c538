//! Vectors of chapter `invite`.

use conclave_core::id::*;
use conclave_core::invite::*;
use serde_json::{Value, json};

use crate::support::{NOW, check, error_kind, rng};

fn link() -> InviteLink {
    InviteLink {
        version: LINK_VERSION,
        server: ServerId([1; 32]),
        server_name: "The Garden".into(),
        kind: LinkKind::Open,
        invite: InviteId([2; 32]),
        inviter: IdentityId([3; 32]),
        inviter_name: "Ada".into(),
        heads: vec![EventId([4; 32])],
        expires: Some(Millis(NOW)),
        max_uses: None,
        role: None,
        channel: Some(ChannelId([5; 32])),
        members: 12,
        durability: Some(2),
        nodes: vec![NodeHint {
            node: NodeId([6; 32]),
            relays: vec!["https://relay.example.org/".into()],
            addresses: vec!["192.0.2.7:4433".into()],
        }],
        hosting: None,
        rendezvous: None,
        secret: Secret::generate(&mut rng(7)),
    }
}

fn accept(name: &str, link: &InviteLink) -> Value {
    let (text, page) = (
        link.to_text().unwrap(),
        link.to_page("chat.example.org").unwrap(),
    );
    let read = InviteLink::parse(&text).unwrap();
    assert_eq!(InviteLink::parse(&page).unwrap(), read);
    json!({
        "name": name,
        "verdict": "accept",
        "text": *text,
        "page": *page,
        "secret": hex::encode(link.secret.as_bytes()),
        "verify_key": link.secret.signing_key().public().to_string(),
        "leaf_seed": hex::encode(*link.secret.leaf_seed()),
        "hints": read.nodes.len(),
    })
}

fn refuse(name: &str, text: &str) -> Value {
    let error = InviteLink::parse(text).unwrap_err();
    json!({ "name": name, "verdict": "reject", "text": text, "error": error_kind(&error) })
}

#[test]
fn invite_links() {
    let text = link().to_text().unwrap();
    let many = InviteLink {
        nodes: vec![link().nodes[0].clone(); 8],
        rendezvous: Some(Secret::generate(&mut rng(8))),
        ..link()
    };
    let closed = InviteLink {
        kind: LinkKind::Closed,
        max_uses: Some(1),
        expires: None,
        ..link()
    };
    let cases = [
        accept("open link", &link()),
        accept("closed link for one use", &closed),
        accept("hints that do not fit are dropped", &many),
        refuse("another scheme", &text.replace("conclave:", "discord:")),
        refuse("a page without a fragment", "https://chat.example.org/"),
        refuse("a plain page", "http://chat.example.org/#AAAA"),
        refuse("padding", &format!("{}=", *text)),
        refuse("truncated", &text[..text.len() - 4]),
        refuse("a map without fields", "conclave://join/oA"),
        refuse("a critical key", "conclave://join/oRiAAA"),
    ];
    check(
        "invite",
        &json!({ "chapter": "invite", "version": 1, "cases": cases }),
    );
}
