//! How high an act or a member stands.

use core::fmt;
use std::sync::Arc;

use crate::id::RoleId;

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
    /// The owner.
    Owner,
    /// A proof that needs nobody's permission: the certificate of a device cut.
    Proof,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Everyone => f.write_str("@everyone"),
            Self::Role(_, id) => write!(f, "role {id:?}"),
            Self::Owner => f.write_str("the owner"),
            Self::Proof => f.write_str("a certificate"),
        }
    }
}

/// One reason why an actor has a permission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Supplier {
    /// The supplying role's level.
    pub level: Level,
    /// The supplying role.
    pub role: RoleId,
    /// The event that gave the actor the role; absent for `@everyone`.
    pub grant: Option<crate::id::EventId>,
}

/// What an accepted act stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Basis {
    /// The act's level: that of the first supplier; fixed for owner and certificates, which no supplier carries.
    pub level: Level,
    /// The level that the act must stand strictly above: its target's.
    pub floor: Level,
    /// Highest first; empty where the level is fixed.
    pub suppliers: Vec<Supplier>,
}

impl Basis {
    /// A basis that no revocation of a role can take away.
    #[must_use]
    pub fn fixed(level: Level) -> Self {
        Self {
            level,
            floor: Level::Nobody,
            suppliers: Vec::new(),
        }
    }

    /// The same basis, which must now stand above `floor` as well.
    #[must_use]
    pub fn above(mut self, floor: Level) -> Self {
        self.floor = self.floor.max(floor);
        self
    }
}
