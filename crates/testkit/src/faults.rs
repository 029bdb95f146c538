//! What goes wrong in a simulated world, and how often it did.

use std::collections::BTreeMap;

/// Chances of faults; each is a share of 10,000.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Shortest time that a frame takes, in milliseconds.
    pub delay_ms_min: u64,
    /// Longest time that a frame takes.
    pub delay_ms_max: u64,
    /// A frame is lost.
    pub lose: u32,
    /// A frame comes twice.
    pub double: u32,
    /// A frame may overtake the one before it.
    pub reorder: u32,
    /// A connection breaks with a frame.
    pub cut: u32,
    /// A node crashes between deciding and committing.
    pub crash_before_commit: u32,
    /// A node crashes between committing and sending.
    pub crash_after_commit: u32,
}

impl Faults {
    /// A network that works.
    pub const NONE: Self = Self {
        delay_ms_min: 1,
        delay_ms_max: 20,
        lose: 0,
        double: 0,
        reorder: 0,
        cut: 0,
        crash_before_commit: 0,
        crash_after_commit: 0,
    };

    /// A bad day.
    pub const ROUGH: Self = Self {
        delay_ms_min: 1,
        delay_ms_max: 2_000,
        lose: 200,
        double: 300,
        reorder: 500,
        cut: 50,
        crash_before_commit: 15,
        crash_after_commit: 15,
    };
}

/// A fault that was injected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Fault {
    Lost,
    Doubled,
    Reordered,
    Cut,
    CrashBeforeCommit,
    CrashAfterCommit,
    Crash,
    Partition,
    Skew,
}

/// How often each fault was injected.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Counters(BTreeMap<Fault, u64>);

impl Counters {
    /// Counts one.
    pub fn count(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    /// How often a fault was injected.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.0.get(&fault).copied().unwrap_or(0)
    }

    /// How many faults were injected in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// All counts, by kind.
    pub fn iter(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        self.0.iter().map(|(fault, count)| (*fault, *count))
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in other.iter() {
            *self.0.entry(fault).or_default() += count;
        }
    }
}
