//! When to dial again.

use std::time::Duration;

/// Exponential waiting times with jitter, for whoever dials a peer again. Has no clock and no randomness of its own.
///
/// The n-th wait is drawn evenly from the upper half of `base × 2ⁿ`, and never exceeds the cap: the lower bound keeps
/// a peer from being hammered, the jitter keeps many nodes from returning to a hub at the same instant.
///
/// ```
/// # use std::time::Duration;
/// # use conclave_net::Backoff;
/// let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.next_delay(u64::MAX), Duration::from_secs(1));
/// assert_eq!(backoff.next_delay(0), Duration::from_secs(1)); // half of two seconds
/// backoff.reset();
/// assert_eq!(backoff.failures(), 0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Starts with waits around `base` that double up to `cap`.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap: cap.max(base),
            failures: 0,
        }
    }

    /// Counts one failure and returns how long to wait before the next attempt. `random` is evenly distributed.
    pub fn next_delay(&mut self, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        let full = self.base.saturating_mul(factor).min(self.cap);
        let half = full / 2;
        let span_ns = (full - half).as_nanos();
        let jitter_ns = (span_ns * u128::from(random))
            .div_ceil(u128::from(u64::MAX))
            .min(span_ns);
        half + Duration::from_nanos(u64::try_from(jitter_ns).unwrap_or(u64::MAX))
    }

    /// Forgets the failures, after a connection that lasted.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns how many attempts failed since the last [`reset`](Self::reset).
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn delays_stay_between_half_the_step_and_the_cap(
            base_ms in 1_u64..10_000, cap_ms in 1_u64..10_000_000, randoms in proptest::collection::vec(any::<u64>(), 1..80),
        ) {
            let (base, cap) = (Duration::from_millis(base_ms), Duration::from_millis(cap_ms));
            let mut backoff = Backoff::new(base, cap);
            let cap = cap.max(base);
            for (failures, random) in randoms.into_iter().enumerate() {
                let step = base.saturating_mul(1_u32.checked_shl(failures as u32).unwrap_or(u32::MAX)).min(cap);
                let delay = backoff.next_delay(random);
                prop_assert!(delay >= step / 2 && delay <= step, "{delay:?} outside of half to all of {step:?}");
            }
        }
    }

    #[test]
    fn delays_grow_to_the_cap_and_start_again_after_a_reset() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let delays: Vec<_> = (0..6)
            .map(|_| backoff.next_delay(u64::MAX).as_millis())
            .collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
        backoff.reset();
        assert_eq!(backoff.next_delay(u64::MAX).as_millis(), 100);
    }
}
