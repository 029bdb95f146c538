//! The local API: JSON over HTTP and one stream of events, on loopback alone, behind one guard.

mod action;
mod app;
mod caller;
pub mod dto;
mod enforce;
mod error;
mod events;
mod extract;
mod files;
mod guard;
mod handlers;
mod headers;
mod id;
mod listen;
pub mod openapi;
mod route;
mod routes;
mod session;
mod shown;
mod tokens;
mod web;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

pub use self::action::Action;
pub use self::app::{App, REQUESTS_MAX};
pub use self::error::ApiError;
pub use self::files::{FileBook, Tickets};
pub use self::guard::Hosts;
pub use self::headers::page_policy;
pub use self::id::{BitsText, Id, parse_permissions};
pub use self::listen::{CONNECTIONS_MAX, serve};
pub use self::route::{BodyKind, Limit, Route};
pub use self::routes::all as routes;
pub use self::session::Sessions;
pub use self::shown::router as files_router;
pub use self::tokens::{ROW_PREFIX as TOKEN_ROW_PREFIX, TOKENS_MAX, TokenBook};
pub use self::web::is_built as web_is_built;

/// Where the routes of the table lie.
pub const BASE: &str = "/api/v1";

/// Puts the API and the app together behind the guard.
pub fn router(app: &Arc<App>, has_web: bool) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let handler = (route.handler)().route_layer(from_fn_with_state(
            (Arc::clone(app), route),
            enforce::enforce,
        ));
        router = router.route(&format!("{BASE}{}", route.path), handler);
    }
    router
        .fallback(move |request: Request| async move { elsewhere(&request, has_web) })
        .method_not_allowed_fallback(|| async {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "invalid",
                "this address knows other methods",
            )
        })
        .layer(from_fn_with_state(Arc::clone(app), guard::guard))
        .with_state(Arc::clone(app))
}

fn elsewhere(request: &Request, has_web: bool) -> Response {
    if request.uri().path().starts_with(guard::API_PREFIX) || !has_web {
        return ApiError::not_found("address").into_response();
    }
    web::page(request.method(), request.uri().path())
}
