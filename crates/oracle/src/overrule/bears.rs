//! The chapter's table: what bears on what.

use conclave_core::event::{Body, Seen, Subject};
use conclave_core::id::{ChannelId, DeviceId, RoleId};
use conclave_core::log::AuthorProof;
use conclave_core::permissions::Bits;

use super::{Rule, came_through, member_of};
use crate::Taken;
use crate::basis::{Basis, By, Source};
use crate::fold::{channel_of, written};
use crate::weight::Level;

/// Rules 1 to 4.
pub(super) fn overrules(bearing: &Taken, on: &Taken) -> Option<Rule> {
    let (author, device, seq) = (on.event.author, on.event.device, on.event.seq);
    match bearing.body.as_ref()? {
        Body::Kick(body) if body.member == author => beyond(&body.seen, device, seq).then_some(1),
        Body::Ban(body) if body.member == author => beyond(&body.seen, device, seq).then_some(1),
        Body::Timeout(body) if body.member == author => match on.body {
            Some(
                Body::Merge(_)
                | Body::DeviceCut(_)
                | Body::SuccessionClaim(_)
                | Body::SuccessionConfirm(_)
                | Body::Accession(_),
            ) => None,
            _ => beyond(&body.seen, device, seq).then_some(2),
        },
        Body::DeviceCut(body) if body.device == device => {
            let good = body.seen.and_then(|seen| seen.event_seq);
            (Some(seq) > good).then_some(3)
        }
        Body::InviteRevoke(body) if came_through(on) == Some(body.invite) => {
            let AuthorProof::Member { pseudonym, .. } = on.proof else {
                return None;
            };
            (!body.honoured.contains(&pseudonym)).then_some(4)
        }
        _ => None,
    }
}

/// What is not within `seen`: its device is not listed, or with a lower sequence, or with none.
pub(super) fn beyond(seen: &[Seen], device: DeviceId, seq: u64) -> bool {
    let listed = seen.iter().find(|seen| seen.device == device);
    listed.is_none_or(|seen| seen.event_seq < Some(seq))
}

/// Rule 5: which sources are lost, and which sink.
pub(super) fn takes(bearing: &Taken, on: &Taken, basis: &mut Basis) {
    let Some(body) = &bearing.body else {
        return;
    };
    let mut loses = |lost: &dyn Fn(&Source) -> bool| {
        for sources in basis.conditions.iter_mut().flatten() {
            sources.retain(|source| !lost(source));
        }
    };
    match body {
        Body::RoleRevoke(body) if body.member == on.event.author => {
            if beyond(&body.seen, on.event.device, on.event.seq) {
                loses(&|source| source.role == body.role);
            }
        }
        Body::RoleDelete(body) => loses(&|source| source.role == body.role),
        Body::RoleUpdate(update) => {
            let clear = update.clear.unwrap_or_default();
            loses(&|source| {
                let own = matches!(source.by, By::Own | By::Administrator);
                own && source.role == update.role && clear.contains(source.bit)
            });
            if let Some(position) = &update.position {
                let level = Level::Role(position.clone(), update.role);
                for source in basis.conditions.iter_mut().flatten().flatten() {
                    if source.role == update.role {
                        source.level = source.level.clone().min(level.clone());
                    }
                }
            }
        }
        Body::ChannelDelete(body) => {
            loses(&|source| overwrite(source).is_some() && source.place == Some(body.channel))
        }
        _ => {
            if let Some(channel) = channel_of(bearing, body) {
                loses(&|source| rewritten(bearing, body, channel, on, source));
            }
        }
    }
}

/// Which overwrite a source is, if it is one.
fn overwrite(source: &Source) -> Option<By> {
    Some(source.by).filter(|by| matches!(by, By::RoleOverwrite | By::MemberOverwrite))
}

/// Whether what an event writes about a channel's overwrites takes a source away.
fn rewritten(
    bearing: &Taken,
    body: &Body,
    channel: ChannelId,
    on: &Taken,
    source: &Source,
) -> bool {
    if source.place != Some(channel) || source.by == By::Administrator {
        return false;
    }
    let author = Subject::Member(on.event.author);
    let role = Subject::Role(source.role);
    let writes = |subject: Subject| written(bearing, body, subject);
    let denied = |subject: Subject| {
        let bits = writes(subject).map_or(Bits::NONE, |(_, deny)| deny);
        bits.contains(source.bit)
    };
    let not_allowed =
        |subject: Subject| writes(subject).is_some_and(|(allow, _)| !allow.contains(source.bit));
    denied(author)
        || match source.by {
            By::RoleOverwrite => not_allowed(role),
            By::MemberOverwrite => not_allowed(author),
            By::Own => denied(role),
            By::Administrator => false,
        }
}

/// Rule 6: floors that rise.
pub(super) fn lifts(bearing: &Taken, on: &Taken, basis: &mut Basis) {
    let (Some(body), Some(act)) = (&bearing.body, &on.body) else {
        return;
    };
    let floor = match body {
        // The grant's own floor is the role's level in its past.
        Body::RoleGrant(grant)
            if member_of(act) == Some(grant.member) && on.event.author != grant.member =>
        {
            bearing.basis.floor.clone()
        }
        Body::RoleUpdate(update) if role_of(act) == Some(update.role) => match &update.position {
            Some(position) => Level::Role(position.clone(), update.role),
            None => return,
        },
        _ => return,
    };
    basis.floor = basis.floor.clone().max(floor);
}

/// The role that an act is on.
fn role_of(body: &Body) -> Option<RoleId> {
    match body {
        Body::RoleUpdate(body) => Some(body.role),
        Body::RoleDelete(body) => Some(body.role),
        Body::RoleGrant(body) => Some(body.role),
        Body::RoleRevoke(body) => Some(body.role),
        Body::InviteCreate(body) => body.role,
        _ => None,
    }
}
