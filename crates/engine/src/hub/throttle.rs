//! How fast one pseudonym may bring bytes.

use std::collections::BTreeMap;

use conclave_core::id::{Millis, Pseudonym};

use super::limits::HubLimits;

/// Buckets kept; those that are full again are forgotten first.
const BUCKETS_MAX: usize = 100_000;

/// A bucket for every pseudonym that has brought something lately. A clock that jumps back fills nothing.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    buckets: BTreeMap<(u32, Pseudonym), Bucket>,
    fill: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    bytes: u64,
    at: Millis,
}

impl Throttle {
    /// Takes bytes from a pseudonym's allowance, or says how many milliseconds it has to wait.
    pub fn take(
        &mut self,
        limits: &HubLimits,
        who: (u32, Pseudonym),
        bytes: u64,
        now: Millis,
    ) -> Result<(), u64> {
        let (rate, burst) = (
            limits.member_bytes_per_second.max(1),
            limits.member_burst_bytes,
        );
        self.fill = Some((rate, burst));
        if !self.buckets.contains_key(&who) && self.buckets.len() >= BUCKETS_MAX {
            return Err(1_000);
        }
        let bucket = self.buckets.entry(who).or_insert(Bucket {
            bytes: burst,
            at: now,
        });
        bucket.refill(rate, burst, now);
        // What is larger than a burst passes when the bucket is full, and empties it.
        let asked = bytes.min(burst);
        if bucket.bytes < asked {
            let missing = asked - bucket.bytes;
            return Err((missing.saturating_mul(1_000) / rate).clamp(100, 3_600_000));
        }
        bucket.bytes -= asked;
        Ok(())
    }

    /// Forgets buckets that are full again.
    pub fn tick(&mut self, now: Millis) {
        let Some((rate, burst)) = self.fill else {
            return;
        };
        self.buckets.retain(|_, bucket| {
            bucket.refill(rate, burst, now);
            bucket.bytes < burst
        });
    }
}

impl Bucket {
    fn refill(&mut self, rate: u64, burst: u64, now: Millis) {
        let passed = now.0.saturating_sub(self.at.0);
        let grown = passed.saturating_mul(rate) / 1_000;
        if grown > 0 {
            self.bytes = self.bytes.saturating_add(grown).min(burst);
            self.at = now;
        } else if now < self.at {
            self.at = now;
        }
    }
}
