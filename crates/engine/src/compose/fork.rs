//! Founding a successor of a server whose owner is gone or hostile: the same structure, new keys, and proof of descent.

use std::collections::BTreeMap;

use conclave_core::event::{
    ChannelCreate, Descent, Overwrite, PARENTS_MAX, RoleCreate, RoleGrant, ServerUpdate, Subject,
};
use conclave_core::id::{ChannelId, EventId, RoleId, ServerId};
use conclave_core::member::{MemberRecord, Successor};
use conclave_core::permissions::Bits;
use conclave_core::state::{Community, position};

use super::found::{Founding, found_server};
use super::{act, community, invites, join, room_of, send_member_record};
use crate::command::{CommandError, InviteDraft, Reply};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::room::{Room, Standing};
use crate::successors;

/// Most grants that are copied: each is an event that everybody checks. Beyond it roles are given anew.
const GRANTS_MAX: usize = 2000;

/// Founds a successor and tells the members of the server before, if this account still is one.
pub(super) fn fork(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    name: Option<String>,
    with_members_roles: bool,
) -> Result<Reply, CommandError> {
    let room = state.rooms.get_mut(&server);
    let room = room.ok_or(CommandError::NotFound { what: "server" })?;
    let old = community(room)?;
    if old.template() != 1 {
        return Err(CommandError::Conflict(
            "a chat among equals has no successor: start another".to_owned(),
        ));
    }
    let grants = if with_members_roles {
        held_roles(room, &old)
    } else {
        Vec::new()
    };
    let descent = descent(room)?;
    let everyone = old.everyone().map_or(Bits::NONE, |role| role.permissions);
    let name = name.unwrap_or_else(|| old.name().to_owned());
    let founding = Founding::successor(everyone, descent);
    let successor = found_server(state, ctx, &name, founding)?;
    let new = room_of(state, &successor)?;
    let roles = copy_roles(new, ctx, &old)?;
    copy_channels(new, ctx, &old, &roles)?;
    copy_looks(new, ctx, &old)?;
    for (member, role) in grants {
        if let Some(role) = roles.get(&role).copied() {
            act(new, ctx, RoleGrant { role, member }, None)?;
        }
    }
    announce(state, ctx, server, successor)?;
    Ok(Reply::Server(successor))
}

/// Joins a successor by the link that its founder announced.
pub(super) fn follow(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    successor: ServerId,
) -> Result<Reply, CommandError> {
    let known = successors::of(&ctx.txn, server)?;
    let known = known.into_iter().find(|known| known.id == successor);
    let known = known.ok_or(CommandError::NotFound { what: "successor" })?;
    join::join(state, ctx, &known.link)
}

/// Where the successor comes from: heads that any member can look up, and what the state was there.
fn descent(room: &mut Room) -> Result<Descent, CommandError> {
    let mut heads: Vec<EventId> = room.log.heads().to_vec();
    heads.truncate(PARENTS_MAX);
    let state = room.log.resolve(&heads);
    let state = state.map_err(|error| CommandError::Conflict(error.to_string()))?;
    Ok(Descent {
        server: room.id,
        heads,
        state: state.digest(),
        checkpoint: None,
    })
}

/// The roles that members hold, those of their invites included.
fn held_roles(room: &Room, old: &Community) -> Vec<(conclave_core::id::IdentityId, RoleId)> {
    let members = room.roster.members(old);
    members
        .flat_map(|member| {
            let roles = member.roles(old);
            roles.into_iter().map(move |role| (member.identity(), role))
        })
        .take(GRANTS_MAX)
        .collect()
}

/// Creates the roles from below; gives each old one's new id.
fn copy_roles(
    new: &mut Room,
    ctx: &mut Ctx<'_>,
    old: &Community,
) -> Result<BTreeMap<RoleId, RoleId>, CommandError> {
    let mut roles = BTreeMap::from([(old.server().everyone(), new.id.everyone())]);
    let mut below: Option<String> = None;
    for id in old.roles_from_below() {
        let Some(role) = old
            .role(&id)
            .filter(|role| role.id != old.server().everyone())
        else {
            continue;
        };
        let place = position::between(below.as_deref(), None);
        let body = RoleCreate {
            name: role.name.to_string(),
            color: role.color,
            hoist: role.hoist,
            mentionable: role.mentionable,
            permissions: role.permissions,
            position: place.clone(),
        };
        roles.insert(id, act(new, ctx, body, None)?.into());
        below = Some(place);
    }
    Ok(roles)
}

/// Creates the channels, each category before its children.
fn copy_channels(
    new: &mut Room,
    ctx: &mut Ctx<'_>,
    old: &Community,
    roles: &BTreeMap<RoleId, RoleId>,
) -> Result<(), CommandError> {
    let mut copies: BTreeMap<ChannelId, ChannelId> = BTreeMap::new();
    let mut last: BTreeMap<Option<ChannelId>, String> = BTreeMap::new();
    for id in old.channels_in_order() {
        let Some(channel) = old.channel(&id) else {
            continue;
        };
        let parent = channel
            .parent
            .and_then(|parent| copies.get(&parent).copied());
        let place = position::between(last.get(&parent).map(String::as_str), None);
        let own = channel.own_overwrites.iter();
        let mut overwrites: Vec<Overwrite> = own
            .filter_map(|(subject, (allow, deny))| {
                let subject = match subject {
                    Subject::Role(role) => Subject::Role(*roles.get(role)?),
                    member @ Subject::Member(_) => *member,
                };
                let (allow, deny) = (*allow, *deny);
                Some(Overwrite {
                    subject,
                    allow,
                    deny,
                })
            })
            .collect();
        overwrites.sort_by_key(|overwrite| overwrite.subject);
        let topic = channel.topic.to_string();
        let body = ChannelCreate {
            name: channel.name.to_string(),
            kind: channel.kind.number(),
            topic: Some(topic).filter(|topic| !topic.is_empty()),
            parent,
            position: place.clone(),
            overwrites: if channel.follows() {
                Vec::new()
            } else {
                overwrites
            },
            synced: channel.follows() && parent.is_some(),
            durability: channel.durability,
            ttl_ms: channel.ttl_ms,
            slow_mode_s: channel.slow_mode_s,
        };
        copies.insert(id, act(new, ctx, body, None)?.into());
        last.insert(parent, place);
    }
    Ok(())
}

fn copy_looks(new: &mut Room, ctx: &mut Ctx<'_>, old: &Community) -> Result<(), CommandError> {
    let description = Some(old.description().to_owned()).filter(|text| !text.is_empty());
    let icon = old.icon().cloned();
    if description.is_none() && icon.is_none() {
        return Ok(());
    }
    let body = ServerUpdate {
        description,
        icon,
        ..ServerUpdate::default()
    };
    act(new, ctx, body, None)?;
    Ok(())
}

/// Tells the members of the server before. The link is a closed one: it admits, and opens no content by itself.
fn announce(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    successor: ServerId,
) -> Result<(), CommandError> {
    let draft = InviteDraft {
        server: successor,
        open: false,
        channel: None,
        role: None,
        max_uses: None,
        expires_in_s: None,
    };
    let (_, link) = invites::create(state, ctx, draft)?;
    let new = room_of(state, &successor)?;
    let genesis = new.log.get(&successor.genesis());
    let genesis = genesis.map(|event| event.bytes().encode());
    let genesis = genesis.ok_or(CommandError::NotFound { what: "server" })?;
    let Some(room) = state.rooms.get_mut(&server) else {
        return Ok(());
    };
    if room.local.standing != Standing::Active || room.log.halted().is_some() {
        // Whoever was thrown out passes the link on by other means.
        return Ok(());
    }
    let record = Successor {
        genesis: genesis.into(),
        link,
    };
    send_member_record(room, ctx, MemberRecord::Successor(record))
}
