//! The steps that are cargo's.

use anyhow::Result;

use crate::check::{
    count,
    step::{Context, Outcome},
};

/// Workspaces beside the main one, which are formatted like it and built by nobody but their users.
const APART: [&str; 1] = ["rivals/Cargo.toml"];

/// Checks the formatting of all packages.
pub fn fmt(context: &Context<'_>) -> Result<Outcome> {
    let done = context.run("cargo", &["fmt", "--all", "--check"])?;
    let mut outcome = Outcome::single(done.success);
    for manifest in APART {
        let done = context.run("cargo", &["fmt", "--manifest-path", manifest, "--check"])?;
        outcome = outcome.and(Outcome::single(done.success));
    }
    Ok(outcome)
}

/// Lints all packages with their tests; the lint table is the workspace's.
pub fn clippy(context: &Context<'_>) -> Result<Outcome> {
    let done = context.run(
        "cargo",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    )?;
    Ok(Outcome::single(done.success))
}

/// The nextest filter of the test that runs the example bot.
const BOT: &str = "test(/example_bot/)";

/// Runs all tests but the documentation's and the bot's.
pub fn tests(context: &Context<'_>) -> Result<Outcome> {
    nextest(context, &format!("not {BOT}"))
}

/// Runs the example bot against a real node.
pub fn bot(context: &Context<'_>) -> Result<Outcome> {
    nextest(context, BOT)
}

/// Runs the tests of a filter.
fn nextest(context: &Context<'_>, filter: &str) -> Result<Outcome> {
    let done = context.run(
        "cargo",
        &[
            "nextest",
            "run",
            "--workspace",
            "--locked",
            "--no-fail-fast",
            "--status-level=slow",
            "--final-status-level=fail",
            "-E",
            filter,
        ],
    )?;
    // What the filter leaves to another step counts as skipped with nextest. No other test can be: tidy refuses `#[ignore]`.
    let outcome = Outcome {
        skipped: 0,
        ..count::nextest(&done.lines)
    };
    Ok(outcome.against_status(done.success))
}

/// Runs the examples in the documentation.
pub fn doctests(context: &Context<'_>) -> Result<Outcome> {
    let done = context.run(
        "cargo",
        &["test", "--workspace", "--doc", "--locked", "--no-fail-fast"],
    )?;
    Ok(count::libtest(&done.lines).against_status(done.success))
}

/// Builds the documentation of the project's own packages.
pub fn docs(context: &Context<'_>) -> Result<Outcome> {
    let mut command = context.command("cargo");
    command
        .args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings");
    Ok(Outcome::single(crate::process::run(&mut command)?.success))
}
