//! The description of the local API, `docs/api/openapi.json`: a test of the node compares it with the routes, and writes it
//! with `CONCLAVE_WRITE_API=1`.

use std::{fs, process::Command};

use anyhow::Result;

use crate::{process, project::Project};

/// Where the description is.
const FILE: &str = "docs/api/openapi.json";

/// The nextest filter of the test that holds it.
const FILTER: &str = "test(the_description_in_the_repository_is_the_current_one)";

/// Writes the description anew and tells whether it changed; false when the writer failed.
pub fn write(project: &Project) -> Result<bool> {
    let path = project.path(FILE);
    let before = fs::read(&path).unwrap_or_default();
    let mut command = Command::new("cargo");
    command
        .current_dir(project.root())
        .args(["nextest", "run", "--workspace"])
        .args(["-E", FILTER, "--status-level=fail"])
        .env("CONCLAVE_WRITE_API", "1");
    let success = process::run(&mut command)?.success;
    let same = fs::read(&path).unwrap_or_default() == before;
    println!("{FILE}: {}", if same { "as it was" } else { "changed" });
    Ok(success)
}
