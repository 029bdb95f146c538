//! `cargo xtask tidy`: the house rules that no other tool knows.
//!
//! Each rule reads the tree and returns findings. A finding either breaks the rule or is only told.

mod function;
mod layers;
mod links;
mod locks;
mod marks;
mod packages;
mod promises;
mod records;
mod rules;
mod size;
mod tree;

use std::{fmt, path::PathBuf};

use anyhow::Result;

use crate::{check::step::Outcome, project::Project, tidy::tree::Tree};

/// One thing that a rule found.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: PathBuf,
    line: usize,
    message: String,
    severity: Severity,
}

/// Whether a finding breaks its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Breaks,
    /// Worth knowing, allowed.
    Told,
}

impl Finding {
    /// A finding that breaks its rule; lines count from 1, 0 means the whole file.
    fn breaks(path: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line,
            message: message.into(),
            severity: Severity::Breaks,
        }
    }

    /// A finding that is only told.
    fn told(path: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Told,
            ..Self::breaks(path, line, message)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.severity {
            Severity::Breaks => "breaks",
            Severity::Told => "note",
        };
        let path = self.path.display();
        match self.line {
            0 => write!(f, "{mark}: {path}: {}", self.message),
            line => write!(f, "{mark}: {path}:{line}: {}", self.message),
        }
    }
}

/// A house rule.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Result<Vec<Finding>>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "files are short",
        check: size::check,
    },
    Rule {
        name: "functions are short",
        check: function::check,
    },
    Rule {
        name: "core and engine are pure",
        check: layers::check,
    },
    Rule {
        name: "packages depend downwards only",
        check: packages::check,
    },
    Rule {
        name: "no marks of unfinished work, no ignored tests, no paths of one machine",
        check: marks::check,
    },
    Rule {
        name: "lock files name the public registries only",
        check: locks::check,
    },
    Rule {
        name: "links between pages resolve",
        check: links::check,
    },
    Rule {
        name: "decision records, chapters and vectors are indexed",
        check: records::check,
    },
    Rule {
        name: "promises name tests that exist",
        check: promises::check,
    },
    Rule {
        name: "rules of authority name tests and mutations that exist",
        check: rules::check,
    },
];

/// Checks all rules and prints every finding.
pub fn run(project: &Project) -> Result<bool> {
    let outcome = check(project)?;
    println!("{} rules hold, {} broken", outcome.passed, outcome.failed);
    Ok(outcome.failed == 0)
}

/// Checks all rules; counts rules.
pub fn check(project: &Project) -> Result<Outcome> {
    let tree = Tree::read(project)?;
    let mut outcome = Outcome::default();
    for rule in RULES {
        let mut findings = (rule.check)(&tree)?;
        findings.sort();
        for finding in &findings {
            println!("{finding}");
        }
        let broken = findings
            .iter()
            .any(|finding| finding.severity == Severity::Breaks);
        if broken {
            println!("broken: {}", rule.name);
        }
        outcome = outcome.and(Outcome::single(!broken));
    }
    Ok(outcome)
}
