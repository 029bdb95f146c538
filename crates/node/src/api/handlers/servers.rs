//! Servers: found, read, change, leave; bans and audit log.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use conclave_core::id::{IdentityId, ServerId};
use conclave_core::view::ViewError;
use conclave_engine::command::{Command, Reply, Template};
use conclave_engine::model::ServerDetail;
use conclave_engine::reader::{self, Reader};

use super::{Answer, DONE, Done, found, page_len};
use crate::api::app::App;
use crate::api::caller::Caller;
use crate::api::dto::log::{Audit, AuditEntry, Ban, Bans};
use crate::api::dto::requests::{
    AuditQuery, Because, CreateServer, PatchServer, PutBan, ServerList,
};
use crate::api::dto::server::{Server, ServerKind, ServerSummary};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params, Search};
use crate::api::id::Id;
use crate::engine::EngineError;

/// A server and who looks at it.
pub type Seen = Option<(ServerDetail, IdentityId)>;

/// Reads a server as the person sees it.
pub fn see(reader: &Reader<'_>, id: ServerId) -> Result<Seen, ViewError> {
    let me = reader.me()?.identity;
    Ok(reader.server(id)?.map(|server| (server, me)))
}

/// Reads the server that a command brought about.
pub fn see_reply(reply: Reply, reader: &Reader<'_>) -> Result<Seen, ViewError> {
    match reply {
        Reply::Server(id) => see(reader, id),
        _ => Ok(None),
    }
}

/// Shows a server.
pub fn show(app: &App, seen: Seen) -> Answer<Server> {
    found(
        "server",
        seen.map(|(server, me)| Server::of(server, me, &app.files)),
    )
}

pub async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Answer<ServerList> {
    let only = caller.server();
    match app
        .engine
        .read(|reader| Ok((reader.servers()?, reader.me()?.identity)))
        .await
    {
        Ok((servers, me)) => {
            let servers = servers
                .into_iter()
                .filter(|server| only.is_none_or(|only| only == server.id));
            Ok(Json(ServerList {
                servers: servers
                    .map(|server| ServerSummary::of(server, me, &app.files))
                    .collect(),
            }))
        }
        Err(EngineError::NoAccount) => Ok(Json(ServerList {
            servers: Vec::new(),
        })),
        Err(error) => Err(error.into()),
    }
}

pub async fn create(
    State(app): State<Arc<App>>,
    JsonBody(body): JsonBody<CreateServer>,
) -> Result<(StatusCode, Json<Server>), ApiError> {
    let icon = body.icon_blob.map(|hash| app.blob_ref(hash)).transpose()?;
    let template = match body.template {
        ServerKind::Community => Template::Community,
        ServerKind::Chat => Template::Chat,
    };
    let command = Command::CreateServer {
        name: body.name,
        template,
        icon,
        history: body.history.into(),
    };
    let Json(server) = show(&app, app.engine.command_then(command, see_reply).await?)?;
    Ok((StatusCode::CREATED, Json(server)))
}

pub async fn read(
    State(app): State<Arc<App>>,
    Params(Id(id)): Params<Id<ServerId>>,
) -> Answer<Server> {
    show(&app, app.engine.read(move |reader| see(reader, id)).await?)
}

pub async fn patch(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<PatchServer>,
) -> Answer<Server> {
    let icon = app.picture(body.icon_blob)?;
    let command = Command::UpdateServer {
        server,
        name: body.name,
        description: body.description,
        icon,
    };
    show(
        &app,
        app.engine
            .command_then(command, move |_, reader| see(reader, server))
            .await?,
    )
}

pub async fn leave(State(app): State<Arc<App>>, Params(Id(server)): Params<Id<ServerId>>) -> Done {
    app.engine.command(Command::LeaveServer { server }).await?;
    DONE
}

pub async fn mark_read(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Done {
    app.engine
        .command(Command::MarkServerRead { server })
        .await?;
    DONE
}

pub async fn bans(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Bans> {
    let bans = app.engine.read(move |reader| reader.bans(server)).await?;
    Ok(Json(Bans {
        bans: bans.into_iter().map(Ban::from).collect(),
    }))
}

pub async fn ban(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<(Id<ServerId>, Id<IdentityId>)>,
    JsonBody(body): JsonBody<PutBan>,
) -> Done {
    let command = Command::Ban {
        server,
        member,
        reason: body.reason,
        delete_ms: body.delete_messages_ms,
    };
    app.engine.command(command).await?;
    DONE
}

pub async fn unban(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<(Id<ServerId>, Id<IdentityId>)>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    app.engine
        .command(Command::Unban {
            server,
            member,
            reason: body.reason,
        })
        .await?;
    DONE
}

pub async fn audit(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    Search(query): Search<AuditQuery>,
) -> Answer<Audit> {
    let query = reader::AuditQuery {
        before: query.before.map(|id| id.0),
        limit: page_len(query.limit, 50),
        action: query.action,
        actor: query.actor.map(|id| id.0),
    };
    let entries = app
        .engine
        .read(move |reader| reader.audit(server, &query))
        .await?;
    let refusal = || {
        let permission = serde_json::json!({ "permission": "VIEW_AUDIT_LOG" });
        ApiError::forbidden("reading the audit log needs the permission VIEW_AUDIT_LOG")
            .with_details(permission)
    };
    let entries = entries.ok_or_else(refusal)?;
    Ok(Json(Audit {
        entries: entries.into_iter().map(AuditEntry::from).collect(),
    }))
}
