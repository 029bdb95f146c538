//! Session, account, settings.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use conclave_engine::command::{Command, ProfileUpdate};
use serde_json::{Map, Value};

use super::{Answer, DONE, Done};
use crate::api::app::App;
use crate::api::dto::account::{Me, SessionToken, Version};
use crate::api::dto::requests::{OpenSession, PutMe};
use crate::api::error::ApiError;
use crate::api::extract::JsonBody;
use crate::clock;
use crate::engine::EngineError;

/// Version of the API.
pub const API_VERSION: u32 = 1;

/// Longest settings in bytes of JSON.
const SETTINGS_BYTES_MAX: usize = 64 * 1024;

pub async fn open_session(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<OpenSession>,
) -> Answer<SessionToken> {
    let redeemed = app.sessions.redeem(&body.code, clock::now());
    match redeemed.map_err(|error| ApiError::internal(error.to_string()))? {
        Some(token) => Ok(Json(SessionToken {
            token: token.to_string(),
        })),
        None => Err(ApiError::new(
            axum::http::StatusCode::UNAUTHORIZED,
            "unauthorized",
            "this address was used before or is older than ten minutes: run `conclave` again for a new one",
        )),
    }
}

pub async fn me(State(app): State<Arc<App>>) -> Answer<Me> {
    match app.engine.read(|reader| reader.me()).await {
        Ok(me) => Ok(Json(Me::of(me, &app.profile_name, &app.files))),
        Err(EngineError::NoAccount) => Ok(Json(Me::fresh(&app.profile_name))),
        Err(error) => Err(error.into()),
    }
}

pub async fn put_me(State(app): State<Arc<App>>, JsonBody(body): JsonBody<PutMe>) -> Answer<Me> {
    let mut update = ProfileUpdate {
        display_name: body.display_name,
        ..ProfileUpdate::default()
    };
    if !exists(&app).await? {
        let name = update
            .display_name
            .take()
            .filter(|name| !name.trim().is_empty());
        let name =
            name.ok_or_else(|| ApiError::invalid("display_name: a new account needs a name"))?;
        app.engine.found(name).await?;
    }
    update.avatar = app.picture(body.avatar_blob)?;
    (update.bio, update.status_text) = (body.bio, body.status_text);
    let is_empty = update.display_name.is_none()
        && update.bio.is_none()
        && update.avatar.is_none()
        && update.status_text.is_none();
    if !is_empty {
        app.engine.command(Command::UpdateProfile(update)).await?;
    }
    if let Some(presence) = body.presence {
        app.engine
            .command(Command::Presence {
                presence: presence.into(),
            })
            .await?;
    }
    me(State(app)).await
}

async fn exists(app: &App) -> Result<bool, ApiError> {
    match app.engine.read(|_| Ok(())).await {
        Ok(()) => Ok(true),
        Err(EngineError::NoAccount) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub async fn settings(State(app): State<Arc<App>>) -> Answer<Value> {
    let text = match app
        .engine
        .read(|reader| Ok(reader.me()?.settings_json))
        .await
    {
        Ok(text) => text,
        Err(EngineError::NoAccount) => String::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(Json(
        serde_json::from_str(&text).unwrap_or_else(|_| Value::Object(Map::new())),
    ))
}

pub async fn put_settings(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Done {
    let json = Value::Object(body).to_string();
    if json.len() > SETTINGS_BYTES_MAX {
        return Err(ApiError::too_large(SETTINGS_BYTES_MAX));
    }
    app.engine.command(Command::SetSettings { json }).await?;
    DONE
}

pub async fn version() -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: API_VERSION,
    })
}
