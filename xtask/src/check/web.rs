//! The steps of the app.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::{
    check::{
        count,
        step::{Context, Outcome},
    },
    process,
};

/// The scripts of `web/package.json` that pass or fail as one, in their order. The build comes before its size.
const SCRIPTS: [&str; 3] = ["check", "build", "size"];

/// Checks the types of the app, runs its unit tests, builds it and measures what it built.
pub fn app(context: &Context<'_>) -> Result<Outcome> {
    install(context)?;
    let mut outcome = unit_tests(context)?;
    for script in SCRIPTS {
        let done = context.run("npm", &["--prefix", "web", "run", script])?;
        let mut part = Outcome::single(done.success);
        if !done.success {
            part.note = format!("npm run {script} failed");
        }
        outcome = outcome.and(part);
    }
    Ok(outcome)
}

/// Runs the app in a real browser against real nodes.
pub fn end_to_end(context: &Context<'_>) -> Result<Outcome> {
    install(context)?;
    if !context.project.path("web/dist/index.html").is_file() {
        let built = context.run("npm", &["--prefix", "web", "run", "build"])?;
        if !built.success {
            bail!("web/dist cannot be built");
        }
    }
    // Built as for the tests: alone, the binary would get other features of its dependencies and compile a part of them again.
    let built = context.run("cargo", &["test", "--workspace", "--no-run", "--locked"])?;
    if !built.success {
        bail!("the binary does not build");
    }
    let binary = target_directory(context)?.join("debug/conclave");
    let mut command = context.command("node");
    command.arg("web/e2e/run.mjs").env("CONCLAVE_BIN", binary);
    let done = process::run(&mut command)?;
    Ok(count::closing_line(&done.lines)
        .unwrap_or_default()
        .against_status(done.success))
}

/// Runs vitest and reads its counts from the report file, not from the screen.
fn unit_tests(context: &Context<'_>) -> Result<Outcome> {
    let report = target_directory(context)?.join("vitest.json");
    // A report of an earlier run must never be read for this one.
    if report.exists() {
        fs::remove_file(&report).context("the last vitest report cannot be removed")?;
    }
    let mut command = context.command("npm");
    command
        .args(["--prefix", "web", "test", "--"])
        .args(["--reporter=default", "--reporter=json"])
        .arg(format!("--outputFile.json={}", report.display()));
    let done = process::run(&mut command)?;
    let json = fs::read(&report).context("vitest left no report")?;
    Ok(count::vitest(&json)?.against_status(done.success))
}

/// Installs the packages of the lock file unless they are there already.
fn install(context: &Context<'_>) -> Result<()> {
    let done = context.run("bash", &["scripts/setup", "web-packages"])?;
    if !done.success {
        bail!("the app's packages cannot be installed");
    }
    Ok(())
}

/// Asks cargo where it builds.
fn target_directory(context: &Context<'_>) -> Result<std::path::PathBuf> {
    let output = context
        .command("cargo")
        .args(["metadata", "--no-deps", "--format-version=1", "--locked"])
        .output()
        .context("cargo cannot be started")?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target directory")?;
    Ok(target.into())
}
