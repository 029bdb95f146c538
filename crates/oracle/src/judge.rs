//! Chapter *permissions*, "Events": the table, row by row.

mod sources;
mod succession;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::AuthorProof;
use conclave_core::permissions::Bits;

use crate::State;
use crate::basis::{Basis, By};
use crate::power::Holder;
use crate::weight::Level;

/// An event that is judged in the state of its past.
pub(crate) struct Act<'a> {
    pub event: &'a Event,
    pub proof: &'a AuthorProof,
    pub state: &'a State,
}

/// Most roles, channels, overwrites of a channel, and open invites.
const ROLES_MAX: usize = 500;
const CHANNELS_MAX: usize = 1000;
const OVERWRITES_MAX: usize = 500;
const INVITES_MAX: usize = 1000;

/// Longest timeout: 28 days.
const TIMEOUT_MAX_MS: u64 = 28 * 24 * 60 * 60 * 1000;

/// Nothing if the act is not allowed.
type Judged = Option<Basis>;

impl Act<'_> {
    /// What the act rests on, if it is allowed.
    pub fn judge(&self, body: &Body) -> Judged {
        let free = matches!(
            body,
            Body::Merge(_)
                | Body::DeviceCut(_)
                | Body::SuccessionClaim(_)
                | Body::SuccessionConfirm(_)
                | Body::Accession(_)
        );
        if !free && self.timed_out() {
            return None;
        }
        match body {
            Body::Genesis(_) => None,
            Body::ServerUpdate(_) => self.takes(Bits::MANAGE_GUILD, None, Level::Nobody),
            Body::ChannelCreate(body) => self.channel_create(body),
            Body::ChannelUpdate(body) => self.channel_update(body),
            Body::ChannelDelete(body) => {
                self.takes(Bits::MANAGE_CHANNELS, Some(body.channel), Level::Nobody)
            }
            Body::OverwriteSet(body) => {
                let Overwrite {
                    subject,
                    allow,
                    deny,
                } = body.overwrite;
                let exists = match subject {
                    Subject::Role(role) => self.state.roles.contains_key(&role),
                    Subject::Member(_) => true,
                };
                self.overwrite(body.channel, subject, allow, deny)
                    .filter(|_| exists)
            }
            Body::OverwriteClear(body) => {
                self.overwrite(body.channel, body.subject, Bits::NONE, Bits::NONE)
            }
            Body::RoleCreate(body) => self.role_create(body),
            Body::RoleUpdate(body) => self.role_update(body),
            Body::RoleDelete(body) => self.above_role(body.role),
            Body::RoleGrant(body) => {
                let banned = self.state.bans.contains_key(&body.member);
                self.above_role(body.role).filter(|_| !banned)
            }
            Body::RoleRevoke(body) => self.above_role(body.role),
            Body::Kick(body) => self.above_member(Bits::KICK_MEMBERS, body.member),
            Body::Ban(body) => self.above_member(Bits::BAN_MEMBERS, body.member),
            Body::Unban(body) => {
                let banned = self.state.bans.contains_key(&body.member);
                self.takes(Bits::BAN_MEMBERS, None, Level::Nobody)
                    .filter(|_| banned)
            }
            Body::Timeout(body) => self.timeout(body),
            Body::TimeoutLift(body) => {
                let floor = self.state.rank(&self.state.holder(body.member));
                self.takes(Bits::MODERATE_MEMBERS, None, floor)
            }
            Body::NicknameSet(body) if body.member == self.event.author => {
                self.takes(Bits::CHANGE_NICKNAME, None, Level::Nobody)
            }
            Body::NicknameSet(body) => self.above_member(Bits::MANAGE_NICKNAMES, body.member),
            Body::InviteCreate(body) => self.invite_create(body),
            Body::InviteRevoke(body) => self.invite_revoke(body),
            Body::DeviceCut(_) => Some(Basis::fixed(Level::Certificate)),
            Body::Merge(_) => Some(self.membership()),
            // Chapter *checkpoint* is not written a second time: the histories that are compared post none.
            Body::Checkpoint(_) => None,
            Body::MinVersion(_) => self.is_owner().then(|| Basis::fixed(Level::Owner)),
            Body::OwnershipTransfer(body) => self.transfer(body),
            Body::SuccessionPolicy(_) => self.policy(),
            Body::SuccessionClaim(body) => self.claim(body),
            Body::SuccessionConfirm(body) => self.confirm(body),
            Body::SuccessionVeto(body) => self.veto(body),
            Body::Accession(body) => self.take_over(body),
        }
    }

    fn is_owner(&self) -> bool {
        self.event.author == self.state.owner
    }

    /// The author with the roles granted and those that the invite brings, unless they are said to be revoked.
    fn actor(&self) -> Holder {
        let mut holder = self.state.holder(self.event.author);
        if let Some((id, invite)) = self.invite()
            && let Some(role) = invite.role
            && self.state.roles.contains_key(&role)
            && !self.state.held.contains_key(&(self.event.author, role))
        {
            holder.roles.push((role, Some(EventId(id.0))));
        }
        holder
    }

    /// It never touches the owner and administrators; for events it holds until it is lifted.
    fn timed_out(&self) -> bool {
        let administrator = self.state.base(&self.actor()).contains(Bits::ADMINISTRATOR);
        self.state.timeouts.contains_key(&self.event.author) && !administrator
    }

    fn held(&self, channel: Option<ChannelId>) -> Bits {
        match channel {
            None => self.state.base(&self.actor()),
            Some(channel) => self.state.in_channel(&self.actor(), &channel),
        }
    }

    fn channel_create(&self, body: &ChannelCreate) -> Judged {
        let category = body
            .parent
            .is_none_or(|parent| self.state.is_category(&parent));
        let nests = body.parent.is_some() && body.kind == crate::state::CATEGORY;
        let few = self.state.channels.len() < CHANNELS_MAX;
        let follows = !body.synced || (body.parent.is_some() && body.overwrites.is_empty());
        if !category || nests || !few || !follows {
            return None;
        }
        let basis = self.takes(Bits::MANAGE_CHANNELS, body.parent, Level::Nobody)?;
        let exist = body
            .overwrites
            .iter()
            .all(|overwrite| match overwrite.subject {
                Subject::Role(role) => self.state.roles.contains_key(&role),
                Subject::Member(_) => true,
            });
        let overwrites = body.overwrites.iter();
        let bits = overwrites.fold(Bits::NONE, |bits, o| bits | o.allow | o.deny);
        let basis = self.also(basis, bits, |bit| {
            let mut sources = self.held_around(bit, body.parent);
            if bit == Bits::MANAGE_ROLES {
                sources.retain(|source| source.by == By::Administrator);
            }
            sources
        });
        basis.filter(|_| exist)
    }

    fn channel_update(&self, body: &ChannelUpdate) -> Judged {
        let mut basis = self.takes(Bits::MANAGE_CHANNELS, Some(body.channel), Level::Nobody)?;
        let channel = &self.state.channels[&body.channel];
        if let Some(parent) = body.parent {
            let nests = channel.kind == crate::state::CATEGORY;
            if !self.state.is_category(&parent) || nests {
                return None;
            }
            basis = self.second(basis, Bits::MANAGE_CHANNELS, Some(parent))?;
        }
        if let Some(synced) = body.synced {
            basis = self.second(basis, Bits::MANAGE_ROLES, Some(body.channel))?;
            let stays = channel.parent.filter(|_| body.parent_clear != Some(true));
            if synced && body.parent.or(stays).is_none() {
                return None;
            }
        }
        Some(basis)
    }

    fn overwrite(&self, id: ChannelId, subject: Subject, allow: Bits, deny: Bits) -> Judged {
        let basis = self.takes(Bits::MANAGE_ROLES, Some(id), Level::Nobody)?;
        let overwrites = self.state.in_force(&id);
        let adds = !overwrites.contains_key(&subject) && !(allow | deny).is_empty();
        if adds && overwrites.len() >= OVERWRITES_MAX {
            return None;
        }
        let (allowed, denied) = overwrites.get(&subject).copied().unwrap_or_default();
        let changes = Bits((allowed.0 ^ allow.0) | (denied.0 ^ deny.0));
        let parent = self.state.channels[&id].parent;
        // An overwrite that allows the actor MANAGE_ROLES is a source of every such bit.
        let lent = self.by_overwrite(Bits::MANAGE_ROLES, &id, false);
        self.also(basis, changes, |bit| {
            [self.held_around(bit, parent), lent.clone()].concat()
        })
    }

    fn role_create(&self, body: &RoleCreate) -> Judged {
        let few = self.state.roles.len() < ROLES_MAX;
        let basis = self.takes(Bits::MANAGE_ROLES, None, Level::position(&body.position))?;
        self.also(basis, body.permissions, |bit| self.own(bit, false))
            .filter(|_| few)
    }

    fn role_update(&self, body: &RoleUpdate) -> Judged {
        let everyone = body.role == self.state.everyone();
        if everyone && (body.name.is_some() || body.hoist.is_some() || body.position.is_some()) {
            return None;
        }
        let role = self.state.level_of(&body.role)?;
        let position = body
            .position
            .as_deref()
            .map_or(Level::Nobody, Level::position);
        let basis = self.takes(Bits::MANAGE_ROLES, None, role.max(position))?;
        match body.set {
            Some(set) => self.also(basis, set, |bit| self.own(bit, false)),
            None => Some(basis),
        }
    }

    /// Role delete, grant and revoke.
    fn above_role(&self, role: RoleId) -> Judged {
        if role == self.state.everyone() {
            return None;
        }
        self.takes(Bits::MANAGE_ROLES, None, self.state.level_of(&role)?)
    }

    fn above_member(&self, permission: Bits, member: IdentityId) -> Judged {
        if member == self.state.owner {
            return None;
        }
        let floor = self.state.rank(&self.state.holder(member));
        self.takes(permission, None, floor)
    }

    fn timeout(&self, body: &Timeout) -> Judged {
        let target = self.state.holder(body.member);
        let administrator = self.state.base(&target).contains(Bits::ADMINISTRATOR);
        let long = body.until.0 > self.event.time.0.saturating_add(TIMEOUT_MAX_MS);
        if administrator || long {
            return None;
        }
        self.above_member(Bits::MODERATE_MEMBERS, body.member)
    }

    fn invite_create(&self, body: &InviteCreate) -> Judged {
        let open = self
            .state
            .invites
            .values()
            .filter(|invite| invite.honoured.is_none());
        if open.count() >= INVITES_MAX || self.state.joins_paused {
            return None;
        }
        let Some(role) = body.role else {
            return self.takes(Bits::CREATE_INSTANT_INVITE, body.channel, Level::Nobody);
        };
        let basis = self.above_role(role)?;
        if body
            .channel
            .is_some_and(|channel| !self.state.channels.contains_key(&channel))
        {
            return None;
        }
        self.second(basis, Bits::CREATE_INSTANT_INVITE, body.channel)
    }

    fn invite_revoke(&self, body: &InviteRevoke) -> Judged {
        let invite = self.state.invites.get(&body.invite)?;
        if invite.honoured.is_some() {
            return None;
        }
        let manages = self.takes(Bits::MANAGE_GUILD, None, Level::Nobody);
        let created = invite.creator == self.event.author;
        manages.or_else(|| created.then(|| self.membership()))
    }
}
