//! From where an actor has permissions: the sources of a basis (chapter `authority`, "The basis of an act").

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compute::{Place, base_of, channel_of, held};
use super::{Actor, Basis, Bits, Condition, Level, Source};
use crate::event::Subject;
use crate::id::{EventId, RoleId};
use crate::state::{Channel, Community, Origin, Overwrites, Role};

/// What supplies `needed`, one permission, to the actor there, or nothing if the actor lacks it.
pub(super) fn supply(
    community: &Community,
    actor: &Actor,
    needed: Bits,
    place: Place<'_>,
) -> Option<Basis> {
    if actor.identity == community.owner() {
        return Some(Basis::fixed(Level::Owner));
    }
    let has = match place {
        Place::Server => base_of(community, actor),
        Place::Channel(channel) => channel_of(community, actor, community.overwrites(channel)),
    };
    if !has.contains(needed) {
        return None;
    }
    let condition = condition(community, actor, needed, place, true);
    let level = condition
        .sources
        .first()
        .map_or(Level::Everyone, |first| first.level.clone());
    Some(Basis {
        level,
        floor: Level::Nobody,
        conditions: vec![condition],
    })
}

/// The condition that the actor has one permission there; with `height`, the roles' places count as well.
pub(super) fn condition(
    community: &Community,
    actor: &Actor,
    bits: Bits,
    place: Place<'_>,
    height: bool,
) -> Condition {
    let finder = Finder::new(community, actor, height);
    let mut sources = match place {
        Place::Server => finder.in_server(bits),
        Place::Channel(channel) => finder.in_channel(channel, bits),
    };
    sources.sort_by(|a, b| b.level.cmp(&a.level));
    Condition { bits, sources }
}

/// The condition that the actor holds every one of `bits` in the server or, if one is given, in a parent channel.
pub(super) fn holding(
    community: &Community,
    actor: &Actor,
    bits: Bits,
    parent: Option<&Channel>,
) -> Condition {
    let finder = Finder::new(community, actor, false);
    let mut sources = finder.in_server(bits);
    if let Some(parent) = parent {
        let by_overwrite = finder.in_channel(parent, bits).into_iter();
        sources.extend(by_overwrite.filter(|source| source.subject.is_some()));
    }
    Condition { bits, sources }
}

/// What stands on being a member alone.
pub(super) fn membership(community: &Community, actor: &Actor) -> Basis {
    if actor.identity == community.owner() {
        return Basis::fixed(Level::Owner);
    }
    Basis::fixed(Level::Everyone)
}

struct Finder<'a> {
    community: &'a Community,
    actor: &'a Actor,
    held: Vec<(&'a Role, Option<EventId>)>,
    /// Whether the roles' height counts, and so what placed them.
    height: bool,
}

impl<'a> Finder<'a> {
    fn new(community: &'a Community, actor: &'a Actor, height: bool) -> Self {
        Self {
            community,
            actor,
            held: held(community, actor),
            height,
        }
    }

    fn in_server(&self, bits: Bits) -> Vec<Source> {
        let mut sources = Vec::new();
        for (role, grant) in &self.held {
            sources.extend(self.administrator(role, *grant, bits));
            self.own(role, *grant, bits, None, &mut sources);
        }
        sources
    }

    fn in_channel(&self, channel: &Channel, bits: Bits) -> Vec<Source> {
        let overwrites = self.community.overwrites(channel);
        let place = self.community.in_force(channel);
        let everyone = self.community.server().everyone();
        // No overwrite makes an administrator.
        let lent = bits.without(Bits::ADMINISTRATOR);
        let get = |subject| overwrites.get(&subject).copied().unwrap_or_default();
        let by_roles = self.denied_by_roles(overwrites, everyone);
        let denied = get(Subject::Role(everyone)).1 | by_roles;
        let mut sources = Vec::new();
        for (role, grant) in &self.held {
            sources.extend(self.administrator(role, *grant, bits));
            self.own(
                role,
                *grant,
                bits.without(denied),
                Some(place),
                &mut sources,
            );
            let subject = Subject::Role(role.id);
            let mut allowed = get(subject).0 & lent;
            if role.id == everyone {
                allowed = allowed.without(by_roles);
            }
            if !allowed.is_empty() {
                let wrote = self.community.origin(&Origin::Overwrite(place, subject));
                let source = self.source(role, *grant, allowed, wrote.or(Some(EventId(place.0))));
                sources.push(Source {
                    place: Some(place),
                    subject: Some(subject),
                    ..source
                });
            }
        }
        let subject = Subject::Member(self.actor.identity);
        let allowed = get(subject).0 & lent;
        if let (false, Some((role, grant))) = (allowed.is_empty(), self.held.first()) {
            let wrote = self.community.origin(&Origin::Overwrite(place, subject));
            let source = self.source(role, *grant, allowed, wrote.or(Some(EventId(place.0))));
            sources.push(Source {
                place: Some(place),
                subject: Some(subject),
                ..source
            });
        }
        sources
    }

    fn denied_by_roles(&self, overwrites: &Overwrites, everyone: RoleId) -> Bits {
        let roles = self.held.iter().filter(|(role, _)| role.id != everyone);
        roles.fold(Bits::NONE, |denied, (role, _)| {
            let overwrite = overwrites.get(&Subject::Role(role.id));
            denied | overwrite.copied().unwrap_or_default().1
        })
    }

    fn administrator(&self, role: &Role, grant: Option<EventId>, bits: Bits) -> Option<Source> {
        let key = Bits::ADMINISTRATOR;
        role.permissions.contains(key).then(|| Source {
            key: Some(key),
            ..self.source(role, grant, bits, self.giver(role, key))
        })
    }

    /// The role's own bits, one source for each event that gave some of them.
    fn own(
        &self,
        role: &Role,
        grant: Option<EventId>,
        bits: Bits,
        place: Option<crate::id::ChannelId>,
        into: &mut Vec<Source>,
    ) {
        let own = role.permissions & bits;
        let mut givers: BTreeMap<Option<EventId>, Bits> = BTreeMap::new();
        for bit in own.each() {
            let given = givers.entry(self.giver(role, bit)).or_default();
            *given = *given | bit;
        }
        for (giver, bits) in givers {
            into.push(Source {
                place,
                ..self.source(role, grant, bits, giver)
            });
        }
    }

    fn giver(&self, role: &Role, bit: Bits) -> Option<EventId> {
        self.community
            .origin(&Origin::Bit(role.id, bit.0.trailing_zeros()))
    }

    fn source(
        &self,
        role: &Role,
        grant: Option<EventId>,
        bits: Bits,
        giver: Option<EventId>,
    ) -> Source {
        let everyone = role.id == self.community.server().everyone();
        let created = (!everyone).then_some(EventId(role.id.0));
        let placed = self
            .community
            .origin(&Origin::Place(role.id))
            .filter(|_| self.height);
        let rests: Vec<EventId> = [grant, created, giver, placed]
            .into_iter()
            .flatten()
            .collect();
        Source {
            role: role.id,
            level: self.community.level_of(role),
            place: None,
            subject: None,
            key: None,
            bits,
            rests: Arc::from(rests),
        }
    }
}
