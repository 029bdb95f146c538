//! A node on an empty profile, and a client that can send what no browser would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use conclave_node::{Node, NodeConfig, NodeHandle};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running node with an account.
pub struct TestNode {
    pub handle: NodeHandle,
    pub port: u16,
    pub token: String,
    runtime: tokio::runtime::Runtime,
    _dir: TempDir,
}

impl TestNode {
    pub fn start() -> Self {
        let node = Self::start_fresh();
        assert_eq!(
            node.put("/me", &json!({ "display_name": "Ada" })).status,
            200
        );
        node
    }

    /// Without an account.
    pub fn start_fresh() -> Self {
        let dir = TempDir::new().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut config = NodeConfig::new(dir.path().join("profile"));
        config.port = Some(0);
        config.bind = Some("127.0.0.1:0".parse().unwrap());
        let handle = runtime.block_on(Node::start(config)).unwrap();
        let port = handle.url().rsplit(':').next().unwrap().parse().unwrap();
        let token = handle.session_token().to_owned();
        Self {
            handle,
            port,
            token,
            runtime,
            _dir: dir,
        }
    }

    pub fn stop(self) {
        self.runtime.block_on(self.handle.stop());
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.as_person("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.as_person("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.as_person("PUT", path, Some(body))
    }

    pub fn as_person(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.with_token(&self.token, method, path, body)
    }

    pub fn with_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let text = body.map(Value::to_string).unwrap_or_default();
        let bearer = format!("Bearer {token}");
        let headers = [
            ("host", self.host()),
            ("authorization", bearer),
            ("content-type", "application/json".into()),
        ];
        send(
            self.port,
            method,
            &format!("/api/v1{path}"),
            &headers,
            text.as_bytes(),
        )
    }

    /// Creates a token that may do `actions`.
    pub fn api_token(&self, actions: &[&str], server: Option<&str>) -> String {
        let made = self.post(
            "/tokens",
            &json!({ "name": "test", "actions": actions, "server_id": server }),
        );
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// Founds a server; gives its id and that of its first text channel.
    pub fn server(&self) -> (String, String) {
        let made = self.post("/servers", &json!({ "name": "Home" }));
        assert_eq!(made.status, 201, "{}", made.text());
        let server = made.json();
        let channel = server["channels"]
            .as_array()
            .unwrap()
            .iter()
            .find(|channel| channel["kind"] == "text")
            .unwrap();
        (
            server["id"].as_str().unwrap().to_owned(),
            channel["id"].as_str().unwrap().to_owned(),
        )
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn code(&self) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        value["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self
            .head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim())
    }
}

/// Sends one request exactly as given and reads the whole answer.
pub fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_length = headers
        .iter()
        .any(|(name, _)| ["content-length", "transfer-encoding"].contains(name));
    if !has_length {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    // The node may refuse before it has read everything.
    let _ = stream.write_all(body);
    read_answer(&mut stream)
}

/// Reads until the other side closes.
pub fn read_answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    // A reset after the answer is as good as an end.
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..count]);
    }
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
    Answer { status, head, body }
}

/// A path of the table with made-up ids.
pub fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{kind}" => "role".to_owned(),
        "{emoji}" => "x".to_owned(),
        part if part.starts_with('{') => "ab".repeat(32),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}
