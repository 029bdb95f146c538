//! The one door to everything that this node serves on loopback: who asks, from where, and how much at once.
//!
//! Loopback is not private: every web page in the person's browser and every program of every user on the machine can reach
//! it. Hence an exact list of `Host` values (against DNS rebinding), a check of `Origin` and `Sec-Fetch-Site` (against other
//! pages), and a bearer token on every route of the API (against other users and programs). No cookies are used or set.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::error::ApiError;
use super::headers;

/// Prefix of every route that needs a token.
pub const API_PREFIX: &str = "/api/";

/// The only route of the API without a token: it gives one for a one-time code.
pub const SESSION_PATH: &str = "/api/v1/session";

/// The only route whose token may come as a WebSocket sub-protocol, because browsers cannot set other headers there.
pub const EVENTS_PATH: &str = "/api/v1/events";

/// The names under which a listener may be addressed.
#[derive(Clone, Debug)]
pub struct Hosts {
    names: [String; 3],
}

impl Hosts {
    /// The loopback names with a port.
    pub fn loopback(port: u16) -> Self {
        Self {
            names: [
                format!("127.0.0.1:{port}"),
                format!("localhost:{port}"),
                format!("[::1]:{port}"),
            ],
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        self.names.iter().any(|name| name == host)
    }

    fn allows_origin(&self, origin: &str) -> bool {
        origin
            .strip_prefix("http://")
            .is_some_and(|host| self.allows_host(host))
    }

    /// Checks `Host` (exactly one) and the authority of the request line.
    ///
    /// # Errors
    /// 421.
    pub fn check_host(&self, request: &Request) -> Result<(), ApiError> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        let named = host.is_some_and(|host| self.allows_host(host)) && hosts.next().is_none();
        let line = request
            .uri()
            .authority()
            .is_none_or(|authority| self.allows_host(authority.as_str()));
        if named && line {
            return Ok(());
        }
        let message = "this address belongs to a program on this machine and answers only to its loopback names";
        Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "misdirected",
            message,
        ))
    }

    /// Checks `Origin`, where there is one.
    ///
    /// # Errors
    /// 403.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let allowed = headers.get_all(ORIGIN).iter().all(|origin| {
            origin
                .to_str()
                .is_ok_and(|origin| self.allows_origin(origin))
        });
        if allowed {
            Ok(())
        } else {
            Err(forbidden_origin())
        }
    }
}

/// The refusal of a request that another page made.
pub fn forbidden_origin() -> ApiError {
    let message = "requests from other web pages are refused";
    ApiError::new(StatusCode::FORBIDDEN, "forbidden_origin", message)
}

/// Refuses what a browser says came from elsewhere. Another port is another site's page as far as this node is concerned,
/// so `same-site` is refused too. Opening the app itself from anywhere (a link, the redirect file) is allowed: it carries
/// no token and cannot be framed.
fn check_fetch_site(request: &Request) -> Result<(), ApiError> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("cross-site"))
    };
    match header("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => {
            let opens_page = request.method() == Method::GET
                && !request.uri().path().starts_with(API_PREFIX)
                && header("sec-fetch-mode") == Some("navigate")
                && header("sec-fetch-dest") == Some("document");
            if opens_page {
                Ok(())
            } else {
                Err(forbidden_origin())
            }
        }
    }
}

/// The middleware of everything, errors and unknown routes included.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let response = match admit(&app, &mut request).await {
        Ok(permit) => {
            let response = next.run(request).await;
            drop(permit);
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    headers::secure(response, &app.page_policy)
}

async fn admit(
    app: &App,
    request: &mut Request,
) -> Result<tokio::sync::OwnedSemaphorePermit, ApiError> {
    app.hosts.check_host(request)?;
    app.hosts.check_origin(request.headers())?;
    check_fetch_site(request)?;
    let path = request.uri().path();
    if path.starts_with(API_PREFIX) && path != SESSION_PATH {
        let bearer = bearer(request.headers(), path).ok_or_else(ApiError::unauthorized)?;
        let caller = app.caller(bearer).ok_or_else(ApiError::unauthorized)?;
        request.extensions_mut().insert(caller);
    }
    let permit = Arc::clone(&app.requests).try_acquire_owned();
    permit.map_err(|_| {
        ApiError::rate_limited("too many requests at the same time: wait for some to be answered")
    })
}

/// Finds the token of a request: in `Authorization`, or for the stream of events among the sub-protocols.
fn bearer<'a>(headers: &'a HeaderMap, path: &str) -> Option<&'a str> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        return value.to_str().ok()?.strip_prefix("Bearer ");
    }
    if path != EVENTS_PATH {
        return None;
    }
    let offered = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    offered
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix("bearer."))
}
