//! CPU time, which other programs on the machine disturb less than the clock on the wall.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Gives the CPU time that all threads of this process have used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
