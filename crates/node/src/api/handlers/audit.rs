//! The audit log, and what did not survive.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use conclave_core::id::{Millis, ServerId};
use conclave_engine::command::Command;
use conclave_engine::reader;

use super::{Answer, DONE, Done, found, page_len};
use crate::api::app::App;
use crate::api::dto::log::{Audit, Lost, LostEntry};
use crate::api::dto::requests::AuditQuery;
use crate::api::error::ApiError;
use crate::api::extract::{Params, Search};
use crate::api::id::Id;

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
        target: query.target.map(|id| id.to_lowercase()),
        since: query.since.map(Millis),
        until: query.until.map(Millis),
        effective: query.effective,
    };
    let page = app
        .engine
        .read(move |reader| reader.audit(server, &query))
        .await?;
    let refusal = || {
        let permission = serde_json::json!({ "permission": "VIEW_AUDIT_LOG" });
        ApiError::forbidden("reading the audit log needs the permission VIEW_AUDIT_LOG")
            .with_details(permission)
    };
    Ok(Json(Audit::from(page.ok_or_else(refusal)?)))
}

pub async fn lost(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Lost> {
    let lost = app.engine.read(move |reader| reader.lost(server)).await?;
    found(
        "server",
        lost.map(|entries| Lost {
            entries: entries.into_iter().map(LostEntry::from).collect(),
        }),
    )
}

pub async fn acknowledge(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Done {
    app.engine
        .command(Command::AcknowledgeLost { server })
        .await?;
    DONE
}
