//! Which registers an event writes.

use crate::event::{Body, ChannelUpdate, RoleUpdate, ServerUpdate};
use crate::id::{ChannelId, IdentityId, RoleId};
use crate::state::Act;

/// A register of the state with one value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::state) enum Key {
    Name,
    Description,
    Icon,
    JoinsPaused,
    Durability,
    RoleName(RoleId),
    RoleColor(RoleId),
    RoleHoist(RoleId),
    RoleMentionable(RoleId),
    RolePosition(RoleId),
    /// All permission bits, each of which is a register of its own.
    RoleBits(RoleId),
    ChannelName(ChannelId),
    ChannelTopic(ChannelId),
    ChannelParent(ChannelId),
    ChannelPosition(ChannelId),
    ChannelDurability(ChannelId),
    ChannelTtl(ChannelId),
    ChannelSlowMode(ChannelId),
    ChannelSynced(ChannelId),
    Grant(IdentityId, RoleId),
    Ban(IdentityId),
    Timeout(IdentityId),
    Nickname(IdentityId),
}

/// Calls `write` with every register that an event writes.
pub(in crate::state) fn of(act: &Act, mut write: impl FnMut(Key)) {
    match &act.body {
        Body::ServerUpdate(body) => of_server(body, write),
        Body::RoleUpdate(body) => of_role(body, write),
        Body::ChannelUpdate(body) => {
            of_channel(body, &mut write);
            if act.syncs().is_some() {
                write(Key::ChannelSynced(body.channel));
            }
        }
        Body::OverwriteSet(body) if act.syncs().is_some() => {
            write(Key::ChannelSynced(body.channel))
        }
        Body::OverwriteClear(body) if act.syncs().is_some() => {
            write(Key::ChannelSynced(body.channel));
        }
        Body::RoleGrant(body) => write(Key::Grant(body.member, body.role)),
        Body::RoleRevoke(body) => write(Key::Grant(body.member, body.role)),
        Body::Ban(body) => write(Key::Ban(body.member)),
        Body::Unban(body) => write(Key::Ban(body.member)),
        Body::Timeout(body) => write(Key::Timeout(body.member)),
        Body::TimeoutLift(body) => write(Key::Timeout(body.member)),
        Body::NicknameSet(body) => write(Key::Nickname(body.member)),
        _ => {}
    }
}

fn of_server(body: &ServerUpdate, mut write: impl FnMut(Key)) {
    let keys = [
        (body.name.is_some(), Key::Name),
        (body.description.is_some(), Key::Description),
        (
            body.icon.is_some() || body.icon_clear == Some(true),
            Key::Icon,
        ),
        (body.joins_paused.is_some(), Key::JoinsPaused),
        (body.durability.is_some(), Key::Durability),
    ];
    keys.into_iter()
        .filter(|(set, _)| *set)
        .for_each(|(_, key)| write(key));
}

fn of_role(body: &RoleUpdate, mut write: impl FnMut(Key)) {
    let id = body.role;
    let keys = [
        (body.name.is_some(), Key::RoleName(id)),
        (body.color.is_some(), Key::RoleColor(id)),
        (body.hoist.is_some(), Key::RoleHoist(id)),
        (body.mentionable.is_some(), Key::RoleMentionable(id)),
        (body.position.is_some(), Key::RolePosition(id)),
        (
            body.set.is_some() || body.clear.is_some(),
            Key::RoleBits(id),
        ),
    ];
    keys.into_iter()
        .filter(|(set, _)| *set)
        .for_each(|(_, key)| write(key));
}

fn of_channel(body: &ChannelUpdate, mut write: impl FnMut(Key)) {
    let id = body.channel;
    let keys = [
        (body.name.is_some(), Key::ChannelName(id)),
        (body.topic.is_some(), Key::ChannelTopic(id)),
        (
            body.parent.is_some() || body.parent_clear == Some(true),
            Key::ChannelParent(id),
        ),
        (body.position.is_some(), Key::ChannelPosition(id)),
        (body.durability.is_some(), Key::ChannelDurability(id)),
        (body.ttl_ms.is_some(), Key::ChannelTtl(id)),
        (body.slow_mode_s.is_some(), Key::ChannelSlowMode(id)),
    ];
    keys.into_iter()
        .filter(|(set, _)| *set)
        .for_each(|(_, key)| write(key));
}

/// How much an event's value of a register takes away, compared with others' values of the same register: among concurrent
/// events of one level, the greater wins.
pub(super) fn restrictiveness(key: Key, act: &Act) -> u64 {
    match (key, &act.body) {
        (Key::JoinsPaused, Body::ServerUpdate(body)) => u64::from(body.joins_paused == Some(true)),
        (Key::Durability, Body::ServerUpdate(body)) => low(body.durability),
        (Key::ChannelDurability(_), Body::ChannelUpdate(body)) => low(body.durability),
        (Key::ChannelSlowMode(_), Body::ChannelUpdate(body)) => {
            u64::from(body.slow_mode_s.unwrap_or(0))
        }
        // The shorter life is the stricter; 0 is no limit.
        (Key::ChannelTtl(_), Body::ChannelUpdate(body)) => match body.ttl_ms {
            None | Some(0) => 0,
            Some(ttl) => u64::MAX - ttl,
        },
        (Key::ChannelSynced(_), _) => u64::from(act.syncs() == Some(false)),
        (Key::Grant(..), Body::RoleRevoke(_)) | (Key::Ban(_), Body::Ban(_)) => 1,
        (Key::Timeout(_), Body::Timeout(body)) => body.until.0.max(1),
        _ => 0,
    }
}

/// Lower modes of durability keep content among fewer.
fn low(durability: Option<u8>) -> u64 {
    u64::from(u8::MAX - durability.unwrap_or(u8::MAX))
}
