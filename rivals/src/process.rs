//! The real program in processes of its own, driven over its local API as the app drives it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};
use ureq::Agent;
use ureq::http::Request;

/// How long anything may take that is bound to happen.
const DEADLINE: Duration = Duration::from_secs(60);

/// The project's directory.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Builds the program as it ships and gives its path.
///
/// # Errors
/// It does not build.
pub fn build() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(PROJECT).join("target"), PathBuf::from);
    let built = Command::new("cargo")
        .current_dir(PROJECT)
        .env("CARGO_TARGET_DIR", &target)
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--package",
            "conclave-cli",
        ])
        .status()?;
    ensure!(built.success(), "the program does not build");
    Ok(target.join("release/conclave"))
}

/// A running node; it ends with this value.
pub struct Node {
    child: Child,
    /// Kept open, so that the node may go on to print.
    _output: BufReader<ChildStdout>,
    agent: Agent,
    url: String,
    token: String,
}

impl Node {
    /// Starts a node on a profile and waits until it says that it is ready.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: &Path, profile: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .env_clear()
            .args([
                "--json",
                "--no-open",
                "--port",
                "0",
                "--bind",
                "127.0.0.1:0",
                "--profile-dir",
            ])
            .arg(profile)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("its output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        ensure!(line.contains("#code="), "the node did not start: {line:?}");
        let session: Value = serde_json::from_slice(&std::fs::read(profile.join("session.json"))?)?;
        let agent = Agent::config_builder()
            .timeout_global(Some(DEADLINE))
            .proxy(None)
            .build()
            .into();
        Ok(Self {
            child,
            _output: output,
            agent,
            url: text(&session, "url")?,
            token: text(&session, "token")?,
        })
    }

    /// Reads.
    ///
    /// # Errors
    /// The node refuses, or does not answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "")
    }

    /// Does.
    ///
    /// # Errors
    /// The node refuses, or does not answer.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, &body.to_string())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.to_owned())?;
        let mut response = self
            .agent
            .run(request)
            .with_context(|| format!("{method} {path}"))?;
        Ok(serde_json::from_str(
            &response
                .body_mut()
                .with_config()
                .limit(64 << 20)
                .read_to_string()?,
        )?)
    }

    /// Creates the account.
    ///
    /// # Errors
    /// As for every call.
    pub fn name(&self, name: &str) -> Result<()> {
        self.call("PUT", "/me", &json!({ "display_name": name }).to_string())
            .map(drop)
    }

    /// Founds a server; gives it and its first text channel.
    ///
    /// # Errors
    /// As for every call.
    pub fn found(&self, name: &str) -> Result<(String, String)> {
        let server = self.post("/servers", &json!({ "name": name }))?;
        let channels = server["channels"].as_array().context("channels")?;
        let general = channels
            .iter()
            .find(|channel| channel["kind"] == "text")
            .context("a text channel")?;
        Ok((text(&server, "id")?, text(general, "id")?))
    }

    /// Lets another node into a server and waits until both are connected.
    ///
    /// # Errors
    /// As for every call, or they do not meet.
    pub fn admit(&self, server: &str, other: &Self) -> Result<()> {
        let invite = self.post(
            &format!("/servers/{server}/invites"),
            &json!({ "kind": "open" }),
        )?;
        other.post("/invites/join", &json!({ "link": text(&invite, "url")? }))?;
        let begin = Instant::now();
        while begin.elapsed() < DEADLINE {
            let online = |node: &Self| -> Result<bool> {
                let server = node.get(&format!("/servers/{server}"))?;
                Ok(server["state"]["connection"] == "online"
                    && server["state"]["catching_up"].is_null())
            };
            if online(self)? && online(other)? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the two nodes did not meet")
    }

    /// Opens the stream of events.
    ///
    /// # Errors
    /// The node refuses.
    pub fn events(&self) -> Result<Events> {
        let host = self.url.trim_start_matches("http://");
        let mut request = format!("ws://{host}/api/v1/events").into_client_request()?;
        let protocols = format!("conclave.v1, bearer.{}", self.token);
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols.parse()?);
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        let (socket, _) =
            tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Events(socket))
    }

    /// Resident memory in MB (10⁶ bytes).
    ///
    /// # Errors
    /// The system does not say.
    pub fn resident_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024.0 / 1e6)
    }

    /// Asks the node to end, and waits until it has.
    ///
    /// # Errors
    /// It ends in an error.
    pub fn stop(mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        ensure!(
            self.child.wait()?.success(),
            "the node did not stop in peace"
        );
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream of events.
pub struct Events(WebSocket<TcpStream>);

impl Events {
    /// Waits for the next event; gives it with the time at which it was here, before it was read.
    ///
    /// # Errors
    /// The stream ends.
    pub fn next_event(&mut self) -> Result<(Instant, Value)> {
        loop {
            if let Message::Text(text) = self.0.read()? {
                let now = Instant::now();
                return Ok((now, serde_json::from_str(&text)?));
            }
        }
    }
}

/// A text field of an answer.
///
/// # Errors
/// It is missing.
pub fn text(value: &Value, field: &str) -> Result<String> {
    value[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {field} in {value}"))
}
