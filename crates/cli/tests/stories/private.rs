//! A channel for some, carried by all.

use crate::api::Failure;
use crate::harness::{Person, World, list, text};
use crate::thief::{self, Loot};

fn is_unknown(answer: &Result<serde_json::Value, Failure>) -> bool {
    matches!(answer, Err(Failure::Refused { status: 404, code, .. }) if code == "not_found")
}

fn channels(person: &Person, server: &str) -> Vec<String> {
    let server = person.get(&format!("/servers/{server}"));
    list(&server, "channels")
        .iter()
        .map(|channel| text(channel, "id"))
        .collect()
}

/// Somebody without the role copies a private channel's ciphertext: useless. Given the role, they read it.
#[test]
fn a_private_channel_is_ciphertext_to_others() {
    let world = World::new();
    let [mut ada, mut ben, mut cem] = ["ada", "ben", "cem"].map(|name| world.person(name));
    let (server, _) = ada.found("Harbour");
    let link = ada.invite(&server);
    ben.join(&link);
    cem.join(&link);
    let role = ada.empower(&server, &cem, 0);
    let crew = ada.private_channel(&server, "crew", &role);
    let secret = ada.say(&crew, "for the crew alone");
    cem.sees(&crew, "for the crew alone");
    assert!(channels(&cem, &server).contains(&crew));

    assert!(!channels(&ben, &server).contains(&crew));
    let path = format!("/channels/{crew}/messages");
    for answer in [
        ben.api().get(&path),
        ben.api().get(&format!("/messages/{secret}")),
        ben.api().get(&format!("/channels/{crew}/keys")),
        ben.try_say(&crew, "let me in"),
    ] {
        assert!(is_unknown(&answer), "{answer:?}");
    }
    let found = ben.get("/search?q=crew");
    assert_eq!(list(&found, "results").len(), 0);
    assert_eq!(list(&cem.get("/search?q=crew"), "results").len(), 1);

    for person in [&mut ada, &mut ben, &mut cem] {
        person.stop();
    }
    {
        let loot = [&ada, &ben, &cem].map(Loot::of);
        let [ada, ben, cem] = &loot;
        let read = thief::read(ben, &[&link], &[ada, cem], &server, &crew);
        println!("{} envelopes give away {}", read.hoard, read.texts.len());
        assert_eq!(read.texts, Vec::<String>::new());
        // The same program with the keys of somebody who has the role.
        let read = thief::read(cem, &[], &[ada], &server, &crew);
        assert_eq!(read.texts, ["for the crew alone"]);
    }

    for person in [&mut ada, &mut ben] {
        person.start();
    }
    ada.grant(&server, &ben, &role);
    ben.sees(&crew, "for the crew alone");
    ben.say(&crew, "now I am in");
    ada.sees(&crew, "now I am in");
}
