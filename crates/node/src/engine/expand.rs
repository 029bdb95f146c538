//! From a notice of the engine to an event of the API: the whole object as it is now.

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, ServerId};
use conclave_core::view::ViewError;
use conclave_engine::effect::Notice;
use conclave_engine::reader::Reader;
use serde::Serialize;
use serde_json::{Value, json};

use super::watch::Event;
use crate::api::dto::account::{Me, PresenceName};
use crate::api::dto::channel::Channel;
use crate::api::dto::log::LostEntry;
use crate::api::dto::member::Member;
use crate::api::dto::message::{Delivery, Message};
use crate::api::dto::ownership::Ownership;
use crate::api::dto::report::Report;
use crate::api::dto::server::{Server, ServerState, ServerSummary};
use crate::api::{Action, FileBook, Id};

/// Reads what a notice is about; `None` if it is gone by now, or of no interest to clients.
pub fn expand(
    notice: &Notice,
    reader: &Reader<'_>,
    profile: &str,
    files: &FileBook,
) -> Result<Option<Event>, ViewError> {
    match notice {
        Notice::Me => {
            let me = Me::of(reader.me()?, profile, files);
            Ok(Some(event("me.updated", None, Action::ProfileRead, &me)))
        }
        Notice::ServerAdded(id) | Notice::Server(id) | Notice::ServerState(id) => {
            server(notice, *id, reader, files)
        }
        Notice::ServerRemoved {
            server,
            reason,
            was_member,
        } => {
            let id = server.to_string();
            let data = json!({ "id": id, "reason": reason, "was_member": was_member });
            told("server.removed", Some(*server), Action::ServersRead, &data)
        }
        Notice::Channel { server, channel } => channel_updated(*server, *channel, reader),
        Notice::ChannelRemoved { server, channel } => Ok(Some(channel_removed(*server, *channel))),
        Notice::Member { server, member } => member_updated(*server, *member, reader, files),
        Notice::MemberRemoved { server, member } => Ok(Some(member_removed(*server, *member))),
        Notice::MessageCreated { message, .. } => {
            message_event("message.created", *message, reader, files)
        }
        Notice::MessageUpdated { message, .. } => {
            message_event("message.updated", *message, reader, files)
        }
        Notice::MessageDeleted { channel, message } => {
            let server = reader.channel(*channel)?.map(|channel| channel.server);
            let data = json!({ "id": message.to_string(), "channel_id": channel.to_string() });
            told("message.deleted", server, Action::MessagesRead, &data)
        }
        Notice::Delivery { channel, message } => delivery(*channel, *message, reader),
        Notice::Unread { server, channel } => unread(*server, *channel, reader),
        Notice::Typing { .. } | Notice::Presence { .. } => passing(notice, reader),
        Notice::Ownership(server) => {
            let shown = reader.ownership(*server)?.map(Ownership::from);
            let data = json!({ "server_id": server.to_string(), "ownership": shown });
            told(
                "ownership.updated",
                Some(*server),
                Action::ServersRead,
                &data,
            )
        }
        Notice::Successors(server) => {
            let data = json!({ "server_id": server.to_string() });
            told(
                "successors.updated",
                Some(*server),
                Action::ServersRead,
                &data,
            )
        }
        Notice::ChatRequest { server } => {
            let data = json!({ "id": server.to_string() });
            told("chat.requested", None, Action::ServersJoin, &data)
        }
        Notice::Blob { hash } => {
            let data = json!({ "hash": hash.to_string() });
            told("blob.ready", None, Action::MessagesRead, &data)
        }
        Notice::Lost { server, event } => {
            let lost = reader.lost(*server)?.unwrap_or_default();
            // Whoever may not read the audit log is told of their own alone.
            let entry = lost.into_iter().find(|lost| lost.entry.id == *event);
            let data = json!({
                "server_id": server.to_string(),
                "event_id": event.to_string(),
                "unseen": reader.lost_unseen(*server)?,
                "entry": entry.map(LostEntry::from),
            });
            told("server.lost", Some(*server), Action::AuditRead, &data)
        }
        Notice::Report { server, number } => {
            let reports = reader.reports(*server)?;
            let open = reports.len();
            let report = reports.into_iter().find(|report| report.number == *number);
            let data = json!({
                "server_id": server.to_string(),
                "open": open,
                "report": report.map(|report| Report::of(*server, report)),
            });
            told(
                "reports.updated",
                Some(*server),
                Action::MembersModerate,
                &data,
            )
        }
        Notice::Network => Ok(None),
    }
}

/// What nobody stores: who is typing, who is there.
fn passing(notice: &Notice, reader: &Reader<'_>) -> Result<Option<Event>, ViewError> {
    match notice {
        Notice::Typing {
            server,
            channel,
            member,
            until,
        } => {
            let member_name = reader.member(*server, *member)?.map(|member| member.name());
            let data = json!({
                "channel_id": channel.to_string(),
                "member_id": member.to_string(),
                "name": member_name.unwrap_or_default(),
                "until_ms": until.0,
            });
            told("typing", Some(*server), Action::MessagesRead, &data)
        }
        Notice::Presence {
            server,
            member,
            presence,
        } => {
            let data = json!({
                "server_id": server.to_string(),
                "member_id": member.to_string(),
                "presence": PresenceName::from(*presence),
            });
            told("presence", Some(*server), Action::ServersRead, &data)
        }
        _ => Ok(None),
    }
}

fn told(
    kind: &'static str,
    server: Option<ServerId>,
    action: Action,
    data: &Value,
) -> Result<Option<Event>, ViewError> {
    Ok(Some(event(kind, server, action, data)))
}

fn event(
    kind: &'static str,
    server: Option<ServerId>,
    action: Action,
    data: &impl Serialize,
) -> Event {
    // The shapes of the API have string keys only, so that this cannot fail.
    let data = serde_json::to_value(data).unwrap_or(Value::Null);
    Event {
        kind,
        server,
        action,
        data,
    }
}

fn server(
    notice: &Notice,
    id: ServerId,
    reader: &Reader<'_>,
    files: &FileBook,
) -> Result<Option<Event>, ViewError> {
    let read = Action::ServersRead;
    if matches!(notice, Notice::ServerState(_)) {
        let show = |state| json!({ "id": id.to_string(), "state": ServerState::from(state) });
        return Ok(reader
            .server_state(id)
            .map(|state| event("server.state", Some(id), read, &show(state))));
    }
    let Some(detail) = reader.server(id)? else {
        return Ok(None);
    };
    let me = reader.me()?.identity;
    Ok(Some(match notice {
        Notice::ServerAdded(_) => event(
            "server.added",
            Some(id),
            read,
            &ServerSummary::of(detail.summary, me, files),
        ),
        _ => event(
            "server.updated",
            Some(id),
            read,
            &Server::of(detail, me, files),
        ),
    }))
}

fn channel_updated(
    server: ServerId,
    id: ChannelId,
    reader: &Reader<'_>,
) -> Result<Option<Event>, ViewError> {
    Ok(Some(match reader.channel(id)? {
        Some(channel) => event(
            "channel.updated",
            Some(server),
            Action::ServersRead,
            &Channel::from(channel),
        ),
        None => channel_removed(server, id),
    }))
}

fn channel_removed(server: ServerId, id: ChannelId) -> Event {
    let data = json!({ "id": id.to_string(), "server_id": server.to_string() });
    event("channel.removed", Some(server), Action::ServersRead, &data)
}

fn member_updated(
    server: ServerId,
    id: IdentityId,
    reader: &Reader<'_>,
    files: &FileBook,
) -> Result<Option<Event>, ViewError> {
    Ok(Some(match reader.member(server, id)? {
        Some(member) => {
            let data = json!({ "server_id": server.to_string(), "member": Member::of(member, server, files) });
            event("member.updated", Some(server), Action::ServersRead, &data)
        }
        None => member_removed(server, id),
    }))
}

fn member_removed(server: ServerId, id: IdentityId) -> Event {
    let data = json!({ "server_id": server.to_string(), "id": id.to_string() });
    event("member.removed", Some(server), Action::ServersRead, &data)
}

fn message_event(
    kind: &'static str,
    id: EnvelopeId,
    reader: &Reader<'_>,
    files: &FileBook,
) -> Result<Option<Event>, ViewError> {
    let Some(message) = reader.message(id)? else {
        return Ok(None);
    };
    let server = message.server;
    Ok(Some(event(
        kind,
        Some(server),
        Action::MessagesRead,
        &Message::of(message, files),
    )))
}

fn delivery(
    channel: ChannelId,
    id: EnvelopeId,
    reader: &Reader<'_>,
) -> Result<Option<Event>, ViewError> {
    let Some(message) = reader.message(id)? else {
        return Ok(None);
    };
    let data = json!({
        "id": id.to_string(), "channel_id": channel.to_string(), "delivery": Delivery::from(message.delivery),
    });
    Ok(Some(event(
        "message.delivery",
        Some(message.server),
        Action::MessagesRead,
        &data,
    )))
}

fn unread(
    server: ServerId,
    id: ChannelId,
    reader: &Reader<'_>,
) -> Result<Option<Event>, ViewError> {
    let Some(channel) = reader.channel(id)? else {
        return Ok(None);
    };
    let data = json!({
        "server_id": server.to_string(),
        "channel_id": id.to_string(),
        "unread": channel.read.unread,
        "mentions": channel.read.mentions,
        "last_read_id": channel.read.last_read.map(Id),
    });
    Ok(Some(event(
        "unread",
        Some(server),
        Action::MessagesRead,
        &data,
    )))
}
