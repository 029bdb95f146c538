//! No marks of unfinished work, no ignored tests, no paths that exist on one machine only.

use std::path::Path;

use anyhow::Result;

use crate::{
    project::has_extension,
    tidy::{Finding, tree::Tree},
};

/// Words in capitals that promise work for later. Split in two, so that this file does not hold them itself.
const LATER: [(&str, &str); 4] = [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK")];

/// First directories of absolute paths that name somebody's machine.
const MACHINE: [&str; 5] = ["home", "root", "Users", "work", "mnt"];

/// The person in examples, who lives on no machine.
const EXAMPLE_PERSON: &str = "/ada/";

/// Files whose lines nobody here writes.
const GENERATED: [&str; 3] = ["Cargo.lock", "package-lock.json", "LICENSE-APACHE"];

/// Finds the marks, line by line.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| !is_generated(path)) {
        let rust = has_extension(path, "rs");
        for (index, line) in text.lines().enumerate() {
            let mut add =
                |message: String| findings.push(Finding::breaks(path, index + 1, message));
            if let Some(word) = later(line) {
                add(format!("{word}: file it, or do it now"));
            }
            if rust && line.trim_start().starts_with("#[ignore") {
                add("an ignored test shows nothing".into());
            }
            if let Some(directory) = machine_path(line) {
                add(format!("/{directory}/ exists on one machine only"));
            }
        }
    }
    Ok(findings)
}

fn is_generated(path: &Path) -> bool {
    GENERATED.iter().any(|name| path.ends_with(name)) || has_extension(path, "json")
}

/// Finds a mark that stands as a word of its own.
fn later(line: &str) -> Option<String> {
    LATER.iter().map(|(a, b)| format!("{a}{b}")).find(|word| {
        line.match_indices(word.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(in_word) && !after.is_some_and(in_word)
        })
    })
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Finds an absolute path below a machine's own directories. In an address (`https://host/home/`) a path stands behind
/// a host's name and is nobody's directory.
fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE.into_iter().find(|directory| {
        line.match_indices(&format!("/{directory}/"))
            .any(|(at, _)| !behind_a_name(&line[..at]) && !is_example(&line[at..]))
    })
}

/// Tells whether what stands before a slash makes the path a part of an address or of a longer path.
fn behind_a_name(before: &str) -> bool {
    before
        .chars()
        .next_back()
        .is_some_and(|c| in_word(c) || matches!(c, '.' | '/' | '-' | '}' | '$' | ')' | '*'))
}

/// Tells whether a path is the home of the person in examples.
fn is_example(path: &str) -> bool {
    path.strip_prefix("/home")
        .is_some_and(|rest| rest.starts_with(EXAMPLE_PERSON))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).unwrap().len()
    }

    #[test]
    fn marks_of_later_work_are_found_as_words() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(found("a.rs", &format!("// {mark}: later")), 1);
        assert_eq!(found("web/a.svelte", &format!("<!-- {mark} -->")), 1);
        assert_eq!(found("a.rs", &format!("let {mark}_LIST = 1;")), 0);
        assert_eq!(found("a.rs", "// nothing is left to do"), 0);
    }

    #[test]
    fn ignored_tests_are_found_in_sources() {
        let ignored = "    #[ignore = \"slow\"]";
        assert_eq!(found("a.rs", ignored), 1);
        assert_eq!(found("a.md", ignored), 0);
    }

    #[test]
    fn paths_of_one_machine_are_found_and_addresses_are_not() {
        let path = |first: &str| format!("see \"/{first}/ann/conclave\"");
        assert_eq!(found("a.md", &path("home")), 1);
        assert_eq!(found("a.md", &path("usr")), 0);
        assert_eq!(found("a.md", &path("home").replace("ann", "ada")), 0);
        assert_eq!(found("a.md", "https://example.org/home/ann"), 0);
        assert_eq!(found("a.md", "docs/home/ann"), 0);
    }
}
