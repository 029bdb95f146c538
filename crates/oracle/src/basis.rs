//! Chapter *authority*, "The basis of an act".

use conclave_core::id::{ChannelId, EventId, RoleId};
use conclave_core::permissions::Bits;

use crate::weight::Level;

/// By what a source supplies a bit: the rows of the chapter's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// A role with ADMINISTRATOR.
    Administrator,
    /// A role's own bits.
    Own,
    /// The overwrite of a role.
    RoleOverwrite,
    /// The author's own overwrite.
    MemberOverwrite,
}

/// One way in which an author has one bit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// How.
    pub by: By,
    /// The role; `@everyone` for the author's own overwrite.
    pub role: RoleId,
    /// The role's level.
    pub level: Level,
    /// The bit that it is lost with.
    pub bit: Bits,
    /// In a channel: whose overwrites are in force.
    pub place: Option<ChannelId>,
    /// What it stands on.
    pub stands_on: Vec<EventId>,
}

/// Bits that an act needs, each with its sources.
pub type Condition = Vec<Vec<Source>>;

/// What an act's authority rests on, in its own past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Basis {
    /// The level of what has no conditions.
    pub fixed: Option<Level>,
    /// The first is the permission that the kind takes.
    pub conditions: Vec<Condition>,
    /// What the level must stay above.
    pub floor: Level,
}

impl Basis {
    /// Without conditions.
    #[must_use]
    pub const fn fixed(level: Level) -> Self {
        Self {
            fixed: Some(level),
            conditions: Vec::new(),
            floor: Level::Nobody,
        }
    }

    /// That of the highest source in the first condition.
    #[must_use]
    pub fn level(&self) -> Level {
        let sources = self.conditions.iter().take(1).flatten().flatten();
        let highest = sources.map(|source| source.level.clone()).max();
        self.fixed.clone().or(highest).unwrap_or(Level::Nobody)
    }

    /// Whether every bit still has a source, and the first condition's one above the floor.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.conditions.iter().enumerate().all(|(n, condition)| {
            let counts = |source: &Source| n > 0 || source.level > self.floor;
            condition.iter().all(|sources| sources.iter().any(counts))
        })
    }
}
