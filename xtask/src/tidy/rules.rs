//! The rules of the authority plane: each names a test that exists and a mutation that still fits, and the page shows them all.

use anyhow::Result;

use crate::rules::{LIST, Rules};
use crate::tidy::{Finding, promises::test_names, tree::Tree};

/// The page with the table.
const PAGE: &str = "docs/rules.md";

/// Finds rules without a test, mutations whose text is not in their source exactly once, and rules that the page lacks.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let Some(list) = tree.text(LIST) else {
        return Ok(vec![Finding::breaks(
            LIST,
            0,
            "the list of rules is missing",
        )]);
    };
    let page = tree.text(PAGE).unwrap_or_default();
    let tests = test_names(tree)?;
    let mut findings = Vec::new();
    let rules = Rules::parse(list)?.rule;
    for rule in &rules {
        let mut breaks = |path: &str, message: String| {
            findings.push(Finding::breaks(path, 0, message));
        };
        let name = &rule.rule;
        if !tests.contains(&rule.test) {
            breaks(LIST, format!("{name:?}: there is no test {}", rule.test));
        }
        let found = tree
            .text(&rule.file)
            .map_or(0, |text| text.matches(&rule.find).count());
        if found != 1 {
            breaks(
                LIST,
                format!("{name:?}: {} holds its text {found} times", rule.file),
            );
        }
        if rule.find == rule.replace {
            breaks(LIST, format!("{name:?}: the mutation changes nothing"));
        }
        if !page.lines().any(|line| shows(line, name, &rule.test)) {
            breaks(PAGE, format!("no row says {name:?} and `{}`", rule.test));
        }
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .count();
    if rows != rules.len() {
        let message = format!("{rows} rows for {} rules", rules.len());
        findings.push(Finding::breaks(PAGE, 0, message));
    }
    Ok(findings)
}

fn shows(line: &str, rule: &str, test: &str) -> bool {
    line.starts_with(&format!("| {rule} |")) && line.contains(&format!("`{test}`"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const RULE: &str = "[[rule]]\nrule = 'order'\ntest = 'it_holds'\nfile = 'crates/core/src/a.rs'\nfind = 'a < b'\nreplace = 'a > b'\n";
    const TEST: &str = "#[test]\nfn it_holds() {}\n";
    const ROW: &str = "| order | chapter | `it_holds` |\n";

    fn findings(source: &str, test: &str, page: &str) -> usize {
        let tree = Tree::of(&[
            (LIST, RULE),
            ("crates/core/src/a.rs", source),
            ("crates/core/tests/a.rs", test),
            (PAGE, page),
        ]);
        check(&tree).unwrap().len()
    }

    #[test]
    fn a_rule_has_a_test_a_mutation_that_fits_and_a_row() {
        let source = "fn f(a: u8, b: u8) -> bool { a < b }";
        assert_eq!(findings(source, TEST, ROW), 0);
        assert_eq!(findings("fn f() {}", TEST, ROW), 1);
        assert_eq!(findings(source, "fn other() {}", ROW), 1);
        assert_eq!(findings(source, TEST, ""), 2);
        let extra = format!("{ROW}| more | chapter | `it_holds` |\n");
        assert_eq!(findings(source, TEST, &extra), 1);
    }
}
