//! What all measurements share: the clock, the samples, and the figure that is printed.
//!
//! A measurement is a program in `src/bin` whose first line says what it measures. Ours and the rival's run in turns, so that
//! a machine which slows down slows both:
//!
//! ```
//! use conclave_rivals::{Comparison, print};
//!
//! let sum = |n: u64| (0..n).fold(0_u64, |sum, i| std::hint::black_box(sum + i));
//! let figure = Comparison {
//!     what: "sum of 200,000 numbers",
//!     n: 200_000,
//!     rounds: 5,
//!     rival: "sum of 100,000 numbers",
//!     goal: Some(20.0),
//! }
//! .run(|| sum(200_000), || sum(100_000));
//! assert!(figure.ratio.is_some_and(|ratio| ratio > 1.0));
//! print(&figure);
//! ```

pub mod authority;
pub mod bare;
pub mod bee;
mod clock;
#[path = "../../xtask/src/figures/figure.rs"]
mod figure;
pub mod keytree;
pub mod mls;
pub mod pair;
pub mod process;
mod samples;
mod text;

pub use clock::cpu_time;
pub use figure::Figure;
pub use samples::Samples;
pub use text::Texts;

/// How [`Comparison`] measures.
pub const CPU_EACH: &str = "CPU time of the process for one, median";

/// A workload beside its rival, in CPU time for one of `n`.
pub struct Comparison<'a> {
    /// What is measured, as a noun.
    pub what: &'a str,
    /// How many of it one round does.
    pub n: u64,
    /// How many rounds are run, after one that does not count.
    pub rounds: usize,
    /// What it is compared with.
    pub rival: &'a str,
    /// The most that the ratio may be; nothing if it is only told.
    pub goal: Option<f64>,
}

impl Comparison<'_> {
    /// Runs both in turns and holds the ratio of their medians against the goal.
    pub fn run<A, B>(&self, mut ours: impl FnMut() -> A, mut rival: impl FnMut() -> B) -> Figure {
        // The first round fills caches and is thrown away.
        std::hint::black_box((ours(), rival()));
        let mut times = (Vec::new(), Vec::new());
        for _ in 0..self.rounds.max(1) {
            times.0.push(self.each(&mut ours));
            times.1.push(self.each(&mut rival));
        }
        self.judge(times.0, times.1)
    }

    /// Holds the ratio of the medians against the goal; both are microseconds of CPU time for one of `n`.
    pub fn judge(&self, ours: Vec<f64>, rival: Vec<f64>) -> Figure {
        let (ours, rival) = (Samples::new(ours), Samples::new(rival));
        let ratio = ours.median() / rival.median();
        Figure {
            what: self.what.to_owned(),
            value: ours.median(),
            unit: "µs".to_owned(),
            measures: CPU_EACH.to_owned(),
            n: self.n,
            samples: ours.len(),
            spread: ours.spread(),
            rival: Some(self.rival.to_owned()),
            rival_value: Some(rival.median()),
            ratio: Some(ratio),
            goal: self.goal,
            holds: self.goal.is_none_or(|goal| ratio <= goal),
        }
    }

    /// Microseconds of CPU time for one of `n`.
    fn each<T>(&self, work: &mut impl FnMut() -> T) -> f64 {
        micros_each(self.n, work)
    }
}

/// Something that is measured without a rival.
pub struct Single<'a> {
    /// What is measured, as a noun.
    pub what: &'a str,
    /// How it is measured: `wall clock, p99`.
    pub measures: &'a str,
    /// The unit of the samples.
    pub unit: &'a str,
    /// The size of the workload.
    pub n: u64,
    /// The most that the value may be; nothing if it is only told.
    pub goal: Option<f64>,
}

impl Single<'_> {
    /// Holds a quantile of the samples against the goal.
    pub fn quantile(&self, samples: &Samples, q: f64) -> Figure {
        let value = samples.quantile(q);
        Figure {
            what: self.what.to_owned(),
            value,
            unit: self.unit.to_owned(),
            measures: self.measures.to_owned(),
            n: self.n,
            samples: samples.len(),
            spread: samples.spread(),
            rival: None,
            rival_value: None,
            ratio: None,
            goal: self.goal,
            holds: self.goal.is_none_or(|goal| value <= goal),
        }
    }
}

/// Microseconds of CPU time for one of `n`, which `work` does.
pub fn micros_each<T>(n: u64, work: impl FnOnce() -> T) -> f64 {
    let start = cpu_time();
    std::hint::black_box(work());
    (cpu_time() - start).as_secs_f64() * 1e6 / n.max(1) as f64
}

/// Prints a figure as the one line that `cargo xtask figures` reads.
pub fn print(figure: &Figure) {
    match serde_json::to_string(figure) {
        Ok(line) => println!("{line}"),
        // Only a number that is not finite cannot be written, and then nothing was measured.
        Err(error) => eprintln!("{}: {error}", figure.what),
    }
}
