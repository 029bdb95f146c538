//! Levels, and the weights that acts have by them.

use std::cmp::Ordering;

use conclave_core::id::RoleId;

/// A place in one order: nobody < `@everyone` < roles, by position bytewise, then by id < succession < owner < root <
/// certificate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Below everybody.
    Nobody,
    /// `@everyone`.
    Everyone,
    /// A role's.
    Role(String, RoleId),
    /// Of claims, confirmations and take-overs.
    Succession,
    /// The owner's.
    Owner,
    /// Of what the owner's root has signed.
    Root,
    /// A device cut's.
    Certificate,
}

impl Level {
    /// What is above this is above every role at the position, whatever its id.
    #[must_use]
    pub fn position(position: &str) -> Self {
        Self::Role(position.to_owned(), RoleId([0xFF; 32]))
    }
}

/// Which of the three places just below a weight: the chapter *succession*, "What stands on what".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// Of all other acts.
    Other,
    /// Of acts of level owner.
    Owner,
    /// Of acts of level root.
    Root,
}

/// A level, or a place just below a weight: below that itself, and above whatever was below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weight {
    level: Level,
    below: Vec<Place>,
}

impl Weight {
    /// The place just below.
    #[must_use]
    pub fn just_below(&self, place: Place) -> Self {
        let mut below = self.below.clone();
        below.push(place);
        Self {
            level: self.level.clone(),
            below,
        }
    }
}

impl From<Level> for Weight {
    fn from(level: Level) -> Self {
        Self {
            level,
            below: Vec::new(),
        }
    }
}

impl PartialOrd for Weight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Weight {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_level = self.level.cmp(&other.level);
        let places = self.below.iter().zip(&other.below).map(|(a, b)| a.cmp(b));
        let first = places.fold(by_level, Ordering::then);
        // What goes on is below what ends here.
        first.then_with(|| other.below.len().cmp(&self.below.len()))
    }
}
