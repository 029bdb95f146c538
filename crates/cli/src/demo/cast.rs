//! Who plays.

use clap::ValueEnum;

/// One of the people.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum Who {
    /// The owner.
    Ada,
    /// The moderator.
    Ben,
    /// A member.
    Cleo,
    /// The one who is banned.
    Dimitri,
    /// The one who goes offline.
    Emil,
}

/// Everybody.
pub const ALL: [Who; 5] = [Who::Ada, Who::Ben, Who::Cleo, Who::Dimitri, Who::Emil];

impl Who {
    /// The name that others see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada",
            Self::Ben => "Ben",
            Self::Cleo => "Cleo",
            Self::Dimitri => "Dimitri",
            Self::Emil => "Emil",
        }
    }

    /// The name in files and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ada => "ada",
            Self::Ben => "ben",
            Self::Cleo => "cleo",
            Self::Dimitri => "dimitri",
            Self::Emil => "emil",
        }
    }

    /// What they say of themselves.
    pub fn bio(self) -> &'static str {
        match self {
            Self::Ada => "Keeps the dome's key and the guest book.",
            Self::Ben => "Brings the big thermos. Moderates when he must.",
            Self::Cleo => "Variable stars, film cameras, no alarm clock.",
            Self::Dimitri => "Laser pointers. Ask me about laser pointers.",
            Self::Emil => "Reachable when the train has a signal.",
        }
    }

    /// What stands below their name.
    pub fn status(self) -> &'static str {
        match self {
            Self::Ada => "at the telescope",
            Self::Ben => "making tea",
            Self::Cleo => "counting meteors",
            Self::Dimitri => "big offers!",
            Self::Emil => "on the night train",
        }
    }
}
