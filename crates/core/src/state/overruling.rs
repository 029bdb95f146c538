//! Why an accepted event does not count.

use crate::id::EventId;

/// How a concurrent act of greater weight took an event away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// Its author was banned or kicked, and it is not among what the ban or kick has seen.
    Removed,
    /// Its author was timed out.
    TimedOut,
    /// Its device was cut off.
    DeviceCut,
    /// The invite through which its author came was revoked, or fell itself.
    Invite,
    /// What permitted it was taken: a role, a permission, an overwrite, or an act that it stood on.
    Lost,
    /// Its target was lifted out of its reach.
    Lifted,
    /// Who owned the server was settled otherwise.
    Reign,
}

impl Rule {
    /// The number in the state's encoding.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Removed => 1,
            Self::TimedOut => 2,
            Self::DeviceCut => 3,
            Self::Invite => 4,
            Self::Lost => 5,
            Self::Lifted => 6,
            Self::Reign => 7,
        }
    }
}

/// Which act took an event away, and by which rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Overruling {
    /// The act.
    pub by: EventId,
    /// The rule.
    pub rule: Rule,
}
