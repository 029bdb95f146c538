//! The table at the end of a check.

use std::{fmt, time::Duration};

use crate::check::step::Outcome;

/// What all steps came to.
pub struct Report {
    rows: Vec<Row>,
    allowed: Vec<String>,
}

struct Row {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
    verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// Something did not run and nobody allowed that.
    Incomplete,
    /// Something did not run, and the caller allowed it.
    Excused,
}

impl Report {
    /// Starts a report; `allowed` names the steps that may skip.
    pub fn new(allowed: &[String]) -> Self {
        Self {
            rows: Vec::new(),
            allowed: allowed.to_vec(),
        }
    }

    /// Adds a step that has ended.
    pub fn add(&mut self, name: &'static str, outcome: Outcome, time: Duration) {
        let verdict = if outcome.failed > 0 {
            Verdict::Failed
        } else if outcome.skipped == 0 {
            Verdict::Passed
        } else if self.allowed.iter().any(|allowed| allowed == name) {
            Verdict::Excused
        } else {
            Verdict::Incomplete
        };
        self.rows.push(Row {
            name,
            outcome,
            time,
            verdict,
        });
    }

    /// Tells whether every step held: something ran, nothing failed, and what was skipped was allowed to be.
    pub fn holds(&self) -> bool {
        let total = self.total();
        total.passed > 0
            && self
                .rows
                .iter()
                .all(|row| matches!(row.verdict, Verdict::Passed | Verdict::Excused))
    }

    fn total(&self) -> Outcome {
        self.rows
            .iter()
            .fold(Outcome::default(), |sum, row| Outcome {
                passed: sum.passed + row.outcome.passed,
                failed: sum.failed + row.outcome.failed,
                skipped: sum.skipped + row.outcome.skipped,
                note: String::new(),
            })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10} {:<10} {:>7} {:>7} {:>8} {:>9}",
            "step", "result", "passed", "failed", "skipped", "time"
        )?;
        for row in &self.rows {
            let result = match row.verdict {
                Verdict::Passed => "ok",
                Verdict::Failed => "FAILED",
                Verdict::Incomplete => "SKIPPED",
                Verdict::Excused => "excused",
            };
            let Outcome {
                passed,
                failed,
                skipped,
                note,
            } = &row.outcome;
            write!(
                f,
                "{:<10} {result:<10} {passed:>7} {failed:>7} {skipped:>8} {:>7.1} s",
                row.name,
                row.time.as_secs_f64()
            )?;
            let gap = if note.is_empty() { "" } else { "  " };
            writeln!(f, "{gap}{note}")?;
        }
        let total = self.total();
        write!(f, "\n{} passed, {} failed", total.passed, total.failed)?;
        if total.skipped > 0 {
            write!(f, ", {} skipped", total.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(allowed: &[&str], outcomes: &[Outcome]) -> Report {
        let allowed: Vec<_> = allowed.iter().map(|&name| name.to_owned()).collect();
        let mut report = Report::new(&allowed);
        for outcome in outcomes {
            report.add("step", outcome.clone(), Duration::ZERO);
        }
        report
    }

    fn last_line(report: &Report) -> String {
        let text = report.to_string();
        text.lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_clean_run_holds_and_closes_plainly() {
        let clean = report(&[], &[Outcome::single(true), Outcome::single(true)]);
        assert!(clean.holds());
        assert_eq!(last_line(&clean), "2 passed, 0 failed");
    }

    #[test]
    fn a_failure_breaks_the_run() {
        let broken = report(&["step"], &[Outcome::single(true), Outcome::failed("why")]);
        assert!(!broken.holds());
        assert_eq!(last_line(&broken), "1 passed, 1 failed");
        assert!(broken.to_string().contains("why"));
    }

    #[test]
    fn a_skip_breaks_the_run_unless_it_is_allowed() {
        let outcomes = [Outcome::single(true), Outcome::skipped("no browser")];
        assert!(!report(&[], &outcomes).holds());
        let excused = report(&["step"], &outcomes);
        assert!(excused.holds());
        assert_eq!(last_line(&excused), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_run_of_nothing_does_not_hold() {
        assert!(!report(&[], &[]).holds());
        assert!(!report(&["step"], &[Outcome::skipped("")]).holds());
    }
}
