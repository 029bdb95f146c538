//! Power cuts: at every named point, and at many moments while sending. What the API acknowledged is there, once.

use std::collections::BTreeMap;

use conclave_node::crash::{AFTER_VAULT_WRITE, IN_JOIN, POINTS};
use serde_json::json;

use crate::world::{Person, wait_for};

/// Sends until the node dies, each message under a nonce; gives how many it acknowledged.
fn send_until_death(person: &Person, channel: &str, prefix: &str, most: usize) -> usize {
    for number in 0..most {
        let body = json!({ "content": format!("{prefix} {number}"), "nonce": format!("{prefix}-{number}") });
        match person.call(
            "POST",
            &format!("/channels/{channel}/messages"),
            Some(&body),
        ) {
            Some((201, _)) => {}
            Some((status, answer)) => panic!("{status} {answer}"),
            None => return number,
        }
    }
    most
}

fn counts(person: &Person, channel: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for seen in person.sees(channel) {
        *counts.entry(seen).or_default() += 1;
    }
    counts
}

#[test]
fn a_death_at_any_named_point_loses_nothing_acknowledged() {
    let (mut alice, bob) = (Person::new("Alice"), Person::new("Bob"));
    let (server, channel) = alice.found_server("Home");
    bob.join(&alice.invite(&server));
    for point in POINTS
        .into_iter()
        .filter(|point| ![AFTER_VAULT_WRITE, IN_JOIN].contains(point))
    {
        alice.leave();
        alice.start_with(&[], &[("CONCLAVE_CRASH_AT", &format!("{point}:12"))]);
        let acknowledged = send_until_death(&alice, &channel, point, 200);
        assert!(acknowledged < 200, "the node did not die at {point}");
        alice.wait_for_end();
        alice.start();
        // The one without an answer is sent again, as a client does: it must not be there twice.
        send_until_death(&alice, &channel, point, acknowledged + 1);
        for number in 0..=acknowledged {
            bob.wait_to_see(&channel, &format!("{point} {number}"));
        }
        for person in [&alice, &bob] {
            let counts = counts(person, &channel);
            for number in 0..=acknowledged {
                assert_eq!(
                    counts.get(&format!("{point} {number}")),
                    Some(&1),
                    "{}: message {number} at {point}",
                    person.name
                );
            }
        }
    }
}

#[test]
fn a_death_while_the_account_is_made_leaves_a_fresh_profile_that_can_go_on() {
    let mut alice = Person::absent("Alice");
    alice.start_with(&[], &[("CONCLAVE_CRASH_AT", AFTER_VAULT_WRITE)]);
    assert_eq!(
        alice.call("PUT", "/me", Some(&json!({ "display_name": "Alice" }))),
        None
    );
    alice.wait_for_end();
    alice.start();
    assert_eq!(alice.get("/me")["created"], false);
    assert_eq!(
        alice.put("/me", &json!({ "display_name": "Alice" }))["created"],
        true
    );
    let me = alice.id();
    alice.leave();
    alice.start();
    assert_eq!(alice.id(), me);
}

#[test]
fn a_death_while_joining_is_made_up_for() {
    let (alice, mut bob) = (Person::new("Alice"), Person::new("Bob"));
    let (server, channel) = alice.found_server("Home");
    alice.say(&channel, "welcome");
    let link = alice.invite(&server);
    bob.leave();
    bob.start_with(&[], &[("CONCLAVE_CRASH_AT", IN_JOIN)]);
    assert_eq!(
        bob.call("POST", "/invites/join", Some(&json!({ "link": link }))),
        None
    );
    bob.wait_for_end();
    bob.start();
    bob.wait_to_see(&channel, "welcome");
    wait_for("Alice to see one Bob", || {
        (alice.get(&format!("/servers/{server}/members"))["total"] == 2).then_some(())
    });
}

#[test]
fn fifty_power_cuts_while_sending_lose_nothing_acknowledged() {
    const CUTS: usize = 50;
    let (mut alice, bob) = (Person::new("Alice"), Person::new("Bob"));
    let (server, channel) = alice.found_server("Home");
    bob.join(&alice.invite(&server));
    let mut expected = 0;
    for cut in 0..CUTS {
        // Every fifth death lies between commit and reply; the others come from outside, at whatever moment.
        if cut % 5 == 0 {
            alice.leave();
            alice.start_with(
                &[],
                &[(
                    "CONCLAVE_CRASH_AT",
                    &format!("after-commit:{}", 3 + cut / 5),
                )],
            );
            expected += send_until_death(&alice, &channel, &format!("cut {cut}"), 100);
            alice.wait_for_end();
        } else {
            let acknowledged = std::thread::scope(|scope| {
                let alice = &alice;
                let sending =
                    scope.spawn(|| send_until_death(alice, &channel, &format!("cut {cut}"), 1_000));
                // The moment is set by how far the sending has come, which no two runs share.
                wait_for("some messages", || {
                    let seen = alice
                        .sees(&channel)
                        .iter()
                        .filter(|seen| seen.starts_with(&format!("cut {cut} ")))
                        .count();
                    (seen > cut % 7 || sending.is_finished()).then_some(())
                });
                alice.power_off();
                sending.join().unwrap()
            });
            expected += acknowledged;
            alice.wait_for_end();
        }
        alice.start();
        let ours = counts(&alice, &channel);
        assert!(
            ours.values().all(|count| *count == 1),
            "a message is there twice after cut {cut}"
        );
        assert!(
            ours.len() >= expected,
            "cut {cut}: {} messages of {expected} acknowledged",
            ours.len()
        );
        // One per cut may be durable without its answer having arrived.
        expected = ours.len();
    }
    wait_for("Bob to have everything", || {
        (counts(&bob, &channel) == counts(&alice, &channel)).then_some(())
    });
    println!("{CUTS} power cuts, {expected} messages, none lost, none doubled");
}
