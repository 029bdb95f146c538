//! Whether an event is authorised in the state that it cites, kind by kind.

mod channel;
mod member;
mod role;
mod succession;

pub use channel::{CHANNELS_MAX, OVERWRITES_MAX};
pub use member::{INVITES_MAX, TIMEOUT_MS_MAX};
pub use role::ROLES_MAX;

use super::Action;
use super::compute::{Place, timed_out};
use super::explain::{Asked, Record};
use super::source::{condition, holding, membership, supply};
use super::{Actor, Basis, Bits, Condition, Denied, Level};
use crate::event::Body;
use crate::id::{IdentityId, Millis};
use crate::state::Community;

/// Most members of one bulk ban, and of one prune, as in Discord.
pub const BAN_MANY_MAX: usize = 200;

/// Judges an event's body in the state of its past; `now` bounds the end of a timeout.
pub(crate) fn judge(
    community: &Community,
    actor: &Actor,
    body: &Body,
    now: Option<Millis>,
) -> Result<Basis, Denied> {
    judge_event(community, actor, body, now, None)
}

/// Judges what is judged by kind, and writes down what that takes; nothing for an action that is one permission.
pub(super) fn judge_with(
    community: &Community,
    actor: &Actor,
    action: &Action<'_>,
    now: Option<Millis>,
    record: Record<'_>,
) -> Option<Result<Basis, Denied>> {
    let many = |members, permission| {
        let by = By {
            community,
            actor,
            record,
        };
        Some(by.acts_on_many(members, permission))
    };
    match action {
        Action::Event(body) => Some(judge_event(community, actor, body, now, record)),
        Action::BanMany(members) => many(members, Bits::BAN_MEMBERS),
        Action::Prune(members) => many(members, Bits::KICK_MEMBERS),
        _ => None,
    }
}

fn judge_event(
    community: &Community,
    actor: &Actor,
    body: &Body,
    now: Option<Millis>,
    record: Record<'_>,
) -> Result<Basis, Denied> {
    if community.ban(&actor.identity).is_some() {
        return Err(Denied::Banned(actor.identity));
    }
    let by = By {
        community,
        actor,
        record,
    };
    // Joining heads and posting a certificate are open to any member, also to one who is timed out.
    // Nor does a timeout stop those whom the owner's policy names.
    match body {
        Body::Merge(_) => return Ok(membership(community, actor)),
        // A checkpoint proves itself as well: the log checks it (`Log::judge_checkpoint`).
        Body::DeviceCut(_) | Body::Checkpoint(_) => return Ok(Basis::fixed(Level::Proof)),
        Body::SuccessionClaim(body) => return by.claim(body),
        Body::SuccessionConfirm(body) => return by.confirm(body),
        Body::Accession(body) => return by.accede(body),
        _ => {}
    }
    if let Some(until) = timed_out(community, actor, None) {
        return Err(Denied::TimedOut(until));
    }
    match body {
        Body::Genesis(_) => Err(Denied::SecondGenesis),
        Body::ServerUpdate(_) => by.needs(Bits::MANAGE_GUILD, Place::Server),
        Body::MinVersion(_) => by.owner_only(Level::Owner),
        Body::ChannelCreate(body) => by.channel_create(body),
        Body::ChannelUpdate(body) => by.channel_update(body),
        Body::ChannelDelete(body) => by.channel_delete(body),
        Body::OverwriteSet(body) => by.overwrite_set(body),
        Body::OverwriteClear(body) => by.overwrite_clear(body),
        Body::RoleCreate(body) => by.role_create(body),
        Body::RoleUpdate(body) => by.role_update(body),
        Body::RoleDelete(body) => by.role_delete(&body.role),
        Body::RoleGrant(body) => by.role_grant(body),
        Body::RoleRevoke(body) => by.role_revoke(body),
        Body::Kick(body) => by.acts_on(&body.member, Bits::KICK_MEMBERS),
        Body::Ban(body) => by.acts_on(&body.member, Bits::BAN_MEMBERS),
        Body::Unban(body) => by.unban(body),
        Body::Timeout(body) => by.timeout(body, now),
        Body::TimeoutLift(body) => by.acts_on(&body.member, Bits::MODERATE_MEMBERS),
        Body::NicknameSet(body) => by.nickname(body),
        Body::InviteCreate(body) => by.invite_create(body),
        Body::InviteRevoke(body) => by.invite_revoke(body),
        Body::OwnershipTransfer(body) => by.transfer(&body.to),
        Body::SuccessionPolicy(_) => by.owner_only(Level::Root),
        Body::SuccessionVeto(body) => by.veto(body),
        Body::DeviceCut(_)
        | Body::Merge(_)
        | Body::Checkpoint(_)
        | Body::SuccessionClaim(_)
        | Body::SuccessionConfirm(_)
        | Body::Accession(_) => Ok(membership(community, actor)),
    }
}

/// Somebody who acts in a state.
struct By<'a> {
    community: &'a Community,
    actor: &'a Actor,
    /// Where it is written down what was asked.
    record: Record<'a>,
}

impl By<'_> {
    /// The basis of an act that takes one permission.
    fn needs(&self, permission: Bits, place: Place<'_>) -> Result<Basis, Denied> {
        let channel = match place {
            Place::Server => None,
            Place::Channel(channel) => Some(channel.id),
        };
        self.note(|| Asked::Permission(permission, channel));
        supply(self.community, self.actor, permission, place).ok_or(Denied::Missing {
            permission,
            channel,
        })
    }

    /// The basis of an act on a member: the permission, and Discord's test of the highest role, and the act's own level above
    /// the target's highest role. The second follows from the third, since no supplier stands above the highest role.
    fn acts_on(&self, target: &IdentityId, permission: Bits) -> Result<Basis, Denied> {
        let basis = self.needs(permission, Place::Server)?;
        if *target == self.community.owner() {
            return Err(Denied::TargetIsOwner);
        }
        let member = *target;
        let target = super::compute::rank_of(self.community, &target.into());
        self.note(|| Asked::Above {
            actor: basis.level.clone(),
            member,
            target: target.clone(),
        });
        if basis.level <= target {
            return Err(Denied::TargetRank {
                actor: basis.level,
                target,
            });
        }
        Ok(basis.above(target))
    }

    /// The basis of an act on many members at once: MANAGE_GUILD beside the permission, and each of them stands below.
    fn acts_on_many(&self, members: &[IdentityId], permission: Bits) -> Result<Basis, Denied> {
        if let Some(until) = timed_out(self.community, self.actor, None) {
            return Err(Denied::TimedOut(until));
        }
        let mut basis = self.needs(Bits::MANAGE_GUILD, Place::Server)?;
        let several = self.needs(permission, Place::Server)?;
        if several.level < basis.level {
            basis = several;
        }
        if members.len() > BAN_MANY_MAX {
            return Err(Denied::Limit {
                what: "members at once",
                max: BAN_MANY_MAX,
            });
        }
        for member in members {
            self.acts_on(member, permission)?;
        }
        Ok(basis)
    }

    fn note(&self, asked: impl FnOnce() -> Asked) {
        if let Some(record) = self.record {
            record.borrow_mut().push(asked());
        }
    }

    /// Refuses to hand out permissions that the actor lacks in the server; what the actor has becomes a condition.
    fn holds(&self, bits: Bits) -> Result<Condition, Denied> {
        let lacks = bits.without(super::compute::base_of(self.community, self.actor));
        if lacks.is_empty() || self.is_owner() {
            Ok(holding(self.community, self.actor, bits, None))
        } else {
            Err(Denied::Escalation(lacks))
        }
    }

    /// A second permission that an act takes, as a condition.
    fn also(&self, permission: Bits, place: Place<'_>) -> Result<Condition, Denied> {
        self.needs(permission, place)?;
        Ok(condition(
            self.community,
            self.actor,
            permission,
            place,
            false,
        ))
    }

    fn is_owner(&self) -> bool {
        self.actor.identity == self.community.owner()
    }

    fn is_administrator(&self) -> bool {
        super::compute::base_of(self.community, self.actor).contains(Bits::ADMINISTRATOR)
    }
}
