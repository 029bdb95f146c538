//! Two people who cannot reach each other, and a relay that carries what it cannot read.

use std::path::Path;

use crate::harness::{Person, Process, World, conclave, eventually, list, text};

/// Starts a relay; gives it and its address.
fn relay(bind: &str, log: &Path) -> (Process, String) {
    let mut command = conclave();
    command.args(["--json", "relay", "--bind", bind]);
    let process = Process::spawn(command, log);
    let line = process.line().expect("a relay starts");
    let url = text(&serde_json::from_str(&line).unwrap(), "relay");
    (process, url)
}

/// How a person's node reaches the other person's.
fn path_to(person: &Person, other: &Person) -> Option<(String, Option<String>)> {
    let peers = list(&person.get("/network"), "peers");
    let peer = peers.iter().find(|peer| {
        list(peer, "member_ids").iter().any(|member| *member == other.id.as_str())
    })?;
    Some((text(peer, "path"), peer["via"].as_str().map(str::to_owned)))
}

fn port_of(url: &str) -> &str {
    url.trim_end_matches('/').rsplit(':').next().unwrap()
}

/// One speaks IPv4 alone, the other IPv6 alone: nothing but the relay is between them. It goes, and comes back.
#[test]
fn two_members_with_only_a_relay_between_them() {
    let world = World::new();
    let log = world.path().join("relay.log");
    let (mut process, url) = relay("127.0.0.1:0", &log);
    let ada = world.person_at("ada", &["--bind", "127.0.0.1:0", "--relay", &url]);
    let ben = world.person_at("ben", &["--bind", "[::1]:0", "--relay", &url]);
    let cem = world.person_at("cem", &["--bind", "127.0.0.1:0", "--relay", &url]);
    let (server, general) = ada.found("Far apart");
    eventually("ada is at the relay", || {
        let relays = list(&ada.get("/network"), "relays");
        relays
            .iter()
            .any(|relay| relay["state"] == "connected" && text(relay, "url") == url)
            .then_some(())
    });
    let link = ada.invite(&server);
    ben.join(&link);
    ben.say(&general, "over the relay");
    ada.sees(&general, "over the relay");
    ada.say(&general, "and back");
    ben.sees(&general, "and back");
    for (person, other) in [(&ada, &ben), (&ben, &ada)] {
        let path = eventually("they know each other", || path_to(person, other));
        assert_eq!(path, ("relayed".to_owned(), Some(url.clone())));
    }
    // Whoever can be reached directly is.
    cem.join(&link);
    eventually("cem and ada find a direct path", || {
        (path_to(&cem, &ada)?.0 == "direct").then_some(())
    });

    process.kill();
    // Ben alone loses everybody.
    ben.comes_to_be(&server, "paused");
    ben.say(&general, "while the relay was away");
    assert_eq!(ada.connection(&server), "online");
    let bind = format!("127.0.0.1:{}", port_of(&url));
    let (_process, again) = relay(&bind, &log);
    assert_eq!(again, url);
    ada.sees(&general, "while the relay was away");
    ben.comes_to_be(&server, "online");
}
