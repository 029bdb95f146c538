//! Key trees in a world with hostile members: thousands of seeded schedules, with real cryptography.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod schedule;
mod village;

use std::collections::BTreeMap;

use schedule::Shape;

/// Schedules of one run; `CONCLAVE_SOAK` makes ten times as many.
const SCHEDULES: u64 = 10_000;

/// How often every shape must have come up in a run.
const EACH: u64 = 300;

#[test]
fn nobody_who_is_out_is_sealed_to_and_nobody_who_is_in_is_left_out() {
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some();
    let schedules = if soak { 10 * SCHEDULES } else { SCHEDULES };
    let mut shapes: BTreeMap<Shape, u64> = BTreeMap::new();
    let mut checked = (0, 0);
    for seed in 0..schedules {
        let run = schedule::run(seed);
        for (shape, times) in run.shapes {
            *shapes.entry(shape).or_default() += times;
        }
        checked.0 += run.seals;
        checked.1 += run.opens;
    }
    for shape in Shape::ALL {
        let times = shapes.get(&shape).copied().unwrap_or(0);
        assert!(times >= EACH, "{shape:?} came up {times} times: {shapes:?}");
    }
    assert!(checked.0 >= schedules, "messages: {checked:?}");
    assert!(checked.1 >= schedules, "openings: {checked:?}");
}
