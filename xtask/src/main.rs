//! The project's own commands, run as `cargo xtask COMMAND`.
//!
//! `check` is what `./test` and the continuous integration run, `tidy` holds the house rules that no other tool knows,
//! `vectors` writes the protocol's test vectors, `openapi` the description of the local API, `rules` breaks the authority plane's rules
//! to see that tests notice, and `figures` measures.

mod check;
mod figures;
mod openapi;
mod process;
mod project;
mod rules;
mod spelling;
mod tidy;
mod vectors;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::project::Project;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every check that a change must pass, and ends with a table.
    Check(check::Options),
    /// Checks the house rules: sizes, layers, marks, links, records.
    Tidy,
    /// Checks the spelling of sources and pages.
    Spelling,
    /// Writes the test vectors anew and tells which files changed.
    Vectors,
    /// Writes the description of the local API anew.
    Openapi,
    /// Breaks each rule of the authority plane in a copy, and sees that its test fails.
    Rules(rules::Options),
    /// Runs a named measurement; without a name, lists them.
    Figures(figures::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<bool> {
    let project = Project::locate()?;
    match command {
        Command::Check(options) => check::run(&project, &options),
        Command::Tidy => tidy::run(&project),
        Command::Spelling => spelling::run(&project),
        Command::Vectors => vectors::write(&project),
        Command::Openapi => openapi::write(&project),
        Command::Rules(options) => rules::run(&project, &options),
        Command::Figures(options) => figures::run(&project, &options),
    }
}
