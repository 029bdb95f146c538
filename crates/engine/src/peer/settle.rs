//! What follows from what has just happened: keys adopted, joins finished, standings changed, watchers told.

use std::collections::BTreeMap;

use conclave_core::id::{IdentityId, Millis, ServerId};
use conclave_core::member::Status;
use conclave_core::state::{Community, StateChange, diff};
use conclave_core::view::ViewError;

use super::State;
use crate::compose;
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox;
use crate::lost;
use crate::room::{KnownClaim, Room, Standing, Wait};
use crate::sync::{self, Links};
use crate::timeline;

/// Rounds after which following up is left to the next call: each needs an arrival to go on, so few are ever used.
const ROUNDS_MAX: usize = 16;

/// The state before a call.
pub(super) struct Before(BTreeMap<ServerId, (u64, Option<Community>)>);

impl Before {
    /// Remembers it; communities are persistent maps, so that this is cheap.
    pub(super) fn of(state: &State) -> Self {
        let rooms = state.rooms.values();
        Self(
            rooms
                .map(|room| (room.id, (room.version, room.community.clone())))
                .collect(),
        )
    }
}

/// Follows up in every server.
pub(super) fn settle(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    before: &Before,
) -> Result<(), ViewError> {
    let State {
        rooms,
        links,
        reach,
        presence,
        ..
    } = state;
    for room in rooms.values_mut() {
        let (version, community) = before.0.get(&room.id).cloned().unwrap_or((0, None));
        let mut seen = version;
        inbox::settle_waiting(room, ctx, Wait::Restart)?;
        for _ in 0..ROUNDS_MAX {
            inbox::adopt_all(room, ctx)?;
            if room.local.standing == Standing::Joining {
                // What is missing comes with the next arrival.
                if matches!(compose::join_finished(room, ctx), Ok(true)) {
                    sync::prove_again(room, links, ctx);
                    compose::send_presence(room, ctx, *presence);
                }
            }
            if room.version == seen {
                break;
            }
            seen = room.version;
        }
        if room.profile_due && room.local.standing == Standing::Active {
            // Without the current key it is tried again with the next call.
            let _ = compose::introduce(room, ctx, reach.as_ref());
        }
        if room.version != version {
            changed(room, links, ctx, community.as_ref())?;
        }
        sync::ask_for_keys(room, links, ctx);
    }
    Ok(())
}

/// Acts on a changed state.
fn changed(
    room: &mut Room,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    before: Option<&Community>,
) -> Result<(), ViewError> {
    sync::reconsider(room, links, ctx);
    let Some(after) = room.community.clone() else {
        return Ok(());
    };
    ctx.out.notice(Notice::Server(room.id));
    let changes = before
        .map(|before| diff(before, &after))
        .unwrap_or_default();
    lost::follow(room, ctx, before, &after)?;
    for change in &changes {
        tell(room, ctx, &after, change)?;
    }
    if !changes.is_empty() && before.is_some_and(|before| sees_more(room, before, &after)) {
        sync::fetch_again(room, links, ctx);
    }
    note_claims(room, ctx, &after);
    standing(room, ctx, &after);
    Ok(())
}

/// Starts this node's own count of days for claims that are new, and forgets those that are no longer open.
fn note_claims(room: &mut Room, ctx: &mut Ctx<'_>, after: &Community) {
    let known = |id| room.local.knows_claim_since(id).unwrap_or(ctx.now);
    let claims: Vec<KnownClaim> = after
        .claims()
        .into_iter()
        .map(|claim| KnownClaim {
            claim: claim.id,
            since: known(&claim.id),
        })
        .collect();
    if claims != room.local.claims {
        room.local.claims = claims;
        room.local.save(&mut ctx.txn, room.id);
    }
}

/// Whether a channel that was there already can be viewed only now, so that nobody has sent what is in it.
fn sees_more(room: &Room, before: &Community, after: &Community) -> bool {
    let views = |community, channel| room.could_view(community, &room.me, channel);
    before
        .channels()
        .any(|channel| views(after, channel.id) && !views(before, channel.id))
}

fn tell(
    room: &Room,
    ctx: &mut Ctx<'_>,
    after: &Community,
    change: &StateChange,
) -> Result<(), ViewError> {
    let server = room.id;
    match change {
        StateChange::ChannelCreated(channel)
        | StateChange::ChannelChanged(channel)
        | StateChange::ChannelOverwrites(channel) => {
            ctx.out.notice(Notice::Channel {
                server,
                channel: *channel,
            });
        }
        StateChange::ChannelDeleted(channel) => {
            timeline::drop_channel(&mut ctx.txn, *channel)?;
            ctx.out.notice(Notice::ChannelRemoved {
                server,
                channel: *channel,
            });
        }
        StateChange::Banned(member) => hide_recent(room, ctx, after, *member)?,
        StateChange::Removed(member) => {
            ctx.out.notice(Notice::MemberRemoved {
                server,
                member: *member,
            });
        }
        StateChange::RoleGranted(member, _)
        | StateChange::RoleRevoked(member, _)
        | StateChange::Timeout(member)
        | StateChange::Nickname(member)
        | StateChange::Owner(member) => {
            ctx.out.notice(Notice::Member {
                server,
                member: *member,
            });
        }
        StateChange::Succession | StateChange::Claim(_) => {
            ctx.out.notice(Notice::Ownership(server));
        }
        _ => {}
    }
    if matches!(change, StateChange::Owner(_)) {
        let member = after.owner();
        ctx.out.notice(Notice::Member { server, member });
        ctx.out.notice(Notice::Ownership(server));
    }
    Ok(())
}

/// Hides what a ban asks to hide.
fn hide_recent(
    room: &Room,
    ctx: &mut Ctx<'_>,
    after: &Community,
    member: IdentityId,
) -> Result<(), ViewError> {
    let Some((ban, delete_ms)) = after
        .ban(&member)
        .and_then(|ban| Some((ban, ban.delete_ms?)))
    else {
        return Ok(());
    };
    let since = Millis(ban.time.0.saturating_sub(delete_ms));
    for channel in room.channels_ever() {
        let notices = timeline::hide_since(&mut ctx.txn, room.id, channel, member, since)?;
        ctx.out.notices(notices);
    }
    Ok(())
}

/// Notices that this account is out, or back in.
fn standing(room: &mut Room, ctx: &mut Ctx<'_>, after: &Community) {
    let me = ctx.identity();
    let member = room.roster.is_member(after, &me);
    if room.local.standing == Standing::Removed && member {
        // What had removed this account did not survive.
        room.local.standing = Standing::Active;
        room.local.reason = None;
        room.local.save(&mut ctx.txn, room.id);
        ctx.out.notice(Notice::ServerAdded(room.id));
        return;
    }
    if room.local.standing != Standing::Active || member {
        return;
    }
    let pseudonym = conclave_core::id::Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let left = room
        .roster
        .by_pseudonym(&pseudonym)
        .is_none_or(|register| register.status == Status::Left);
    let reason = match after.ban(&me) {
        Some(ban) => match &ban.reason {
            Some(reason) => format!("banned: {reason}"),
            None => "banned".to_owned(),
        },
        None if left => "left".to_owned(),
        None => "kicked".to_owned(),
    };
    room.local.standing = if left {
        Standing::Left
    } else {
        Standing::Removed
    };
    room.local.reason = Some(reason.clone());
    room.local.save(&mut ctx.txn, room.id);
    ctx.out.notice(Notice::ServerRemoved {
        server: room.id,
        reason,
        was_member: true,
    });
}
