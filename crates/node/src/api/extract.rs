//! Reading requests within bounds, with refusals in the API's own form.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// Longest JSON body: a message of 16 KiB and its escapes fit, and so does the largest settings document.
pub const JSON_BYTES_MAX: usize = 256 * 1024;

/// Longest file that can be attached.
pub const ATTACHMENT_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Longest avatar or icon.
pub const IMAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Time in which a body must have arrived; a client on the same machine needs a fraction of it.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body. An empty body counts as `{}`, so that requests whose fields are all optional need none.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read_body(request.into_body(), JSON_BYTES_MAX).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| ApiError::invalid(format!("the body: {error}")))
    }
}

/// Whether a request that carries a body says that it is JSON.
pub fn says_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
}

/// Reads a whole body of at most `bytes_max` bytes.
///
/// # Errors
/// 413 for a longer one, 408 for one that does not arrive in time.
pub async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let error = error.into_inner();
            if error.is::<http_body_util::LengthLimitError>() {
                return Err(ApiError::too_large(bytes_max));
            }
            Err(ApiError::invalid("the body broke off"))
        }
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the body did not arrive in time",
        )),
    }
}

/// Parameters in the path.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value))
            .map_err(|error| ApiError::invalid(format!("the address: {}", error.body_text())))
    }
}

/// Parameters in the query string.
pub struct Search<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Search<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|error| ApiError::invalid(format!("the query: {}", error.body_text())))
    }
}

/// Reads a field that may be absent (leave it), null (take it away) or a value.
///
/// # Errors
/// Those of `T`.
pub fn maybe_null<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
