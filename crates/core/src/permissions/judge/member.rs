//! Acts on members, and the ways in.

use super::super::compute::{Place, base_of};
use super::super::source::membership;
use super::{Basis, Bits, By, Denied};
use crate::event::{InviteCreate, InviteRevoke, NicknameSet, Timeout, Unban};
use crate::id::Millis;

/// Longest timeout: 28 days in milliseconds, as in Discord.
pub const TIMEOUT_MS_MAX: u64 = 28 * 24 * 60 * 60 * 1000;

/// Most open invites of a server, as in Discord.
pub const INVITES_MAX: usize = 1000;

impl By<'_> {
    /// Needs BAN_MEMBERS and no test of hierarchy.
    pub(super) fn unban(&self, body: &Unban) -> Result<Basis, Denied> {
        let basis = self.needs(Bits::BAN_MEMBERS, Place::Server)?;
        if self.community.ban(&body.member).is_none() {
            return Err(Denied::NotBanned(body.member));
        }
        Ok(basis)
    }

    pub(super) fn timeout(&self, body: &Timeout, now: Option<Millis>) -> Result<Basis, Denied> {
        let basis = self.acts_on(&body.member, Bits::MODERATE_MEMBERS)?;
        if base_of(self.community, &(&body.member).into()).contains(Bits::ADMINISTRATOR) {
            return Err(Denied::TargetIsAdministrator);
        }
        if now.is_some_and(|now| body.until.0.saturating_sub(now.0) > TIMEOUT_MS_MAX) {
            return Err(Denied::TimeoutTooLong(body.until));
        }
        Ok(basis)
    }

    pub(super) fn nickname(&self, body: &NicknameSet) -> Result<Basis, Denied> {
        if body.member == self.actor.identity {
            self.needs(Bits::CHANGE_NICKNAME, Place::Server)
        } else {
            self.acts_on(&body.member, Bits::MANAGE_NICKNAMES)
        }
    }

    /// An invite that brings a role takes what granting that role takes.
    pub(super) fn invite_create(&self, body: &InviteCreate) -> Result<Basis, Denied> {
        let place = match &body.channel {
            None => Place::Server,
            Some(channel) => Place::Channel(self.channel(channel)?),
        };
        let basis = self.needs(Bits::CREATE_INSTANT_INVITE, place)?;
        if self.community.joins_paused() {
            return Err(Denied::JoinsPaused);
        }
        if self.community.open_invites() >= INVITES_MAX {
            return Err(Denied::Limit {
                what: "invites",
                max: INVITES_MAX,
            });
        }
        let Some(role) = &body.role else {
            return Ok(basis);
        };
        if *role == self.community.server().everyone() {
            return Err(Denied::EveryoneRole);
        }
        Ok(self
            .manages_role(role)?
            .with(self.also(Bits::CREATE_INSTANT_INVITE, place)?))
    }

    /// Open to the invite's creator and to MANAGE_GUILD.
    pub(super) fn invite_revoke(&self, body: &InviteRevoke) -> Result<Basis, Denied> {
        let invite = self
            .community
            .invite(&body.invite)
            .filter(|invite| invite.is_open());
        let invite = invite.ok_or(Denied::UnknownInvite(body.invite))?;
        match self.needs(Bits::MANAGE_GUILD, Place::Server) {
            Err(_) if invite.creator == self.actor.identity => {
                Ok(membership(self.community, self.actor))
            }
            verdict => verdict,
        }
    }
}
