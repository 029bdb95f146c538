//! How high an act or a member stands, and what carries an act.

use core::fmt;
use std::sync::Arc;

use super::Bits;
use crate::event::Subject;
use crate::id::{ChannelId, EventId, RoleId};

/// A place in the order of authority, lowest first.
///
/// An act's level is that of the highest role that supplies the permission which it uses; a member's is that of their highest
/// role. Roles order by fractional index, bytewise, then by id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Below everybody: the floor of an act that has no target.
    Nobody,
    /// `@everyone`.
    Everyone,
    /// A role.
    Role(
        /// Its fractional index.
        Arc<str>,
        /// Its id, which settles equal indices: the greater one is higher.
        RoleId,
    ),
    /// What the owner's policy entitles to: claims, confirmations and take-overs. No role reaches it.
    Succession,
    /// The owner.
    Owner,
    /// The owner with their root's signature.
    Root,
    /// A proof that needs nobody's permission: the certificate of a device cut.
    Proof,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Everyone => f.write_str("@everyone"),
            Self::Role(_, id) => write!(f, "role {id:?}"),
            Self::Succession => f.write_str("the succession"),
            Self::Owner => f.write_str("the owner"),
            Self::Root => f.write_str("the owner's root"),
            Self::Proof => f.write_str("a certificate"),
        }
    }
}

/// One reason why an actor has permissions: a role that they hold, by its own bits or by an overwrite.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The role; `@everyone` also for what the actor's own overwrite gives.
    pub role: RoleId,
    /// The role's level.
    pub level: Level,
    /// In a channel: the channel whose overwrites are in force there.
    pub place: Option<ChannelId>,
    /// Whose overwrite gives it; absent: the role's own bits.
    pub subject: Option<Subject>,
    /// The one permission that stands for all of `bits`: ADMINISTRATOR, or MANAGE_ROLES that a channel itself gives.
    pub key: Option<Bits>,
    /// What it supplies.
    pub bits: Bits,
    /// The events that it stands on: what gave the actor the role, created it, placed it, and gave the bits.
    pub rests: Arc<[EventId]>,
}

/// Permissions that an act needs, each of them from at least one source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// What is needed.
    pub bits: Bits,
    /// What supplies it, highest first.
    pub sources: Vec<Source>,
}

/// What an accepted act stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Basis {
    /// The act's level: that of its highest source; fixed for the owner, certificates and what membership carries.
    pub level: Level,
    /// The level that the act must stand strictly above: its target's.
    pub floor: Level,
    /// First the permission of the act's kind, then what it needs besides; empty where the level is fixed.
    pub conditions: Vec<Condition>,
}

impl Basis {
    /// A basis that nothing can take away.
    #[must_use]
    pub fn fixed(level: Level) -> Self {
        Self {
            level,
            floor: Level::Nobody,
            conditions: Vec::new(),
        }
    }

    /// The same basis, which must now stand above `floor` as well.
    #[must_use]
    pub fn above(mut self, floor: Level) -> Self {
        self.floor = self.floor.max(floor);
        self
    }

    /// The same basis, which needs more. What has a fixed level needs nothing.
    #[must_use]
    pub fn with(mut self, condition: Condition) -> Self {
        if !self.conditions.is_empty() && !condition.bits.is_empty() {
            self.conditions.push(condition);
        }
        self
    }

    /// Whether every condition has what supplies it, as it must when the act is accepted.
    #[must_use]
    pub fn is_supplied(&self) -> bool {
        self.conditions.iter().all(|condition| {
            let sources = condition.sources.iter();
            let supplied = sources.fold(Bits::NONE, |all, source| all | source.bits);
            supplied.contains(condition.bits)
        })
    }

    /// The sources of the permission that the act's kind takes.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.conditions
            .first()
            .into_iter()
            .flat_map(|condition| &condition.sources)
    }
}
