//! Checkpoints: read, made.

use std::sync::Arc;

use axum::extract::State;
use conclave_core::id::ServerId;
use conclave_engine::command::Command;

use super::{Answer, found};
use crate::api::app::App;
use crate::api::dto::finality::Finality;
use crate::api::extract::Params;
use crate::api::id::Id;

pub async fn list(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Finality> {
    let finality = app
        .engine
        .read(move |reader| Ok(reader.finality(server)))
        .await?;
    found("server", finality.map(Finality::from))
}

pub async fn make(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Finality> {
    let command = Command::MakeCheckpoint { server };
    let finality = app
        .engine
        .command_then(command, move |_, reader| Ok(reader.finality(server)))
        .await?;
    found("server", finality.map(Finality::from))
}
