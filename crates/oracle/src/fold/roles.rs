//! Roles and invites.

use std::collections::BTreeSet;

use conclave_core::event::{Body, RoleUpdate};
use conclave_core::id::{EventId, RoleId};
use conclave_core::permissions::Bits;

use super::{Fold, alike};
use crate::Taken;
use crate::state::{Invite, Role};

/// A value above this is no colour.
const COLOUR_MAX: u32 = 0xFF_FFFF;

impl Fold<'_> {
    pub(super) fn roles(&mut self) {
        for (taken, body) in self.events().collect::<Vec<_>>() {
            if let Body::RoleCreate(body) = body {
                let role = Role {
                    name: body.name.clone(),
                    colour: body.color,
                    hoist: body.hoist,
                    mentionable: body.mentionable,
                    permissions: body.permissions,
                    position: body.position.clone(),
                };
                self.state.roles.insert(taken.id.into(), role);
            }
        }
        for (id, first) in self.state.roles.clone() {
            let role = self.role(id, first);
            self.state.roles.insert(id, role);
        }
        for (_, body) in self.events().collect::<Vec<_>>() {
            if let Body::RoleDelete(body) = body {
                self.state.roles.remove(&body.role);
            }
        }
    }

    /// A role with what was written over its first values.
    fn role(&mut self, id: RoleId, first: Role) -> Role {
        fn of<'a, T>(
            id: RoleId,
            field: impl Fn(&'a RoleUpdate) -> Option<T>,
        ) -> impl Fn(&'a Taken, &'a Body) -> Option<T> {
            move |_, body| match body {
                Body::RoleUpdate(body) if body.role == id => field(body),
                _ => None,
            }
        }
        let colour = self.value(alike, of(id, |body| body.color));
        let updates = self.bits_written(id);
        let mut permissions = first.permissions.without(updates);
        for bit in (0..64).map(|bit| Bits(1 << bit) & permissions) {
            self.state.gave.insert((id, bit), EventId(id.0));
        }
        for bit in (0..64)
            .map(|bit| Bits(1 << bit) & updates)
            .filter(|bit| !bit.is_empty())
        {
            let writers = self.last_writers(of(id, |body| {
                let clears = body.clear.unwrap_or_default().contains(bit);
                let sets = body.set.unwrap_or_default().contains(bit);
                (clears || sets).then_some(clears)
            }));
            if writers.iter().all(|(_, clears)| !clears) {
                permissions = permissions | bit;
                if let Some(gave) = self.heaviest(&writers) {
                    self.state.gave.insert((id, bit), gave);
                }
            }
        }
        let position = self.register(alike, of(id, |body| body.position.as_ref()));
        let placed = position.map_or(EventId(id.0), |(taken, _)| taken.id);
        self.state.placed.insert(id, placed);
        let text = |written: Option<&String>, first: String| written.cloned().unwrap_or(first);
        Role {
            name: text(
                self.value(alike, of(id, |body| body.name.as_ref())),
                first.name,
            ),
            colour: colour
                .or(first.colour)
                .filter(|colour| *colour <= COLOUR_MAX),
            hoist: self
                .value(alike, of(id, |body| body.hoist))
                .unwrap_or(first.hoist),
            mentionable: self
                .value(alike, of(id, |body| body.mentionable))
                .unwrap_or(first.mentionable),
            permissions,
            position: text(position.map(|(_, position)| position), first.position),
        }
    }

    /// The bits of a role that any event sets or clears.
    fn bits_written(&self, id: RoleId) -> Bits {
        self.events()
            .fold(Bits::NONE, |bits, (_, body)| match body {
                Body::RoleUpdate(body) if body.role == id => {
                    bits | body.set.unwrap_or_default() | body.clear.unwrap_or_default()
                }
                _ => bits,
            })
    }

    pub(super) fn invites(&mut self) {
        for (taken, body) in self.events().collect::<Vec<_>>() {
            if let Body::InviteCreate(body) = body {
                let invite = Invite {
                    creator: taken.event.author,
                    kind: body.kind,
                    verify_key: body.verify_key,
                    leaf: body.leaf.id(),
                    role: body.role,
                    channel: body.channel,
                    max_uses: body.max_uses,
                    expires: body.expires,
                    honoured: None,
                };
                self.state.invites.insert(taken.id.into(), invite);
            }
        }
        for (_, body) in self.events().collect::<Vec<_>>() {
            if let Body::InviteRevoke(body) = body
                && let Some(invite) = self.state.invites.get_mut(&body.invite)
            {
                let honoured: BTreeSet<_> = body.honoured.iter().copied().collect();
                invite.honoured = Some(match invite.honoured.take() {
                    Some(others) => others.intersection(&honoured).copied().collect(),
                    None => honoured,
                });
            }
        }
    }
}
