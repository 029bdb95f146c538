//! Every promise names the tests that show it, or says "not tested".

use std::collections::BTreeSet;

use anyhow::Result;
use syn::{
    ItemFn,
    visit::{self, Visit},
};

use crate::tidy::{Finding, tree::Tree};

/// The page of promises.
const PAGE: &str = "docs/promises.md";
/// What the last column says where no test exists yet.
const NOT_TESTED: &str = "not tested";
/// The heading of the column that names tests.
const COLUMN: &str = "Shown by";

/// Finds rows of the promises' tables whose last column names no existing test and does not admit it.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let Some(page) = tree.text(PAGE) else {
        return Ok(vec![Finding::breaks(
            PAGE,
            0,
            "the page of promises is missing",
        )]);
    };
    let tests = test_names(tree)?;
    let mut findings = Vec::new();
    let mut in_table = false;
    for (index, line) in page.lines().enumerate() {
        let Some(last) = last_cell(line) else {
            in_table = false;
            continue;
        };
        if last == COLUMN {
            in_table = true;
        } else if in_table && !last.starts_with("---") {
            for message in judge(tree, last, &tests) {
                findings.push(Finding::breaks(PAGE, index + 1, message));
            }
        }
    }
    Ok(findings)
}

/// The last cell of a table's row.
fn last_cell(line: &str) -> Option<&str> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    row.rsplit('|').next().map(str::trim)
}

/// Names are in backticks: a Rust test by its function, a browser test by its title.
fn judge(tree: &Tree, cell: &str, tests: &BTreeSet<String>) -> Vec<String> {
    if cell == NOT_TESTED {
        return Vec::new();
    }
    let names: Vec<_> = cell.split('`').skip(1).step_by(2).collect();
    if names.is_empty() {
        return vec![format!(
            "names no test; write \"{NOT_TESTED}\" where there is none"
        )];
    }
    names
        .into_iter()
        .filter(|name| !tests.contains(*name) && !is_browser_test(tree, name))
        .map(|name| format!("there is no test {name}"))
        .collect()
}

fn is_browser_test(tree: &Tree, title: &str) -> bool {
    tree.texts().any(|(path, text)| {
        path.starts_with("web/e2e")
            && ['\'', '"', '`']
                .iter()
                .any(|quote| text.contains(&format!("{quote}{title}{quote}")))
    })
}

/// The names of all functions with a test attribute (`#[test]`, `#[tokio::test]`).
pub fn test_names(tree: &Tree) -> Result<BTreeSet<String>> {
    let mut names = Names::default();
    for source in tree.sources() {
        names.visit_file(&source?.1);
    }
    // Properties are declared inside a macro, which is not parsed as functions.
    for (_, text) in tree.with_extension("rs") {
        if text.contains("proptest!") {
            names.0.extend(text.lines().filter_map(property_name));
        }
    }
    Ok(names.0)
}

/// The name in a line such as `fn any_order_gives_one_state(events in events()) {`.
fn property_name(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("fn ")?;
    let (name, parameters) = rest.split_once('(')?;
    (parameters.contains(" in ") || parameters.trim().is_empty()).then(|| name.to_owned())
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        let is_test = node.attrs.iter().any(|attribute| {
            let last = attribute.path().segments.last();
            last.is_some_and(|segment| segment.ident == "test")
        });
        if is_test {
            self.0.insert(node.sig.ident.to_string());
        }
        visit::visit_item_fn(self, node);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn messages(cell: &str) -> Vec<String> {
        let page = format!(
            "| Who | Promise | Shown by |\n| --- | --- | --- |\n| relay | reads nothing | {cell} |\n"
        );
        let tree = Tree::of(&[
            (PAGE, &page),
            (
                "a.rs",
                "#[test] fn a_relay_reads_nothing() {} fn helper() {}\n#[tokio::test] async fn b() {}",
            ),
            (
                "c.rs",
                "proptest! {\n    #[test]\n    fn a_law(x in any::<u8>()) {}\n}",
            ),
            ("web/e2e/a.ts", "test('no script runs', run)"),
        ]);
        let findings = check(&tree).unwrap();
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn named_tests_and_honest_gaps_pass() {
        for cell in [
            "`a_relay_reads_nothing`",
            "`b`, `a_relay_reads_nothing`",
            "`a_law`",
            "`no script runs`",
            "not tested",
        ] {
            assert_eq!(messages(cell), Vec::<String>::new(), "{cell}");
        }
    }

    #[test]
    fn unknown_tests_and_empty_cells_are_found() {
        for cell in ["`helper`", "`gone`", "", "the tests", "`b`, `gone`"] {
            assert_eq!(messages(cell).len(), 1, "{cell}");
        }
    }
}
