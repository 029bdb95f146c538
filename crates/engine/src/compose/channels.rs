//! Channels and their overwrites.

use conclave_core::event::{
    Body, ChannelCreate, ChannelDelete, ChannelUpdate, Overwrite, OverwriteClear, OverwriteSet,
    Subject,
};
use conclave_core::id::ChannelId;
use conclave_core::permissions::Bits;
use conclave_core::policy::Durability;
use conclave_core::state::{Community, position};

use super::{act, check_name, community, room_of, room_with};
use crate::command::{ChannelChange, ChannelDraft, Command, CommandError, Place, Reply};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::room::Room;

/// Most characters of a channel's name.
const NAME_CHARS_MAX: usize = 100;

/// Most characters of a channel's topic.
const TOPIC_CHARS_MAX: usize = 1024;

/// Longest slow mode, in seconds: six hours, as with Discord.
const SLOW_MODE_S_MAX: u32 = 21_600;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::CreateChannel(draft) => create(state, ctx, draft),
        Command::UpdateChannel(change) => update(state, ctx, change),
        Command::DeleteChannel { channel } => {
            let body = ChannelDelete { channel };
            on(state, ctx, channel, body)
        }
        Command::SetOverwrite { channel, overwrite } => {
            let body = OverwriteSet { channel, overwrite };
            on(state, ctx, channel, body)
        }
        Command::ClearOverwrite { channel, subject } => {
            let body = OverwriteClear { channel, subject };
            on(state, ctx, channel, body)
        }
        Command::SyncChannel { channel } => {
            let body = ChannelUpdate {
                synced: Some(true),
                ..nothing(channel)
            };
            on(state, ctx, channel, body)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

fn on(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    channel: ChannelId,
    body: impl Into<Body>,
) -> Result<Reply, CommandError> {
    let room = room_with(state, &channel)?;
    act(room, ctx, body, None)?;
    Ok(Reply::Done)
}

fn nothing(channel: ChannelId) -> ChannelUpdate {
    ChannelUpdate {
        channel,
        name: None,
        topic: None,
        parent: None,
        parent_clear: None,
        position: None,
        durability: None,
        ttl_ms: None,
        slow_mode_s: None,
        synced: None,
    }
}

fn create(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    draft: ChannelDraft,
) -> Result<Reply, CommandError> {
    let room = room_of(state, &draft.server)?;
    let community = community(room)?;
    let overwrites = overwrites(&draft, &community, ctx)?;
    let body = ChannelCreate {
        name: check_name("name", &draft.name, NAME_CHARS_MAX)?,
        kind: draft.kind,
        topic: check_topic(draft.topic)?,
        parent: draft.parent,
        position: at_end(&community, draft.parent),
        synced: draft.parent.is_some() && overwrites.is_empty(),
        overwrites,
        durability: check_durability(room, draft.durability.unwrap_or(community.durability()))?,
        ttl_ms: None,
        slow_mode_s: 0,
    };
    let id = act(room, ctx, body, None)?;
    Ok(Reply::Channel(id.into()))
}

/// The overwrites of a new channel; a private one hides itself from `@everyone` and stays visible to its creator.
fn overwrites(
    draft: &ChannelDraft,
    community: &Community,
    ctx: &Ctx<'_>,
) -> Result<Vec<Overwrite>, CommandError> {
    let mut overwrites = draft.overwrites.clone();
    overwrites.sort_by_key(|overwrite| overwrite.subject);
    if !draft.private {
        return Ok(overwrites);
    }
    let everyone = Subject::Role(draft.server.everyone());
    match overwrites
        .iter_mut()
        .find(|overwrite| overwrite.subject == everyone)
    {
        Some(overwrite) => {
            overwrite.deny = overwrite.deny | Bits::VIEW_CHANNEL;
            overwrite.allow = overwrite.allow.without(Bits::VIEW_CHANNEL);
        }
        None => overwrites.push(Overwrite {
            subject: everyone,
            allow: Bits::NONE,
            deny: Bits::VIEW_CHANNEL,
        }),
    }
    let me = ctx.identity();
    let mine = Subject::Member(me);
    let sees_anyway =
        community.owner() == me || overwrites.iter().any(|overwrite| overwrite.subject == mine);
    if !sees_anyway {
        overwrites.push(Overwrite {
            subject: mine,
            allow: Bits::VIEW_CHANNEL,
            deny: Bits::NONE,
        });
    }
    overwrites.sort_by_key(|overwrite| overwrite.subject);
    Ok(overwrites)
}

fn update(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    change: ChannelChange,
) -> Result<Reply, CommandError> {
    let room = room_with(state, &change.channel)?;
    let community = community(room)?;
    let channel = community
        .channel(&change.channel)
        .ok_or(CommandError::NotFound { what: "channel" })?;
    let parent = change.parent.unwrap_or(channel.parent);
    let position = match change.place {
        Some(place) => Some(placed(&community, parent, change.channel, place)?),
        None if change.parent.is_some() => Some(at_end(&community, parent)),
        None => None,
    };
    let body = ChannelUpdate {
        name: change
            .name
            .map(|name| check_name("name", &name, NAME_CHARS_MAX))
            .transpose()?,
        topic: check_topic(change.topic)?,
        parent: change.parent.flatten(),
        parent_clear: (change.parent == Some(None)).then_some(true),
        position,
        durability: change
            .durability
            .map(|number| check_durability(room, number))
            .transpose()?,
        ttl_ms: change.ttl_ms.map(|ttl| ttl.unwrap_or(0)),
        slow_mode_s: change.slow_mode_s.map(check_slow_mode).transpose()?,
        ..nothing(change.channel)
    };
    act(room, ctx, body, None)?;
    Ok(Reply::Done)
}

/// A position after all siblings.
fn at_end(community: &Community, parent: Option<ChannelId>) -> String {
    let siblings = community.children(parent.as_ref());
    position::between(siblings.last().map(|channel| &*channel.position), None)
}

/// A position beside a sibling.
fn placed(
    community: &Community,
    parent: Option<ChannelId>,
    moved: ChannelId,
    place: Place<ChannelId>,
) -> Result<String, CommandError> {
    let mut siblings = community.children(parent.as_ref());
    siblings.retain(|channel| channel.id != moved);
    let (Place::Before(target) | Place::After(target)) = place;
    let at = siblings
        .iter()
        .position(|channel| channel.id == target)
        .ok_or(CommandError::NotFound { what: "channel" })?;
    let at = if matches!(place, Place::After(_)) {
        at + 1
    } else {
        at
    };
    let before = at.checked_sub(1).and_then(|at| siblings.get(at));
    let after = siblings.get(at);
    Ok(position::between(
        before.map(|channel| &*channel.position),
        after.map(|channel| &*channel.position),
    ))
}

fn check_topic(topic: Option<String>) -> Result<Option<String>, CommandError> {
    match topic {
        Some(topic) if topic.chars().count() > TOPIC_CHARS_MAX => Err(CommandError::Invalid {
            field: "topic",
            message: format!("at most {TOPIC_CHARS_MAX} characters"),
        }),
        topic => Ok(topic),
    }
}

fn check_slow_mode(seconds: u32) -> Result<u32, CommandError> {
    if seconds <= SLOW_MODE_S_MAX {
        return Ok(seconds);
    }
    Err(CommandError::Invalid {
        field: "slow_mode_s",
        message: format!("at most {SLOW_MODE_S_MAX} seconds"),
    })
}

/// Guaranteed channels need hubs; a promise that cannot be kept is refused.
fn check_durability(room: &Room, number: u8) -> Result<u8, CommandError> {
    let message = match Durability::from_number(number) {
        Some(Durability::Guaranteed) if room.hosting.manifest.is_none() => {
            "guaranteed channels need hubs, and this server has none yet: add one first"
        }
        Some(_) => return Ok(number),
        None => "one of strict, replicated, guaranteed, ephemeral",
    };
    Err(CommandError::Invalid {
        field: "durability",
        message: message.to_owned(),
    })
}
