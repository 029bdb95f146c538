//! One step of the check: what it needs, what it runs, how it ended.

use std::{ffi::OsString, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{process, project::Project};

/// A named part of the check.
pub struct Step {
    /// The name by which `--only` and `--allow-skip` choose it.
    pub name: &'static str,
    /// What it shows when it passes.
    pub what: &'static str,
    /// What the machine must have; `scripts/setup NEED` brings it where it may.
    pub needs: &'static [&'static str],
    /// The work itself.
    pub run: fn(&Context<'_>) -> Result<Outcome>,
}

/// How a step ended, in counts of what it checked.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Checks that passed.
    pub passed: u64,
    /// Checks that failed.
    pub failed: u64,
    /// Checks that did not run.
    pub skipped: u64,
    /// What a reader of the table should know besides.
    pub note: String,
}

impl Outcome {
    /// One check that passed or failed.
    pub fn single(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            ..Self::default()
        }
    }

    /// One check that failed, and why.
    pub fn failed(note: impl Into<String>) -> Self {
        Self {
            failed: 1,
            note: note.into(),
            ..Self::default()
        }
    }

    /// One check that could not run, and why.
    pub fn skipped(note: impl Into<String>) -> Self {
        Self {
            skipped: 1,
            note: note.into(),
            ..Self::default()
        }
    }

    /// Adds the counts of another part of the same step.
    pub fn and(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        if !other.note.is_empty() {
            if !self.note.is_empty() {
                self.note.push_str("; ");
            }
            self.note.push_str(&other.note);
        }
        self
    }

    /// Holds the counts that a program printed against its exit status: a program that failed without counting a
    /// failure, or passed without counting anything, has failed.
    pub fn against_status(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
            self.note = "ended with an error and counted no failure".into();
        } else if success && self.passed + self.failed + self.skipped == 0 {
            self.failed = 1;
            self.note = "ran nothing that counts".into();
        }
        self
    }
}

/// What all steps share.
pub struct Context<'a> {
    /// The checkout.
    pub project: &'a Project,
    soak: bool,
    /// Directories in front of `PATH`, newest first.
    tools: Vec<PathBuf>,
    provided: Vec<&'static str>,
}

impl<'a> Context<'a> {
    /// Starts with the tools that the machine has.
    pub fn new(project: &'a Project, soak: bool) -> Self {
        Self {
            project,
            soak,
            tools: Vec::new(),
            provided: Vec::new(),
        }
    }

    /// Makes sure that the machine has something, installing it where that is possible. Asks only once for each.
    pub fn provide(&mut self, need: &'static str) -> Result<()> {
        if self.provided.contains(&need) {
            return Ok(());
        }
        let output = self
            .command("bash")
            .args(["scripts/setup", need])
            .stderr(std::process::Stdio::inherit())
            .output()
            .context("scripts/setup cannot be started")?;
        if !output.status.success() {
            bail!("scripts/setup {need} says why, above");
        }
        // A need that lives outside PATH answers with its directory.
        let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !dir.is_empty() {
            self.tools.insert(0, dir.into());
        }
        self.provided.push(need);
        Ok(())
    }

    /// Makes a command that runs at the root of the checkout with the provided tools in its path.
    pub fn command(&self, program: &str) -> Command {
        let mut path: OsString = OsString::new();
        for dir in &self.tools {
            path.push(dir);
            path.push(":");
        }
        path.push(std::env::var_os("PATH").unwrap_or_default());
        // Looked up here: a child's own PATH does not decide which program is started.
        let found = self.tools.iter().map(|dir| dir.join(program));
        let program = found
            .into_iter()
            .find(|candidate| candidate.is_file())
            .unwrap_or_else(|| program.into());
        let mut command = Command::new(program);
        command.current_dir(self.project.root()).env("PATH", path);
        if self.soak {
            command.env("CONCLAVE_SOAK", "1");
        }
        command
    }

    /// Runs a program with arguments, shown and kept.
    pub fn run(&self, program: &str, args: &[&str]) -> Result<process::Finished> {
        process::run(self.command(program).args(args))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_counted_failure_fails() {
        let some = Outcome {
            passed: 3,
            ..Outcome::default()
        };
        assert_eq!(some.clone().against_status(true).failed, 0);
        assert_eq!(some.against_status(false).failed, 1);
    }

    #[test]
    fn a_run_of_nothing_fails() {
        assert_eq!(Outcome::default().against_status(true).failed, 1);
    }

    #[test]
    fn parts_add_up_with_their_notes() {
        let sum = Outcome::single(true)
            .and(Outcome::failed("a"))
            .and(Outcome::skipped("b"));
        assert_eq!((sum.passed, sum.failed, sum.skipped), (1, 1, 1));
        assert_eq!(sum.note, "a; b");
    }
}
