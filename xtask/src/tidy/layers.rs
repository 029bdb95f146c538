//! Core and engine are pure: no clock, no async, no threads, no files, no sockets, no unordered iteration.
//!
//! The rule looks at the tokens of what is compiled into the crates, so comments and strings may say anything, and tests
//! may use what they like.

use std::path::Path;

use anyhow::Result;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, File, Item, Meta,
    visit_mut::{self, VisitMut},
};

use crate::tidy::{Finding, tree::Tree};

/// The crates that are pure.
const PURE: [&str; 2] = ["crates/core/src", "crates/engine/src"];

/// What a pure crate does not name, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("HashMap", "its order differs from run to run; use BTreeMap"),
    ("HashSet", "its order differs from run to run; use BTreeSet"),
    ("SystemTime", "the time is passed in"),
    ("Instant", "the time is passed in"),
    ("async", "machines return effects, node waits"),
    ("await", "machines return effects, node waits"),
    ("tokio", "machines return effects, node waits"),
    ("thread_rng", "randomness is passed in"),
    ("OsRng", "randomness is passed in"),
    ("SysRng", "randomness is passed in"),
    ("getrandom", "randomness is passed in"),
    ("TcpStream", "no I/O"),
    ("UdpSocket", "no I/O"),
    ("println", "no I/O"),
    ("eprintln", "no I/O"),
];

/// Modules of the standard library that a pure crate does not name.
const FORBIDDEN_STD: [&str; 6] = ["fs", "net", "thread", "process", "env", "io"];

/// Finds what core and engine must not name.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for source in tree.sources() {
        let (path, mut file) = source?;
        if PURE.iter().any(|pure| path.starts_with(pure)) && !is_test_file(path) {
            WithoutTests.visit_file_mut(&mut file);
            search(
                path,
                file.to_token_stream(),
                Progress::Elsewhere,
                &mut findings,
            );
        }
    }
    Ok(findings)
}

fn is_test_file(path: &Path) -> bool {
    path.iter()
        .any(|part| part == "tests" || part == "tests.rs")
}

/// Searches tokens, groups included, for forbidden names and for `std::fs` and the like. `base` is [`Progress::Path`]
/// inside the braces of `use std::{...}`.
fn search(path: &Path, tokens: TokenStream, base: Progress, findings: &mut Vec<Finding>) {
    let mut progress = base;
    for token in tokens {
        progress = match token {
            TokenTree::Group(group) => {
                search(path, group.stream(), progress, findings);
                Progress::Elsewhere
            }
            TokenTree::Ident(ident) => {
                name(path, &ident, progress, findings);
                if ident == "std" {
                    Progress::Name
                } else {
                    Progress::Elsewhere
                }
            }
            TokenTree::Punct(punct) => match (punct.as_char(), progress) {
                (':', Progress::Name | Progress::Path) => Progress::Path,
                (',', _) => base,
                _ => Progress::Elsewhere,
            },
            TokenTree::Literal(_) => Progress::Elsewhere,
        };
    }
}

/// Judges one name.
fn name(path: &Path, ident: &Ident, progress: Progress, findings: &mut Vec<Finding>) {
    let line = ident.span().start().line;
    if let Some((word, why)) = FORBIDDEN.iter().find(|(word, _)| ident == word) {
        findings.push(Finding::breaks(path, line, format!("{word}: {why}")));
    }
    if progress == Progress::Path
        && let Some(module) = FORBIDDEN_STD.iter().find(|module| ident == module)
    {
        findings.push(Finding::breaks(
            path,
            line,
            format!("std::{module}: no I/O"),
        ));
    }
}

/// How much of `std::` has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Elsewhere,
    Name,
    Path,
}

/// Takes out what is compiled for tests only.
struct WithoutTests;

impl VisitMut for WithoutTests {
    fn visit_file_mut(&mut self, file: &mut File) {
        file.items.retain(|item| !is_test(item));
        visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_test(item));
        }
        visit_mut::visit_item_mod_mut(self, module);
    }
}

fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(is_cfg_test)
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().trim() == "test",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).unwrap().len()
    }

    const CORE: &str = "crates/core/src/a.rs";

    #[test]
    fn unordered_maps_and_clocks_break_the_rule_in_pure_crates_only() {
        for text in [
            "fn a(x: HashMap<u8, u8>) {}",
            "fn a() { let t = std::time::Instant::now(); }",
            "async fn a() {}",
            "fn a() { std::fs::read(p); }",
            "use std::net::SocketAddr;",
            "use std::{fmt, fs};",
        ] {
            assert!(found(CORE, text) > 0, "{text}");
            assert_eq!(found("crates/node/src/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn ordered_code_comments_and_strings_pass() {
        for text in [
            "/// No HashMap here.\nfn a(x: BTreeMap<u8, u8>) {}",
            "fn a() -> &'static str { \"Instant\" }",
            "use crate::fs; use std::fmt;",
            "use std::{collections::BTreeMap, fmt}; use crate::{net, io};",
        ] {
            assert_eq!(found(CORE, text), 0, "{text}");
        }
    }

    #[test]
    fn tests_may_use_anything() {
        let inner = "#[cfg(test)] mod tests { use std::collections::HashMap; }";
        assert_eq!(found(CORE, inner), 0);
        assert_eq!(found("crates/core/src/a/tests.rs", "use std::fs;"), 0);
        assert!(found(CORE, "#[cfg(unix)] mod a { use std::fs; }") > 0);
    }
}
