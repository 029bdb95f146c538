//! Channels: create, change, delete; overwrites; what the person keeps about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use conclave_core::event::Overwrite;
use conclave_core::id::{ChannelId, ServerId};
use conclave_engine::command::{ChannelChange, ChannelDraft, Command, Place, Reply};

use super::{Answer, DONE, Done, found};
use crate::api::app::App;
use crate::api::dto::channel::{Channel, ChannelKeys, SubjectKind};
use crate::api::dto::requests::{
    Because, ChannelPlace, CreateChannel, Draft, PatchChannel, PatchSettings, PutOverwrite,
    ThisMessage,
};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params};
use crate::api::id::Id;

/// Longest draft in bytes: the longest message with room to shorten it.
const DRAFT_BYTES_MAX: usize = 64 * 1024;

pub async fn create(
    State(app): State<Arc<App>>,
    Params(Id(server)): Params<Id<ServerId>>,
    JsonBody(body): JsonBody<CreateChannel>,
) -> Result<(StatusCode, Json<Channel>), ApiError> {
    let draft = ChannelDraft {
        server,
        name: body.name,
        kind: body.kind.number(),
        topic: body.topic,
        parent: body.parent_id.map(|id| id.0),
        private: body.private,
        overwrites: body
            .overwrites
            .into_iter()
            .map(Overwrite::try_from)
            .collect::<Result<_, _>>()?,
        durability: body.durability.map(|durability| durability.number()),
    };
    let show = |reply, reader: &conclave_engine::reader::Reader<'_>| match reply {
        Reply::Channel(id) => reader.channel(id),
        _ => Ok(None),
    };
    let channel = app
        .engine
        .command_then(Command::CreateChannel(draft), show)
        .await?;
    let Json(channel) = found("channel", channel.map(Channel::from))?;
    Ok((StatusCode::CREATED, Json(channel)))
}

pub async fn read(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
) -> Answer<Channel> {
    found(
        "channel",
        app.engine
            .read(move |reader| reader.channel(channel))
            .await?
            .map(Channel::from),
    )
}

pub async fn patch(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<PatchChannel>,
) -> Answer<Channel> {
    let change = ChannelChange {
        channel,
        name: body.name,
        topic: body.topic,
        parent: body.parent_id.map(|parent| parent.map(|id| id.0)),
        place: body.position.map(|place| match place {
            ChannelPlace::Before(id) => Place::Before(id.0),
            ChannelPlace::After(id) => Place::After(id.0),
        }),
        slow_mode_s: body.slow_mode_s,
        durability: body.durability.map(|durability| durability.number()),
        ttl_ms: body.ttl_ms,
    };
    let changed = app
        .engine
        .command_then(
            Command::UpdateChannel(change).because(body.reason),
            move |_, reader| reader.channel(channel),
        )
        .await?;
    found("channel", changed.map(Channel::from))
}

pub async fn delete(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::DeleteChannel { channel };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

pub async fn put_overwrite(
    State(app): State<Arc<App>>,
    Params((Id(channel), kind, id)): Params<(Id<ChannelId>, SubjectKind, String)>,
    JsonBody(body): JsonBody<PutOverwrite>,
) -> Done {
    let overwrite = Overwrite {
        subject: kind.with(&id)?,
        allow: body.allow.0,
        deny: body.deny.0,
    };
    let command = Command::SetOverwrite { channel, overwrite };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

pub async fn delete_overwrite(
    State(app): State<Arc<App>>,
    Params((Id(channel), kind, id)): Params<(Id<ChannelId>, SubjectKind, String)>,
    JsonBody(body): JsonBody<Because>,
) -> Done {
    let command = Command::ClearOverwrite {
        channel,
        subject: kind.with(&id)?,
    };
    app.engine.command(command.because(body.reason)).await?;
    DONE
}

pub async fn sync(State(app): State<Arc<App>>, Params(Id(channel)): Params<Id<ChannelId>>) -> Done {
    app.engine.command(Command::SyncChannel { channel }).await?;
    DONE
}

pub async fn typing(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
) -> Done {
    app.engine.command(Command::Typing { channel }).await?;
    DONE
}

pub async fn mark_read(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<ThisMessage>,
) -> Done {
    app.engine
        .command(Command::MarkRead {
            channel,
            message: body.message_id.0,
        })
        .await?;
    DONE
}

pub async fn mark_unread(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<ThisMessage>,
) -> Done {
    app.engine
        .command(Command::MarkUnread {
            channel,
            message: body.message_id.0,
        })
        .await?;
    DONE
}

pub async fn settings(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<PatchSettings>,
) -> Done {
    let command = Command::ChannelSettings {
        channel,
        muted: body.muted,
        level: body.level.map(Into::into),
    };
    app.engine.command(command).await?;
    DONE
}

pub async fn draft(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
) -> Answer<Draft> {
    let channel = app
        .engine
        .read(move |reader| reader.channel(channel))
        .await?;
    found(
        "channel",
        channel.map(|channel| Draft {
            text: channel.read.draft,
        }),
    )
}

pub async fn put_draft(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<Draft>,
) -> Done {
    if body.text.len() > DRAFT_BYTES_MAX {
        return Err(ApiError::too_large(DRAFT_BYTES_MAX));
    }
    app.engine
        .command(Command::SetDraft {
            channel,
            text: body.text,
        })
        .await?;
    DONE
}

pub async fn keys(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
) -> Answer<ChannelKeys> {
    found(
        "channel",
        app.engine
            .read(move |reader| reader.channel_keys(channel))
            .await?
            .map(ChannelKeys::from),
    )
}
