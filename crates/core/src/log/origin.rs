//! Which event made something so: for the chain behind a permission, and for whoever asks who did that.

use super::Log;
use crate::event::{Body, Event, Kind, Overwrite, Subject};
use crate::id::{ChannelId, EventId, RoleId};
use crate::permissions::Bits;
use crate::signed::Verified;
use crate::state::Community;

impl Log {
    /// The events that gave a role the permissions that it has in `state`: for each of `bits` the latest that counts and set it,
    /// else the role's creation.
    #[must_use]
    pub fn origin_of_bits(&self, state: &Community, role: &RoleId, bits: Bits) -> Vec<EventId> {
        let has = state.role(role).map_or(Bits::NONE, |role| role.permissions);
        let mut open = bits & has;
        let mut origins = Vec::new();
        if open.is_empty() {
            return origins;
        }
        for event in self.counting(state, &[Kind::RoleUpdate]) {
            if let Ok(Body::RoleUpdate(update)) = event.decode_body()
                && update.role == *role
                && !(update.set.unwrap_or_default() & open).is_empty()
            {
                open = open.without(update.set.unwrap_or_default());
                origins.push(event.event_id());
            }
            if open.is_empty() {
                return origins;
            }
        }
        // `@everyone` bears the id of genesis, any other role that of its creation.
        origins.push(EventId(role.0));
        origins
    }

    /// The event that an overwrite in force in `state` comes from: the latest that counts and set it, made the channel cease to
    /// follow its category and so copied it, or created the channel with it.
    #[must_use]
    pub fn origin_of_overwrite(
        &self,
        state: &Community,
        channel: &ChannelId,
        subject: &Subject,
    ) -> EventId {
        let kinds = [Kind::OverwriteSet, Kind::ChannelUpdate];
        let wrote = |event: &&Verified<Event>| match event.decode_body() {
            Ok(Body::OverwriteSet(set)) => {
                set.channel == *channel && set.overwrite.subject == *subject
            }
            Ok(Body::ChannelUpdate(update)) => {
                let moves = update.parent.is_some() || update.parent_clear == Some(true);
                update.channel == *channel && (moves || update.synced.is_some())
            }
            _ => false,
        };
        let created = EventId(channel.0);
        let set = self.counting(state, &kinds).find(wrote);
        let begun_with = |overwrites: &[Overwrite]| {
            overwrites
                .iter()
                .any(|overwrite| overwrite.subject == *subject)
        };
        match set.map(|event| (event.event_id(), event.decode_body())) {
            // A move that copied nothing: the channel had it from the start.
            Some((_, Ok(Body::ChannelUpdate(_)))) if self.created_with(&created, begun_with) => {
                created
            }
            Some((event, _)) => event,
            None => created,
        }
    }

    fn created_with(&self, channel: &EventId, holds: impl Fn(&[Overwrite]) -> bool) -> bool {
        let created = self.get(channel).map(|event| event.decode_body());
        matches!(created, Some(Ok(Body::ChannelCreate(create))) if holds(&create.overwrites))
    }

    /// Events of some kinds that count in a state, the latest first.
    fn counting<'a>(
        &'a self,
        state: &'a Community,
        kinds: &'a [Kind],
    ) -> impl Iterator<Item = &'a Verified<Event>> {
        self.events_before(None).filter(move |event| {
            kinds.iter().any(|kind| kind.number() == event.kind)
                && state.overruled(&event.event_id()).is_none()
        })
    }
}
