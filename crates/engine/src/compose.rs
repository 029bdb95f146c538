//! A person's command → drafts and events.
//!
//! Every command asks `core::permissions` first, is sealed under an epoch that passes R1, and is stored before its reply. What
//! a command refuses leaves nothing behind.

mod channels;
mod fork;
mod found;
mod invites;
mod join;
mod members;
mod messages;
mod moderation;
mod ownership;
mod register;
mod reports;
mod roles;

use conclave_core::codec;
use conclave_core::envelope::Topic;
use conclave_core::event::{Body, EVENT_VERSION, Event, PARENTS_MAX, REASON_BYTES_MAX};
use conclave_core::id::{ChannelId, EventId, IdentityId, Pseudonym, ServerId};
use conclave_core::keys::audience::{self, Rule};
use conclave_core::log::Verdict as LogVerdict;
use conclave_core::member::{MemberRecord, Register};
use conclave_core::permissions::{self, Action, Denied};
use conclave_core::signed::Verified;
use conclave_core::state::Community;

pub use found::found_server;
pub use join::join_finished;
pub use messages::{presence_everywhere, send_presence};
pub use ownership::DAY_MS;
pub use register::{introduce, send_profile, send_reach};

use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::inbox::{self, Verdict};
use crate::outbox;
use crate::peer::State;
use crate::room::{Room, Standing};
use crate::rotation;

/// Carries out one command.
///
/// # Errors
/// [`CommandError`]; the caller throws away whatever the command had begun.
pub fn run(state: &mut State, ctx: &mut Ctx<'_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::UpdateProfile(_) | Command::SetSettings { .. } => Err(CommandError::Conflict(
            "account commands are carried out by the peer itself".to_owned(),
        )),
        Command::CreateServer { .. }
        | Command::CreateChat { .. }
        | Command::AnswerChatRequest { .. }
        | Command::Join { .. }
        | Command::LeaveServer { .. }
        | Command::MakeCheckpoint { .. }
        | Command::UpdateServer { .. } => found::run(state, ctx, command),
        Command::CreateChannel(_)
        | Command::UpdateChannel(_)
        | Command::DeleteChannel { .. }
        | Command::SetOverwrite { .. }
        | Command::ClearOverwrite { .. }
        | Command::SyncChannel { .. } => channels::run(state, ctx, command),
        Command::CreateRole(_)
        | Command::UpdateRole(_)
        | Command::DeleteRole { .. }
        | Command::GrantRole { .. }
        | Command::RevokeRole { .. } => roles::run(state, ctx, command),
        Command::Kick { .. }
        | Command::Ban { .. }
        | Command::Unban { .. }
        | Command::Timeout { .. }
        | Command::SetNickname { .. } => members::run(state, ctx, command),
        Command::Ownership(command) => ownership::run(state, ctx, command),
        Command::Because { reason, command } => {
            ctx.reason = Some(reason);
            run(state, ctx, *command)
        }
        Command::Report {
            server,
            about,
            message,
            reason,
        } => reports::report(state, ctx, server, about, message, &reason),
        Command::DismissReport { server, report } => reports::dismiss(ctx, server, report),
        Command::AcknowledgeLost { .. } | Command::BanMany { .. } | Command::Prune { .. } => {
            moderation::run(state, ctx, command)
        }
        Command::CreateInvite(_) | Command::RevokeInvite { .. } => {
            invites::run(state, ctx, command)
        }
        Command::Send { .. }
        | Command::Edit { .. }
        | Command::Delete { .. }
        | Command::React { .. }
        | Command::Pin { .. }
        | Command::Typing { .. }
        | Command::Presence { .. } => messages::run(state, ctx, command),
        Command::MarkRead { .. }
        | Command::MarkUnread { .. }
        | Command::MarkServerRead { .. }
        | Command::ChannelSettings { .. }
        | Command::SetDraft { .. }
        | Command::StoreBlob { .. }
        | Command::FetchBlob { .. } => messages::run_local(state, ctx, command),
    }
}

/// The room of a server that this account is an active member of.
pub(crate) fn room_of<'s>(
    state: &'s mut State,
    server: &ServerId,
) -> Result<&'s mut Room, CommandError> {
    let room = state
        .rooms
        .get_mut(server)
        .ok_or(CommandError::NotFound { what: "server" })?;
    match room.local.standing {
        Standing::Active if room.log.halted().is_some() => Err(CommandError::Halted),
        Standing::Active => Ok(room),
        Standing::Joining => Err(CommandError::Conflict(
            "still joining this server".to_owned(),
        )),
        Standing::Removed | Standing::Left => Err(CommandError::Forbidden {
            permission: None,
            message: "you are not a member of this server any more".to_owned(),
        }),
    }
}

/// The room of a channel that this account may see.
pub(crate) fn room_with<'s>(
    state: &'s mut State,
    channel: &ChannelId,
) -> Result<&'s mut Room, CommandError> {
    let server = state
        .server_of(channel)
        .ok_or(CommandError::NotFound { what: "channel" })?;
    let me = state.me();
    let room = room_of(state, &server)?;
    if room.can_view(&me, *channel) {
        Ok(room)
    } else {
        Err(CommandError::NotFound { what: "channel" })
    }
}

/// The community of a room, which an active room always has.
pub(crate) fn community(room: &Room) -> Result<Community, CommandError> {
    room.community
        .clone()
        .ok_or(CommandError::NotFound { what: "server" })
}

/// Puts an event into the log: asks, signs, seals, stores, and follows up with keys.
pub(crate) fn act(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    body: impl Into<Body>,
    reason: Option<String>,
) -> Result<EventId, CommandError> {
    let ids = act_all(room, ctx, vec![body.into()], reason)?;
    ids.first()
        .copied()
        .ok_or(CommandError::NotFound { what: "event" })
}

/// Puts several events into the log, each after the one before, all under the epoch that holds before the first, and makes one
/// epoch for all of them: so that many bans cost one change of keys and leave as one bundle.
pub(crate) fn act_all(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    bodies: Vec<Body>,
    reason: Option<String>,
) -> Result<Vec<EventId>, CommandError> {
    let before = community(room)?;
    let reason = reason.or_else(|| ctx.reason.clone());
    if reason
        .as_ref()
        .is_some_and(|reason| reason.len() > REASON_BYTES_MAX)
    {
        return Err(CommandError::Invalid {
            field: "reason",
            message: format!("at most {REASON_BYTES_MAX} bytes"),
        });
    }
    let everyone = audience::everyone(room.id);
    let mut epoch = None;
    let mut ids = Vec::new();
    for body in &bodies {
        let state = community(room)?;
        let actor = room.actor(&state, &ctx.identity());
        permissions::allows(&state, &actor, &Action::Event(body), Some(ctx.now))
            .map_err(|denied| refusal(&denied))?;
        if body.needs_root() && !ctx.me.holds_root() {
            return Err(CommandError::Conflict(
                "this takes the account's root key, which is not on this device".to_owned(),
            ));
        }
        let (epoch, keys) = match &epoch {
            Some(known) => known,
            None => epoch.insert(rotation::ensure(room, ctx, everyone, &Rule::Everyone)?),
        };
        let event = sign_event(room, ctx, body, reason.clone());
        ids.push(event.event_id());
        let topic = Topic::Authority(room.id);
        let bytes = event.bytes().encode();
        let sent = outbox::seal_state(room, ctx, topic, *epoch, keys, &bytes)?;
        insert(room, ctx, &sent.position, event)?;
    }
    if let Some(last) = bodies.last() {
        rotation::after_event(room, ctx, &before, last)?;
    }
    Ok(ids)
}

/// Inserts an own event and makes sure that the log took it.
pub(crate) fn insert(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &crate::wire::Position,
    event: Verified<Event>,
) -> Result<(), CommandError> {
    let id = event.event_id();
    match inbox::accept_event(room, ctx, position, event)? {
        Verdict::Done => {}
        Verdict::Wait(wait) => {
            return Err(CommandError::Conflict(format!("it waits for {wait:?}")));
        }
        Verdict::Refuse(reason) => return Err(CommandError::Conflict(reason)),
    }
    match room.log.verdict(&id) {
        Some(LogVerdict::Rejected(denied)) => Err(refusal(denied)),
        _ => Ok(()),
    }
}

/// Signs an event at the log's heads.
pub(crate) fn sign_event(
    room: &Room,
    ctx: &Ctx<'_>,
    body: &Body,
    reason: Option<String>,
) -> Verified<Event> {
    let device = ctx.me.device();
    let (seq, prev_self) = room.log.next_position(&device);
    let mut parents = room.log.heads().to_vec();
    parents.truncate(PARENTS_MAX);
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let founder = room.community.as_ref().is_none_or(|community| {
        community
            .founders()
            .any(|founder| founder == ctx.identity())
            // Whoever was removed came back through an invite.
            && community.removals(&ctx.identity()).next().is_none()
    });
    let register = room
        .roster
        .by_pseudonym(&pseudonym)
        .map(Verified::register_id);
    let event = Event {
        version: EVENT_VERSION,
        server: (!matches!(body, Body::Genesis(_))).then_some(room.id),
        author: ctx.identity(),
        device,
        seq,
        prev_self,
        parents,
        identity_head: ctx.me.log.head(),
        last_checkpoint: room
            .community
            .as_ref()
            .and_then(|community| Some(community.checkpoint()?.0)),
        kind: body.kind().number(),
        body: body.encode().into(),
        time: ctx.now,
        register: register.filter(|_| !founder),
        reason,
    };
    Verified::sign_event(event, &ctx.me.keys.device(), &ctx.me.keys.root())
}

/// Sends a record of the member plane.
pub(crate) fn send_member_record(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    record: MemberRecord,
) -> Result<(), CommandError> {
    let everyone = audience::everyone(room.id);
    let (epoch, keys) = rotation::ensure(room, ctx, everyone, &Rule::Everyone)?;
    let topic = Topic::Members(room.id);
    let sent = outbox::seal_state(room, ctx, topic, epoch, &keys, &codec::encode(&record))?;
    match inbox::accept_record(room, ctx, &sent.position, record)? {
        Verdict::Done => Ok(()),
        Verdict::Wait(wait) => Err(CommandError::Conflict(format!("it waits for {wait:?}"))),
        Verdict::Refuse(reason) => Err(CommandError::Conflict(reason)),
    }
}

/// Wraps a register with the identity log that certifies it.
pub(crate) fn register_record(ctx: &Ctx<'_>, register: &Verified<Register>) -> MemberRecord {
    MemberRecord::Register {
        register: register.bytes().encode().into(),
        identity_log: ctx.me.log.wire().into_iter().map(Into::into).collect(),
    }
}

/// Words for a refusal of the rules.
pub(crate) fn refusal(denied: &Denied) -> CommandError {
    let permission = match denied {
        Denied::Missing { permission, .. } => Some(permission.names()),
        _ => None,
    };
    let message = match &permission {
        Some(names) => format!("you need the permission {names} for this"),
        None => denied.to_string(),
    };
    CommandError::Forbidden {
        permission,
        message,
    }
}

/// Checks a name: not empty, not too long, no control characters.
pub(crate) fn check_name(
    field: &'static str,
    name: &str,
    chars_max: usize,
) -> Result<String, CommandError> {
    let name = name.trim();
    let invalid = |message: String| Err(CommandError::Invalid { field, message });
    if name.is_empty() {
        return invalid("must not be empty".to_owned());
    }
    if name.chars().count() > chars_max {
        return invalid(format!("at most {chars_max} characters"));
    }
    if name.chars().any(char::is_control) {
        return invalid("must not contain control characters".to_owned());
    }
    Ok(name.to_owned())
}

/// Who may be acted on: a member, or for unbanning a banned one.
pub(crate) fn known(room: &Room, member: &IdentityId) -> Result<(), CommandError> {
    if room.roster.of(member).next().is_some() {
        Ok(())
    } else {
        Err(CommandError::NotFound { what: "member" })
    }
}
