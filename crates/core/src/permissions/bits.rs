//! The permission bits, with Discord's numbers.

use core::ops::{BitAnd, BitOr, Not};

use minicbor::{Decode, Encode};

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Bits(#[n(0)] pub u64);

macro_rules! bits {
    ($($name:ident = $bit:literal),+ $(,)?) => {
        #[expect(missing_docs, reason = "the names are Discord's own")]
        impl Bits {
            $(pub const $name: Self = Self(1 << $bit);)+

            /// Every permission with its name, by number.
            pub const NAMED: &'static [(Self, &'static str)] = &[$((Self::$name, stringify!($name)),)+];

            /// All permissions that have a name.
            pub const ALL: Self = Self($((1 << $bit))|+);
        }
    };
}

bits!(
    CREATE_INSTANT_INVITE = 0,
    KICK_MEMBERS = 1,
    BAN_MEMBERS = 2,
    ADMINISTRATOR = 3,
    MANAGE_CHANNELS = 4,
    MANAGE_GUILD = 5,
    ADD_REACTIONS = 6,
    VIEW_AUDIT_LOG = 7,
    VIEW_CHANNEL = 10,
    SEND_MESSAGES = 11,
    SEND_TTS_MESSAGES = 12,
    MANAGE_MESSAGES = 13,
    EMBED_LINKS = 14,
    ATTACH_FILES = 15,
    READ_MESSAGE_HISTORY = 16,
    MENTION_EVERYONE = 17,
    USE_EXTERNAL_EMOJIS = 18,
    CONNECT = 20,
    SPEAK = 21,
    CHANGE_NICKNAME = 26,
    MANAGE_NICKNAMES = 27,
    MANAGE_ROLES = 28,
    MANAGE_WEBHOOKS = 29,
    MANAGE_GUILD_EXPRESSIONS = 30,
    USE_APPLICATION_COMMANDS = 31,
    MANAGE_EVENTS = 33,
    MANAGE_THREADS = 34,
    CREATE_PUBLIC_THREADS = 35,
    CREATE_PRIVATE_THREADS = 36,
    SEND_MESSAGES_IN_THREADS = 38,
    MODERATE_MEMBERS = 40,
    PIN_MESSAGES = 51,
);

impl Bits {
    /// No permission.
    pub const NONE: Self = Self(0);

    /// Whether all of `other` are in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set with `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The bits of the set one by one, ascending; also those without a name.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            (bit != 0).then_some(Self(bit))
        })
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Bits {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Bits {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Bits {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Bits {
    /// The names of the set's permissions, separated by commas; bits without a name are left out.
    #[must_use]
    pub fn names(self) -> String {
        let names: Vec<&str> = Self::NAMED
            .iter()
            .filter(|(bit, _)| self.contains(*bit))
            .map(|(_, name)| *name)
            .collect();
        names.join(", ")
    }
}
