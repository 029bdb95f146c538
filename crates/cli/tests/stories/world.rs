//! People and their nodes. Waiting is always for a condition, with a deadline that says what was waited for.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::Request;

/// Time for anything to happen, on a machine that does much else.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(25);

/// The binary under test.
pub const CONCLAVE: &str = env!("CARGO_BIN_EXE_conclave");

/// Looks again and again until there is something.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// One person: a profile, and its node while it runs.
pub struct Person {
    pub name: String,
    dir: TempDir,
    node: Option<Running>,
    agent: Agent,
    /// Everything that the node's processes wrote to standard error.
    pub log: Arc<Mutex<String>>,
}

struct Running {
    child: Child,
    url: String,
    token: String,
    /// The address with the one-time code, as printed.
    open: String,
}

impl Person {
    /// A person whose node runs and has an account.
    pub fn new(name: &str) -> Self {
        let mut person = Self::absent(name);
        person.start();
        let me = person.put("/me", &json!({ "display_name": name }));
        assert_eq!(me["created"], true);
        person
    }

    /// A person whose node was never started.
    pub fn absent(name: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE))
            .proxy(None);
        Self {
            name: name.to_owned(),
            dir: TempDir::new().unwrap(),
            node: None,
            agent: config.build().into(),
            log: Arc::default(),
        }
    }

    pub fn profile_dir(&self) -> PathBuf {
        self.dir.path().join("profile")
    }

    pub fn start(&mut self) {
        self.start_with(&[], &[]);
    }

    /// Starts the node with more arguments and environment.
    pub fn start_with(&mut self, arguments: &[&str], environment: &[(&str, &str)]) {
        assert!(self.node.is_none(), "{} is online already", self.name);
        let mut child = Command::new(CONCLAVE)
            .arg("--profile-dir")
            .arg(self.profile_dir())
            .args(["--no-open", "--port", "0", "--bind", "127.0.0.1:0"])
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (log, stderr) = (Arc::clone(&self.log), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let open = line
            .strip_prefix("open: ")
            .unwrap_or_else(|| panic!("{}: {line:?} {}", self.name, self.log.lock().unwrap()));
        let file = std::fs::read(self.profile_dir().join("session.json")).unwrap();
        let session: Value = serde_json::from_slice(&file).unwrap();
        let field = |name: &str| session[name].as_str().unwrap().to_owned();
        self.node = Some(Running {
            child,
            url: field("url"),
            token: field("token"),
            open: open.trim().to_owned(),
        });
    }

    /// Ends the node as a person would.
    pub fn leave(&mut self) {
        let mut node = self.node.take().unwrap();
        let pid = node.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(
            node.child.wait().unwrap().success(),
            "{} did not end well: {}",
            self.name,
            self.log.lock().unwrap()
        );
    }

    /// Ends the node as a power cut would.
    pub fn kill(&mut self) {
        let mut node = self.node.take().unwrap();
        node.child.kill().unwrap();
        node.child.wait().unwrap();
    }

    /// Kills the process from another thread, while its owner still waits for answers.
    pub fn power_off(&self) {
        let pid = self.node.as_ref().unwrap().child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-KILL", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits until the node has ended by itself.
    pub fn wait_for_end(&mut self) {
        let mut node = self.node.take().unwrap();
        wait_for("the node's end", || node.child.try_wait().unwrap());
    }

    pub fn url(&self) -> &str {
        &self.node.as_ref().unwrap().url
    }

    pub fn token(&self) -> &str {
        &self.node.as_ref().unwrap().token
    }

    pub fn open_address(&self) -> &str {
        &self.node.as_ref().unwrap().open
    }

    /// One request; the status, and the body if it is JSON. No status if the node died over it.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url()))
            .header("authorization", format!("Bearer {}", self.token()))
            .header("content-type", "application/json");
        let mut response = self.agent.run(request.body(text).unwrap()).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((
            response.status().as_u16(),
            serde_json::from_str(&text).unwrap_or_default(),
        ))
    }

    fn done(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, value) = self
            .call(method, path, body)
            .unwrap_or_else(|| panic!("{}'s node is gone", self.name));
        assert!(
            (200..300).contains(&status),
            "{}: {method} {path}: {status} {value}",
            self.name
        );
        value
    }

    pub fn get(&self, path: &str) -> Value {
        self.done("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.done("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.done("PUT", path, Some(body))
    }

    pub fn id(&self) -> String {
        text(&self.get("/me"), "identity_id")
    }

    /// Founds a server; gives its id and that of its text channel.
    pub fn found_server(&self, name: &str) -> (String, String) {
        let server = self.post("/servers", &json!({ "name": name }));
        (text(&server, "id"), text_channel(&server))
    }

    /// Makes a link that can be used many times.
    pub fn invite(&self, server: &str) -> String {
        text(
            &self.post(
                &format!("/servers/{server}/invites"),
                &json!({ "kind": "open" }),
            ),
            "url",
        )
    }

    /// Joins by a link and waits until the server can be used.
    pub fn join(&self, link: &str) {
        let joined = self.post("/invites/join", &json!({ "link": link }));
        let id = text(&joined["server"], "id");
        wait_for("the joined server", || {
            let (status, server) = self.call("GET", &format!("/servers/{id}"), None)?;
            let has_channels = server["channels"]
                .as_array()
                .is_some_and(|channels| !channels.is_empty());
            (status == 200 && has_channels && server["state"]["connection"] == "online")
                .then_some(())
        });
    }

    /// Sends a message; gives its id.
    pub fn say(&self, channel: &str, content: &str) -> String {
        text(
            &self.post(
                &format!("/channels/{channel}/messages"),
                &json!({ "content": content }),
            ),
            "id",
        )
    }

    /// What the person sees in a channel, oldest first.
    pub fn sees(&self, channel: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let mut before = String::new();
        loop {
            let Some((200, page)) = self.call(
                "GET",
                &format!("/channels/{channel}/messages?limit=200{before}"),
                None,
            ) else {
                return all;
            };
            let messages = page["messages"].as_array().unwrap();
            all.splice(
                0..0,
                messages.iter().map(|message| text(message, "content")),
            );
            match messages.first() {
                Some(first) if page["has_before"] == true => {
                    before = format!("&before={}", text(first, "id"))
                }
                _ => return all,
            }
        }
    }

    /// Waits until the person sees a message.
    pub fn wait_to_see(&self, channel: &str, content: &str) {
        wait_for(&format!("{} to see {content:?}", self.name), || {
            self.sees(channel)
                .iter()
                .any(|seen| seen == content)
                .then_some(())
        });
    }

    /// Waits for a state of a server.
    pub fn wait_for_connection(&self, server: &str, connection: &str) {
        wait_for(&format!("{} to be {connection}", self.name), || {
            let servers = self.get("/servers");
            let found = servers["servers"]
                .as_array()?
                .iter()
                .find(|found| found["id"] == server)?
                .clone();
            (found["state"]["connection"] == connection).then_some(())
        });
    }

    /// Runs the command line on this person's profile.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        cli(&self.profile_dir(), arguments)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            let _ = node.child.kill();
            let _ = node.child.wait();
        }
        if std::thread::panicking() {
            eprintln!(
                "--- log of {}:\n{}",
                self.name,
                self.log.lock().map(|log| log.clone()).unwrap_or_default()
            );
        }
    }
}

/// Runs the command line on a profile.
pub fn cli(profile_dir: &Path, arguments: &[&str]) -> Output {
    Command::new(CONCLAVE)
        .arg("--profile-dir")
        .arg(profile_dir)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A string field.
pub fn text(value: &Value, field: &str) -> String {
    value[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {value}"))
        .to_owned()
}

/// The id of a server's first text channel.
pub fn text_channel(server: &Value) -> String {
    let channels = server["channels"].as_array().unwrap();
    text(
        channels
            .iter()
            .find(|channel| channel["kind"] == "text")
            .unwrap(),
        "id",
    )
}
