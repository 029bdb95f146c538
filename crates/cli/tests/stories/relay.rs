//! A relay carries what two people say who cannot reach each other, and asks for its token.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::world::{CONCLAVE, Person, wait_for};

struct Relay(Child, String);

impl Relay {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(CONCLAVE)
            .args(["relay", "--bind", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.strip_prefix("relay: ").unwrap().trim().to_owned();
        Self(child, url)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn relay_state(person: &Person) -> String {
    let network = person.get("/network");
    network["relays"][0]["state"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn nodes_listen_at_a_relay_that_knows_their_token() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "opensesame\n").unwrap();
    let path = file.path().to_str().unwrap();
    let relay = Relay::start(&["--token-file", path]);

    let mut alice = Person::absent("Alice");
    alice.start_with(&["--relay", &relay.1, "--relay-token-file", path], &[]);
    wait_for("the relay to let Alice in", || {
        (relay_state(&alice) == "connected").then_some(())
    });

    let mut mallory = Person::absent("Mallory");
    mallory.start_with(&["--relay", &relay.1], &[]);
    wait_for("the relay to deny Mallory", || {
        (relay_state(&mallory) == "denied").then_some(())
    });
}

#[test]
fn a_relay_beyond_this_machine_wants_a_certificate() {
    let output = Command::new(CONCLAVE)
        .args(["relay", "--bind", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("certificate"));
}
