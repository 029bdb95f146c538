//! What stands in a directory is found from its index: decision records, protocol chapters, test vectors.

use std::path::Path;

use anyhow::Result;

use crate::{
    project::has_extension,
    tidy::{Finding, links, tree::Tree},
    vectors,
};

/// Directories of pages whose `README.md` links to every page beside it.
const INDEXED: [&str; 2] = ["docs/decisions", "docs/protocol"];

/// Finds pages that no index names, and vectors that no chapter names.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for directory in INDEXED {
        findings.extend(unindexed(tree, directory));
    }
    findings.extend(unmentioned(tree));
    Ok(findings)
}

fn unindexed(tree: &Tree, directory: &str) -> Vec<Finding> {
    let index = Path::new(directory).join("README.md");
    let Some(text) = tree.text(&index) else {
        return vec![Finding::breaks(index, 0, "the index is missing")];
    };
    let listed: Vec<_> = links::links(text)
        .into_iter()
        .filter_map(|(_, target)| links::resolve(&index, target.split('#').next()?))
        .collect();
    tree.inside(directory)
        .filter(|path| has_extension(path, "md") && path.parent() == index.parent())
        .filter(|path| **path != index && !listed.iter().any(|known| known == path))
        .map(|path| Finding::breaks(path, 0, format!("{} does not link here", index.display())))
        .collect()
}

fn unmentioned(tree: &Tree) -> Vec<Finding> {
    tree.inside(vectors::DIRECTORY)
        .filter(|path| has_extension(path, "json"))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            !name.is_some_and(|name| chapters(tree).any(|text| text.contains(name)))
        })
        .map(|path| Finding::breaks(path, 0, "no chapter names these vectors"))
        .collect()
}

/// The texts of the protocol's chapters; their index is none.
fn chapters(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.with_extension("md")
        .filter(|(path, _)| path.parent() == Some(Path::new("docs/protocol")))
        .filter(|(path, _)| !path.ends_with("README.md"))
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(extra: &[(&str, &str)]) -> Vec<String> {
        let mut files = vec![
            ("docs/decisions/README.md", "[one](0001-one.md)"),
            ("docs/decisions/0001-one.md", "# One"),
            ("docs/protocol/README.md", "[a](a.md) b.json"),
            ("docs/protocol/a.md", "Vectors: `vectors/a.json`."),
            ("docs/protocol/vectors/a.json", "{}"),
        ];
        files.extend(extra);
        let findings = check(&Tree::of(&files)).unwrap();
        findings
            .into_iter()
            .map(|finding| finding.path.display().to_string())
            .collect()
    }

    #[test]
    fn an_indexed_tree_passes() {
        assert_eq!(found(&[]), Vec::<String>::new());
    }

    #[test]
    fn what_no_index_names_is_found() {
        let record = "docs/decisions/0002-two.md";
        assert_eq!(found(&[(record, "# Two")]), [record]);
        let chapter = "docs/protocol/b.md";
        assert_eq!(found(&[(chapter, "# B")]), [chapter]);
    }

    #[test]
    fn vectors_that_only_the_index_names_are_found() {
        let vectors = "docs/protocol/vectors/b.json";
        assert_eq!(found(&[(vectors, "{}")]), [vectors]);
    }
}
