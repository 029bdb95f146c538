//! The protocol's test vectors: `docs/protocol/vectors/*.json`, each written and compared by a test of the crate that
//! owns the format. The tests are those with "vectors" in their binary's or their own name; with
//! `CONCLAVE_WRITE_VECTORS=1` they write instead of comparing.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};

use crate::{check::step::Outcome, process, project::Project};

/// Where the vectors are.
pub const DIRECTORY: &str = "docs/protocol/vectors";

/// The nextest filter of the tests that hold vectors.
const FILTER: &str = "binary(/vectors/) + test(/vectors/)";

/// The files of a directory by name.
type Files = BTreeMap<String, Vec<u8>>;

/// What writing anew did to the files.
#[derive(Default, Debug, PartialEq, Eq)]
struct Difference {
    changed: Vec<String>,
    added: Vec<String>,
    /// Files that no test writes: what they say is checked by nobody.
    orphaned: Vec<String>,
}

/// Writes all vectors anew and tells which files changed; false when a writer failed.
pub fn write(project: &Project) -> Result<bool> {
    let directory = project.path(DIRECTORY);
    let before = read(&directory)?;
    let success = rewrite(project, &directory)?;
    let after = read(&directory)?;
    let difference = compare(&before, &after, &written(&directory)?);
    for (what, names) in [
        ("changed", &difference.changed),
        ("new", &difference.added),
        ("written by no test", &difference.orphaned),
    ] {
        for name in names {
            println!("{DIRECTORY}/{name}: {what}");
        }
    }
    println!("{} vector files", after.len());
    Ok(success)
}

/// Checks that the writers give exactly the files that are there, and puts every file back as it was.
pub fn check(project: &Project) -> Result<Outcome> {
    let directory = project.path(DIRECTORY);
    let before = read(&directory)?;
    if before.is_empty() {
        bail!("{DIRECTORY} holds no vectors");
    }
    let success = rewrite(project, &directory)?;
    let after = read(&directory)?;
    let difference = compare(&before, &after, &written(&directory)?);
    restore(&directory, &before, &after)?;
    let mut wrong: Vec<_> = difference
        .changed
        .iter()
        .chain(&difference.added)
        .map(|name| format!("{name} differs"))
        .collect();
    wrong.extend(
        difference
            .orphaned
            .iter()
            .map(|name| format!("{name} is written by no test")),
    );
    let failed = wrong.len() as u64;
    let outcome = Outcome {
        passed: (before.len() as u64).saturating_sub(failed),
        failed,
        note: wrong.join(", "),
        ..Outcome::default()
    };
    Ok(outcome.against_status(success))
}

/// Runs the writers. Every file is made old first, so that what is young afterwards was written.
fn rewrite(project: &Project, directory: &Path) -> Result<bool> {
    for name in read(directory)?.keys() {
        let file = fs::File::options()
            .append(true)
            .open(directory.join(name))
            .with_context(|| format!("{name} cannot be opened"))?;
        file.set_modified(SystemTime::UNIX_EPOCH)?;
    }
    let mut command = Command::new("cargo");
    command
        .current_dir(project.root())
        .args(["nextest", "run", "--workspace", "--no-fail-fast"])
        .args(["-E", FILTER, "--status-level=fail"])
        .env("CONCLAVE_WRITE_VECTORS", "1");
    Ok(process::run(&mut command)?.success)
}

/// Names the files that were written since they were made old.
fn written(directory: &Path) -> Result<Vec<String>> {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let mut names = Vec::new();
    for name in read(directory)?.into_keys() {
        if fs::metadata(directory.join(&name))?.modified()? > old {
            names.push(name);
        }
    }
    Ok(names)
}

fn compare(before: &Files, after: &Files, written: &[String]) -> Difference {
    let mut difference = Difference::default();
    for (name, bytes) in after {
        match before.get(name) {
            None => difference.added.push(name.clone()),
            Some(old) if old != bytes => difference.changed.push(name.clone()),
            Some(_) if !written.contains(name) => difference.orphaned.push(name.clone()),
            Some(_) => {}
        }
    }
    difference
}

/// Brings the directory back to what it held, with present times.
fn restore(directory: &Path, before: &Files, after: &Files) -> Result<()> {
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        fs::remove_file(directory.join(name))?;
    }
    for (name, bytes) in before {
        fs::write(directory.join(name), bytes)?;
    }
    Ok(())
}

/// Reads all JSON files of the directory.
fn read(directory: &Path) -> Result<Files> {
    let mut files = Files::new();
    let entries = fs::read_dir(directory)
        .with_context(|| format!("{} cannot be read", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if let (true, Some(name)) = (
            crate::project::has_extension(&path, "json"),
            path.file_name().and_then(|name| name.to_str()),
        ) {
            files.insert(name.to_owned(), fs::read(&path)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn tells_changed_new_and_orphaned_files_apart() {
        let before = files(&[("same.json", "1"), ("other.json", "1"), ("old.json", "1")]);
        let after = files(&[
            ("same.json", "1"),
            ("other.json", "2"),
            ("old.json", "1"),
            ("new.json", "1"),
        ]);
        let written = ["same.json", "other.json", "new.json"].map(str::to_owned);
        let difference = compare(&before, &after, &written);
        assert_eq!(difference.changed, ["other.json"]);
        assert_eq!(difference.added, ["new.json"]);
        assert_eq!(difference.orphaned, ["old.json"]);
    }

    #[test]
    fn restoring_brings_back_exactly_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let before = files(&[("a.json", "1"), ("b.json", "2")]);
        restore(dir.path(), &before, &Files::new()).unwrap();
        fs::write(dir.path().join("a.json"), "changed").unwrap();
        fs::write(dir.path().join("c.json"), "new").unwrap();
        let after = read(dir.path()).unwrap();
        restore(dir.path(), &before, &after).unwrap();
        assert_eq!(read(dir.path()).unwrap(), before);
    }
}
