//! The spelling of sources and pages, by the dictionary of common misspellings that the `typos` tool uses.
//!
//! Exceptions stand in `typos.toml`, which the tool itself reads as well.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;
use typos::{
    Dictionary, Status,
    tokens::{Identifier, Tokenizer, Word},
};
use unicase::UniCase;

use crate::{check::step::Outcome, project::Project};

/// The part of `typos.toml` that is used here.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    files: FileSettings,
    default: WordSettings,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct FileSettings {
    extend_exclude: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct WordSettings {
    /// Words that are right although the dictionary corrects them; each maps to itself.
    extend_words: BTreeMap<String, String>,
}

/// The dictionary with the project's own words.
struct Words(BTreeMap<String, String>);

impl Dictionary for Words {
    fn correct_ident<'s>(&'s self, _: Identifier<'_>) -> Option<Status<'s>> {
        None
    }

    fn correct_word<'s>(&'s self, word: Word<'_>) -> Option<Status<'s>> {
        let lower = word.token().to_lowercase();
        if self.0.get(&lower).is_some_and(|right| *right == lower) {
            return Some(Status::Valid);
        }
        let corrections = typos_dict::WORD.find(&UniCase::new(word.token()))?;
        Some(Status::Corrections(
            corrections
                .iter()
                .map(|&right| Cow::Borrowed(right))
                .collect(),
        ))
    }
}

/// Checks all text files and prints what is misspelt.
pub fn run(project: &Project) -> Result<bool> {
    let outcome = check(project)?;
    println!(
        "{} files, {} misspelt words",
        outcome.passed, outcome.failed
    );
    Ok(outcome.failed == 0)
}

/// Checks all text files; counts the files that hold no misspelt word, and the misspelt words.
pub fn check(project: &Project) -> Result<Outcome> {
    let text =
        std::fs::read_to_string(project.path("typos.toml")).context("typos.toml cannot be read")?;
    let settings: Settings = toml::from_str(&text).context("typos.toml")?;
    let excluded = excluded(&settings.files.extend_exclude)?;
    let words = Words(settings.default.extend_words);
    let mut outcome = Outcome::default();
    for file in project.files()? {
        if excluded
            .matched_path_or_any_parents(&file, false)
            .is_ignore()
        {
            continue;
        }
        let Some(text) = project.text(&file)? else {
            continue;
        };
        let wrong = check_text(&file, &text, &words);
        outcome.failed += wrong;
        outcome.passed += u64::from(wrong == 0);
    }
    Ok(outcome)
}

fn excluded(patterns: &[String]) -> Result<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    for pattern in patterns {
        builder.add_line(None, pattern)?;
    }
    Ok(builder.build()?)
}

/// Prints the misspelt words of one file and counts them.
fn check_text(file: &Path, text: &str, words: &Words) -> u64 {
    let tokenizer = Tokenizer::new();
    let mut wrong = 0;
    for typo in typos::check_str(text, &tokenizer, words) {
        let line = text[..typo.byte_offset].matches('\n').count() + 1;
        let right = match &typo.corrections {
            Status::Corrections(corrections) => corrections.join(" or "),
            Status::Valid | Status::Invalid => "another word".into(),
        };
        println!("{}:{line}: {} -> {right}", file.display(), typo.typo);
        wrong += 1;
    }
    wrong
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wrong(text: &str, own: &[&str]) -> u64 {
        let own = own
            .iter()
            .map(|&word| (word.to_owned(), word.to_owned()))
            .collect();
        check_text(Path::new("a.md"), text, &Words(own))
    }

    /// A misspelling, put together here so that this file itself stays clean.
    fn misspelt() -> String {
        ["rec", "ieve"].concat()
    }

    #[test]
    fn finds_a_misspelling_inside_identifiers_too() {
        let word = misspelt();
        assert_eq!(wrong("we receive it", &[]), 0);
        assert_eq!(wrong(&format!("we {word} it"), &[]), 1);
        assert_eq!(wrong(&format!("fn {word}_all()"), &[]), 1);
    }

    #[test]
    fn own_words_are_right() {
        let word = misspelt();
        assert_eq!(wrong(&word, &[&word]), 0);
    }

    #[test]
    fn excluded_paths_follow_the_patterns() {
        let excluded = excluded(&["*.json".into(), "web/src/lib/i18n/".into()]).unwrap();
        let out = |path: &str| {
            excluded
                .matched_path_or_any_parents(path, false)
                .is_ignore()
        };
        assert!(out("docs/a.json"));
        assert!(out("web/src/lib/i18n/de.ts"));
        assert!(!out("docs/a.md"));
    }
}
