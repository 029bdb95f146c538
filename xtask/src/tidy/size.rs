//! Files are short: one concept a file.

use std::path::Path;

use anyhow::Result;

use crate::{
    project::has_extension,
    tidy::{Finding, tree::Tree},
};

/// A source longer than this is told: most concepts fit in less.
const FILE_LINES_TOLD: usize = 300;
/// A source longer than this breaks the rule.
const FILE_LINES_MAX: usize = 500;

/// The endings of sources that people write.
const SOURCES: [&str; 8] = ["rs", "ts", "svelte", "mjs", "css", "sh", "py", "html"];

/// Catalogues of messages are lists, not concepts: they grow with the app, line by line.
const LISTS: [&str; 1] = ["web/src/lib/i18n"];

/// Finds sources that are too long.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_source(path)) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            let message = format!("{lines} lines; {FILE_LINES_MAX} are the most");
            findings.push(Finding::breaks(path, 0, message));
        } else if lines > FILE_LINES_TOLD {
            let message = format!("{lines} lines; most files stay below {FILE_LINES_TOLD}");
            findings.push(Finding::told(path, 0, message));
        }
    }
    Ok(findings)
}

fn is_source(path: &Path) -> bool {
    SOURCES.iter().any(|ending| has_extension(path, ending))
        && !LISTS.iter().any(|list| path.starts_with(list))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tidy::Severity;

    #[test]
    fn tells_at_300_lines_and_breaks_at_500() {
        let severity = |path: &str, lines: usize| {
            let text = "x\n".repeat(lines);
            let findings = check(&Tree::of(&[(path, &text)])).unwrap();
            findings.first().map(|finding| finding.severity)
        };
        assert_eq!(severity("a.rs", 300), None);
        assert_eq!(severity("a.rs", 301), Some(Severity::Told));
        assert_eq!(severity("a.rs", 500), Some(Severity::Told));
        assert_eq!(severity("a.rs", 501), Some(Severity::Breaks));
        assert_eq!(severity("a.md", 501), None);
        assert_eq!(severity("web/src/lib/i18n/de.ts", 501), None);
    }
}
