//! What every route requires of its caller, from the table alone.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use conclave_core::id::{BlobHash, ChannelId, EnvelopeId, ServerId};

use super::app::App;
use super::caller::{Caller, other_server};
use super::error::ApiError;
use super::extract::{JSON_BYTES_MAX, says_json};
use super::id::HexId;
use super::route::{BodyKind, Limit, Route};

/// The middleware of one route.
pub async fn enforce(
    State((app, route)): State<(Arc<App>, &'static Route)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let params = RawPathParams::from_request_parts(&mut parts, &())
        .await
        .ok();
    // The request itself is not held while waiting: its body cannot be shared between threads.
    let caller = parts.extensions.get::<Caller>().cloned();
    let checked = match check_body(route.body, &parts.headers) {
        Ok(()) => check_caller(&app, route, caller, params.as_ref()).await,
        Err(refusal) => Err(refusal),
    };
    match checked {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn check_caller(
    app: &App,
    route: &Route,
    caller: Option<Caller>,
    params: Option<&RawPathParams>,
) -> Result<(), ApiError> {
    let Some(action) = route.action else {
        return Ok(());
    };
    let caller = caller.ok_or_else(ApiError::unauthorized)?;
    caller.require(action)?;
    let Some(only) = caller.server() else {
        return Ok(());
    };
    match route.limit {
        Limit::Any => Ok(()),
        Limit::Never => Err(ApiError::forbidden(
            "this token is limited to one server, and this reaches beyond it",
        )),
        Limit::Path => {
            let server = server_of(app, params, only).await?;
            if server == Some(only) {
                Ok(())
            } else {
                Err(other_server())
            }
        }
    }
}

/// Refuses bodies of other types than the route takes. A page elsewhere could send forms and plain text without asking;
/// JSON it could not.
fn check_body(kind: BodyKind, headers: &HeaderMap) -> Result<(), ApiError> {
    let length = headers.get(CONTENT_LENGTH).map(|length| {
        length
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    });
    let has_body =
        headers.contains_key(TRANSFER_ENCODING) || length.is_some_and(|length| length != Some(0));
    let bytes_max = match kind {
        BodyKind::Raw(bytes_max) => bytes_max,
        BodyKind::Json | BodyKind::Empty => JSON_BYTES_MAX,
    };
    if length
        .flatten()
        .is_some_and(|length| length > bytes_max as u64)
    {
        return Err(ApiError::too_large(bytes_max));
    }
    if has_body && !matches!(kind, BodyKind::Raw(_)) && !says_json(headers) {
        let message = "the body must be JSON and say so: Content-Type: application/json";
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid",
            message,
        ));
    }
    Ok(())
}

/// Finds the server that a path is about; of a blob that was seen in several, `only` if it is among them.
async fn server_of(
    app: &App,
    params: Option<&RawPathParams>,
    only: ServerId,
) -> Result<Option<ServerId>, ApiError> {
    let Some(params) = params else {
        return Ok(None);
    };
    for (name, value) in params {
        match name {
            "server" => return Ok(ServerId::parse(value)),
            "channel" => {
                let Some(channel) = ChannelId::parse(value) else {
                    return Ok(None);
                };
                return Ok(app
                    .engine
                    .read(move |reader| Ok(reader.channel(channel)?.map(|channel| channel.server)))
                    .await?);
            }
            "message" => {
                let Some(message) = EnvelopeId::parse(value) else {
                    return Ok(None);
                };
                return Ok(app
                    .engine
                    .read(move |reader| Ok(reader.message(message)?.map(|message| message.server)))
                    .await?);
            }
            "attachment" | "blob" => {
                let seen = BlobHash::parse(value).is_some_and(|hash| app.files.is_in(&hash, only));
                return Ok(seen.then_some(only));
            }
            _ => {}
        }
    }
    Ok(None)
}
