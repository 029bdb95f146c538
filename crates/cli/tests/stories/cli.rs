//! The command line does what the app does.

use std::process::Output;

use serde_json::Value;

use crate::world::{Person, cli, text};

fn ok(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

fn json(person: &Person, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(&person.cli(&[arguments, &["--json"]].concat()))).unwrap()
}

#[test]
fn a_community_is_run_from_the_command_line() {
    let (mut alice, mut bob) = (Person::absent("Alice"), Person::absent("Bob"));
    // Without a node the account can be made, and the rest says what is missing.
    ok(&alice.cli(&["init", "Alice", "--bind", "127.0.0.1:0"]));
    let offline = alice.cli(&["server", "list"]);
    assert_eq!(offline.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&offline.stderr).contains("--no-open &"));
    alice.start();
    bob.start();
    ok(&bob.cli(&["init", "Bob"]));
    assert_eq!(bob.cli(&["init", "Bob"]).status.code(), Some(1));

    let server = json(&alice, &["server", "create", "Home"]);
    let link = ok(&alice.cli(&["invite", "create", "Home"]));
    assert_eq!(
        json(&bob, &["invite", "inspect", &link])["server_id"],
        server["id"]
    );
    assert_eq!(json(&bob, &["join", &link])["id"], server["id"]);
    ok(&alice.cli(&["channel", "create", "Home", "plans", "--topic", "what next"]));
    ok(&alice.cli(&[
        "role",
        "create",
        "Home",
        "Helpers",
        "--color",
        "3fa45b",
        "--permissions",
        "KICK_MEMBERS",
    ]));
    ok(&alice.cli(&["role", "grant", "Home", "Helpers", "Bob"]));
    let sent = json(&alice, &["send", "Home/plans", "let us begin"]);
    let channel = text(&sent, "channel_id");
    bob.wait_to_see(&channel, "let us begin");
    ok(&bob.cli(&["react", &text(&sent, "id"), "👍"]));
    ok(&alice.cli(&["edit", &text(&sent, "id"), "let us begin now"]));
    bob.wait_to_see(&channel, "let us begin now");
    assert!(ok(&bob.cli(&["history", "plans"])).contains("Alice: let us begin now (edited)"));
    assert_eq!(
        json(&bob, &["search", "begin"])["results"][0]["id"],
        sent["id"]
    );
    assert_eq!(
        json(&bob, &["keys", "plans"])["readers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert!(ok(&alice.cli(&["audit", "Home"])).contains("channel_create"));

    let unknown = alice.cli(&["send", "nowhere", "x"]);
    assert_eq!(unknown.status.code(), Some(4));
    let refused = bob.cli(&["ban", "Home", "Alice"]);
    assert_eq!(refused.status.code(), Some(1));
    ok(&alice.cli(&["ban", "Home", "Bob", "--reason", "test"]));
    bob.wait_for_connection(&text(&server, "id"), "removed");
    ok(&alice.cli(&["unban", "Home", "Bob"]));
    assert_eq!(
        ok(&alice.cli(&["doctor"]))
            .lines()
            .filter(|line| line.starts_with("fail"))
            .count(),
        0
    );
}

#[test]
fn tail_follows_what_is_said() {
    let alice = Person::new("Alice");
    let (_, channel) = alice.found_server("Home");
    let dir = alice.profile_dir();
    let tail = std::thread::spawn(move || ok(&cli(&dir, &["tail", "--count", "1"])));
    // Whenever tail has begun to listen, one of these is its first.
    let mut number = 0;
    while !tail.is_finished() {
        alice.say(&channel, &format!("line {number}"));
        number += 1;
        assert!(number < 2000, "tail hears nothing");
    }
    assert!(tail.join().unwrap().contains("Alice: line "));
}

#[test]
fn a_stranger_cannot_paint_the_terminal() {
    let alice = Person::new("Alice");
    let (_, channel) = alice.found_server("Home");
    alice.say(&channel, "\u{1b}]0;owned\u{7}\u{1b}[2Jtext\u{202e}");
    let shown = alice.cli(&["history", &channel]).stdout;
    assert!(String::from_utf8_lossy(&shown).contains("text"));
    assert!(!shown.contains(&0x1b) && !shown.contains(&7));
}
