//! API tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::{Answer, DONE, Done};
use crate::api::app::App;
use crate::api::dto::requests::{CreateToken, TokenList};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::tokens::{StoredToken, TOKEN_NAME_BYTES_MAX, TOKENS_MAX, TokenInfo, row_key};
use crate::clock;

pub async fn list(State(app): State<Arc<App>>) -> Answer<TokenList> {
    Ok(Json(TokenList {
        tokens: app.tokens.list(),
    }))
}

pub async fn create(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<CreateToken>,
) -> Result<(StatusCode, Json<TokenInfo>), ApiError> {
    if body.name.trim().is_empty() || body.name.len() > TOKEN_NAME_BYTES_MAX {
        return Err(ApiError::invalid(format!(
            "name: 1 to {TOKEN_NAME_BYTES_MAX} bytes"
        )));
    }
    if body.actions.is_empty() {
        return Err(ApiError::invalid(
            "actions: a token that may do nothing is of no use",
        ));
    }
    if app.tokens.count() >= TOKENS_MAX {
        return Err(ApiError::conflict(format!(
            "there are {TOKENS_MAX} tokens already: revoke one first"
        )));
    }
    let made = StoredToken::make(body.name, body.actions, body.server_id, clock::now());
    let (token, secret) = made.map_err(|error| ApiError::internal(error.to_string()))?;
    let row = serde_json::to_vec(&token).map_err(|error| ApiError::internal(error.to_string()))?;
    app.engine.put_node_row(token.row_key(), Some(row)).await?;
    let info = token.info(Some(secret));
    app.tokens.insert(token);
    Ok((StatusCode::CREATED, Json(info)))
}

pub async fn revoke(State(app): State<Arc<App>>, Params(id): Params<String>) -> Done {
    if !app.tokens.remove(&id) {
        return Err(ApiError::not_found("token"));
    }
    app.engine.put_node_row(row_key(&id), None).await?;
    DONE
}
