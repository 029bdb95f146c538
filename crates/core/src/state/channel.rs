//! A channel or category.

use std::sync::Arc;

use imbl::OrdMap;

use crate::event::Subject;
use crate::id::ChannelId;
use crate::permissions::Bits;

/// Overwrites by subject: what is allowed, what is denied.
pub type Overwrites = OrdMap<Subject, (Bits, Bits)>;

/// What a channel is, with Discord's numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ChannelKind {
    /// Messages.
    Text,
    /// A group of channels.
    Category,
    /// Messages that others may follow.
    Announcement,
}

impl ChannelKind {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Category => 4,
            Self::Announcement => 5,
        }
    }

    /// The kind of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Text),
            4 => Some(Self::Category),
            5 => Some(Self::Announcement),
            _ => None,
        }
    }
}

/// A channel as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// The id of the event that created it.
    pub id: ChannelId,
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: ChannelKind,
    /// What it is about.
    pub topic: Arc<str>,
    /// The category that it stands in.
    pub parent: Option<ChannelId>,
    /// Fractional index among its siblings.
    pub position: Arc<str>,
    /// Its own overwrites, empty while it follows its category; see [`crate::state::Community::overwrites`].
    pub own_overwrites: Overwrites,
    /// It is to follow its category's overwrites; also of one that lost its category while it did (see [`Self::follows`]).
    pub synced: bool,
    /// 1 strict, 2 encrypted replication, 3 guaranteed, 4 ephemeral.
    pub durability: u8,
    /// How long messages live, in milliseconds.
    pub ttl_ms: Option<u64>,
    /// Seconds between two messages of one member; 0 is off.
    pub slow_mode_s: u32,
}

impl Channel {
    /// Whether its category's overwrites are in force in it.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.synced && self.parent.is_some()
    }
}
