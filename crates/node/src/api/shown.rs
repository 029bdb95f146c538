//! The files' own origin: another port, where nothing of the app lives. Whoever has a ticket sees one file for a minute.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, RANGE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::app::App;
use super::error::ApiError;
use super::files::shown_type;
use super::guard::forbidden_origin;
use super::handlers::files::read;
use crate::clock;

/// Nothing runs, nothing loads, and the page has no origin at all.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// Puts the origin together.
pub fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/files/{ticket}", get(show))
        .fallback(|| async { ApiError::not_found("address") })
        .layer(from_fn_with_state(Arc::clone(app), guard))
        .with_state(Arc::clone(app))
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-site",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    app.file_hosts.check_host(request)?;
    app.hosts.check_origin(request.headers())?;
    // The app on the other port counts as the same site; a page elsewhere does not.
    let site = request
        .headers()
        .get("sec-fetch-site")
        .map(|site| site.to_str().unwrap_or("cross-site"));
    match site {
        None | Some("same-origin" | "same-site" | "none") => Ok(()),
        Some(_) => Err(forbidden_origin()),
    }
}

async fn show(
    State(app): State<Arc<App>>,
    Path(ticket): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let refuse =
        || ApiError::not_found("ticket: it opens its file for a minute; ask for a new one");
    let (hash, name) = app.tickets.open(&ticket, clock::now()).ok_or_else(refuse)?;
    let known = app.files.get(&hash).ok_or_else(refuse)?;
    let bytes = Bytes::from(read(&app, &known.blob).await?.ok_or_else(refuse)?);
    let shown = shown_type(&bytes);
    let mut response = part(&bytes, headers.get(RANGE).filter(|_| method == Method::GET));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(shown.unwrap_or("application/octet-stream")),
    );
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let how = if shown.is_some() {
        "inline"
    } else {
        "attachment"
    };
    let disposition = format!(
        "{how}; filename*=UTF-8''{}",
        utf8_percent_encode(&name, NON_ALPHANUMERIC)
    );
    let fallback = HeaderValue::from_static("attachment");
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_str(&disposition).unwrap_or(fallback),
    );
    Ok(response)
}

/// Answers with the asked part, so that videos can be wound; with everything if the range makes no sense.
fn part(bytes: &Bytes, range: Option<&HeaderValue>) -> Response {
    let asked = range.and_then(|range| parse_range(range.to_str().ok()?, bytes.len()));
    let Some((from, to)) = asked else {
        return Body::from(bytes.clone()).into_response();
    };
    let mut response = (
        StatusCode::PARTIAL_CONTENT,
        Body::from(bytes.slice(from..=to)),
    )
        .into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{to}/{}", bytes.len())) {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    response
}

/// Reads one range of bytes (RFC 9110, section 14.1.2): first and last, both inclusive.
fn parse_range(text: &str, len: usize) -> Option<(usize, usize)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let last = len.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", suffix) => (len.saturating_sub(suffix.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_stay_within_the_file() {
        assert_eq!(parse_range("bytes=0-3", 10), Some((0, 3)));
        assert_eq!(parse_range("bytes=4-", 10), Some((4, 9)));
        assert_eq!(parse_range("bytes=-3", 10), Some((7, 9)));
        assert_eq!(parse_range("bytes=0-99", 10), Some((0, 9)));
        assert_eq!(parse_range("bytes=10-", 10), None);
        assert_eq!(parse_range("bytes=3-1", 10), None);
        assert_eq!(parse_range("bytes=0-0", 0), None);
        assert_eq!(parse_range("lines=0-1", 10), None);
    }
}
