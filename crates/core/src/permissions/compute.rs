//! What a member may do: Discord's computation of permissions, bit for bit.

use super::{Bits, Level};
use crate::event::Subject;
use crate::id::{ChannelId, EventId, IdentityId, InviteId, Millis};
use crate::state::{Channel, Community, Overwrites, Role};

/// Who acts: an identity and, where known, the invites through which it joined, whose roles it holds as well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// Who.
    pub identity: IdentityId,
    /// Through which invites they joined.
    pub invites: Vec<InviteId>,
}

impl From<&IdentityId> for Actor {
    fn from(identity: &IdentityId) -> Self {
        Self {
            identity: *identity,
            invites: Vec::new(),
        }
    }
}

impl From<&Actor> for Actor {
    fn from(actor: &Actor) -> Self {
        actor.clone()
    }
}

/// What a timeout leaves.
pub const TIMEOUT_LEAVES: Bits = Bits(Bits::VIEW_CHANNEL.0 | Bits::READ_MESSAGE_HISTORY.0);

/// What falls with SEND_MESSAGES.
pub const IMPLIED_BY_SEND: Bits = Bits(
    Bits::MENTION_EVERYONE.0
        | Bits::SEND_TTS_MESSAGES.0
        | Bits::ATTACH_FILES.0
        | Bits::EMBED_LINKS.0,
);

/// What somebody may do in the server as a whole: everything for the owner and administrators, else the union of
/// `@everyone` and all their roles. A timeout is not looked at.
#[must_use]
pub fn base(community: &Community, actor: impl Into<Actor>) -> Bits {
    base_of(community, &actor.into())
}

/// What somebody may do in one channel; nothing where the channel does not exist. With `now`, a running timeout leaves only
/// viewing and history, save to owner and administrators.
#[must_use]
pub fn in_channel(
    community: &Community,
    actor: impl Into<Actor>,
    channel: &ChannelId,
    now: Option<Millis>,
) -> Bits {
    let actor = actor.into();
    let Some(channel) = community.channel(channel) else {
        return Bits::NONE;
    };
    let bits = channel_of(community, &actor, community.overwrites(channel));
    match now {
        Some(now) if timed_out(community, &actor, Some(now)).is_some() => bits & TIMEOUT_LEAVES,
        _ => bits,
    }
}

/// What somebody may do in a channel that has exactly these overwrites in force; a timeout is not looked at. Audiences ask
/// this of overwrites that no single channel needs to have ([`crate::keys::audience`]).
#[must_use]
pub fn under_overwrites(
    community: &Community,
    actor: impl Into<Actor>,
    overwrites: &Overwrites,
) -> Bits {
    channel_of(community, &actor.into(), overwrites)
}

/// How high somebody stands: the owner, or their highest role.
#[must_use]
pub fn rank(community: &Community, actor: impl Into<Actor>) -> Level {
    rank_of(community, &actor.into())
}

pub(super) fn base_of(community: &Community, actor: &Actor) -> Bits {
    if actor.identity == community.owner() {
        return Bits::ALL;
    }
    let union = held(community, actor)
        .into_iter()
        .fold(Bits::NONE, |bits, (role, _)| bits | role.permissions);
    if union.contains(Bits::ADMINISTRATOR) {
        Bits::ALL
    } else {
        union
    }
}

pub(super) fn rank_of(community: &Community, actor: &Actor) -> Level {
    if actor.identity == community.owner() {
        return Level::Owner;
    }
    held(community, actor)
        .into_iter()
        .map(|(role, _)| community.level_of(role))
        .max()
        .unwrap_or(Level::Everyone)
}

/// The member's roles, `@everyone` first, each with the event that gave it.
pub(super) fn held<'a>(
    community: &'a Community,
    actor: &Actor,
) -> Vec<(&'a Role, Option<EventId>)> {
    let mut held: Vec<_> = community
        .everyone()
        .map(|role| (role, None))
        .into_iter()
        .collect();
    for (role, grant) in community.granted(&actor.identity, &actor.invites) {
        held.push((role, Some(grant)));
    }
    held
}

/// The bits in a channel that has these overwrites in force.
pub(super) fn channel_of(community: &Community, actor: &Actor, overwrites: &Overwrites) -> Bits {
    let base = base_of(community, actor);
    if base.contains(Bits::ADMINISTRATOR) {
        return Bits::ALL;
    }
    let everyone = community.server().everyone();
    let get = |subject| overwrites.get(&subject).copied().unwrap_or_default();
    let (allow, deny) = get(Subject::Role(everyone));
    let mut bits = base.without(deny) | allow;
    let (mut allow, mut deny) = (Bits::NONE, Bits::NONE);
    for (role, _) in held(community, actor) {
        if role.id != everyone {
            let of_role = get(Subject::Role(role.id));
            allow = allow | of_role.0;
            deny = deny | of_role.1;
        }
    }
    bits = bits.without(deny) | allow;
    let (allow, deny) = get(Subject::Member(actor.identity));
    // No overwrite makes an administrator.
    implied((bits.without(deny) | allow).without(Bits::ADMINISTRATOR))
}

/// Takes away what the lack of another permission implies.
fn implied(bits: Bits) -> Bits {
    if !bits.contains(Bits::VIEW_CHANNEL) {
        Bits::NONE
    } else if !bits.contains(Bits::SEND_MESSAGES) {
        bits.without(IMPLIED_BY_SEND)
    } else {
        bits
    }
}

/// The moment until which somebody is timed out. Without `now`, a timeout holds until it is lifted, as it does on the
/// authority plane. Owner and administrators never are.
pub(super) fn timed_out(
    community: &Community,
    actor: &Actor,
    now: Option<Millis>,
) -> Option<Millis> {
    let until = community.timeout(&actor.identity)?.until;
    let over = now.is_some_and(|now| now >= until);
    (!over && !base_of(community, actor).contains(Bits::ADMINISTRATOR)).then_some(until)
}

/// Where a permission is asked for.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Server,
    Channel(&'a Channel),
}
