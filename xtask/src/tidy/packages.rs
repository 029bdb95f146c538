//! Packages depend downwards only: cli → node → {engine, store, net} → core.

use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::tidy::{Finding, tree::Tree};

/// What each package may use of the project at run time. A package that is not named here needs a decision record.
const LAYERS: &[(&str, &[&str])] = &[
    ("conclave-core", &[]),
    ("conclave-engine", &["conclave-core"]),
    ("conclave-store", &["conclave-core"]),
    ("conclave-net", &["conclave-core"]),
    (
        "conclave-node",
        &[
            "conclave-core",
            "conclave-engine",
            "conclave-store",
            "conclave-net",
        ],
    ),
    ("conclave-cli", &["conclave-node"]),
    (
        "conclave-testkit",
        &[
            "conclave-core",
            "conclave-engine",
            "conclave-store",
            "conclave-net",
            "conclave-node",
        ],
    ),
    ("conclave-oracle", &["conclave-core"]),
    ("xtask", &[]),
];

/// The packages that only tests may use.
const TESTS_ONLY: [&str; 2] = ["conclave-testkit", "conclave-oracle"];

/// Finds dependencies that go sideways or upwards, and packages that no layer is known for.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_manifest(path)) {
        let manifest: Table =
            toml::from_str(text).with_context(|| format!("{}", path.display()))?;
        let Some(name) = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(Value::as_str)
        else {
            continue;
        };
        match LAYERS.iter().find(|(layer, _)| *layer == name) {
            Some((_, below)) => judge(path, &manifest, name, below, &mut findings),
            None => findings.push(Finding::breaks(
                path,
                0,
                format!("{name} has no layer; a new package needs a decision record"),
            )),
        }
    }
    Ok(findings)
}

/// The manifests of the main workspace.
fn is_manifest(path: &Path) -> bool {
    path.ends_with("Cargo.toml") && (path.starts_with("crates") || path.starts_with("xtask"))
}

fn judge(path: &Path, manifest: &Table, name: &str, below: &[&str], findings: &mut Vec<Finding>) {
    for kind in ["dependencies", "build-dependencies"] {
        let Some(Value::Table(table)) = manifest.get(kind) else {
            continue;
        };
        for used in table.keys().filter(|used| used.starts_with("conclave-")) {
            if !below.contains(&used.as_str()) {
                let message = match used.as_str() {
                    used if TESTS_ONLY.contains(&used) => {
                        format!("{name} uses {used} outside its tests")
                    }
                    _ => format!("{name} must not use {used}"),
                };
                findings.push(Finding::breaks(path, 0, message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn messages(name: &str, rest: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        check(&Tree::of(&[("crates/a/Cargo.toml", &text)]))
            .unwrap()
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn downwards_passes_and_sideways_breaks() {
        let downwards = "[dependencies]\nconclave-core.workspace = true\nbytes = \"1\"";
        assert!(messages("conclave-engine", downwards).is_empty());
        let sideways = "[dependencies]\nconclave-store.workspace = true";
        assert_eq!(
            messages("conclave-engine", sideways),
            ["conclave-engine must not use conclave-store"]
        );
    }

    #[test]
    fn tests_may_use_the_testkit() {
        let tests = "[dev-dependencies]\nconclave-testkit.workspace = true";
        assert!(messages("conclave-engine", tests).is_empty());
        let shipped = "[dependencies]\nconclave-testkit.workspace = true";
        assert_eq!(messages("conclave-engine", shipped).len(), 1);
    }

    #[test]
    fn a_package_without_a_layer_breaks() {
        assert_eq!(messages("conclave-new", "").len(), 1);
    }
}
