//! Chapter *authority*, "The basis of an act": where an author has a bit from.

use conclave_core::event::Subject;
use conclave_core::id::{ChannelId, EventId, RoleId};
use conclave_core::permissions::Bits;

use super::{Act, Judged};
use crate::basis::{Basis, By, Condition, Source};
use crate::weight::Level;

impl Act<'_> {
    /// What membership alone carries.
    pub(super) fn membership(&self) -> Basis {
        Basis::fixed(if self.is_owner() {
            Level::Owner
        } else {
            Level::Everyone
        })
    }

    /// One permission, in the server or a channel, and a level above a floor.
    pub(super) fn takes(
        &self,
        permission: Bits,
        channel: Option<ChannelId>,
        floor: Level,
    ) -> Judged {
        if channel.is_some_and(|channel| !self.state.channels.contains_key(&channel)) {
            return None;
        }
        if self.is_owner() {
            let basis = Basis {
                floor,
                ..Basis::fixed(Level::Owner)
            };
            return (Level::Owner > basis.floor).then_some(basis);
        }
        if !self.held(channel).contains(permission) {
            return None;
        }
        let basis = Basis {
            fixed: None,
            conditions: vec![vec![self.sources(permission, channel, true)]],
            floor,
        };
        (basis.level() > basis.floor).then_some(basis)
    }

    /// The basis with a further condition; nothing if a bit of that has no source.
    pub(super) fn also(
        &self,
        basis: Basis,
        bits: Bits,
        sources: impl Fn(Bits) -> Vec<Source>,
    ) -> Judged {
        if self.is_owner() {
            return Some(basis);
        }
        let each = (0..64).map(|bit| Bits(1 << bit) & bits);
        let condition: Condition = each.filter(|bit| !bit.is_empty()).map(sources).collect();
        let supplied = condition.iter().all(|sources| !sources.is_empty());
        let mut basis = basis;
        basis.conditions.push(condition);
        supplied.then_some(basis)
    }

    /// A second permission.
    pub(super) fn second(
        &self,
        basis: Basis,
        permission: Bits,
        channel: Option<ChannelId>,
    ) -> Judged {
        let held = self.is_owner() || self.held(channel).contains(permission);
        self.also(basis, permission, |bit| self.sources(bit, channel, false))
            .filter(|_| held)
    }

    /// The ways in which the author has a bit.
    fn sources(&self, bit: Bits, channel: Option<ChannelId>, first: bool) -> Vec<Source> {
        let mut sources = self.own(bit, first);
        if let Some(channel) = channel {
            let denied = self.denied(&channel);
            sources.retain(|source| source.by == By::Administrator || !denied.contains(bit));
            sources.extend(self.by_overwrite(bit, &channel, first));
            let place = self.state.place(&channel);
            sources
                .iter_mut()
                .for_each(|source| source.place = Some(place));
        }
        sources
    }

    /// What `@everyone`'s or a role's overwrite denies the author.
    fn denied(&self, channel: &ChannelId) -> Bits {
        let overwrites = self.state.in_force(channel);
        let roles = self.actor().roles;
        let of = roles
            .iter()
            .filter_map(|(role, _)| overwrites.get(&Subject::Role(*role)));
        of.fold(Bits::NONE, |bits, (_, deny)| bits | *deny)
    }

    /// By ADMINISTRATOR and roles' own bits.
    pub(super) fn own(&self, bit: Bits, first: bool) -> Vec<Source> {
        let mut sources = Vec::new();
        for (role, from) in self.actor().roles {
            let bits = self.state.roles[&role].permissions;
            for (by, bit) in [(By::Administrator, Bits::ADMINISTRATOR), (By::Own, bit)] {
                if bits.contains(bit) {
                    let gave = self.state.gave.get(&(role, bit)).copied();
                    sources.push(self.source(by, role, bit, [gave, from], first));
                }
            }
        }
        sources
    }

    /// By the overwrites in force in a channel.
    pub(super) fn by_overwrite(&self, bit: Bits, channel: &ChannelId, first: bool) -> Vec<Source> {
        if bit == Bits::ADMINISTRATOR {
            return Vec::new();
        }
        let (place, overwrites) = (self.state.place(channel), self.state.in_force(channel));
        let everyone = self.state.everyone();
        let roles = self.actor().roles;
        let of = |subject: Subject| overwrites.get(&subject).copied().unwrap_or_default();
        let allows = |subject: Subject| of(subject).0.contains(bit);
        let denies = |role: &RoleId| of(Subject::Role(*role)).1.contains(bit);
        let others_deny = roles
            .iter()
            .any(|(role, _)| *role != everyone && denies(role));
        let wrote = |subject: Subject| self.state.wrote.get(&(place, subject)).copied();
        let mut sources = Vec::new();
        for (role, from) in &roles {
            let subject = Subject::Role(*role);
            if allows(subject) && !(*role == everyone && others_deny) {
                let on = [wrote(subject), *from];
                sources.push(self.source(By::RoleOverwrite, *role, bit, on, first));
            }
        }
        let subject = Subject::Member(self.event.author);
        if allows(subject) {
            let on = [wrote(subject), None];
            sources.push(self.source(By::MemberOverwrite, everyone, bit, on, first));
        }
        sources
            .iter_mut()
            .for_each(|source| source.place = Some(place));
        sources
    }

    fn source(
        &self,
        by: By,
        role: RoleId,
        bit: Bits,
        on: [Option<EventId>; 2],
        first: bool,
    ) -> Source {
        let mut stands_on: Vec<EventId> = on.into_iter().flatten().collect();
        if role != self.state.everyone() {
            stands_on.push(EventId(role.0));
            stands_on.extend(self.state.placed.get(&role).filter(|_| first));
        }
        Source {
            by,
            role,
            level: self.state.level_of(&role).unwrap_or(Level::Nobody),
            bit,
            place: None,
            stands_on,
        }
    }

    /// "Held in the server or the parent".
    pub(super) fn held_around(&self, bit: Bits, parent: Option<ChannelId>) -> Vec<Source> {
        let mut sources = self.own(bit, false);
        if let Some(parent) = parent.filter(|parent| self.held(Some(*parent)).contains(bit)) {
            sources.extend(self.by_overwrite(bit, &parent, false));
        }
        sources
    }
}
