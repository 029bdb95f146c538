//! Who owns a server, and who may after them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::event::Succession;
use conclave_core::id::{EventId, ServerId};
use conclave_core::recovery;
use conclave_core::signed::SigningKey;
use conclave_engine::command::{Command, OwnershipCommand};
use zeroize::Zeroizing;

use super::{Answer, found, servers};
use crate::api::app::App;
use crate::api::dto::ownership::{
    FoundSuccessor, MakeClaim, Ownership, PutSuccession, RecoveryKey, Successors, TransferTo,
};
use crate::api::dto::server::Server;
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

/// Path of a claim.
type ClaimPath = (Id<ServerId>, Id<EventId>);

pub async fn read(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Ownership> {
    let ownership = app.engine.read(move |reader| reader.ownership(server));
    found("server", ownership.await?.map(Ownership::from))
}

/// Does what is asked, and shows what has become of the ownership.
async fn act(app: &App, server: ServerId, command: OwnershipCommand) -> Answer<Ownership> {
    let command = Command::Ownership(command);
    let ownership = app
        .engine
        .command_then(command, move |_, reader| reader.ownership(server));
    found("server", ownership.await?.map(Ownership::from))
}

pub async fn transfer(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<TransferTo>,
) -> Answer<Ownership> {
    let to = body.member_id.0;
    act(&app, server, OwnershipCommand::Transfer { server, to }).await
}

pub async fn set(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<PutSuccession>,
) -> Answer<Ownership> {
    let terms = Succession {
        successors: body.successors.into_iter().map(|id| id.0).collect(),
        recovery_keys: body.recovery_keys.into_iter().map(|id| id.0).collect(),
        council: body.council.into_iter().map(|id| id.0).collect(),
        quorum: body.quorum,
        delay_days: body.delay_days,
    };
    act(
        &app,
        server,
        OwnershipCommand::SetSuccession { server, terms },
    )
    .await
}

pub async fn claim(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<MakeClaim>,
) -> Answer<Ownership> {
    let text = body.recovery_key.map(Zeroizing::new);
    let recovery = text
        .map(|text| recovery::parse(&text))
        .transpose()
        .map_err(|error| ApiError::invalid(error.to_string()))?;
    let command = OwnershipCommand::Claim {
        server,
        heir: body.heir_id.map(|id| id.0),
        recovery,
    };
    act(&app, server, command).await
}

pub async fn confirm(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(claim))): Params<ClaimPath>,
) -> Answer<Ownership> {
    act(&app, server, OwnershipCommand::Confirm { server, claim }).await
}

pub async fn take(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(claim))): Params<ClaimPath>,
) -> Answer<Ownership> {
    act(&app, server, OwnershipCommand::Take { server, claim }).await
}

pub async fn veto(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(claim))): Params<ClaimPath>,
) -> Answer<Ownership> {
    act(&app, server, OwnershipCommand::Veto { server, claim }).await
}

pub async fn successors(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
) -> Answer<Successors> {
    let lineage = app.engine.read(move |reader| reader.lineage(server));
    found("server", lineage.await?.map(Successors::from))
}

pub async fn fork(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<FoundSuccessor>,
) -> Result<(StatusCode, Json<Server>), ApiError> {
    app.know_reach().await?;
    let command = Command::Ownership(OwnershipCommand::Fork {
        server,
        name: body.name,
        with_members_roles: body.with_members_roles,
    });
    let seen = app.engine.command_then(command, servers::see_reply).await?;
    let Json(server) = servers::show(&app, seen)?;
    Ok((StatusCode::CREATED, Json(server)))
}

pub async fn follow(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(successor))): Params<(Id<ServerId>, Id<ServerId>)>,
) -> Answer<Server> {
    let command = Command::Ownership(OwnershipCommand::Follow { server, successor });
    let seen = app.engine.command_then(command, servers::see_reply).await?;
    servers::show(&app, seen)
}

/// Makes a recovery key; the secret leaves with the answer and stays nowhere.
pub async fn recovery_key() -> Answer<RecoveryKey> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Json(RecoveryKey {
        key: Id(SigningKey::from_seed(&seed).public()),
        secret: recovery::text(&seed).to_string(),
    }))
}
