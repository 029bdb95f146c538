//! kill -9, anywhere and at any time: what the API acknowledged is there exactly once, on every member.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use conclave_node::crash;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::api::Failure;
use crate::harness::{LOOPBACK, Person, World, agree, eventually, list, text};

/// Kills at moments that nobody chose.
const KILLS: usize = 40;

/// Crashes between commit and reply: at least so many must leave a message behind that was stored and never acknowledged.
const KEPT_MIN: usize = 10;

/// Attempts to meet that gap.
const ATTEMPTS_MAX: usize = 60;

/// Longest time that a node is let to live in milliseconds.
const LIFE_MS_MAX: u64 = 80;

/// Where a crash met the message that was being sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Met {
    /// None was being sent.
    Nothing,
    /// It was not stored.
    Unstored,
    /// It was stored, and its sender got no answer.
    Stored,
}

/// Somebody who sends, remembers what was acknowledged, and tries the rest again with the same nonce.
struct Sender {
    person: Person,
    channel: String,
    acknowledged: BTreeMap<String, String>,
    sent: usize,
}

impl Sender {
    fn new(person: Person, channel: String) -> Self {
        Self {
            person,
            channel,
            acknowledged: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Sends one message; false if the node went away meanwhile.
    fn send(&mut self, nonce: &str) -> bool {
        let path = format!("/channels/{}/messages", self.channel);
        let body = json!({ "content": nonce, "nonce": nonce });
        match self.person.api().post(&path, body) {
            Ok(message) => {
                self.acknowledged
                    .insert(nonce.to_owned(), text(&message, "id"));
                true
            }
            Err(Failure::Gone(_)) => false,
            Err(refused) => panic!("{nonce}: {refused}"),
        }
    }

    /// Sends until the node is gone or `enough` says so; gives the nonce that got no answer.
    fn send_until(&mut self, mut enough: impl FnMut() -> bool) -> Option<String> {
        while !enough() {
            self.sent += 1;
            let nonce = format!("message {}", self.sent);
            if !self.send(&nonce) {
                return Some(nonce);
            }
        }
        None
    }

    /// Starts the node again and repeats what got no answer.
    fn recover(&mut self, nonce: Option<String>) -> Met {
        self.person.start();
        let Some(nonce) = nonce else {
            return Met::Nothing;
        };
        let path = format!("/channels/{}/messages?limit=50", self.channel);
        let stored = list(&self.person.get(&path), "messages");
        let stored = stored
            .iter()
            .find(|message| message["content"] == nonce.as_str());
        let stored = stored.map(|message: &Value| text(message, "id"));
        assert!(self.send(&nonce), "the repeated {nonce}");
        let Some(id) = stored else {
            return Met::Unstored;
        };
        assert_eq!(
            self.acknowledged[&nonce], id,
            "the same nonce is the same message"
        );
        Met::Stored
    }

    /// Runs the node with a crash point until it is gone, and again without.
    fn crash_at(&mut self, point: &str, nth: u64) -> Met {
        self.person.stop();
        let at = format!("{point}:{nth}");
        let unanswered = if self.person.start_to_crash(&at) {
            let unanswered = self.send_until(|| false);
            self.person.wait_for_crash();
            unanswered
        } else {
            None
        };
        self.recover(unanswered)
    }

    /// Waits until the other has all, and checks that everything acknowledged is there once and nothing else is.
    fn check(&self, other: &Person) {
        let texts = agree(&[&self.person, other], &self.channel);
        let mut expected: Vec<&String> = self.acknowledged.keys().collect();
        let mut found: Vec<&String> = texts.iter().collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        for message in other.messages(&self.channel) {
            assert_eq!(
                self.acknowledged[&text(&message, "content")],
                text(&message, "id")
            );
        }
    }
}

/// Two members of one server, of whom one sends.
fn pair(world: &World) -> (Sender, Person) {
    let [ada, ben] = ["ada", "ben"].map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    ben.join(&ada.invite(&server));
    (Sender::new(ada, general), ben)
}

/// Ends a process after a random time, from beside.
fn kill_soon(person: &Person, rng: &mut ChaCha20Rng) -> std::thread::JoinHandle<()> {
    let pid = person.process().pid().to_string();
    let life = Duration::from_micros(rng.next_u64() % (LIFE_MS_MAX * 1000));
    std::thread::spawn(move || {
        std::thread::sleep(life);
        let killed = Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        assert!(killed.success());
    })
}

#[test]
fn nothing_acknowledged_is_lost_at_any_named_point() {
    let world = World::new();
    let (mut sender, ben) = pair(&world);
    for point in crash::POINTS {
        match point {
            crash::BEFORE_COMMIT | crash::AFTER_COMMIT | crash::AFTER_SEND | crash::AFTER_REPLY => {
                let met = [1, 2, 5, 9, 14].map(|nth| sender.crash_at(point, nth));
                println!("{point}: {met:?}");
                assert!(
                    met.iter().any(|met| *met != Met::Nothing),
                    "{point}: nothing was being sent"
                );
                match point {
                    crash::BEFORE_COMMIT => assert!(met.contains(&Met::Unstored)),
                    crash::AFTER_COMMIT => assert!(met.contains(&Met::Stored)),
                    _ => {}
                }
            }
            crash::AFTER_VAULT_WRITE => crash_while_founding(&world),
            crash::IN_JOIN => crash_while_joining(&world, &sender),
            other => panic!("nothing here passes {other}"),
        }
    }
    sender.check(&ben);
}

/// An account whose creation was cut short is created by the next attempt.
fn crash_while_founding(world: &World) {
    let mut dua = world.stranger("dua", LOOPBACK);
    assert!(dua.start_to_crash(crash::AFTER_VAULT_WRITE));
    let answer = dua.api().put("/me", json!({ "display_name": "dua" }));
    assert!(matches!(answer, Err(Failure::Gone(_))), "{answer:?}");
    dua.wait_for_crash();
    dua.start();
    assert_eq!(dua.get("/me")["created"], false);
    let me = dua.put("/me", json!({ "display_name": "dua" }));
    dua.kill();
    dua.start();
    assert_eq!(dua.get("/me")["identity_id"], me["identity_id"]);
    dua.found("Anew");
}

/// Whoever crashed while joining joins by trying again, once.
fn crash_while_joining(world: &World, inside: &Sender) {
    let servers = list(&inside.person.get("/servers"), "servers");
    let server = text(&servers[0], "id");
    let link = inside.person.invite(&server);
    let mut eve = world.person("eve");
    eve.stop();
    assert!(eve.start_to_crash(crash::IN_JOIN));
    let answer = eve.api().post("/invites/join", json!({ "link": link }));
    assert!(matches!(answer, Err(Failure::Gone(_))), "{answer:?}");
    eve.wait_for_crash();
    eve.start();
    eve.join(&link);
    let last = inside.acknowledged.keys().next().unwrap();
    eve.sees(&inside.channel, last);
    let joined = eventually("eve is listed", || {
        let path = format!("/servers/{server}/members?query=eve");
        let members = list(&inside.person.get(&path), "members");
        (!members.is_empty()).then_some(members.len())
    });
    assert_eq!(joined, 1);
}

#[test]
fn nothing_acknowledged_is_lost_at_random_moments() {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    println!("seed {seed:?}");
    let mut rng = ChaCha20Rng::from_seed(seed);
    let world = World::new();
    let (mut sender, mut ben) = pair(&world);
    let mut stored = 0;
    for kill in 0..KILLS {
        // Every fourth time it is the one who receives.
        if kill % 4 == 3 {
            let killer = kill_soon(&ben, &mut rng);
            assert_eq!(sender.send_until(|| killer.is_finished()), None);
            killer.join().unwrap();
            ben.wait_for_crash();
            ben.start();
        } else {
            let killer = kill_soon(&sender.person, &mut rng);
            let unanswered = sender.send_until(|| false);
            killer.join().unwrap();
            sender.person.wait_for_crash();
            stored += usize::from(sender.recover(unanswered) == Met::Stored);
        }
    }
    println!("{stored} of {KILLS} kills: stored, not acknowledged");
    let mut kept = 0;
    for attempt in 0.. {
        if kept >= KEPT_MIN {
            println!("{kept} of {attempt} crashes were between commit and reply");
            break;
        }
        assert!(
            attempt < ATTEMPTS_MAX,
            "only {kept} were between commit and reply"
        );
        let point = [crash::AFTER_COMMIT, crash::AFTER_SEND][attempt % 2];
        let met = sender.crash_at(point, 1 + rng.next_u64() % 20);
        kept += usize::from(met == Met::Stored);
    }
    sender.check(&ben);
    println!(
        "{} messages acknowledged, each there once",
        sender.acknowledged.len()
    );
}
