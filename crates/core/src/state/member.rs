//! What the authority plane says about one member.

use std::sync::Arc;

use crate::event::Seen;
use crate::id::{Commitment, DeviceId, EventId, IdentityId, Millis};

/// Whether a member holds a role, by the event that decided it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grant {
    /// False: it was taken, which also takes what an invite brought.
    pub held: bool,
    /// The grant or the revocation.
    pub event: EventId,
}

/// A ban in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BanEntry {
    /// The ban.
    pub event: EventId,
    /// Who banned.
    pub by: IdentityId,
    /// When, as they claim.
    pub time: Millis,
    /// Why.
    pub reason: Option<Arc<str>>,
    /// Clients hide the member's messages of the last so many milliseconds before `time`.
    pub delete_ms: Option<u64>,
}

/// A timeout in force until its end, or until it is lifted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeoutEntry {
    /// The event.
    pub event: EventId,
    /// Who ordered it.
    pub by: IdentityId,
    /// Its end.
    pub until: Millis,
}

/// A nickname that was set by event: it overrules the nickname of registers within `seen`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nickname {
    /// The event.
    pub event: EventId,
    /// Commitment to the text; absent: no nickname.
    pub commitment: Option<Commitment>,
    /// Registers that it overrules, by device.
    pub seen: Arc<[Seen]>,
}

impl Nickname {
    /// Whether it overrules the nickname in a device's register of this sequence.
    #[must_use]
    pub fn overrules(&self, device: &DeviceId, register_seq: u64) -> bool {
        let seen = self.seen.iter().find(|seen| seen.device == *device);
        seen.and_then(|seen| seen.register_seq)
            .is_some_and(|last| register_seq <= last)
    }
}

/// A device that its owner's identity log has revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// Whose.
    pub identity: IdentityId,
    /// The last good event, if any.
    pub event_seq: Option<u64>,
    /// The last good register, if any.
    pub register_seq: Option<u64>,
}
