//! `cargo xtask check`: every step in order, each with its time and counts, and one table at the end.
//!
//! All steps run even after one has failed, so that one run tells everything. A step that could not run, or a test that
//! skipped itself, fails the whole unless the caller allowed it by name.

mod count;
mod report;
mod rust;
pub mod step;
mod web;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    check::{
        report::Report,
        step::{Context, Outcome, Step},
    },
    project::Project,
    spelling, tidy, vectors,
};

/// All steps in their order: what takes seconds first; the app before what embeds it.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "Rust sources are formatted",
        needs: &[],
        run: rust::fmt,
    },
    Step {
        name: "tidy",
        what: "house rules: sizes, layers, marks, links, records",
        needs: &[],
        run: |context| tidy::check(context.project),
    },
    Step {
        name: "spelling",
        what: "spelling of sources and pages",
        needs: &[],
        run: |context| spelling::check(context.project),
    },
    Step {
        name: "web",
        what: "the app: types, unit tests, production build, size",
        needs: &["node"],
        run: web::app,
    },
    Step {
        name: "clippy",
        what: "lints of the whole workspace, warnings denied",
        needs: &["compiler"],
        run: rust::clippy,
    },
    Step {
        name: "tests",
        what: "unit, property, vector and scenario tests, and stories with real processes",
        needs: &["compiler", "nextest"],
        run: rust::tests,
    },
    Step {
        name: "bot",
        what: "the example bot against a real node",
        needs: &["compiler", "nextest", "python"],
        run: rust::bot,
    },
    Step {
        name: "doctests",
        what: "examples in the documentation",
        needs: &["compiler"],
        run: rust::doctests,
    },
    Step {
        name: "docs",
        what: "the documentation builds, warnings denied",
        needs: &["compiler"],
        run: rust::docs,
    },
    Step {
        name: "vectors",
        what: "test vectors: written anew, they are what is committed",
        needs: &["compiler", "nextest"],
        run: |context| vectors::check(context.project),
    },
    Step {
        name: "e2e",
        what: "the app in a real browser against real nodes",
        needs: &["compiler", "node", "chromium"],
        run: web::end_to_end,
    },
];

/// What the caller of `check` may choose.
#[derive(Args)]
pub struct Options {
    /// Runs the long versions of tests that have one (sets `CONCLAVE_SOAK=1`).
    #[arg(long)]
    soak: bool,
    /// Lets the named step skip without failing the run.
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    allow_skip: Vec<String>,
    /// Runs the named steps only.
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<String>,
    /// Lists the steps and runs nothing.
    #[arg(long)]
    list: bool,
}

/// Runs the chosen steps; true when nothing failed and nothing was skipped that had to run.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    if options.list {
        for step in STEPS {
            println!("{:<10} {}", step.name, step.what);
        }
        return Ok(true);
    }
    for name in options.only.iter().chain(&options.allow_skip) {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step {name:?}; `--list` shows them");
        }
    }
    let mut context = Context::new(project, options.soak);
    let mut report = Report::new(&options.allow_skip);
    for step in STEPS {
        if options.only.is_empty() || options.only.iter().any(|name| name == step.name) {
            println!("\n==> {}: {}", step.name, step.what);
            let start = Instant::now();
            let outcome = attempt(step, &mut context);
            report.add(step.name, outcome, start.elapsed());
        }
    }
    println!("\n{report}");
    Ok(report.holds())
}

/// Runs one step. What it needs and cannot get is a skip; an error of the step itself is a failure.
fn attempt(step: &Step, context: &mut Context<'_>) -> Outcome {
    for need in step.needs {
        if let Err(error) = context.provide(need) {
            return Outcome::skipped(format!("{need} is missing: {error:#}"));
        }
    }
    (step.run)(context).unwrap_or_else(|error| Outcome::failed(format!("{error:#}")))
}
