//! The demo: its nodes are real ones, and hold what it says that its people did.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::{Api, Failure};
use crate::harness::{Process, World, conclave, eventually, list, text};

/// Starts a demo that goes as fast as it can.
fn demo(args: &[&str], temporary: &Path, log: &Path) -> Process {
    let mut command = conclave();
    command
        .args(["--json", "demo", "--no-open", "--port", "0", "--pace", "0"])
        .args(args)
        .env("TMPDIR", temporary);
    Process::spawn(command, log)
}

/// The next act of a name; nothing may have been left out until then.
fn act(demo: &Process, name: &str) -> Value {
    loop {
        let line = demo.line();
        let line = line.unwrap_or_else(|| panic!("it ends before {name:?}: {}", demo.said()));
        let act: Value = serde_json::from_str(&line).unwrap();
        assert_ne!(act["act"], "left_out", "{act}");
        if act["act"] == name {
            return act;
        }
    }
}

/// The API of a node, by its session file.
fn api_of(profile: &Path) -> Api {
    let session: Value =
        serde_json::from_slice(&fs::read(profile.join("session.json")).unwrap()).unwrap();
    Api::new(&text(&session, "url"), &text(&session, "token"))
}

fn names(value: &Value) -> Vec<&str> {
    let names = value.as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap()).collect()
}

/// A round from beginning to end; afterwards other processes open the profiles and find what was told.
#[test]
fn the_demo_does_what_it_says() {
    let world = World::new();
    let home = world.path().join("demo");
    let log = world.path().join("demo.log");
    let args = ["--rounds", "1", "--keep", home.to_str().unwrap()];
    let mut process = demo(&args, world.path(), &log);

    let stage = act(&process, "stage");
    let id_of = |name: &str| {
        let people = list(&stage, "people");
        let person = people.iter().find(|person| person["key"] == name).unwrap();
        text(person, "id")
    };
    let server = text(&act(&process, "server"), "server");
    let private = act(&process, "private");
    assert_eq!(private["reads_it"], false);
    assert!(
        names(&private["channels"]).contains(&"sightings"),
        "{private}"
    );
    assert!(
        !names(&private["channels"]).contains(&"moderators"),
        "{private}"
    );
    act(&process, "leaves");
    act(&process, "open");
    let ban = act(&process, "ban");
    assert_ne!(ban["epoch_before"], ban["epoch_after"], "{ban}");
    assert!(names(&ban["readers"]).contains(&"Cleo"), "{ban}");
    assert!(!names(&ban["readers"]).contains(&"Dimitri"), "{ban}");
    let shut_out = act(&process, "shut_out");
    assert_eq!(shut_out["reads_it"], false);
    let returns = act(&process, "returns");
    assert!(returns["caught_up"].as_u64().unwrap() > 3, "{returns}");
    act(&process, "leaves");
    act(&process, "unban");
    assert_eq!(act(&process, "round")["round"], 1);
    assert!(process.wait().success(), "{}", process.said());

    let [mut ada, mut ben, mut cleo] = ["ada", "ben", "cleo"]
        .map(|name| world.stranger(&format!("demo/{name}"), crate::harness::LOOPBACK));
    for person in [&mut ada, &mut ben, &mut cleo] {
        person.start();
    }
    let audit = ada.get(&format!("/servers/{server}/audit?action=member_ban"));
    let bans = list(&audit, "entries");
    let [ban_entry] = &bans[..] else {
        panic!("{bans:?}")
    };
    assert_eq!(text(ban_entry, "actor_id"), id_of("ben"));
    assert_eq!(text(ban_entry, "target_id"), id_of("dimitri"));
    let general = text(&ban, "channel");
    let said = text(&shut_out, "message");
    let texts = crate::harness::agree(&[&ada, &ben, &cleo], &general);
    assert!(
        texts.contains(&"Dimitri is out. Back to the sky.".to_owned()),
        "{texts:?}"
    );
    for person in [&ada, &cleo] {
        assert_eq!(
            person.get(&format!("/messages/{said}"))["author_id"],
            id_of("ben").as_str()
        );
    }
    let channels = |person: &crate::harness::Person| {
        let channels = list(&person.get(&format!("/servers/{server}")), "channels");
        channels
            .iter()
            .map(|channel| text(channel, "name"))
            .collect::<Vec<_>>()
    };
    assert!(channels(&ben).contains(&"moderators".to_owned()));
    assert!(!channels(&cleo).contains(&"moderators".to_owned()));
}

/// Until it is told to stop; then nothing is left of it. Whoever looks on gets an answer.
#[test]
fn the_demo_lives_until_it_is_told_to_stop() {
    let world = World::new();
    let temporary = world.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let process = demo(
        &["--as", "cleo"],
        &temporary,
        &world.path().join("demo.log"),
    );
    let stage = act(&process, "stage");
    let open = act(&process, "open");
    assert_eq!(open["as"], "cleo");
    let home = text(&open, "profiles");
    assert!(Path::new(&home).starts_with(&temporary), "{home}");

    // The address opens the app as Cleo, and once.
    let (url, code) = open["open"]
        .as_str()
        .unwrap()
        .split_once("/#code=")
        .unwrap();
    let stranger = Api::new(url, "none");
    let code = json!({ "code": code });
    let session = stranger.post("/session", code.clone()).unwrap();
    let guest = Api::new(url, &text(&session, "token"));
    assert_eq!(guest.get("/me").unwrap()["display_name"], "Cleo");
    assert!(stranger.post("/session", code).is_err());

    let servers = list(&guest.get("/servers").unwrap(), "servers");
    let server = servers
        .iter()
        .find(|server| server["name"] == "Moonlight Observatory");
    let server = guest
        .get(&format!("/servers/{}", text(server.unwrap(), "id")))
        .unwrap();
    let general = list(&server, "channels")
        .into_iter()
        .find(|channel| channel["name"] == "general");
    let general = text(&general.unwrap(), "id");
    let mine = guest
        .post(
            &format!("/channels/{general}/messages"),
            json!({ "content": "It is cold up here." }),
        )
        .unwrap();
    let greeting = act(&process, "greeting");
    let answer = eventually("the answer is here", || {
        guest
            .get(&format!("/messages/{}", text(&greeting, "message")))
            .ok()
    });
    assert_eq!(answer["reply_to"]["id"], mine["id"]);

    // Whatever Cleo writes by herself reaches the others' nodes.
    let ada = list(&stage, "people")
        .into_iter()
        .find(|person| person["key"] == "ada");
    let ada = api_of(Path::new(&text(&ada.unwrap(), "profile_dir")));
    let path = format!("/messages/{}", text(&mine, "id"));
    eventually("Ada has it too", || match ada.get(&path) {
        Err(Failure::Refused { status: 404, .. }) => None,
        found => Some(found.unwrap()),
    });

    assert!(process.stop().success());
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(matches!(guest.get("/me"), Err(Failure::Gone(_))));
}

#[test]
fn the_demo_wants_a_directory_of_its_own() {
    let world = World::new();
    fs::write(world.path().join("diary.txt"), "mine").unwrap();
    let mut command = conclave();
    command
        .args(["demo", "--no-open", "--keep"])
        .arg(world.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("directory of its own"), "{words}");
    assert_eq!(fs::read_dir(world.path()).unwrap().count(), 1);
}
