//! Which events gave the state what acts stand on.
//!
//! An act that uses a permission falls with what gave the permission. Only events that are still beside one another can fall,
//! so origins are no part of the state that its digest commits to: what lies before a narrows of the log is settled.

use super::Community;
use crate::event::Subject;
use crate::id::{ChannelId, EventId, RoleId};

/// A register of the state that carries acts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Origin {
    /// One permission of a role, by number of the bit.
    Bit(RoleId, u32),
    /// A role's place in the order.
    Place(RoleId),
    /// One overwrite of a channel.
    Overwrite(ChannelId, Subject),
}

impl Community {
    /// The event that gave a register its value; nothing where that was the creation of the role or channel.
    pub(crate) fn origin(&self, of: &Origin) -> Option<EventId> {
        self.origins.get(of).copied()
    }

    pub(super) fn set_origin(&mut self, of: Origin, event: EventId) {
        self.origins.insert(of, event);
    }

    /// Forgets what gave a deleted role its bits and place.
    pub(super) fn drop_role_origins(&mut self, role: RoleId) {
        self.origins.remove(&Origin::Place(role));
        for bit in 0..u64::BITS {
            self.origins.remove(&Origin::Bit(role, bit));
        }
    }
}
