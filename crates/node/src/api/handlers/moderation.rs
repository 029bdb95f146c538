//! Moderators' tools: many bans at once, prune, and "why?".

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use conclave_core::id::{IdentityId, ServerId};
use conclave_engine::command::{Command, Reply};
use conclave_engine::reader;

use super::{Answer, found};
use crate::api::app::App;
use crate::api::dto::moderation::{Count, Permissions, Prune, Why};
use crate::api::dto::requests::{BanMany, PermissionsQuery, PruneNow, PruneQuery, WhyQuery};
use crate::api::extract::{JsonBody, Params, Search};
use crate::api::id::{BitsText, Id};
use crate::engine::EngineError;

fn count(reply: &Reply) -> Json<Count> {
    Json(Count {
        count: match reply {
            Reply::Count(count) => *count,
            _ => 0,
        },
    })
}

pub async fn ban_many(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<BanMany>,
) -> Answer<Count> {
    let command = Command::BanMany {
        server,
        members: body.member_ids.into_iter().map(|id| id.0).collect(),
        delete_ms: body.delete_messages_ms,
    };
    let reply = app.engine.command(command.because(body.reason)).await?;
    Ok(count(&reply))
}

pub async fn prune_preview(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    Search(query): Search<PruneQuery>,
) -> Answer<Prune> {
    let asked = move |reader: &reader::Reader<'_>| Ok(reader.prune(server, query.days));
    let prune = app.engine.read(asked).await?.map_err(EngineError::from)?;
    Ok(Json(prune.into()))
}

pub async fn prune(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<PruneNow>,
) -> Answer<Count> {
    let command = Command::Prune {
        server,
        days: body.days,
    };
    let reply = app.engine.command(command.because(body.reason)).await?;
    Ok(count(&reply))
}

pub async fn why(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    Search(query): Search<WhyQuery>,
) -> Answer<Why> {
    let query = reader::WhyQuery {
        member: query.member.0,
        action: query.action,
        channel: query.channel.map(|id| id.0),
        target: query.target.map(|id| id.0),
        role: query.role.map(|id| id.0),
    };
    let asked = move |reader: &reader::Reader<'_>| Ok(reader.why(server, &query));
    let why = app.engine.read(asked).await?.map_err(EngineError::from)?;
    Ok(Json(why.into()))
}

pub async fn permissions(
    State(app): State<Arc<App>>,
    Params((Id(server), Id(member))): Params<(Id<ServerId>, Id<IdentityId>)>,
    Search(query): Search<PermissionsQuery>,
) -> Answer<Permissions> {
    let channel = query.channel.map(|id| id.0);
    let bits = app
        .engine
        .read(move |reader| Ok(reader.permissions_of(server, member, channel)))
        .await?;
    found(
        "channel",
        bits.map(|bits| Permissions {
            permissions: BitsText(bits),
        }),
    )
}
