#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

const ID: &str = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";

#[test]
fn text_and_address_agree() {
    let text = format!(
        "{ID},r=http://127.0.0.1:3340/,r=https://relay.example/,d=192.0.2.1:5,d=[2001:db8::1]:80"
    );
    let addr: PeerAddr = text.parse().unwrap();
    assert_eq!((addr.relays.len(), addr.direct.len()), (2, 2));
    assert_eq!(addr.to_string(), text);
    assert_eq!(PeerAddr::from_iroh(&addr.to_iroh().unwrap()), addr);
    assert_eq!(ID.parse::<PeerAddr>().unwrap().to_string(), ID);
}

#[test]
fn text_that_is_not_canonical_is_refused() {
    let cases = [
        String::new(),
        ID[1..].to_owned(),
        ID.to_uppercase(),
        format!("{ID},"),
        format!("{ID},x=1"),
        format!("{ID},d=192.0.2.1:5,d=192.0.2.1:5"),
        format!("{ID},d=192.0.2.2:5,d=192.0.2.1:5"),
        format!("{ID},d=192.0.2.1:5,r=https://relay.example/"),
        format!("{ID},d=192.0.2.1:05"),
        format!("{ID},d=relay.example:5"),
        format!("{ID},r=https://relay.example"),
        format!("{ID},r=https://b.example/,r=https://a.example/"),
        format!("{ID},r=ftp://relay.example/"),
        format!("{ID},r=https://user:word@relay.example/"),
        format!("{ID},r=https://{}.example/", "a".repeat(300)),
        format!("{ID},r=not a url"),
    ];
    for text in cases {
        assert!(text.parse::<PeerAddr>().is_err(), "accepted {text:?}");
    }
}

#[test]
fn counts_are_limited() {
    let mut text = ID.to_owned();
    for port in 1..=PEER_DIRECT_MAX {
        text.push_str(&format!(",d=192.0.2.1:{port}"));
    }
    assert!(text.parse::<PeerAddr>().is_ok());
    text.push_str(",d=192.0.2.1:17");
    assert_eq!(
        text.parse::<PeerAddr>(),
        Err(AddrError::TooMany {
            what: "socket addresses"
        })
    );

    let relays = |count: usize| {
        (0..count)
            .map(|n| format!(",r=https://{n}.example/"))
            .collect::<String>()
    };
    assert!(
        format!("{ID}{}", relays(PEER_RELAYS_MAX))
            .parse::<PeerAddr>()
            .is_ok()
    );
    let refused = format!("{ID}{}", relays(PEER_RELAYS_MAX + 1)).parse::<PeerAddr>();
    assert_eq!(refused, Err(AddrError::TooMany { what: "relays" }));
}

proptest! {
    #[test]
    fn whatever_parses_prints_the_same(
        rest in "(,r=https?://[a-cA-C]{1,2}(:[0-9]{1,3})?/?|,d=(0|127|::1)(\\.0\\.0\\.1)?:0?[0-9]{1,3}){0,3}",
    ) {
        let text = format!("{ID}{rest}");
        if let Ok(addr) = text.parse::<PeerAddr>() {
            prop_assert_eq!(addr.to_string(), text);
        }
    }

    #[test]
    fn addresses_survive_their_text(
        relays in proptest::collection::btree_set("[a-z]{1,9}", 0..=PEER_RELAYS_MAX),
        direct in proptest::collection::btree_set(any::<SocketAddr>().prop_map(without_scope), 0..=PEER_DIRECT_MAX),
    ) {
        let mut addr: PeerAddr = ID.parse().unwrap();
        addr.relays = relays.iter().map(|host| format!("https://{host}.example/").parse().unwrap()).collect();
        addr.direct = direct;
        prop_assert_eq!(addr.to_string().parse::<PeerAddr>().unwrap(), addr);
    }
}

/// A flow label has no text form and no meaning for a peer.
fn without_scope(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip(), addr.port())
}
