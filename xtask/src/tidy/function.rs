//! Functions are short.

use anyhow::Result;
use syn::{
    Block, ImplItemFn, ItemFn, Signature, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::tidy::{Finding, tree::Tree};

/// A function longer than this is told.
const FUNCTION_LINES_TOLD: usize = 70;
/// A function longer than this breaks the rule.
const FUNCTION_LINES_MAX: usize = 100;

/// Finds functions that are too long, from the line of their name to their closing brace.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let (path, file) = source?;
        let mut lengths = Lengths::default();
        lengths.visit_file(&file);
        for (name, line, lines) in lengths.0 {
            if lines > FUNCTION_LINES_MAX {
                let message =
                    format!("{name} has {lines} lines; {FUNCTION_LINES_MAX} are the most");
                findings.push(Finding::breaks(path, line, message));
            } else if lines > FUNCTION_LINES_TOLD {
                let message =
                    format!("{name} has {lines} lines; most stay below {FUNCTION_LINES_TOLD}");
                findings.push(Finding::told(path, line, message));
            }
        }
    }
    Ok(findings)
}

/// Names of functions with their first line and their number of lines.
#[derive(Default)]
struct Lengths(Vec<(String, usize, usize)>);

impl Lengths {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let start = signature.fn_token.span().start().line;
        let end = block.brace_token.span.close().end().line;
        self.0
            .push((signature.ident.to_string(), start, end + 1 - start));
    }
}

impl<'ast> Visit<'ast> for Lengths {
    fn visit_item_fn(&mut self, node: &'ast ItemFn) {
        self.add(&node.sig, &node.block);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast ImplItemFn) {
        self.add(&node.sig, &node.block);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast TraitItemFn) {
        if let Some(block) = &node.default {
            self.add(&node.sig, block);
        }
        visit::visit_trait_item_fn(self, node);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tidy::Severity;

    fn severity(head: &str, lines: usize, tail: &str) -> Option<Severity> {
        let body = "    step();\n".repeat(lines - 2);
        let text = format!("/// Long docs do not count.\n{head} {{\n{body}}}\n{tail}");
        let findings = check(&Tree::of(&[("a.rs", &text)])).unwrap();
        findings.first().map(|finding| finding.severity)
    }

    #[test]
    fn tells_at_70_lines_and_breaks_at_100() {
        assert_eq!(severity("fn a()", 70, ""), None);
        assert_eq!(severity("fn a()", 71, ""), Some(Severity::Told));
        assert_eq!(severity("fn a()", 100, ""), Some(Severity::Told));
        assert_eq!(severity("fn a()", 101, ""), Some(Severity::Breaks));
    }

    #[test]
    fn methods_count_as_well() {
        let method = "impl A { pub async fn a(&self)";
        assert_eq!(severity(method, 70, "}"), None);
        assert_eq!(severity(method, 101, "}"), Some(Severity::Breaks));
        let default = "trait A { fn a(&self)";
        assert_eq!(severity(default, 101, "}"), Some(Severity::Breaks));
    }
}
