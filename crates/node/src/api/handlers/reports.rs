//! Reports from members to moderators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::id::ServerId;
use conclave_engine::command::{Command, Reply};

use super::{Answer, DONE, Done};
use crate::api::app::App;
use crate::api::dto::report::{MakeReport, Report, Reported, Reports};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

pub async fn list(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Reports> {
    let reports = app.engine.read(move |reader| reader.reports(server));
    let show = |report| Report::of(server, report);
    Ok(Json(Reports {
        reports: reports.await?.into_iter().map(show).collect(),
    }))
}

pub async fn make(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<MakeReport>,
) -> Result<(StatusCode, Json<Reported>), ApiError> {
    let command = Command::Report {
        server,
        about: body.member_id.0,
        message: body.message_id.map(|id| id.0),
        reason: body.reason,
    };
    let devices = match app.engine.command(command).await? {
        Reply::Count(count) => count,
        _ => 0,
    };
    Ok((StatusCode::CREATED, Json(Reported { devices })))
}

pub async fn dismiss(
    State(app): State<Arc<App>>,
    Params((Id(server), report)): Params<(Id<ServerId>, u64)>,
) -> Done {
    let command = Command::DismissReport { server, report };
    app.engine.command(command).await?;
    DONE
}
