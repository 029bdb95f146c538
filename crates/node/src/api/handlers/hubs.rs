//! Hubs of a server: list, add, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::id::{NodeId, ServerId};
use conclave_core::view::ViewError;
use conclave_engine::command::Command;
use conclave_engine::model;
use conclave_engine::reader::Reader;

use super::{Answer, DONE, Done, found};
use crate::api::app::App;
use crate::api::dto::hosting::Hosting;
use crate::api::dto::requests::AddHub;
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;
use crate::hub::HubAddr;

fn see(reader: &Reader<'_>, server: ServerId) -> Result<Option<model::Hosting>, ViewError> {
    Ok(reader.hosting(server))
}

fn show(seen: Option<model::Hosting>) -> Answer<Hosting> {
    found("server", seen.map(Hosting::from))
}

pub async fn list(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Hosting> {
    show(app.engine.read(move |reader| see(reader, server)).await?)
}

pub async fn add(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<AddHub>,
) -> Result<(StatusCode, Json<Hosting>), ApiError> {
    let addr: HubAddr = body
        .address
        .parse()
        .map_err(|error: crate::hub::HubAddrError| ApiError::invalid(error.to_string()))?;
    let command = Command::AddHub {
        server,
        hub: addr.into(),
    };
    let seen = app
        .engine
        .command_then(command, move |_, reader| see(reader, server))
        .await?;
    Ok((StatusCode::CREATED, show(seen)?))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(node))): Params<(Id<ServerId>, Id<NodeId>)>,
) -> Done {
    app.engine
        .command(Command::RemoveHub { server, node })
        .await?;
    DONE
}
