//! Invites and joining.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::id::{InviteId, ServerId};
use conclave_engine::command::{Command, InviteDraft, Reply};
use conclave_engine::model::Connection;
use conclave_engine::reader::Reader;

use super::{Answer, DONE, Done, found};
use crate::api::app::App;
use crate::api::dto::invite::{Inspection, Invite, InviteKind, Invites, Joined};
use crate::api::dto::requests::{Because, CreateInvite, Link};
use crate::api::dto::server::ServerSummary;
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

pub async fn list(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Invites> {
    let invites = app
        .engine
        .read(move |reader| reader.invites(server))
        .await?;
    Ok(Json(Invites {
        invites: invites.into_iter().map(Invite::from).collect(),
    }))
}

pub async fn create(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<CreateInvite>,
) -> Result<(StatusCode, Json<Invite>), ApiError> {
    let draft = InviteDraft {
        server,
        open: body.kind == InviteKind::Open,
        channel: body.channel_id.map(|id| id.0),
        role: body.role_id.map(|id| id.0),
        max_uses: body.max_uses,
        expires_in_s: body.expires_in_s,
    };
    let show = move |reply, reader: &Reader<'_>| match reply {
        Reply::Invite { invite, .. } => Ok(reader
            .invites(server)?
            .into_iter()
            .find(|found| found.id == invite)),
        _ => Ok(None),
    };
    app.know_reach().await?;
    let invite = app
        .engine
        .command_then(Command::CreateInvite(draft), show)
        .await?;
    let Json(invite) = found("invite", invite.map(Invite::from))?;
    Ok((StatusCode::CREATED, Json(invite)))
}

pub async fn revoke(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(invite))): Params<(Id<ServerId>, Id<InviteId>)>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::RevokeInvite { server, invite };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

pub async fn inspect(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<Link>,
) -> Answer<Inspection> {
    let inspected = app
        .engine
        .read(move |reader| Ok(reader.inspect_invite(&body.link)))
        .await?;
    let link = inspected.map_err(|error| ApiError::invalid(format!("link: {error}")))?;
    Ok(Json(Inspection::from(link)))
}

/// 200 when the server is here, 202 while it is still being fetched.
pub async fn join(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<Link>,
) -> Result<(StatusCode, Json<Joined>), ApiError> {
    let show = |reply, reader: &Reader<'_>| {
        let Reply::Server(id) = reply else {
            return Ok(None);
        };
        let me = reader.me()?.identity;
        Ok(reader
            .servers()?
            .into_iter()
            .find(|server| server.id == id)
            .map(|server| (server, me)))
    };
    let joined = app
        .engine
        .command_then(Command::Join { link: body.link }, show)
        .await?;
    let Json((server, me)) = found("server", joined)?;
    let waits =
        server.state.connection == Connection::Connecting || server.state.catching_up.is_some();
    let status = if waits {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Ok((
        status,
        Json(Joined {
            server: ServerSummary::of(server, me, &app.files),
        }),
    ))
}
