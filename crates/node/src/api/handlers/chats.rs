//! Chats among equals, and requests for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::id::ServerId;
use conclave_engine::command::Command;

use super::servers::{see_reply, show};
use super::{Answer, DONE, Done};
use crate::api::app::App;
use crate::api::dto::invite::{ChatRequest, ChatRequests};
use crate::api::dto::requests::{AnswerChat, CreateChat};
use crate::api::dto::server::Server;
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

pub async fn create(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<CreateChat>,
) -> Result<(StatusCode, Json<Server>), ApiError> {
    app.know_reach().await?;
    let members = body.member_ids.into_iter().map(|id| id.0).collect();
    let command = Command::CreateChat {
        from: body.from_server.0,
        members,
    };
    let Json(chat) = show(&app, app.engine.command_then(command, see_reply).await?)?;
    Ok((StatusCode::CREATED, Json(chat)))
}

pub async fn requests(State(app): State<Arc<App>>) -> Answer<ChatRequests> {
    let requests = app.engine.read(|reader| reader.chat_requests()).await?;
    Ok(Json(ChatRequests {
        requests: requests.into_iter().map(ChatRequest::from).collect(),
    }))
}

pub async fn answer(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<AnswerChat>,
) -> Done {
    app.engine
        .command(Command::AnswerChatRequest {
            server,
            accept: body.accept,
        })
        .await?;
    DONE
}
