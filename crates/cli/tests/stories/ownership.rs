//! A server whose owner is gone: claimed, confirmed and taken over by those whom the owner had named.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::api::Failure;
use crate::harness::{Person, World, conclave, eventually, list, text};

fn ownership(person: &Person, server: &str) -> Value {
    person.get(&format!("/servers/{server}/ownership"))
}

fn is_refused(answer: &Result<Value, Failure>) -> bool {
    matches!(answer, Err(Failure::Refused { status: 403, .. }))
}

/// The owner names a council and a recovery key, and is lost. Whoever finds the key claims; the council confirms; the heir
/// owns the server, reads the owner's own channel as far as others held its keys, and the owner's process, come back, obeys.
#[test]
fn a_recovery_key_and_a_council_save_a_server_whose_owner_is_lost() {
    let world = World::new();
    let [mut ada, ben, cem, dora] = ["ada", "ben", "cem", "dora"].map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    let link = ada.invite(&server);
    for person in [&ben, &cem, &dora] {
        person.join(&link);
        ada.knows(&server, person);
    }
    let made = ada.post("/recovery-keys", json!({}));
    let (key, secret) = (text(&made, "key"), text(&made, "secret"));
    let terms = json!({
        "recovery_keys": [key], "council": [cem.id, dora.id], "quorum": 2, "delay_days": 0,
    });
    let path = format!("/servers/{server}/succession");
    let refused = ben.api().put(&path, terms.clone());
    assert!(is_refused(&refused), "{refused:?}");
    ada.put(&path, terms);
    for person in [&ben, &cem, &dora] {
        eventually("all know the policy", || {
            (!ownership(person, &server)["succession"].is_null()).then_some(())
        });
    }
    ada.kill();

    // Without the key Ben is nobody; with it, typed into the command, he claims.
    let claims = format!("{path}/claims");
    let refused = ben.api().post(&claims, json!({}));
    assert!(is_refused(&refused), "{refused:?}");
    claim_with(&ben, &secret);
    let claim = text(&list(&ownership(&ben, &server), "claims")[0], "id");
    let taking = format!("{claims}/{claim}/take");
    let refused = ben.api().post(&taking, json!({}));
    assert!(is_refused(&refused), "{refused:?}");
    for person in [&cem, &dora] {
        eventually("the council knows the claim", || {
            (!list(&ownership(person, &server), "claims").is_empty()).then_some(())
        });
        person.post(&format!("{claims}/{claim}/confirm"), json!({}));
    }
    eventually("Ben may take over", || {
        let claims = list(&ownership(&ben, &server), "claims");
        (claims[0]["may_take"] == true).then_some(())
    });
    ben.post(&taking, json!({}));
    for person in [&ben, &cem, &dora] {
        eventually("all see the new owner", || {
            (ownership(person, &server)["owner"]["id"] == ben.id).then_some(())
        });
    }
    ben.say(&general, "I hold the fort");
    ada.start();
    eventually("Ada sees who owns it now", || {
        (ownership(&ada, &server)["owner"]["id"] == ben.id).then_some(())
    });
    ada.sees(&general, "I hold the fort");
    let refused = ada.ban(&server, &cem);
    assert!(is_refused(&refused), "{refused:?}");
    // The secret went through nobody's log and is stored nowhere.
    let words = secret.replace('-', "");
    for person in [&ada, &ben] {
        let log = std::fs::read_to_string(person.profile.with_extension("log")).unwrap_or_default();
        assert!(!log.contains(&secret) && !log.contains(&words));
    }
}

/// Claims with a recovery key that is typed in.
fn claim_with(person: &Person, secret: &str) {
    let mut command = conclave();
    command
        .args(["--json", "--profile-dir"])
        .arg(&person.profile)
        .args(["succession", "claim", "Harbour", "--recovery-key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, secret.as_bytes()).unwrap();
    drop(input);
    assert!(process.wait().unwrap().success());
}
