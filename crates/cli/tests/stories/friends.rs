//! Three friends, of whom somebody is always away.

use crate::harness::{Person, World, agree, conclave, eventually, text};

#[test]
fn two_people_meet_and_talk() {
    let world = World::new();
    let [ada, ben] = ["ada", "ben"].map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    ada.say(&general, "before you came");
    ben.join(&ada.invite(&server));
    ben.sees(&general, "before you came");
    ben.say(&general, "hello Ada");
    ada.sees(&general, "hello Ada");
    ada.say(&general, "hello Ben");
    ben.sees(&general, "hello Ben");
    assert_eq!(
        agree(&[&ada, &ben], &general),
        ["before you came", "hello Ada", "hello Ben"]
    );
}

/// A and B talk while C is offline; A leaves; C returns and gets everything from B; all leave; nothing is lost, the chat is
/// paused, and resumes when any one returns.
#[test]
fn three_friends() {
    let world = World::new();
    let [mut ada, mut ben, mut cem] = ["ada", "ben", "cem"].map(|name| world.person(name));
    let (server, general) = ada.found("Friends");
    ben.join(&ada.invite(&server));
    cem.join(&ben.invite(&server));
    cem.say(&general, "I am off");
    ada.sees(&general, "I am off");
    ben.sees(&general, "I am off");

    cem.stop();
    for index in 0..20 {
        ada.say(&general, &format!("ada {index}"));
        ben.say(&general, &format!("ben {index}"));
    }
    ben.sees(&general, "ada 19");
    ada.kill();
    cem.start();
    cem.sees(&general, "ada 19");
    cem.sees(&general, "ben 19");
    assert_eq!(agree(&[&ben, &cem], &general).len(), 41);

    ben.stop();
    cem.comes_to_be(&server, "paused");
    cem.say(&general, "anybody?");
    cem.stop();
    ada.start();
    ada.comes_to_be(&server, "paused");
    assert!(!ada.texts(&general).contains(&"anybody?".to_owned()));
    cem.start();
    ada.sees(&general, "anybody?");
    ada.comes_to_be(&server, "online");
    ben.start();
    ben.sees(&general, "anybody?");
    let texts = agree(&[&ada, &ben, &cem], &general);
    assert_eq!(texts.len(), 42);
    for index in 0..20 {
        for name in ["ada", "ben"] {
            let line = format!("{name} {index}");
            assert_eq!(
                texts.iter().filter(|text| **text == line).count(),
                1,
                "{line}"
            );
        }
    }
}

/// A sends a file while C is offline, and leaves; nobody has opened it. C returns and saves it all the same.
#[test]
fn a_file_outlives_whoever_sent_it() {
    let world = World::new();
    let [mut ada, ben, mut cem] = ["ada", "ben", "cem"].map(|name| world.person(name));
    let (server, general) = ada.found("Friends");
    let link = ada.invite(&server);
    ben.join(&link);
    cem.join(&link);
    cem.stop();
    let chart = world.path().join("chart.bin");
    let bytes: Vec<u8> = (0..700_000_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(&chart, &bytes).unwrap();
    let run = |person: &Person, args: &[&str]| {
        let mut command = conclave();
        let command = command
            .args(["--json", "--profile-dir"])
            .arg(&person.profile);
        let output = command.args(args).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {words}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let sent = run(
        &ada,
        &[
            "send",
            &general,
            "a chart",
            "--attach",
            chart.to_str().unwrap(),
        ],
    );
    let path = format!("/messages/{}", text(&sent, "id"));
    eventually("Ben keeps a copy", || {
        let message = ben.api().get(&path).ok()?;
        (message["attachments"][0]["state"] == "ready").then_some(())
    });
    ada.stop();
    cem.start();
    cem.sees(&general, "a chart");
    let to = world.path().to_str().unwrap().to_owned();
    let saved = run(&cem, &["message", "save", &text(&sent, "id"), "--to", &to]);
    let saved = text(&saved["files"][0], "path");
    assert!(saved.ends_with("chart.bin.1"), "{saved}");
    assert_eq!(std::fs::read(saved).unwrap(), bytes);
}
