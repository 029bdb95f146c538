//! The app's files, built into the binary from `web/dist`.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use super::error::ApiError;

/// What `npm run build` made before this crate was compiled; empty if it was not run.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Assets;

/// Shown in place of the app by a binary that was built without it.
const WITHOUT_APP: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Conclave</title>\
    <h1>Conclave is running</h1><p>This binary was built without the web app. Build it with <code>./run</code>, or run \
    <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code> and compile again.</p>\
    <p>The command line works all the same: <code>conclave --help</code>.</p></html>";

/// Whether the app is in this binary.
pub fn is_built() -> bool {
    Assets::get("index.html").is_some()
}

/// Serves a file of the app; any path without a dot is one of the app's own views.
pub fn page(method: &Method, path: &str) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid",
            "only GET works here",
        )
        .into_response();
    }
    let name = path.trim_start_matches('/');
    let is_view = !name.rsplit('/').next().unwrap_or_default().contains('.');
    let name = if is_view { "index.html" } else { name };
    let Some(file) = Assets::get(name) else {
        return if is_view {
            Html(WITHOUT_APP).into_response()
        } else {
            ApiError::not_found("file").into_response()
        };
    };
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let mut response = Body::from(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_str(mime.as_ref()).unwrap_or(HeaderValue::from_static("text/plain")),
    );
    if name.starts_with("assets/") {
        // Their names hold a hash of their content.
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable"),
        );
    }
    response
}
