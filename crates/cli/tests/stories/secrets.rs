//! Secrets stay where they belong: not in logs, not in arguments, not in files that others can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::world::{Person, text};

#[test]
fn nothing_secret_is_logged_however_much_is_logged() {
    let (mut alice, bob) = (Person::absent("Alice"), Person::new("Bob"));
    alice.start_with(&[], &[("CONCLAVE_LOG", "trace")]);
    alice.put("/me", &json!({ "display_name": "canary-name" }));
    let (server, channel) = alice.found_server("canary-server");
    let link = alice.invite(&server);
    let token = alice.post(
        "/tokens",
        &json!({ "name": "bot", "actions": ["messages:write"] }),
    );
    bob.join(&link);
    alice.say(&channel, "canary-message");
    bob.wait_to_see(&channel, "canary-message");
    bob.say(&channel, "canary-answer");
    alice.wait_to_see(&channel, "canary-answer");
    alice.call(
        "POST",
        "/invites/join",
        Some(&json!({ "link": "conclave://canary-damaged-link" })),
    );
    let code = alice
        .open_address()
        .split_once("#code=")
        .unwrap()
        .1
        .to_owned();
    let secrets = [
        alice.token().to_owned(),
        code,
        text(&token, "token"),
        link,
        "canary-name".into(),
        "canary-server".into(),
        "canary-message".into(),
        "canary-answer".into(),
        "canary-damaged-link".into(),
    ];
    alice.leave();
    let log = alice.log.lock().unwrap().clone();
    assert!(
        log.contains("connected"),
        "the log is silent, and this test shows nothing"
    );
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret:?} is in the log");
    }
}

#[test]
fn the_profile_is_closed_to_other_users() {
    let alice = Person::new("Alice");
    let dir = alice.profile_dir();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let session = dir.join("session.json");
    assert_eq!(mode(&session), 0o600);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            mode(&path) & 0o077,
            0,
            "{} can be read by others",
            path.display()
        );
    }
    let mut alice = alice;
    alice.leave();
    assert!(!session.exists(), "the token outlives the node");
}
