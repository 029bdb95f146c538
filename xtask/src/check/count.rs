//! Reading counts from what test runners print.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::check::step::Outcome;

/// Reads nextest's summary line, such as
/// `Summary [ 1.2s] 3/5 tests run: 2 passed (1 slow), 1 failed, 0 skipped`. Without one, nothing is counted.
pub fn nextest(lines: &[String]) -> Outcome {
    let Some(line) = lines
        .iter()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary ["))
    else {
        return Outcome::default();
    };
    let Some((head, tail)) = line.split_once(" run: ") else {
        return Outcome::default();
    };
    let mut outcome = Outcome::default();
    for part in without_brackets(tail).split(',') {
        let mut words = part.split_whitespace();
        let count: u64 = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        match words.next() {
            Some("passed") => outcome.passed += count,
            Some("skipped") => outcome.skipped += count,
            // failed, timed out, exec failed: whatever else a test can do is a failure.
            Some(_) => outcome.failed += count,
            None => {}
        }
    }
    outcome.failed += not_started(head);
    outcome
}

/// How many tests a cancelled run left out: `3/5 tests` started 3 of 5.
fn not_started(head: &str) -> u64 {
    head.split_whitespace()
        .find_map(|word| word.split_once('/'))
        .and_then(|(run, all)| Some(all.parse::<u64>().ok()?.saturating_sub(run.parse().ok()?)))
        .unwrap_or(0)
}

/// Adds up the result lines of the standard test harness:
/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s`.
pub fn libtest(lines: &[String]) -> Outcome {
    let mut outcome = Outcome::default();
    let results = lines.iter().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("test result: ")?;
        Some(rest.split_once(". ")?.1)
    });
    for part in results.flat_map(|rest| rest.split(';')) {
        let mut words = part.split_whitespace();
        let count: u64 = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
        match words.next() {
            Some("passed") => outcome.passed += count,
            Some("failed") => outcome.failed += count,
            Some("ignored") => outcome.skipped += count,
            _ => {}
        }
    }
    outcome
}

/// Reads the last plain closing line: `N passed, N failed`, with `, N skipped` behind it or one word with a colon before.
pub fn closing_line(lines: &[String]) -> Option<Outcome> {
    lines.iter().rev().find_map(|line| {
        let line = line.trim();
        let counts = match line.split_once(": ") {
            Some((word, rest)) if !word.contains(char::is_whitespace) => rest,
            _ => line,
        };
        let mut parts = counts.split(", ");
        let outcome = Outcome {
            passed: counted(parts.next()?, "passed")?,
            failed: counted(parts.next()?, "failed")?,
            skipped: match parts.next() {
                Some(part) => counted(part, "skipped")?,
                None => 0,
            },
            ..Outcome::default()
        };
        parts.next().is_none().then_some(outcome)
    })
}

fn counted(part: &str, word: &str) -> Option<u64> {
    part.strip_suffix(word)?.strip_suffix(' ')?.parse().ok()
}

/// The fields of vitest's JSON report that are counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VitestReport {
    num_passed_tests: u64,
    num_failed_tests: u64,
    num_pending_tests: u64,
    num_todo_tests: u64,
    /// Files that could not be loaded hold tests that nobody counted.
    num_failed_test_suites: u64,
}

/// Reads vitest's JSON report.
pub fn vitest(json: &[u8]) -> Result<Outcome> {
    let report: VitestReport =
        serde_json::from_slice(json).context("vitest's report is not of the known form")?;
    let unloaded = u64::from(report.num_failed_tests == 0 && report.num_failed_test_suites > 0);
    Ok(Outcome {
        passed: report.num_passed_tests,
        failed: report.num_failed_tests + unloaded,
        skipped: report.num_pending_tests + report.num_todo_tests,
        ..Outcome::default()
    })
}

/// Leaves out what stands in round brackets.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn triple(outcome: &Outcome) -> (u64, u64, u64) {
        (outcome.passed, outcome.failed, outcome.skipped)
    }

    #[test]
    fn nextest_counts_all_ways_to_fail() {
        let text = "noise\n     Summary [   1.204s] 12 tests run: 9 passed (2 slow, 1 flaky), 2 failed, 1 timed out, 4 skipped\n";
        assert_eq!(triple(&nextest(&lines(text))), (9, 3, 4));
        let green = "     Summary [   0.012s] 7 tests run: 7 passed, 0 skipped";
        assert_eq!(triple(&nextest(&lines(green))), (7, 0, 0));
    }

    #[test]
    fn nextest_that_was_cancelled_counts_what_it_left_out() {
        let text = "     Summary [   1.2s] 3/10 tests run: 2 passed, 1 failed, 0 skipped";
        assert_eq!(triple(&nextest(&lines(text))), (2, 8, 0));
    }

    #[test]
    fn nextest_without_a_summary_counts_nothing() {
        let none = nextest(&lines("error: could not compile"));
        assert_eq!(none, Outcome::default());
        assert_eq!(none.against_status(false).failed, 1);
    }

    #[test]
    fn libtest_results_add_up() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
                    test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(triple(&libtest(&lines(text))), (4, 2, 1));
    }

    #[test]
    fn the_last_closing_line_counts() {
        let read = |text: &str| closing_line(&lines(text)).as_ref().map(triple);
        assert_eq!(
            read("1 passed, 0 failed\n12 passed, 3 failed"),
            Some((12, 3, 0))
        );
        assert_eq!(read("e2e: 5 passed, 0 failed, 2 skipped"), Some((5, 0, 2)));
        assert_eq!(read("all 5 passed, 0 failed"), None);
        assert_eq!(read("5 passed, 0 failed, 1 odd"), None);
        assert_eq!(read("5 passed"), None);
    }

    #[test]
    fn a_vitest_file_that_cannot_load_is_a_failure() {
        let report = |failed, suites| {
            format!(
                r#"{{"numPassedTests":4,"numFailedTests":{failed},"numPendingTests":1,"numTodoTests":1,
                    "numFailedTestSuites":{suites},"success":true}}"#
            )
        };
        let read = |text: String| triple(&vitest(text.as_bytes()).unwrap());
        assert_eq!(read(report(0, 0)), (4, 0, 2));
        assert_eq!(read(report(2, 1)), (4, 2, 2));
        assert_eq!(read(report(0, 1)), (4, 1, 2));
        assert!(vitest(b"{}").is_err());
    }
}
