//! Links between pages resolve: the file is there, and so is the heading.

use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::{
    project::has_extension,
    tidy::{Finding, tree::Tree},
};

/// Finds links in Markdown pages that lead nowhere. Addresses outside the project are not looked at.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for (line, target) in links(text) {
            if let Some(message) = judge(tree, path, &target) {
                findings.push(Finding::breaks(path, line, message));
            }
        }
    }
    Ok(findings)
}

/// The targets of all links and images of a page, each with its line.
pub fn links(text: &str) -> Vec<(usize, String)> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let line = text[..range.start].matches('\n').count() + 1;
                Some((line, dest_url.into_string()))
            }
            _ => None,
        })
        .collect()
}

/// Says what is wrong with a link, if anything.
fn judge(tree: &Tree, page: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        page.to_path_buf()
    } else {
        match resolve(page, file) {
            Some(path) if tree.exists(&path) => path,
            Some(path) => return Some(format!("{} does not exist", path.display())),
            None => return Some(format!("{target} leads out of the project")),
        }
    };
    if anchor.is_empty() || !has_extension(&path, "md") {
        return None;
    }
    let known = headings(tree.text(&path)?).any(|heading| heading == anchor);
    (!known).then(|| format!("{} has no heading #{anchor}", path.display()))
}

/// Resolves a relative link of a page to a path in the project; `None` where it leaves it.
pub fn resolve(page: &Path, file: &str) -> Option<PathBuf> {
    let mut path = page.parent()?.to_path_buf();
    for part in Path::new(file).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// The anchors of a page's headings, as the usual renderers make them: lower case, spaces to hyphens, other signs gone.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let mut anchors = Vec::new();
    let mut current: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match (event, &mut current) {
            (Event::Start(Tag::Heading { .. }), _) => current = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), Some(_)) => anchors.extend(current.take()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            _ => {}
        }
    }
    anchors.into_iter().map(|heading| {
        heading
            .to_lowercase()
            .chars()
            .filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn messages(link: &str) -> Vec<String> {
        let page = format!("# Top\n\n[a]({link})\n");
        let tree = Tree::of(&[
            ("README.md", "# The house, in `brief`\n"),
            ("docs/page.md", &page),
            ("docs/sub/other.md", "text"),
        ]);
        let findings = check(&tree).unwrap();
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        for link in [
            "sub/other.md",
            "sub",
            "../README.md",
            "../README.md#the-house-in-brief",
            "#top",
            "https://example.org/x",
        ] {
            assert_eq!(messages(link), Vec::<String>::new(), "{link}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for link in [
            "other.md",
            "../../secret.md",
            "/README.md",
            "../README.md#the-garden",
            "#bottom",
        ] {
            assert_eq!(messages(link).len(), 1, "{link}");
        }
    }

    #[test]
    fn code_is_not_a_link() {
        assert!(links("`[a](b.md)`").is_empty());
        assert_eq!(links("x\n\n[a](b.md)"), [(3, "b.md".to_owned())]);
    }
}
