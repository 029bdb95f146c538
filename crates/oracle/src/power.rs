//! Chapter *permissions*, "What somebody has".

use conclave_core::event::Subject;
use conclave_core::id::{ChannelId, EventId, IdentityId, RoleId};
use conclave_core::permissions::Bits;

use crate::State;
use crate::state::Overwrites;
use crate::weight::Level;

/// Somebody with the roles that they hold, `@everyone` included, and where they have each from.
pub(crate) struct Holder {
    pub identity: IdentityId,
    pub roles: Vec<(RoleId, Option<EventId>)>,
}

impl State {
    /// What the log alone says that a member holds: the roles that were granted.
    pub(crate) fn holder(&self, identity: IdentityId) -> Holder {
        let mut roles = vec![(self.everyone(), None)];
        for ((member, role), (held, event)) in &self.held {
            if *member == identity && *held && self.roles.contains_key(role) {
                roles.push((*role, Some(*event)));
            }
        }
        Holder { identity, roles }
    }

    pub(crate) fn level_of(&self, role: &RoleId) -> Option<Level> {
        if *role == self.everyone() {
            return Some(Level::Everyone);
        }
        let position = self.roles.get(role)?.position.clone();
        Some(Level::Role(position, *role))
    }

    /// "Rank".
    pub(crate) fn rank(&self, holder: &Holder) -> Level {
        if holder.identity == self.owner {
            return Level::Owner;
        }
        let levels = holder
            .roles
            .iter()
            .filter_map(|(role, _)| self.level_of(role));
        levels.max().unwrap_or(Level::Everyone)
    }

    /// "Base".
    pub(crate) fn base(&self, holder: &Holder) -> Bits {
        if holder.identity == self.owner {
            return Bits::ALL;
        }
        let roles = holder
            .roles
            .iter()
            .filter_map(|(role, _)| self.roles.get(role));
        let union = roles.fold(Bits::NONE, |bits, role| bits | role.permissions);
        if union.contains(Bits::ADMINISTRATOR) {
            Bits::ALL
        } else {
            union
        }
    }

    /// "In a channel".
    pub(crate) fn in_channel(&self, holder: &Holder, channel: &ChannelId) -> Bits {
        if !self.channels.contains_key(channel) {
            return Bits::NONE;
        }
        let mut bits = self.base(holder);
        if bits.contains(Bits::ADMINISTRATOR) {
            return Bits::ALL;
        }
        let overwrites = self.in_force(channel);
        let everyone = self.everyone();
        bits = apply(bits, &overwrites, [Subject::Role(everyone)]);
        let roles = holder.roles.iter().map(|(role, _)| *role);
        bits = apply(
            bits,
            &overwrites,
            roles.filter(|role| *role != everyone).map(Subject::Role),
        );
        bits = apply(bits, &overwrites, [Subject::Member(holder.identity)]);
        bits = bits.without(Bits::ADMINISTRATOR);
        if !bits.contains(Bits::VIEW_CHANNEL) {
            return Bits::NONE;
        }
        if !bits.contains(Bits::SEND_MESSAGES) {
            bits = bits.without(
                Bits::MENTION_EVERYONE
                    | Bits::SEND_TTS_MESSAGES
                    | Bits::ATTACH_FILES
                    | Bits::EMBED_LINKS,
            );
        }
        bits
    }
}

/// What the subjects' overwrites together deny goes, then what they allow comes.
fn apply(bits: Bits, overwrites: &Overwrites, subjects: impl IntoIterator<Item = Subject>) -> Bits {
    let (mut allow, mut deny) = (Bits::NONE, Bits::NONE);
    for subject in subjects {
        if let Some((allows, denies)) = overwrites.get(&subject) {
            allow = allow | *allows;
            deny = deny | *denies;
        }
    }
    bits.without(deny).with(allow)
}
