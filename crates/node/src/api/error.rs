//! What the local API answers when it refuses: a status, a code for programs, a sentence for people.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use conclave_core::view::ViewError;
use conclave_engine::command::CommandError;
use serde_json::{Value, json};

use crate::engine::EngineError;

/// A refusal. Its body is `{"error": {"code", "message", "details"?}}`.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<Value>,
}

impl ApiError {
    /// Makes a refusal with any status and code.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
        }
    }

    /// No token, or none that counts.
    pub fn unauthorized() -> Self {
        let message = "this needs a valid token: open the address that `conclave` prints, or use an API token";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// Something named in the request does not exist here.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("this {what} is not known on this device"),
        )
    }

    /// The request is malformed or a value out of its limits.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// The request contradicts what is already so.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// A body is longer than its route takes.
    pub fn too_large(bytes_max: usize) -> Self {
        let message = format!("the body is longer than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// The caller is faster than it may be, or the node has too much to do.
    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    /// The node cannot go on; the message names no secret and no content.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Adds details for programs.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The code for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let (Some(details), Some(error)) = (self.details, error.as_object_mut()) {
            error.insert("details".to_owned(), details);
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Command(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::NoAccount => {
                Self::conflict(error.to_string()).with_details(json!({ "created": false }))
            }
            EngineError::AccountExists => Self::conflict(error.to_string()),
            EngineError::StorageFull => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "storage_full",
                error.to_string(),
            ),
            EngineError::Failed(_) | EngineError::Stopped => Self::internal(error.to_string()),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let message = error.to_string();
        match error {
            CommandError::Forbidden { permission, .. } => match permission {
                Some(permission) => {
                    Self::forbidden(message).with_details(json!({ "permission": permission }))
                }
                None => Self::forbidden(message),
            },
            CommandError::NotFound { what } => Self::not_found(what),
            CommandError::Invalid { field, .. } => {
                Self::invalid(message).with_details(json!({ "field": field }))
            }
            CommandError::Conflict(_) => Self::conflict(message),
            CommandError::Halted => Self::new(StatusCode::CONFLICT, "halted", message),
            CommandError::NoKey => Self::conflict(message).with_details(json!({ "why": "no_key" })),
            CommandError::NoHub => Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_hub", message),
            CommandError::Store(error) => error.into(),
            CommandError::TooFast { wait_ms } => {
                Self::rate_limited(message).with_details(json!({ "wait_ms": wait_ms }))
            }
        }
    }
}

impl From<ViewError> for ApiError {
    fn from(error: ViewError) -> Self {
        Self::internal(error.to_string())
    }
}
