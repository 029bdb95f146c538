//! Roles and who holds them.

use conclave_core::event::{RoleCreate, RoleDelete, RoleGrant, RoleRevoke, RoleUpdate, Seen};
use conclave_core::id::{IdentityId, RoleId};
use conclave_core::permissions::Bits;
use conclave_core::state::{Community, position};

use super::{act, check_name, community, known, room_of};
use crate::command::{Command, CommandError, Place, Reply, RoleChange, RoleDraft};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::room::Room;

/// Most characters of a role's name.
const NAME_CHARS_MAX: usize = 100;

/// A colour above all colours takes the colour away.
const NO_COLOR: u32 = 0x0100_0000;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::CreateRole(draft) => create(state, ctx, draft),
        Command::UpdateRole(change) => update(state, ctx, change),
        Command::DeleteRole { server, role } => {
            let room = room_of(state, &server)?;
            act(room, ctx, RoleDelete { role }, None)?;
            Ok(Reply::Done)
        }
        Command::GrantRole {
            server,
            role,
            member,
        } => {
            let room = room_of(state, &server)?;
            known(room, &member)?;
            act(room, ctx, RoleGrant { role, member }, None)?;
            Ok(Reply::Done)
        }
        Command::RevokeRole {
            server,
            role,
            member,
        } => {
            let room = room_of(state, &server)?;
            let seen = seen(room, &member);
            act(room, ctx, RoleRevoke { role, member, seen }, None)?;
            Ok(Reply::Done)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

/// How much of a member's devices this node has seen.
pub(super) fn seen(room: &Room, member: &IdentityId) -> Vec<Seen> {
    room.roster
        .of(member)
        .map(|register| Seen {
            device: register.device,
            event_seq: room.log.next_position(&register.device).0.checked_sub(1),
            register_seq: Some(register.seq),
            pseudonym: Some(register.pseudonym),
        })
        .collect()
}

fn create(state: &mut State, ctx: &mut Ctx<'_>, draft: RoleDraft) -> Result<Reply, CommandError> {
    let room = room_of(state, &draft.server)?;
    let community = community(room)?;
    let body = RoleCreate {
        name: check_name("name", &draft.name, NAME_CHARS_MAX)?,
        color: draft.color,
        hoist: draft.hoist,
        mentionable: draft.mentionable,
        permissions: draft.permissions,
        position: lowest(&community),
    };
    let id = act(room, ctx, body, None)?;
    Ok(Reply::Role(id.into()))
}

/// A position below all roles but `@everyone`, where new roles start.
fn lowest(community: &Community) -> String {
    let everyone = community.server().everyone();
    let roles = community.roles_sorted();
    let last = roles.iter().rev().find(|role| role.id != everyone);
    position::between(None, last.map(|role| &*role.position))
}

fn update(state: &mut State, ctx: &mut Ctx<'_>, change: RoleChange) -> Result<Reply, CommandError> {
    let room = room_of(state, &change.server)?;
    let community = community(room)?;
    let role = community
        .role(&change.role)
        .ok_or(CommandError::NotFound { what: "role" })?;
    let (set, clear) = match change.permissions {
        Some(wanted) => (
            Some(wanted.without(role.permissions)).filter(|bits| !bits.is_empty()),
            Some(role.permissions.without(wanted)).filter(|bits| !bits.is_empty()),
        ),
        None => (None::<Bits>, None),
    };
    let body = RoleUpdate {
        role: change.role,
        name: change
            .name
            .map(|name| check_name("name", &name, NAME_CHARS_MAX))
            .transpose()?,
        color: change.color.map(|color| color.unwrap_or(NO_COLOR)),
        hoist: change.hoist,
        mentionable: change.mentionable,
        set,
        clear,
        position: change
            .place
            .map(|place| placed(&community, change.role, place))
            .transpose()?,
    };
    act(room, ctx, body, None)?;
    Ok(Reply::Done)
}

/// A position directly below or above a role.
fn placed(
    community: &Community,
    moved: RoleId,
    place: Place<RoleId>,
) -> Result<String, CommandError> {
    let everyone = community.server().everyone();
    let mut roles = community.roles_sorted();
    roles.retain(|role| role.id != moved && role.id != everyone);
    let (Place::Before(target) | Place::After(target)) = place;
    // Highest first: "below" is after the target in this list, and below `@everyone` there is nothing.
    let at = match roles.iter().position(|role| role.id == target) {
        Some(at) => at,
        None if target == everyone => roles.len(),
        None => return Err(CommandError::NotFound { what: "role" }),
    };
    let at = if matches!(place, Place::Before(_)) && target != everyone {
        at + 1
    } else {
        at
    };
    let above = at.checked_sub(1).and_then(|at| roles.get(at));
    let below = roles.get(at);
    Ok(position::between(
        below.map(|role| &*role.position),
        above.map(|role| &*role.position),
    ))
}
