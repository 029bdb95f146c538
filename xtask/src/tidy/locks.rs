//! Lock files name the public registries only, so that a checkout builds anywhere.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tidy::{Finding, tree::Tree};

/// Where cargo's packages come from.
const CARGO_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Where npm's packages come from, in lock files that say so.
const NPM_SOURCE: &str = "https://registry.npmjs.org/";

/// Finds sources other than the public registries, and npm packages without a hash.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if path.ends_with("Cargo.lock") {
            for (index, line) in text.lines().enumerate() {
                if let Some(source) = line.strip_prefix("source = ")
                    && source.trim_matches('"') != CARGO_SOURCE
                {
                    findings.push(Finding::breaks(path, index + 1, source));
                }
            }
        } else if path.ends_with("package-lock.json") {
            let lock: Value =
                serde_json::from_str(text).with_context(|| format!("{}", path.display()))?;
            for message in npm(&lock) {
                findings.push(Finding::breaks(path, 0, message));
            }
        }
    }
    Ok(findings)
}

fn npm(lock: &Value) -> Vec<String> {
    let mut messages = Vec::new();
    let Some(packages) = lock["packages"].as_object() else {
        return vec!["holds no packages".into()];
    };
    // The entry without a name is the project itself.
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        if let Some(source) = package["resolved"].as_str()
            && !source.starts_with(NPM_SOURCE)
        {
            messages.push(format!("{name} comes from {source}"));
        }
        // What a package carries inside itself is covered by the hash of the package.
        let bundled = package["inBundle"].as_bool() == Some(true);
        if !bundled && package["integrity"].as_str().is_none() {
            messages.push(format!("{name} has no hash"));
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).unwrap().len()
    }

    #[test]
    fn cargo_packages_come_from_the_public_registry() {
        let lock = |source: &str| format!("[[package]]\nname = \"a\"\nsource = \"{source}\"\n");
        assert_eq!(found("Cargo.lock", &lock(CARGO_SOURCE)), 0);
        assert_eq!(found("Cargo.lock", &lock("git+https://example.org/a")), 1);
    }

    #[test]
    fn npm_packages_come_from_the_public_registry_with_a_hash() {
        let lock =
            |package: &str| format!(r#"{{"packages":{{"":{{}},"node_modules/a":{package}}}}}"#);
        let found = |package| found("web/package-lock.json", &lock(package));
        assert_eq!(found(r#"{"integrity":"sha512-x"}"#), 0);
        assert_eq!(
            found(r#"{"integrity":"sha512-x","resolved":"https://registry.npmjs.org/a.tgz"}"#),
            0
        );
        assert_eq!(
            found(r#"{"integrity":"sha512-x","resolved":"https://example.org/a.tgz"}"#),
            1
        );
        assert_eq!(found(r#"{"inBundle":true}"#), 0);
        assert_eq!(found("{}"), 1);
    }
}
