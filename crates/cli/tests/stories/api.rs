//! A client of one node's local API, as small as a bot's.

use std::fmt;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// Time for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a call brought nothing.
#[derive(Debug)]
pub enum Failure {
    /// The node said no.
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    /// No answer: the process is gone, or was never there.
    Gone(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused {
                status,
                code,
                message,
            } => write!(f, "{status} {code}: {message}"),
            Self::Gone(reason) => write!(f, "no answer: {reason}"),
        }
    }
}

/// Access to a node: its address and a token.
#[derive(Clone)]
pub struct Api {
    agent: Agent,
    url: String,
    token: String,
}

impl Api {
    pub fn new(url: &str, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .proxy(None);
        Self {
            agent: config.build().into(),
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.call("PUT", path, Some(body))
    }

    fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let gone = |error: ureq::Error| Failure::Gone(error.to_string());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.map(|body| body.to_string()).unwrap_or_default())
            .expect("a path of this test");
        let mut response = self.agent.run(request).map_err(gone)?;
        let text = response.body_mut().read_to_string().map_err(gone)?;
        let answer = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).expect("the node answers in JSON"),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(answer);
        }
        let field = |name: &str| {
            answer["error"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Err(Failure::Refused {
            status: status.as_u16(),
            code: field("code"),
            message: field("message"),
        })
    }
}
