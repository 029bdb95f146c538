//! One measured figure, as the benches in `rivals/` print it and `cargo xtask figures` reads it.
//!
//! This file is compiled into both sides, so that the form is written down once.

use serde::{Deserialize, Serialize};

/// A number that was measured in this run, with what is needed to judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What was measured, as a noun: `send, accepted to shown`.
    pub what: String,
    /// The measured value, in `unit`: the median over the samples unless `measures` says otherwise.
    pub value: f64,
    /// The unit of `value` and `rival_value`, such as `µs`.
    pub unit: String,
    /// How it was measured: `CPU time of this process`, `wall clock, p99`.
    pub measures: String,
    /// The size of the workload, such as 10,000 messages.
    pub n: u64,
    /// How many times the workload ran.
    pub samples: u64,
    /// Half the distance between the quartiles of the samples, in `unit`.
    pub spread: f64,
    /// What the value is compared with, if it has a rival.
    pub rival: Option<String>,
    /// The rival's value, measured in the same run and in turns with ours.
    pub rival_value: Option<f64>,
    /// Ours over the rival's.
    pub ratio: Option<f64>,
    /// The most that the judged number may be: the ratio where there is a rival, else the value.
    pub goal: Option<f64>,
    /// Whether the goal is met; true where there is none.
    pub holds: bool,
}

impl Figure {
    /// The number that the goal is about.
    pub fn judged(&self) -> f64 {
        self.ratio.unwrap_or(self.value)
    }

    /// Tells whether the figure's own verdict follows from its numbers.
    pub fn is_consistent(&self) -> bool {
        let ratio = self.rival_value.map(|rival| self.value / rival);
        let same_ratio = match (ratio, self.ratio) {
            (None, None) => true,
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
            _ => false,
        };
        let met = self.goal.is_none_or(|goal| self.judged() <= goal);
        same_ratio && self.holds == met && self.value.is_finite() && self.samples > 0
    }
}
