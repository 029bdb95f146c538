//! Messages: write, read, change, search.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use conclave_core::id::{BlobHash, ChannelId, EnvelopeId};
use conclave_core::view::ViewError;
use conclave_engine::command::{Command, Reply};
use conclave_engine::model::{self, PageAt};
use conclave_engine::reader::Reader;

use super::{Answer, DONE, Done, found, page_len};
use crate::api::app::App;
use crate::api::caller::Caller;
use crate::api::dto::message::{Copies, Found, Message, Page};
use crate::api::dto::requests::{MessagesQuery, PatchMessage, PostMessage, PutPin, SearchQuery};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Params, Search};
use crate::api::id::Id;

pub async fn page(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    Search(query): Search<MessagesQuery>,
) -> Answer<Page> {
    let at = match (query.before, query.after, query.around) {
        (None, None, None) => PageAt::Newest,
        (Some(id), None, None) => PageAt::Before(id.0),
        (None, Some(id), None) => PageAt::After(id.0),
        (None, None, Some(id)) => PageAt::Around(id.0),
        _ => {
            return Err(ApiError::invalid(
                "only one of before, after and around can be given",
            ));
        }
    };
    let limit = page_len(query.limit, 50);
    let Json(page) = found(
        "channel",
        app.engine
            .read(move |reader| reader.messages(channel, at, limit))
            .await?,
    )?;
    Ok(Json(Page::of(page, &app.files)))
}

pub async fn post(
    State(app): State<Arc<App>>,
    Params(Id(channel)): Params<Id<ChannelId>>,
    JsonBody(body): JsonBody<PostMessage>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let file = |id: &Id<BlobHash>| app.files.get(&id.0).and_then(|known| known.file);
    let attachments = body
        .attachments
        .iter()
        .map(|id| file(id).ok_or_else(|| ApiError::not_found("attachment; upload it again")));
    let command = Command::Send {
        channel,
        text: body.content,
        reply_to: body.reply_to.map(|id| id.0),
        attachments: attachments.collect::<Result<_, _>>()?,
        nonce: body.nonce,
    };
    let show = |reply, reader: &Reader<'_>| match reply {
        Reply::Message(id) => reader.message(id),
        _ => Ok(None),
    };
    let Json(message) = found("message", app.engine.command_then(command, show).await?)?;
    Ok((StatusCode::CREATED, Json(Message::of(message, &app.files))))
}

pub async fn read(
    State(app): State<Arc<App>>,
    Params(Id(id)): Params<Id<EnvelopeId>>,
) -> Answer<Message> {
    let message = app.engine.read(move |reader| reader.message(id)).await?;
    found(
        "message",
        message.map(|message| Message::of(message, &app.files)),
    )
}

pub async fn patch(
    State(app): State<Arc<App>>,
    Params(Id(id)): Params<Id<EnvelopeId>>,
    JsonBody(body): JsonBody<PatchMessage>,
) -> Answer<Message> {
    let command = Command::Edit {
        message: id,
        text: body.content,
    };
    let message = app
        .engine
        .command_then(command, move |_, reader| reader.message(id))
        .await?;
    found(
        "message",
        message.map(|message| Message::of(message, &app.files)),
    )
}

pub async fn delete(
    State(app): State<Arc<App>>,
    Params(Id(message)): Params<Id<EnvelopeId>>,
) -> Done {
    app.engine.command(Command::Delete { message }).await?;
    DONE
}

pub async fn react(
    State(app): State<Arc<App>>,
    Params((Id(message), emoji)): Params<(Id<EnvelopeId>, String)>,
) -> Done {
    app.engine
        .command(Command::React {
            message,
            emoji,
            on: true,
        })
        .await?;
    DONE
}

pub async fn unreact(
    State(app): State<Arc<App>>,
    Params((Id(message), emoji)): Params<(Id<EnvelopeId>, String)>,
) -> Done {
    app.engine
        .command(Command::React {
            message,
            emoji,
            on: false,
        })
        .await?;
    DONE
}

pub async fn pin(
    State(app): State<Arc<App>>,
    Params(Id(message)): Params<Id<EnvelopeId>>,
    JsonBody(body): JsonBody<PutPin>,
) -> Done {
    app.engine
        .command(Command::Pin {
            message,
            on: body.pinned,
        })
        .await?;
    DONE
}

pub async fn copies(
    State(app): State<Arc<App>>,
    Params(Id(id)): Params<Id<EnvelopeId>>,
) -> Answer<Copies> {
    Ok(Json(
        app.engine
            .read(move |reader| reader.copies(id))
            .await?
            .into(),
    ))
}

pub async fn search(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Search(query): Search<SearchQuery>,
) -> Answer<Found> {
    if let Some(server) = query.server {
        caller.require_server(server.0)?;
    }
    let server = query.server.map(|id| id.0).or(caller.server());
    let (channel, before) = (query.channel.map(|id| id.0), query.before.map(|id| id.0));
    let limit = page_len(query.limit, 25);
    let read = move |reader: &Reader<'_>| -> Result<Vec<model::Message>, ViewError> {
        reader.search(&query.q, server, channel, before, limit)
    };
    let results = app.engine.read(read).await?;
    let results: Vec<Message> = results
        .into_iter()
        .map(|message| Message::of(message, &app.files))
        .collect();
    Ok(Json(Found {
        total_estimate: results.len(),
        results,
        indexed_from_ms: None,
    }))
}
