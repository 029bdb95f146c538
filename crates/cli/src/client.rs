//! Talks to the running node over its local API, as the app does.

use std::path::Path;
use std::time::Duration;

use conclave_node::SessionInfo;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

use crate::error::CliError;

/// Time for one answer: joining and fetching may take the node a while.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A connection to the node of one profile.
pub struct Client {
    agent: Agent,
    session: SessionInfo,
}

impl Client {
    /// Finds the node that runs on a profile.
    ///
    /// # Errors
    /// [`CliError::NoNode`] if none does.
    pub fn connect(profile_dir: &Path, arguments: &str) -> Result<Self, CliError> {
        let none = || CliError::NoNode {
            arguments: arguments.to_owned(),
        };
        let read =
            SessionInfo::read(profile_dir).map_err(CliError::io("the profile's session file"))?;
        let session = read.ok_or_else(none)?;
        // No proxy from the environment: the token must not leave this machine.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .proxy(None)
            .max_redirects(0);
        let client = Self {
            agent: config.build().into(),
            session,
        };
        match client.get("/version") {
            Ok(_) => Ok(client),
            // A file that a killed node left behind, or another program on its port.
            Err(CliError::Broken(_)) => Err(none()),
            Err(CliError::Refused { code, .. }) if code == "unauthorized" => Err(none()),
            Err(error) => Err(error),
        }
    }

    /// Address of the node, without a path.
    pub fn url(&self) -> &str {
        &self.session.url
    }

    /// The token, for the stream of events.
    pub fn token(&self) -> &str {
        &self.session.token
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value, CliError> {
        self.call("GET", path, None)
    }

    /// Creates or does.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call("POST", path, Some(body))
    }

    /// Sets.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call("PUT", path, Some(body))
    }

    /// Changes.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call("PATCH", path, Some(body))
    }

    /// Removes.
    pub fn delete(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.call("DELETE", path, Some(body))
    }

    /// Makes one request; an answer without content is `null`.
    ///
    /// # Errors
    /// [`CliError::Refused`] with the node's own words, [`CliError::Broken`] without an answer.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, CliError> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = self
            .request(method, path)
            .header("content-type", "application/json")
            .body(text);
        let request = request.map_err(|error| CliError::Broken(error.to_string()))?;
        self.answer(self.agent.run(request))
    }

    /// Uploads a file.
    ///
    /// # Errors
    /// As for every request.
    pub fn upload(&self, path: &str, name: &str, bytes: Vec<u8>) -> Result<Value, CliError> {
        let request = self
            .request("POST", path)
            .header("content-type", "application/octet-stream");
        let request = request
            .header("x-filename", percent_encode(name))
            .body(bytes);
        let request = request.map_err(|error| CliError::Broken(error.to_string()))?;
        self.answer(self.agent.run(request))
    }

    /// Gets a file by the address that a ticket gave. It takes no token along: the address is the key.
    ///
    /// # Errors
    /// [`CliError::Broken`].
    pub fn download(&self, url: &str) -> Result<Vec<u8>, CliError> {
        let broken = |error: ureq::Error| CliError::Broken(error.to_string());
        let mut response = self.agent.get(url).call().map_err(broken)?;
        if !response.status().is_success() {
            let words = format!("the node answered {}", response.status());
            return Err(CliError::Broken(words));
        }
        response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .map_err(broken)
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let bearer = format!("Bearer {}", self.session.token);
        let url = format!("{}/api/v1{path}", self.session.url);
        Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", bearer)
    }

    fn answer(
        &self,
        outcome: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, CliError> {
        let broken = |error: ureq::Error| CliError::Broken(error.to_string());
        let mut response = outcome.map_err(broken)?;
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .map_err(broken)?;
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or_else(|_| json!({}))
        };
        if response.status().is_success() {
            return Ok(value);
        }
        let field = |name: &str| value["error"][name].as_str().map(str::to_owned);
        let message =
            field("message").unwrap_or_else(|| format!("the node answered {}", response.status()));
        Err(CliError::Refused {
            code: field("code").unwrap_or_default(),
            message,
        })
    }
}

/// Encodes a part of a path or query (RFC 3986, unreserved characters stay).
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
