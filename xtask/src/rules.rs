//! `cargo xtask rules`: breaks each rule of the authority plane in a copy of the sources, and sees that the rule's test fails.
//!
//! `xtask/rules.toml` names for each rule a test and a small change of the source (a mutation). A copy of the checkout under
//! `target/rules` is changed, never the checkout itself. `docs/rules.md` shows the same table to people.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::{process, project::Project};

/// The list of rules.
pub const LIST: &str = "xtask/rules.toml";

/// Where the copy and what is built of it lie.
const SCRATCH: &str = "target/rules";

/// What nextest ends with when tests ran and one failed; what does not compile ends otherwise.
const TEST_FAILED: i32 = 100;

/// The package whose rules these are.
const PACKAGE: &str = "conclave-core";

/// What the caller of `rules` may choose.
#[derive(Args)]
pub struct Options {
    /// Only rules whose test's name contains this.
    filter: Option<String>,
}

/// All rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rule: Vec<Rule>,
}

/// One rule, what shows that it holds, and what breaks it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule in a few words.
    pub rule: String,
    /// The function that tests it.
    pub test: String,
    /// The source that is changed.
    pub file: String,
    /// A text that the source holds exactly once.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
}

impl Rules {
    /// Reads the list.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context(LIST)
    }
}

/// Breaks each rule in turn; true when every test notices.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    let rules = Rules::parse(&fs::read_to_string(project.path(LIST)).context(LIST)?)?.rule;
    let chosen = |rule: &&Rule| {
        let filter = options.filter.as_deref().unwrap_or_default();
        rule.test.contains(filter)
    };
    let chosen: Vec<&Rule> = rules.iter().filter(chosen).collect();
    if chosen.is_empty() {
        bail!("no rule has such a test");
    }
    copy(project)?;
    let tests: BTreeSet<&str> = chosen.iter().map(|rule| rule.test.as_str()).collect();
    if test(project, &tests)? != Some(0) {
        bail!("the tests fail without any mutation");
    }
    let mut unnoticed = Vec::new();
    for (number, rule) in chosen.iter().enumerate() {
        println!("{}/{}: {}", number + 1, chosen.len(), rule.rule);
        if !is_noticed(project, rule)? {
            unnoticed.push(rule);
        }
    }
    for rule in &unnoticed {
        println!("NOT NOTICED by {}: {}", rule.test, rule.rule);
    }
    let noticed = chosen.len() - unnoticed.len();
    println!("{noticed} of {} mutations are noticed", chosen.len());
    Ok(unnoticed.is_empty())
}

/// Copies what version control holds, as far as it changed: what is unchanged is not built again.
fn copy(project: &Project) -> Result<()> {
    let tree = project.path(SCRATCH).join("tree");
    for file in project.files()? {
        let bytes = fs::read(project.path(&file)).with_context(|| file.display().to_string())?;
        let to = tree.join(&file);
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&to, bytes)?;
    }
    Ok(())
}

/// Makes one change in the copy, runs the rule's test, and takes the change back.
fn is_noticed(project: &Project, rule: &Rule) -> Result<bool> {
    let path = project.path(SCRATCH).join("tree").join(&rule.file);
    let text = fs::read_to_string(&path).with_context(|| rule.file.clone())?;
    if text.matches(&rule.find).count() != 1 {
        bail!(
            "{} does not hold the text of {:?} once",
            rule.file,
            rule.rule
        );
    }
    fs::write(&path, text.replace(&rule.find, &rule.replace))?;
    let status = test(project, &BTreeSet::from([rule.test.as_str()]));
    fs::write(&path, &text)?;
    match status? {
        Some(0) => Ok(false),
        Some(TEST_FAILED) => Ok(true),
        other => bail!("the mutation of {:?} does not build: {other:?}", rule.rule),
    }
}

/// Runs tests of the copy, unoptimised: most of the time goes into compiling.
fn test(project: &Project, tests: &BTreeSet<&str>) -> Result<Option<i32>> {
    let names: Vec<String> = tests
        .iter()
        .map(|test| format!("test(/(^|::){test}$/)"))
        .collect();
    let scratch = project.path(SCRATCH);
    let finished = process::run(
        Command::new("cargo")
            .current_dir(scratch.join("tree"))
            .env_remove("CARGO_MANIFEST_DIR")
            .env("CARGO_TARGET_DIR", scratch.join("target"))
            .args(["nextest", "run", "--locked", "--package", PACKAGE])
            .args(["--config", "profile.dev.package.conclave-core.opt-level=0"])
            .args(["--filterset", &names.join(" + ")]),
    )?;
    Ok(finished.code)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_list_is_read_and_unknown_keys_are_refused() {
        let text = "[[rule]]\nrule = 'a'\ntest = 't'\nfile = 'f'\nfind = 'x'\nreplace = 'y'\n";
        assert_eq!(Rules::parse(text).unwrap().rule.len(), 1);
        assert!(Rules::parse(&format!("{text}more = 1\n")).is_err());
    }
}
