//! The stream of events over one WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::app::App;
use super::caller::Caller;
use super::dto::account::Me;
use super::dto::server::ServerSummary;
use super::error::ApiError;
use crate::engine::{Event, Subscription};

/// The sub-protocol's name.
pub const PROTOCOL: &str = "conclave.v1";

/// Close code for a client that did not keep up: it may come back at once and read anew.
pub const CLOSE_SLOW: u16 = 4008;

/// Close code for a node that stops.
const CLOSE_AWAY: u16 = 1001;

/// Longest message of a client.
const CLIENT_BYTES_MAX: usize = 4096;

/// Time in which a client's socket must take an event.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers `GET /events`.
pub async fn open(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade
            .protocols([PROTOCOL])
            .max_message_size(CLIENT_BYTES_MAX)
            .max_frame_size(CLIENT_BYTES_MAX)
            .on_upgrade(move |socket| serve(app, caller, socket)),
        Err(_) => {
            ApiError::invalid("this is a WebSocket: open it with the sub-protocol conclave.v1")
                .into_response()
        }
    }
}

async fn serve(app: Arc<App>, caller: Caller, mut socket: WebSocket) {
    let (mut subscription, ready) = match subscribe(&app, &caller).await {
        Ok(subscribed) => subscribed,
        Err(error) => {
            tracing::warn!(%error, "a client could not subscribe");
            return;
        }
    };
    let mut seq = 1;
    if !send(&mut socket, seq, "ready", &ready).await {
        return;
    }
    let code = loop {
        tokio::select! {
            event = subscription.recv() => match event {
                Some(event) if concerns(&caller, &event) => {
                    seq += 1;
                    if !send(&mut socket, seq, event.kind, &event.data).await {
                        break CLOSE_SLOW;
                    }
                }
                Some(_) => {}
                None if subscription.is_overrun() => break CLOSE_SLOW,
                None => break CLOSE_AWAY,
            },
            said = socket.recv() => match said {
                // `ping` and `focus` keep the connection alive; nothing depends on them yet.
                Some(Ok(Frame::Text(_) | Frame::Ping(_) | Frame::Pong(_))) => {}
                Some(Ok(Frame::Binary(_) | Frame::Close(_)) | Err(_)) | None => return,
            },
        }
    };
    let frame = CloseFrame {
        code,
        reason: if code == CLOSE_SLOW {
            "too slow"
        } else {
            "stopping"
        }
        .into(),
    };
    // A socket that takes nothing is dropped instead.
    let _ = tokio::time::timeout(SEND_TIMEOUT, socket.send(Frame::Close(Some(frame)))).await;
}

async fn subscribe(
    app: &App,
    caller: &Caller,
) -> Result<(Subscription, Value), crate::engine::EngineError> {
    let (profile, only, files) = (
        app.profile_name.clone(),
        caller.server(),
        Arc::clone(&app.files),
    );
    app.engine
        .subscribe(move |reader| {
            let Some(reader) = reader else {
                return Ok(json!({ "me": Me::fresh(&profile), "servers": [], "seq": 1 }));
            };
            let me = reader.me()?;
            let servers = reader
                .servers()?
                .into_iter()
                .filter(|server| only.is_none_or(|only| only == server.id));
            let servers: Vec<ServerSummary> = servers
                .map(|server| ServerSummary::of(server, me.identity, &files))
                .collect();
            Ok(json!({ "me": Me::of(me, &profile, &files), "servers": servers, "seq": 1 }))
        })
        .await
}

/// Whether a client may know of an event. Those of no server go to limited tokens only if they hold nothing of any.
fn concerns(caller: &Caller, event: &Event) -> bool {
    let within = match (caller.server(), event.server) {
        (Some(only), Some(server)) => only == server,
        (Some(_), None) => matches!(event.kind, "me.updated" | "notice"),
        (None, _) => true,
    };
    within && caller.may(event.action)
}

async fn send(socket: &mut WebSocket, seq: u64, kind: &str, data: &Value) -> bool {
    let text = json!({ "seq": seq, "type": kind, "data": data }).to_string();
    matches!(
        tokio::time::timeout(SEND_TIMEOUT, socket.send(Frame::Text(text.into()))).await,
        Ok(Ok(()))
    )
}
