//! Channels, categories and their overwrites.

use super::super::compute::{Place, base_of, channel_of};
use super::super::source::{condition, holding};
use super::{Basis, Bits, By, Condition, Denied};
use crate::event::{
    ChannelCreate, ChannelDelete, ChannelUpdate, Overwrite, OverwriteClear, OverwriteSet, Subject,
};
use crate::id::ChannelId;
use crate::state::{Channel, ChannelKind};

/// Most channels and categories of a server: twice Discord's limit.
pub const CHANNELS_MAX: usize = 1000;

/// Most overwrites of a channel: a creation with all of them still fits into one event.
pub const OVERWRITES_MAX: usize = 500;

impl By<'_> {
    pub(super) fn channel_create(&self, body: &ChannelCreate) -> Result<Basis, Denied> {
        let category = body.kind == ChannelKind::Category.number();
        let parent = match &body.parent {
            None => None,
            Some(parent) => Some(self.category(parent, category)?),
        };
        let place = parent.map_or(Place::Server, Place::Channel);
        let basis = self.needs(Bits::MANAGE_CHANNELS, place)?;
        if self.community.channels().len() >= CHANNELS_MAX {
            return Err(Denied::Limit {
                what: "channels",
                max: CHANNELS_MAX,
            });
        }
        if body.synced {
            parent.ok_or(Denied::NothingToFollow)?;
            return Ok(basis);
        }
        Ok(basis.with(self.initial_overwrites(&body.overwrites, parent)?))
    }

    pub(super) fn channel_update(&self, body: &ChannelUpdate) -> Result<Basis, Denied> {
        let channel = self.channel(&body.channel)?;
        let mut basis = self.needs(Bits::MANAGE_CHANNELS, Place::Channel(channel))?;
        let category = channel.kind == ChannelKind::Category;
        if let Some(parent) = &body.parent {
            let parent = self.category(parent, category)?;
            basis = basis.with(self.also(Bits::MANAGE_CHANNELS, Place::Channel(parent))?);
        }
        if body.synced.is_some() {
            basis = basis.with(self.also(Bits::MANAGE_ROLES, Place::Channel(channel))?);
        }
        let parent = match (body.parent, body.parent_clear) {
            (Some(parent), _) => Some(parent),
            (None, Some(true)) => None,
            _ => channel.parent,
        };
        if body.synced == Some(true) && parent.is_none() {
            return Err(Denied::NothingToFollow);
        }
        Ok(basis)
    }

    pub(super) fn channel_delete(&self, body: &ChannelDelete) -> Result<Basis, Denied> {
        let channel = self.channel(&body.channel)?;
        self.needs(Bits::MANAGE_CHANNELS, Place::Channel(channel))
    }

    pub(super) fn overwrite_set(&self, body: &OverwriteSet) -> Result<Basis, Denied> {
        let channel = self.channel(&body.channel)?;
        let new = (body.overwrite.allow, body.overwrite.deny);
        let overwrites = self.community.overwrites(channel);
        if let Subject::Role(role) = body.overwrite.subject {
            self.community
                .role(&role)
                .ok_or(Denied::UnknownRole(role))?;
        }
        if !overwrites.contains_key(&body.overwrite.subject) && overwrites.len() >= OVERWRITES_MAX {
            return Err(Denied::Limit {
                what: "overwrites",
                max: OVERWRITES_MAX,
            });
        }
        self.changes_overwrite(channel, body.overwrite.subject, new)
    }

    pub(super) fn overwrite_clear(&self, body: &OverwriteClear) -> Result<Basis, Denied> {
        let channel = self.channel(&body.channel)?;
        self.changes_overwrite(channel, body.subject, (Bits::NONE, Bits::NONE))
    }

    /// MANAGE_ROLES in the channel, and of the bits that change only those that the actor has in the server or in the parent
    /// channel, unless an overwrite of the channel itself gives the actor MANAGE_ROLES.
    fn changes_overwrite(
        &self,
        channel: &Channel,
        subject: Subject,
        new: (Bits, Bits),
    ) -> Result<Basis, Denied> {
        let basis = self.needs(Bits::MANAGE_ROLES, Place::Channel(channel))?;
        let overwrites = self.community.overwrites(channel);
        let old = overwrites.get(&subject).copied().unwrap_or_default();
        let changed = Bits(old.0.0 ^ new.0.0 | old.1.0 ^ new.1.0);
        // Where an overwrite of the channel itself gives the actor MANAGE_ROLES, that carries whatever bits.
        let manages = Bits::MANAGE_ROLES;
        let place = Place::Channel(channel);
        let mut free = condition(self.community, self.actor, manages, place, false).sources;
        free.retain(|source| source.subject.is_some());
        for source in &mut free {
            source.key = Some(manages);
            source.bits = changed;
        }
        let parent = channel.parent.and_then(|id| self.community.channel(&id));
        let mut held = if free.is_empty() {
            self.may_hand_out(changed, parent)?
        } else {
            holding(self.community, self.actor, changed, parent)
        };
        held.sources.extend(free);
        Ok(basis.with(held))
    }

    /// The overwrites that a new channel starts with: bits that the actor has, and MANAGE_ROLES from administrators alone.
    fn initial_overwrites(
        &self,
        overwrites: &[Overwrite],
        parent: Option<&Channel>,
    ) -> Result<Condition, Denied> {
        if overwrites.len() > OVERWRITES_MAX {
            return Err(Denied::Limit {
                what: "overwrites",
                max: OVERWRITES_MAX,
            });
        }
        let bits = overwrites.iter().fold(Bits::NONE, |bits, overwrite| {
            bits | overwrite.allow | overwrite.deny
        });
        if bits.contains(Bits::MANAGE_ROLES) && !self.is_administrator() {
            return Err(Denied::ManageRolesOnCreate);
        }
        for overwrite in overwrites {
            if let Subject::Role(role) = overwrite.subject {
                self.community
                    .role(&role)
                    .ok_or(Denied::UnknownRole(role))?;
            }
        }
        let mut held = self.may_hand_out(bits, parent)?;
        // What MANAGE_ROLES stands on here is being an administrator.
        for source in &mut held.sources {
            if source.key != Some(Bits::ADMINISTRATOR) {
                source.bits = source.bits.without(Bits::MANAGE_ROLES);
            }
        }
        Ok(held)
    }

    fn may_hand_out(&self, bits: Bits, parent: Option<&Channel>) -> Result<Condition, Denied> {
        let mut has = base_of(self.community, self.actor);
        if let Some(parent) = parent {
            has = has
                | channel_of(
                    self.community,
                    self.actor,
                    self.community.overwrites(parent),
                );
        }
        let lacks = bits.without(has);
        if lacks.is_empty() || self.is_administrator() {
            Ok(holding(self.community, self.actor, bits, parent))
        } else {
            Err(Denied::Escalation(lacks))
        }
    }

    pub(super) fn channel(&self, id: &ChannelId) -> Result<&Channel, Denied> {
        self.community
            .channel(id)
            .ok_or(Denied::UnknownChannel(*id))
    }

    /// A parent: an existing category, for anything but a category.
    fn category(&self, id: &ChannelId, child_is_category: bool) -> Result<&Channel, Denied> {
        let parent = self.channel(id)?;
        if parent.kind != ChannelKind::Category || child_is_category {
            return Err(Denied::Parent(*id));
        }
        Ok(parent)
    }
}
