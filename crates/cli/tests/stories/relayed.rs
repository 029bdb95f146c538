//! Two people who cannot reach each other, and a relay that carries what it cannot read.

use std::path::Path;

use crate::harness::{Person, Process, World, conclave, eventually, list, text};

/// Starts a relay; gives it and its address.
fn relay(args: &[&str], log: &Path) -> (Process, String) {
    let mut command = conclave();
    command.args(["--json", "relay"]).args(args);
    let process = Process::spawn(command, log);
    let line = process.line().expect("a relay starts");
    let url = text(&serde_json::from_str(&line).unwrap(), "relay");
    (process, url)
}

/// How a person's node reaches the other person's.
fn path_to(person: &Person, other: &Person) -> Option<(String, Option<String>)> {
    let peers = list(&person.get("/network"), "peers");
    let peer = peers.iter().find(|peer| {
        list(peer, "member_ids")
            .iter()
            .any(|member| *member == other.id.as_str())
    })?;
    Some((text(peer, "path"), peer["via"].as_str().map(str::to_owned)))
}

fn relay_is(person: &Person, state: &str) {
    eventually(&format!("the relay is {state} to {}", person.name), || {
        let relays = list(&person.get("/network"), "relays");
        (text(relays.first()?, "state") == state).then_some(())
    });
}

fn port_of(url: &str) -> &str {
    url.trim_end_matches('/').rsplit(':').next().unwrap()
}

/// One speaks IPv4 alone, the other IPv6 alone: nothing but the relay is between them. It goes, and comes back.
#[test]
fn two_members_with_only_a_relay_between_them() {
    let world = World::new();
    let log = world.path().join("relay.log");
    let (mut process, url) = relay(&["--bind", "127.0.0.1:0"], &log);
    let ada = world.person_at("ada", &["--bind", "127.0.0.1:0", "--relay", &url]);
    let ben = world.person_at("ben", &["--bind", "[::1]:0", "--relay", &url]);
    let cem = world.person_at("cem", &["--bind", "127.0.0.1:0", "--relay", &url]);
    let (server, general) = ada.found("Far apart");
    relay_is(&ada, "connected");
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
    let (_process, again) = relay(&["--bind", &bind], &log);
    assert_eq!(again, url);
    ada.sees(&general, "while the relay was away");
    ben.comes_to_be(&server, "online");
}

/// A relay takes its time to answer, and this one never does. The first thing that a person does is to invite somebody.
#[test]
fn an_invite_made_at_once_says_where_to_go() {
    let world = World::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let ada = world.person_at("ada", &["--bind", "127.0.0.1:0", "--relay", &url]);
    let (server, general) = ada.found("First things first");
    let link = ada.invite(&server);
    let ben = world.person("ben");
    ben.join(&link);
    ben.say(&general, "found you");
    ada.sees(&general, "found you");
}

#[test]
fn a_relay_lets_in_who_knows_its_token() {
    let world = World::new();
    let tokens = world.path().join("tokens");
    std::fs::write(&tokens, "opensesame\n").unwrap();
    let tokens = tokens.to_str().unwrap();
    let (bind, log) = (["--bind", "127.0.0.1:0"], world.path().join("relay.log"));
    let (_process, url) = relay(&[&bind[..], &["--token-file", tokens]].concat(), &log);
    let args = [&bind[..], &["--relay", &url]].concat();
    let told = world.person_at(
        "told",
        &[&args[..], &["--relay-token-file", tokens]].concat(),
    );
    relay_is(&told, "connected");
    let stranger = world.person_at("stranger", &args);
    relay_is(&stranger, "denied");
}

#[test]
fn a_relay_beyond_this_machine_wants_a_certificate() {
    let mut command = conclave();
    let output = command
        .args(["relay", "--bind", "0.0.0.0:0"])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("certificate"), "{words}");
}
