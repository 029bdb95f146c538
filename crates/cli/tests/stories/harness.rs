//! People with processes: started, killed, started again; what they do and what they come to see.

mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use conclave_core::permissions::Bits;
use serde_json::{Value, json};

use crate::api::{Api, Failure};
pub use process::{CRASH_AT, Process, conclave};

/// How long anything may take that is bound to happen. A device waits up to half a minute for a key that it lacks.
const DEADLINE: Duration = Duration::from_secs(120);

/// The arguments of a node that talks to nobody beyond this machine.
pub const LOOPBACK: &[&str] = &["--bind", "127.0.0.1:0"];

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until something is there.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            println!("{:>6} ms: {what}", begin.elapsed().as_millis());
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "in {DEADLINE:?}: {what}");
        std::thread::sleep(LOOK);
    }
}

/// The directory that everybody's profiles lie in, gone with the story.
pub struct World(tempfile::TempDir);

impl World {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Somebody with an account and a running node.
    pub fn person(&self, name: &str) -> Person {
        self.person_at(name, LOOPBACK)
    }

    /// Somebody whose node runs with arguments of its own.
    pub fn person_at(&self, name: &str, args: &[&str]) -> Person {
        let mut person = self.stranger(name, args);
        person.start();
        person.create_account();
        person
    }

    /// Somebody whose node was never started.
    pub fn stranger(&self, name: &str, args: &[&str]) -> Person {
        Person {
            name: name.to_owned(),
            id: String::new(),
            profile: self.path().join(name),
            args: args.iter().map(ToString::to_string).collect(),
            node: None,
        }
    }
}

/// Somebody, and their node while it runs.
pub struct Person {
    pub name: String,
    /// Identity, in hexadecimal digits.
    pub id: String,
    pub profile: PathBuf,
    args: Vec<String>,
    node: Option<(Process, Api)>,
}

/// Starting and ending.
impl Person {
    pub fn start(&mut self) {
        self.start_in(&[]);
    }

    pub fn create_account(&mut self) {
        let me = self.put("/me", json!({ "display_name": self.name }));
        self.id = text(&me, "identity_id");
    }

    /// Starts the node with a crash point; false if it passed that before it was ready.
    pub fn start_to_crash(&mut self, at: &str) -> bool {
        self.start_in(&[(CRASH_AT, at)]);
        self.node.is_some()
    }

    /// Starts the node with an environment.
    pub fn start_in(&mut self, env: &[(&str, &str)]) {
        assert!(self.node.is_none(), "{} is running", self.name);
        self.node = Process::node(&self.profile, &self.args, env);
    }

    /// Ends the process without a warning.
    pub fn kill(&mut self) {
        let (mut process, _) = self.node.take().expect("running");
        process.kill();
    }

    /// Asks the process to end, and waits until it has.
    pub fn stop(&mut self) {
        let (process, _) = self.node.take().expect("running");
        assert!(process.stop().success(), "{} stops in peace", self.name);
    }

    /// Waits for the process to end by itself.
    pub fn wait_for_crash(&mut self) {
        let (mut process, _) = self.node.take().expect("running");
        assert!(!process.wait().success());
    }

    pub fn process(&self) -> &Process {
        &self.node.as_ref().expect("running").0
    }

    pub fn api(&self) -> &Api {
        &self.node.as_ref().expect("running").1
    }
}

/// Calls that must succeed.
impl Person {
    pub fn get(&self, path: &str) -> Value {
        self.must(path, self.api().get(path))
    }

    pub fn post(&self, path: &str, body: Value) -> Value {
        self.must(path, self.api().post(path, body))
    }

    pub fn put(&self, path: &str, body: Value) -> Value {
        self.must(path, self.api().put(path, body))
    }

    pub fn must(&self, what: &str, answer: Result<Value, Failure>) -> Value {
        answer.unwrap_or_else(|failure| panic!("{}, {what}: {failure}", self.name))
    }
}

/// What people do.
impl Person {
    /// Founds a server; gives it and its first text channel.
    pub fn found(&self, name: &str) -> (String, String) {
        let server = self.post("/servers", json!({ "name": name }));
        let general = list(&server, "channels")
            .into_iter()
            .find(|channel| channel["kind"] == "text");
        (text(&server, "id"), text(&general.unwrap(), "id"))
    }

    /// A many-use open link.
    pub fn invite(&self, server: &str) -> String {
        let invite = self.post(
            &format!("/servers/{server}/invites"),
            json!({ "kind": "open" }),
        );
        text(&invite, "url")
    }

    /// Joins, and waits until the server is here.
    pub fn join(&self, link: &str) -> String {
        let server = text(
            &self.post("/invites/join", json!({ "link": link }))["server"],
            "id",
        );
        eventually(&format!("{} joins", self.name), || {
            (self.connection(&server) == "online").then_some(())
        });
        server
    }

    /// Writes; gives the message's id.
    pub fn say(&self, channel: &str, content: &str) -> String {
        text(&self.must("say", self.try_say(channel, content)), "id")
    }

    pub fn try_say(&self, channel: &str, content: &str) -> Result<Value, Failure> {
        let path = format!("/channels/{channel}/messages");
        self.api().post(&path, json!({ "content": content }))
    }

    /// Gives a member a new role with permissions, and waits until that member knows.
    pub fn empower(&self, server: &str, member: &Person, permissions: u64) -> String {
        let draft = json!({ "name": "Crew", "permissions": permissions.to_string() });
        let role = text(&self.post(&format!("/servers/{server}/roles"), draft), "id");
        self.grant(server, member, &role);
        role
    }

    pub fn grant(&self, server: &str, member: &Person, role: &str) {
        self.knows(server, member);
        let path = format!("/servers/{server}/members/{}/roles/{role}", member.id);
        self.put(&path, json!({}));
        eventually(&format!("{} has the role", member.name), || {
            let roles = member.get(&format!("/servers/{server}"))["my_roles"].clone();
            roles
                .as_array()
                .unwrap()
                .contains(&Value::from(role))
                .then_some(())
        });
    }

    /// Makes a text channel that one role sees; gives its id.
    pub fn private_channel(&self, server: &str, name: &str, role: &str) -> String {
        let view = Bits::VIEW_CHANNEL.0.to_string();
        let sees = json!({ "kind": "role", "id": role, "allow": view, "deny": "0" });
        let draft = json!({ "name": name, "kind": "text", "private": true, "overwrites": [sees] });
        let channel = self.post(&format!("/servers/{server}/channels"), draft);
        text(&channel, "id")
    }

    pub fn ban(&self, server: &str, member: &Person) -> Result<Value, Failure> {
        let path = format!("/servers/{server}/bans/{}", member.id);
        self.api().put(&path, json!({ "reason": "spam" }))
    }
}

/// What people come to see.
impl Person {
    /// Waits until a text stands in a channel.
    pub fn sees(&self, channel: &str, content: &str) {
        eventually(&format!("{} sees {content:?}", self.name), || {
            let texts = self.texts(channel);
            texts.iter().any(|text| text == content).then_some(())
        });
    }

    /// What people wrote in a channel, oldest first; nothing if there is no such channel here.
    pub fn texts(&self, channel: &str) -> Vec<String> {
        let messages = self.messages(channel);
        messages
            .iter()
            .map(|message| text(message, "content"))
            .collect()
    }

    /// All messages that people wrote, oldest first.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut before = String::new();
        loop {
            let path = format!("/channels/{channel}/messages?limit=200{before}");
            let page = match self.api().get(&path) {
                Err(Failure::Refused { status: 404, .. }) => return Vec::new(),
                page => self.must(&path, page),
            };
            let mut messages = list(&page, "messages");
            if let Some(first) = messages.first() {
                before = format!("&before={}", text(first, "id"));
            }
            messages.append(&mut all);
            all = messages;
            if page["has_before"] != true {
                all.retain(|message| message["kind"] == "user");
                return all;
            }
        }
    }

    /// Waits until a member is known here: news of who joined through somebody else may still be on the way.
    pub fn knows(&self, server: &str, member: &Person) {
        let path = format!("/servers/{server}/members/{}", member.id);
        eventually(&format!("{} knows {}", self.name, member.name), || {
            self.api().get(&path).ok().map(drop)
        });
    }

    /// How the person stands to a server: `online`, `paused`, `removed` and so on; empty if it is not known here.
    pub fn connection(&self, server: &str) -> String {
        let servers = list(&self.get("/servers"), "servers");
        let server = servers.iter().find(|found| found["id"] == server);
        server.map_or_else(String::new, |server| text(&server["state"], "connection"))
    }

    pub fn comes_to_be(&self, server: &str, connection: &str) {
        eventually(&format!("{} is {connection}", self.name), || {
            (self.connection(server) == connection).then_some(())
        });
    }
}

/// Waits until all see the same messages in the same order, and gives their texts.
pub fn agree(people: &[&Person], channel: &str) -> Vec<String> {
    let (first, others) = people.split_first().unwrap();
    let mut seen = Vec::new();
    eventually("all see the same", || {
        seen = first.texts(channel);
        others
            .iter()
            .all(|person| person.texts(channel) == seen)
            .then(|| seen.clone())
    })
}

/// A text field.
pub fn text(value: &Value, field: &str) -> String {
    let text = value[field].as_str();
    text.unwrap_or_else(|| panic!("{field} in {value}"))
        .to_owned()
}

/// A list field.
pub fn list(value: &Value, field: &str) -> Vec<Value> {
    let list = value[field].as_array();
    list.unwrap_or_else(|| panic!("{field} in {value}")).clone()
}
