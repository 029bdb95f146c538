//! The only `allows(state, actor, action)`.

use super::compute::{Place, channel_of, timed_out};
use super::judge::judge_with;
use super::source::supply;
use super::{Actor, Bits, Denied, Level, TIMEOUT_LEAVES};
use crate::event::Body;
use crate::id::{ChannelId, IdentityId, Millis};
use crate::state::Community;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "`channel` is where")]
pub enum Action<'a> {
    /// Put an event with this body into the log.
    Event(&'a Body),
    /// See a channel.
    View { channel: ChannelId },
    /// Read a channel's history.
    Read { channel: ChannelId },
    /// Send a message, or type one.
    Send { channel: ChannelId },
    /// Add a reaction.
    React { channel: ChannelId },
    /// Attach files.
    Attach { channel: ChannelId },
    /// Show previews of links.
    Embed { channel: ChannelId },
    /// Mention everyone, everyone here, or a role that is not mentionable.
    MentionEveryone { channel: ChannelId },
    /// Delete others' messages.
    ManageMessages { channel: ChannelId },
    /// Pin messages.
    Pin { channel: ChannelId },
    /// Create an invite that shows this channel first, or none.
    CreateInvite { channel: Option<ChannelId> },
    /// Read the audit log.
    ViewAuditLog,
    /// Have these permissions in a channel, which one must also see, or in the server as a whole.
    Have {
        permissions: Bits,
        channel: Option<ChannelId>,
    },
    /// Ban many members at once: MANAGE_GUILD and BAN_MEMBERS, at most [`super::BAN_MANY_MAX`], each of them below. What the log
    /// gets is as many bans, each judged alone.
    BanMany(&'a [IdentityId]),
    /// Kick members who were not seen for a while: MANAGE_GUILD and KICK_MEMBERS, and the same rules.
    Prune(&'a [IdentityId]),
}

/// Says whether somebody may act, and at which level.
///
/// With `now`, a timeout of the actor ends at its moment; without, it holds until it is lifted, as it always does for events.
/// For a [`Body::Timeout`], `now` also bounds its end. Membership itself is the roster's matter, save that whoever is banned
/// may nothing.
///
/// # Errors
/// [`Denied`] names the permission or rule that fails.
pub fn allows(
    community: &Community,
    actor: impl Into<Actor>,
    action: &Action<'_>,
    now: Option<Millis>,
) -> Result<Level, Denied> {
    let actor = actor.into();
    if community.ban(&actor.identity).is_some() {
        return Err(Denied::Banned(actor.identity));
    }
    if let Some(verdict) = judge_with(community, &actor, action, now, None) {
        return verdict.map(|basis| basis.level);
    }
    let (needed, channel) = needs(action);
    if let Some(until) = timed_out(community, &actor, now)
        && !TIMEOUT_LEAVES.contains(needed)
    {
        return Err(Denied::TimedOut(until));
    }
    let place = match channel {
        None => Place::Server,
        Some(id) => Place::Channel(community.channel(&id).ok_or(Denied::UnknownChannel(id))?),
    };
    match supply(community, &actor, needed, place) {
        Some(basis) => Ok(basis.level),
        None => Err(Denied::Missing {
            permission: first_missing(community, &actor, needed, place),
            channel,
        }),
    }
}

/// Which permissions an action takes, and where.
pub(super) fn needs(action: &Action<'_>) -> (Bits, Option<ChannelId>) {
    let view = Bits::VIEW_CHANNEL;
    match *action {
        Action::View { channel } => (view, Some(channel)),
        Action::Read { channel } => (view | Bits::READ_MESSAGE_HISTORY, Some(channel)),
        Action::Send { channel } => (view | Bits::SEND_MESSAGES, Some(channel)),
        Action::React { channel } => (view | Bits::ADD_REACTIONS, Some(channel)),
        Action::Attach { channel } => (view | Bits::ATTACH_FILES, Some(channel)),
        Action::Embed { channel } => (view | Bits::EMBED_LINKS, Some(channel)),
        Action::MentionEveryone { channel } => (view | Bits::MENTION_EVERYONE, Some(channel)),
        Action::ManageMessages { channel } => (view | Bits::MANAGE_MESSAGES, Some(channel)),
        Action::Pin { channel } => (view | Bits::PIN_MESSAGES, Some(channel)),
        Action::CreateInvite { channel } => (Bits::CREATE_INSTANT_INVITE, channel),
        Action::Have {
            permissions,
            channel: None,
        } => (permissions, None),
        Action::Have {
            permissions,
            channel,
        } => (view | permissions, channel),
        // What is judged by kind is judged before this is asked.
        Action::ViewAuditLog | Action::Event(_) | Action::BanMany(_) | Action::Prune(_) => {
            (Bits::VIEW_AUDIT_LOG, None)
        }
    }
}

/// The part of `needed` that the actor lacks, for the message.
fn first_missing(community: &Community, actor: &Actor, needed: Bits, place: Place<'_>) -> Bits {
    let has = match place {
        Place::Server => super::compute::base_of(community, actor),
        Place::Channel(channel) => channel_of(community, actor, community.overwrites(channel)),
    };
    let lacks = needed.without(has);
    if lacks.contains(Bits::VIEW_CHANNEL) {
        Bits::VIEW_CHANNEL
    } else {
        lacks
    }
}
