#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::id::{
    ChannelId, Digest, EventId, IdentityId, InviteId, Millis, NodeId, RoleId, ServerId,
};

fn secret(seed: u64) -> Secret {
    Secret::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn link() -> InviteLink {
    InviteLink {
        version: LINK_VERSION,
        server: ServerId([1; 32]),
        server_name: "The Garden".into(),
        kind: LinkKind::Open,
        invite: InviteId([2; 32]),
        inviter: IdentityId([3; 32]),
        inviter_name: "Ada".into(),
        heads: vec![EventId([4; 32]), EventId([5; 32])],
        expires: Some(Millis(1_000)),
        max_uses: Some(10),
        role: None,
        channel: None,
        members: 12,
        durability: Some(2),
        nodes: vec![hint(1)],
        hosting: None,
        rendezvous: None,
        secret: secret(1),
    }
}

fn hint(n: u8) -> NodeHint {
    NodeHint {
        node: NodeId([n; 32]),
        relays: vec!["https://relay.example.org/".into()],
        addresses: vec!["192.0.2.7:4433".into()],
    }
}

/// The largest link that the limits allow.
fn largest() -> InviteLink {
    InviteLink {
        server_name: "ß".repeat(200),
        inviter_name: "😀".repeat(200),
        heads: (1..=4).map(|n| EventId([n; 32])).collect(),
        expires: Some(Millis(u64::MAX)),
        max_uses: Some(u32::MAX),
        role: Some(RoleId([6; 32])),
        channel: Some(ChannelId([7; 32])),
        members: u32::MAX,
        nodes: (0..20).map(hint).collect(),
        hosting: Some(Digest([8; 32])),
        rendezvous: Some(secret(2)),
        ..link()
    }
}

#[test]
fn a_link_survives_both_forms() {
    let link = link();
    let text = link.to_text().unwrap();
    assert!(text.starts_with(LINK_SCHEME));
    assert_eq!(
        InviteLink::parse(&format!(" {}\n", *text)),
        Ok(link.clone())
    );
    let page = link.to_page("chat.example.org:8443").unwrap();
    assert!(page.starts_with("https://chat.example.org:8443/#"));
    assert_eq!(InviteLink::parse(&page), Ok(link));
}

#[test]
fn the_largest_link_fits_and_keeps_its_freshest_hint() {
    let host = "h".repeat(HOST_BYTES_MAX);
    let page = largest().to_page(&host).unwrap();
    assert!(page.len() <= LINK_TEXT_MAX && largest().to_text().unwrap().len() <= LINK_TEXT_MAX);
    let read = InviteLink::parse(&page).unwrap();
    assert!((1..20).contains(&read.nodes.len()));
    assert_eq!(read.nodes[0], hint(0));
    assert_eq!(read.server_name, "ß".repeat(60));
    assert_eq!(read.inviter_name, "😀".repeat(20));
    assert_eq!(read.heads, largest().heads);
}

#[test]
fn limits_that_cutting_cannot_mend_are_errors() {
    let five = InviteLink {
        heads: (1..=5).map(|n| EventId([n; 32])).collect(),
        ..link()
    };
    assert_eq!(
        five.to_text(),
        Err(LinkError::Limit {
            field: "heads",
            len: 5,
            max: 4
        })
    );
    let mut order = link();
    order.heads.reverse();
    assert_eq!(order.to_text(), Err(LinkError::HeadOrder));
    for host in ["", "a b", "a/b", "a#b", "é", &"h".repeat(65)] {
        assert!(
            matches!(link().to_page(host), Err(LinkError::Host(_))),
            "{host}"
        );
    }
}

#[test]
fn text_that_is_no_link_is_refused_by_what_is_wrong_with_it() {
    let good = link().to_text().unwrap();
    let parse = |text: &str| InviteLink::parse(text).unwrap_err();
    assert_eq!(parse("hello"), LinkError::NotALink);
    assert_eq!(parse("http://a/#AAAA"), LinkError::NotALink);
    assert_eq!(parse("https://a/b/#AAAA"), LinkError::NotALink);
    assert_eq!(parse(&format!("{}!", *good)), LinkError::Base64);
    assert_eq!(
        parse(&format!("{}AAAA", *good)),
        LinkError::Codec(crate::codec::CodecError::Trailing { count: 3 })
    );
    assert_eq!(parse(&"x".repeat(5000)), LinkError::TooLong(5000));
    let newer = InviteLink {
        version: 2,
        ..link()
    };
    assert_eq!(newer.to_text(), Err(LinkError::Version(2)));
}

#[test]
fn secrets_are_never_printed() {
    let link = InviteLink {
        rendezvous: Some(secret(2)),
        ..link()
    };
    let shown = format!("{link:?} {:?}", link.summary(Millis(0)));
    let hex = |secret: &Secret| hex::encode(secret.as_bytes());
    let list = |secret: &Secret| format!("{:?}", secret.as_bytes());
    for secret in [secret(1), secret(2)] {
        assert!(!shown.contains(&hex(&secret)[..8]) && !shown.contains(&list(&secret)[1..12]));
    }
    assert!(shown.contains("Secret(..)"));
}

#[test]
fn a_summary_says_whether_the_link_has_lapsed() {
    assert!(!link().summary(Millis(999)).expired);
    assert!(link().summary(Millis(1_000)).expired);
    assert!(
        !InviteLink {
            expires: None,
            ..link()
        }
        .summary(Millis(u64::MAX))
        .expired
    );
}

#[test]
fn keys_of_a_secret_are_its_own() {
    let (one, two) = (secret(1), secret(2));
    assert_ne!(one.signing_key().public(), two.signing_key().public());
    assert_ne!(one.leaf_seed(), two.leaf_seed());
    assert_ne!(*one.signing_key().seed(), *one.leaf_seed());
    let stored = Secret::from_bytes(*one.as_bytes());
    assert_eq!(stored.signing_key().public(), one.signing_key().public());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses_or_errs(text in ".{0,300}", payload in proptest::collection::vec(any::<u8>(), 0..900)) {
        use base64::Engine;
        let _ = InviteLink::parse(&text);
        let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload);
        let _ = InviteLink::parse(&format!("{LINK_SCHEME}{encoded}"));
    }

    #[test]
    fn every_prefix_of_a_link_errs(cut in 0usize..400) {
        let text = link().to_text().unwrap();
        let cut = cut.min(text.len() - 1);
        prop_assert!(InviteLink::parse(&text[..cut]).is_err());
    }
}
