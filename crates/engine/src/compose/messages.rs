//! Messages and what belongs to them.

use conclave_core::content::{
    Act, Attachment, CONTENT_PARENTS_MAX, CONTENT_VERSION, Content, Post,
};
use conclave_core::envelope::{Drop, Topic};
use conclave_core::event::PARENTS_MAX;
use conclave_core::id::{ChannelId, EnvelopeId, Millis, Pseudonym};
use conclave_core::keys::audience::{self, Rule};
use conclave_core::permissions::{self, Action};
use conclave_core::view::{Table, View};

use super::{community, refusal, room_of, room_with};
use crate::blobs;
use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::inbox;
use crate::outbox;
use crate::peer::State;
use crate::room::{Room, Standing};
use crate::rotation;
use crate::sync::{Who, presence_number};
use crate::timeline;

/// How long a client's own name for a message is remembered: as long as the message; the row is small.
const NONCE_PREFIX: &[u8] = b"nonce/";

/// Longest nonce in bytes.
const NONCE_BYTES_MAX: usize = 32;

/// Longest draft in bytes.
const DRAFT_BYTES_MAX: usize = 64 * 1024;

/// Largest file: 25 MiB.
pub const FILE_BYTES_MAX: usize = 25 * 1024 * 1024;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::Send {
            channel,
            text,
            reply_to,
            attachments,
            nonce,
        } => {
            let post = Post {
                text,
                reply_to,
                attachments,
                nonce: None,
            };
            send_post(state, ctx, channel, post, nonce)
        }
        Command::Edit { message, text } => on_message(state, ctx, message, |target| Act::Edit {
            target,
            text: text.clone(),
        }),
        Command::Delete { message } => on_message(state, ctx, message, Act::Delete),
        Command::React { message, emoji, on } => {
            on_message(state, ctx, message, |target| Act::React {
                target,
                emoji: emoji.clone(),
                on,
            })
        }
        Command::Pin { message, on } => {
            on_message(state, ctx, message, |target| Act::Pin { target, on })
        }
        Command::Typing { channel } => typing(state, ctx, channel),
        Command::Presence { presence } => {
            state.presence = presence;
            presence_everywhere(state, ctx);
            Ok(Reply::Done)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

fn send_post(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    channel: ChannelId,
    mut post: Post,
    nonce: Option<String>,
) -> Result<Reply, CommandError> {
    let nonce_key = match &nonce {
        Some(nonce) if nonce.len() > NONCE_BYTES_MAX => {
            return Err(CommandError::Invalid {
                field: "nonce",
                message: format!("at most {NONCE_BYTES_MAX} bytes"),
            });
        }
        Some(nonce) => Some([NONCE_PREFIX, channel.as_bytes(), nonce.as_bytes()].concat()),
        None => None,
    };
    if let Some(key) = &nonce_key
        && let Some(known) = ctx.txn.get(Table::Meta, key)?
        && let Some(message) = EnvelopeId::from_slice(&known)
    {
        return Ok(Reply::Message(message));
    }
    post.nonce = nonce.map(|nonce| nonce.into_bytes().into());
    check_attachments(ctx, &post.attachments)?;
    slow_down(state, ctx, channel)?;
    let room = room_with(state, &channel)?;
    if post.text.trim().is_empty() && post.attachments.is_empty() {
        return Err(CommandError::Invalid {
            field: "content",
            message: "a message needs text or an attachment".to_owned(),
        });
    }
    let message = speak(room, ctx, channel, Act::Post(post), None)?;
    if let Some(key) = nonce_key {
        ctx.txn.put(Table::Meta, key, *message.as_bytes());
    }
    state.last_sent.insert(channel, ctx.now);
    Ok(Reply::Message(message))
}

fn check_attachments(ctx: &Ctx<'_>, attachments: &[Attachment]) -> Result<(), CommandError> {
    for attachment in attachments {
        if blobs::state(&ctx.txn, &attachment.blob.hash)? != crate::model::BlobState::Ready {
            return Err(CommandError::NotFound { what: "attachment" });
        }
    }
    Ok(())
}

fn slow_down(state: &mut State, ctx: &Ctx<'_>, channel: ChannelId) -> Result<(), CommandError> {
    let last = state.last_sent.get(&channel).copied();
    let room = room_with(state, &channel)?;
    let community = community(room)?;
    let actor = room.actor(&community, &ctx.identity());
    let wait_ms = inbox::slow_ms(&community, &actor, &channel, Some(ctx.now));
    if wait_ms == 0 {
        return Ok(());
    }
    // What this person sent from another device, or before this one was started again, counts as well.
    let last = last.max(timeline::last_sent(
        &ctx.txn,
        channel,
        ctx.identity(),
        ctx.now,
    )?);
    match last.map(|last| Millis(last.0.saturating_add(wait_ms))) {
        Some(next) if ctx.now < next => Err(CommandError::TooFast {
            wait_ms: next.0 - ctx.now.0,
        }),
        _ => Ok(()),
    }
}

/// Carries out an act on a message that is here.
fn on_message(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    message: EnvelopeId,
    act: impl FnOnce(EnvelopeId) -> Act,
) -> Result<Reply, CommandError> {
    let missing = CommandError::NotFound { what: "message" };
    let place = timeline::locate(&ctx.txn, &message)?.ok_or(missing)?;
    let room = room_with(state, &place.channel)?;
    let act = act(message);
    let mine = place.author == ctx.identity();
    let forbidden = |permission: Option<&str>, message: &str| CommandError::Forbidden {
        permission: permission.map(str::to_owned),
        message: message.to_owned(),
    };
    if matches!(act, Act::Edit { .. }) && !mine {
        return Err(forbidden(None, "only its author can edit a message"));
    }
    if matches!(act, Act::Delete(_)) && !mine {
        let community = community(room)?;
        let actor = room.actor(&community, &ctx.identity());
        let action = Action::ManageMessages {
            channel: place.channel,
        };
        permissions::allows(&community, &actor, &action, Some(ctx.now))
            .map_err(|denied| refusal(&denied))?;
    }
    let me = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let topic = room.channel_topic(place.channel);
    let drop = (matches!(act, Act::Delete(_)) && place.pseudonym == me).then(|| Drop {
        target: message,
        seq: place.seq,
        secret: ctx.me.keys.delete_secret(topic, place.seq).to_vec().into(),
    });
    speak(room, ctx, place.channel, act, drop)?;
    Ok(Reply::Done)
}

/// Says something in a channel: asks, heals if need be, seals, stores, shows.
fn speak(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    channel: ChannelId,
    act: Act,
    drop: Option<Drop>,
) -> Result<EnvelopeId, CommandError> {
    let community = community(room)?;
    let content = content(room, ctx, channel, act)?;
    content.check().map_err(|error| CommandError::Invalid {
        field: "content",
        message: error.to_string(),
    })?;
    let allowed =
        inbox::content_allowed(room, &community, &content).map_err(|denied| refusal(&denied))?;
    let (audience, rule) = audience::of_channel(&community, &channel)
        .ok_or(CommandError::NotFound { what: "channel" })?;
    let (epoch, keys) = rotation::ensure(room, ctx, audience, &rule)?;
    let sent = outbox::seal_content(room, ctx, channel, epoch, &keys, &content, drop)?;
    inbox::drop_target(room, ctx, &sent.position, &sent.envelope)?;
    inbox::accept_content(
        room,
        ctx,
        &sent.position,
        &sent.envelope,
        &content,
        allowed,
        true,
    )?;
    Ok(sent.envelope.envelope_id())
}

fn content(
    room: &Room,
    ctx: &Ctx<'_>,
    channel: ChannelId,
    act: Act,
) -> Result<Content, CommandError> {
    // What an act takes back or replaces comes first among what it cites: causal order is what decides between them.
    let mut parents =
        timeline::earlier(&ctx.txn, channel, ctx.identity(), &act, CONTENT_PARENTS_MAX)?;
    for newest in timeline::newest(&ctx.txn, channel, CONTENT_PARENTS_MAX)? {
        if parents.len() < CONTENT_PARENTS_MAX && !parents.contains(&newest) {
            parents.push(newest);
        }
    }
    parents.sort();
    let mut heads = room.log.heads().to_vec();
    heads.truncate(PARENTS_MAX);
    Ok(Content {
        version: CONTENT_VERSION,
        author: ctx.identity(),
        channel,
        heads,
        parents,
        time: ctx.now,
        manifest_version: 0,
        act,
    })
}

fn typing(state: &mut State, ctx: &mut Ctx<'_>, channel: ChannelId) -> Result<Reply, CommandError> {
    let room = room_with(state, &channel)?;
    let community = community(room)?;
    let actor = room.actor(&community, &ctx.identity());
    permissions::allows(&community, &actor, &Action::Send { channel }, Some(ctx.now))
        .map_err(|denied| refusal(&denied))?;
    let (audience, rule) = audience::of_channel(&community, &channel)
        .ok_or(CommandError::NotFound { what: "channel" })?;
    // Typing never makes keys: without a usable epoch nobody is told.
    let Some((epoch, keys)) = rotation::current(room, audience, &rule) else {
        return Ok(Reply::Done);
    };
    let Some(key) = keys
        .content
        .as_ref()
        .map(|content| content.channel(&channel))
    else {
        return Ok(Reply::Done);
    };
    let content = Content {
        version: CONTENT_VERSION,
        author: ctx.identity(),
        channel,
        heads: Vec::new(),
        parents: Vec::new(),
        time: ctx.now,
        manifest_version: 0,
        act: Act::Typing(Millis(ctx.now.0 + crate::sync::TYPING_MS)),
    };
    let topic = Topic::Channel(room.id, channel);
    outbox::seal_ephemeral(room, ctx, topic, epoch, key.as_bytes(), &content)?;
    Ok(Reply::Done)
}

/// Tells every server how present this person wants to look.
pub fn presence_everywhere(state: &mut State, ctx: &mut Ctx<'_>) {
    let presence = state.presence;
    for room in state.rooms.values_mut() {
        send_presence(room, ctx, presence);
    }
}

/// Tells one server how present this person wants to look.
pub fn send_presence(room: &mut Room, ctx: &mut Ctx<'_>, presence: crate::command::Presence) {
    if room.local.standing != Standing::Active {
        return;
    }
    let everyone = audience::everyone(room.id);
    let Some((epoch, keys)) = rotation::current(room, everyone, &Rule::Everyone) else {
        return;
    };
    let content = Content {
        version: CONTENT_VERSION,
        author: ctx.identity(),
        channel: ChannelId([0; 32]),
        heads: Vec::new(),
        parents: Vec::new(),
        time: ctx.now,
        manifest_version: 0,
        act: Act::Presence(presence_number(presence)),
    };
    let key = *keys.state.as_bytes();
    // Presence is a courtesy: if it cannot be sealed, nobody is told.
    let _ = outbox::seal_ephemeral(room, ctx, Topic::Members(room.id), epoch, &key, &content);
}

/// Commands that stay on this device.
pub(super) fn run_local(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::MarkRead { channel, message } => {
            let notices = timeline::mark_read(
                &mut ctx.txn,
                state.server_named(&channel)?,
                channel,
                message,
            )?;
            ctx.out.notices(notices);
        }
        Command::MarkUnread { channel, message } => {
            let notices = timeline::mark_unread(
                &mut ctx.txn,
                state.server_named(&channel)?,
                channel,
                message,
            )?;
            ctx.out.notices(notices);
        }
        Command::MarkServerRead { server } => {
            let room = room_of(state, &server)?;
            let channels: Vec<ChannelId> = room.channels_ever().collect();
            let notices = timeline::mark_server_read(&mut ctx.txn, server, &channels)?;
            ctx.out.notices(notices);
        }
        Command::ChannelSettings {
            channel,
            muted,
            level,
        } => {
            let server = state.server_named(&channel)?;
            let notices = timeline::set_level(&mut ctx.txn, server, channel, muted, level)?;
            ctx.out.notices(notices);
        }
        Command::SetDraft { channel, text } => {
            if text.len() > DRAFT_BYTES_MAX {
                return Err(CommandError::Invalid {
                    field: "text",
                    message: format!("at most {DRAFT_BYTES_MAX} bytes"),
                });
            }
            state.server_named(&channel)?;
            timeline::set_draft(&mut ctx.txn, channel, &text)?;
        }
        Command::StoreBlob { mime, bytes } => {
            if bytes.len() > FILE_BYTES_MAX {
                return Err(CommandError::Invalid {
                    field: "file",
                    message: "at most 25 MiB".to_owned(),
                });
            }
            let blob = blobs::store(ctx, &mime, &bytes).map_err(|error| CommandError::Invalid {
                field: "file",
                message: error.to_string(),
            })?;
            return Ok(Reply::Blob(blob));
        }
        Command::FetchBlob { server, hash } => {
            let tag = room_of(state, &server)?.tag;
            let holders = state.links.iter().filter(|(_, link)| {
                link.subs
                    .get(&server)
                    .is_some_and(|sub| matches!(sub.who, Who::Member { .. }))
            });
            let conns: Vec<_> = holders.map(|(conn, _)| *conn).collect();
            // If nobody is there who has it, it comes with whoever returns.
            blobs::keep::want(ctx, server, hash, None)?;
            // All are asked for the same part: whoever answers first is asked for the next.
            for conn in conns {
                blobs::want(ctx, conn, tag, hash)?;
            }
        }
        _ => return Err(CommandError::NotFound { what: "command" }),
    }
    Ok(Reply::Done)
}
