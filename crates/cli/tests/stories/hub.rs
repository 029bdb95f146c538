//! A hub as a process of its own: it keeps what members say while they are away, survives being killed, and refuses the banned.

use std::path::PathBuf;

use conclave_node::crash;
use serde_json::{Value, json};

use crate::harness::{CRASH_AT, Person, Process, World, conclave, eventually, list, text};

/// A hub, and its process while it runs.
struct Hub {
    dir: PathBuf,
    process: Option<Process>,
    address: String,
}

impl Hub {
    fn new(world: &World) -> Self {
        let mut hub = Self {
            dir: world.path().join("hub"),
            process: None,
            address: String::new(),
        };
        hub.start(&[]);
        hub
    }

    /// Starts it; it keeps its port and its keys.
    fn start(&mut self, env: &[(&str, &str)]) {
        let mut command = conclave();
        command
            .args(["--json", "hub", "--bind", "127.0.0.1:0", "--data"])
            .arg(&self.dir)
            .envs(env.iter().copied());
        let process = Process::spawn(command, &self.dir.with_extension("log"));
        let line = process
            .line()
            .unwrap_or_else(|| panic!("{}", process.said()));
        let shown: Value = serde_json::from_str(&line).unwrap();
        self.address = text(&shown, "hub");
        self.process = Some(process);
    }

    fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::ended)
    }

    fn wait_for_crash(&mut self) {
        assert!(!self.process.take().unwrap().wait().success());
    }

    /// What an operator is told.
    fn look_after(&self, args: &[&str]) -> Value {
        let mut command = conclave();
        let (verb, rest) = args.split_first().unwrap();
        command.args(["--json", "hub", verb]).args(rest);
        let done = command.arg("--data").arg(&self.dir).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{args:?}: {said}");
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

/// Adds the hub and waits until it has what its owner has.
fn add(owner: &Person, server: &str, hub: &Hub) {
    owner.post(
        &format!("/servers/{server}/hubs"),
        json!({ "address": hub.address }),
    );
    eventually("the hub has everything", || {
        let hubs = owner.get(&format!("/servers/{server}/hubs"));
        let accepts = list(&hubs, "hubs").iter().all(|hub| hub["accepts"] == true);
        let envelopes = hub.look_after(&["status"])["servers"][0]["envelopes"].as_u64();
        (accepts && hubs["waiting"] == 0 && envelopes > Some(5)).then_some(())
    });
}

fn on_hub(person: &Person, channel: &str, message: &str) {
    eventually(&format!("{message} is on the hub"), || {
        let all = person.messages(channel);
        let one = all.iter().find(|one| one["id"] == message)?;
        (one["delivery"]["state"] == "on_hub").then_some(())
    });
}

#[test]
fn what_was_said_comes_from_the_hub_when_its_author_has_left() {
    let world = World::new();
    let mut hub = Hub::new(&world);
    let (mut ada, mut bob) = (world.person("ada"), world.person("bob"));
    let (server, channel) = ada.found("Garden");
    let link = ada.invite(&server);
    bob.join(&link);
    add(&ada, &server, &hub);
    bob.stop();
    let message = ada.say(&channel, "gone fishing");
    on_hub(&ada, &channel, &message);
    // The link names the hub from now on.
    let link = ada.invite(&server);
    eventually("the hub knows the new link", || {
        let manifest = ada.get(&format!("/servers/{server}/hubs"))["manifest"].as_u64();
        let known = hub.look_after(&["status"])["servers"][0]["manifest"].as_u64();
        (manifest == known && known > Some(1)).then_some(())
    });
    ada.stop();

    bob.start();
    bob.sees(&channel, "gone fishing");
    bob.stop();

    // Everybody is away: a newcomer joins, reads, and speaks through the hub alone.
    let mut cem = world.person("cem");
    cem.join(&link);
    cem.sees(&channel, "gone fishing");
    let message = cem.say(&channel, "hello, empty room");
    on_hub(&cem, &channel, &message);
    cem.stop();
    ada.start();
    ada.sees(&channel, "hello, empty room");

    // A backup while it runs makes a hub of the same address elsewhere.
    let file = world.path().join("hub.backup");
    let rows = hub.look_after(&["backup", file.to_str().unwrap()]);
    assert!(rows["rows"].as_u64() > Some(10), "{rows}");
    hub.kill();
    let (old, restored) = (hub.address.clone(), world.path().join("restored"));
    let mut command = conclave();
    command
        .args(["--json", "hub", "restore"])
        .arg(&file)
        .arg("--data")
        .arg(&restored);
    assert!(command.status().unwrap().success());
    hub.dir = restored;
    hub.start(&[]);
    let key = |address: &str| address.rsplit_once(",k=").unwrap().1.to_owned();
    assert_eq!(key(&hub.address), key(&old));
    assert!(hub.look_after(&["status"])["servers"][0]["envelopes"].as_u64() > Some(5));
    // An operator drops the server without reading anything of it.
    let id = text(&hub.look_after(&["status"])["servers"][0], "hosting_id");
    hub.look_after(&["drop", &id]);
    let status = hub.look_after(&["status"]);
    assert_eq!(list(&status, "servers").len(), 0, "{status}");
    assert_eq!(status["refused"][0], id.as_str());
    assert!(hub.process.take().unwrap().stop().success());
}

/// The hub is killed before its commit, after it and after its receipts: what a receipt was given for is there, once.
#[test]
fn a_hub_that_is_killed_at_any_point_loses_nothing_acknowledged() {
    let world = World::new();
    let mut hub = Hub::new(&world);
    let (mut ada, mut bob) = (world.person("ada"), world.person("bob"));
    let (server, channel) = ada.found("Garden");
    let link = ada.invite(&server);
    bob.join(&link);
    add(&ada, &server, &hub);
    bob.stop();
    let mut said = Vec::new();
    for (round, point) in [crash::BEFORE_COMMIT, crash::AFTER_COMMIT, crash::AFTER_SEND]
        .into_iter()
        .enumerate()
    {
        hub.kill();
        hub.start(&[(CRASH_AT, &format!("{point}:{}", 6 + round))]);
        // What is said before ada has found the hub again comes in one group, so one goes on until the point is reached.
        let (mut looks, mut n) = (0, 0);
        eventually(&format!("the hub falls at {point}"), || {
            if looks % 40 == 0 {
                let content = format!("{point} {n}");
                ada.say(&channel, &content);
                said.push(content);
                n += 1;
            }
            looks += 1;
            hub.has_ended().then_some(())
        });
        hub.wait_for_crash();
        hub.start(&[]);
    }
    eventually("the hub has a receipt for each of them", || {
        let all = ada.messages(&channel);
        let on_hub = all
            .iter()
            .filter(|one| one["delivery"]["state"] == "on_hub");
        (on_hub.count() == said.len()).then_some(())
    });
    // Bob meets the hub alone, and has each of them once.
    ada.kill();
    bob.start();
    bob.sees(&channel, said.last().unwrap());
    eventually("bob has all of them", || {
        let texts = bob.texts(&channel);
        said.iter()
            .all(|content| texts.contains(content))
            .then_some(())
    });
    let mut texts = bob.texts(&channel);
    texts.sort();
    let mut expected = said.clone();
    expected.sort();
    assert_eq!(texts, expected);
}

#[test]
fn a_banned_member_gets_nothing_in_at_the_hub() {
    let world = World::new();
    let hub = Hub::new(&world);
    let (ada, mal) = (world.person("ada"), world.person("mal"));
    let (server, channel) = ada.found("Garden");
    let link = ada.invite(&server);
    mal.join(&link);
    add(&ada, &server, &hub);
    let message = mal.say(&channel, "still one of you");
    on_hub(&mal, &channel, &message);
    ada.ban(&server, &mal).unwrap();
    eventually("the hub has turned mal out", || {
        let status = hub.look_after(&["status"]);
        (status["servers"][0]["subscribers"] == 1).then_some(())
    });
    assert!(mal.try_say(&channel, "not any more").is_err());
}
