//! The durability modes of a channel.

/// How the envelopes of a channel are kept; shown beside the channel's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Durability {
    /// Only nodes of those who may read store; a hub only if the manifest names it.
    Strict = 1,
    /// Any member stores, also one who cannot read; hubs too.
    Replicated = 2,
    /// As replicated, and a message counts only with signed receipts of named hubs.
    Guaranteed = 3,
    /// Nobody stores for long.
    Ephemeral = 4,
}

impl Durability {
    /// All modes, by number.
    pub const ALL: [Self; 4] = [
        Self::Strict,
        Self::Replicated,
        Self::Guaranteed,
        Self::Ephemeral,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The mode of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.number() == number)
    }
}

/// What a node is to a topic, from whoever decides whether it may store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// Its person may read the topic.
    pub is_reader: bool,
    /// Its person is a member of the server.
    pub is_member: bool,
    /// The hosting manifest names it as a hub for this topic.
    pub is_named_hub: bool,
}

/// Whether a node may store and serve a topic's envelopes.
#[must_use]
pub const fn may_store(mode: Durability, node: Standing) -> bool {
    match mode {
        Durability::Strict => (node.is_reader && node.is_member) || node.is_named_hub,
        Durability::Replicated | Durability::Guaranteed => node.is_member || node.is_named_hub,
        Durability::Ephemeral => false,
    }
}

/// How many receipts of named hubs a message needs before it counts; `quorum` is the topic's in the manifest.
#[must_use]
pub const fn receipts_needed(mode: Durability, quorum: u16) -> u16 {
    match mode {
        // A guarantee of nobody would be none.
        Durability::Guaranteed if quorum == 0 => 1,
        Durability::Guaranteed => quorum,
        Durability::Strict | Durability::Replicated | Durability::Ephemeral => 0,
    }
}
