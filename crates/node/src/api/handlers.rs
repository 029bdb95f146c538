//! The answers to each route: from a request to a command or a question, and back.

pub mod account;
pub mod audit;
pub mod channels;
pub mod chats;
pub mod files;
pub mod finality;
pub mod invites;
pub mod members;
pub mod messages;
pub mod moderation;
pub mod node;
pub mod ownership;
pub mod reports;
pub mod roles;
pub mod servers;
pub mod tokens;

use axum::Json;
use axum::http::StatusCode;

use super::error::ApiError;

/// The answer of a handler.
pub type Answer<T> = Result<Json<T>, ApiError>;

/// The answer of a handler that has nothing to say.
pub type Done = Result<StatusCode, ApiError>;

/// Success without content.
pub const DONE: Done = Ok(StatusCode::NO_CONTENT);

/// Most objects on a page.
const PAGE_MAX: usize = 200;

/// Bounds the length of a page.
pub fn page_len(asked: Option<usize>, default: usize) -> usize {
    asked.unwrap_or(default).clamp(1, PAGE_MAX)
}

/// Answers with what was found.
///
/// # Errors
/// 404 if nothing was.
pub fn found<T>(what: &str, value: Option<T>) -> Answer<T> {
    value.map(Json).ok_or_else(|| ApiError::not_found(what))
}
