//! The text files of the checkout, read once for all rules.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::project::{Project, has_extension};

/// All text files by path.
pub struct Tree {
    texts: BTreeMap<PathBuf, String>,
    /// All files, those that are no text too.
    paths: Vec<PathBuf>,
}

impl Tree {
    /// Reads the checkout.
    pub fn read(project: &Project) -> Result<Self> {
        let paths = project.files()?;
        let mut texts = BTreeMap::new();
        for path in &paths {
            if let Some(text) = project.text(path)? {
                texts.insert(path.clone(), text);
            }
        }
        Ok(Self { texts, paths })
    }

    /// Makes a tree of the given files, for the tests of the rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self {
            texts: files
                .iter()
                .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()))
                .collect(),
            paths: files.iter().map(|(path, _)| PathBuf::from(path)).collect(),
        }
    }

    /// All text files in order of their paths.
    pub fn texts(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.texts
            .iter()
            .map(|(path, text)| (path.as_path(), text.as_str()))
    }

    /// The text of one file, if it is there and text.
    pub fn text(&self, path: impl AsRef<Path>) -> Option<&str> {
        self.texts.get(path.as_ref()).map(String::as_str)
    }

    /// Text files whose names end with an extension.
    pub fn with_extension(&self, extension: &str) -> impl Iterator<Item = (&Path, &str)> {
        self.texts()
            .filter(move |(path, _)| has_extension(path, extension))
    }

    /// Tells whether a file, or a directory with a file in it, is there.
    pub fn exists(&self, path: &Path) -> bool {
        self.paths.iter().any(|found| found.starts_with(path))
    }

    /// The files directly or deeper in a directory.
    pub fn inside<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a Path> {
        self.paths
            .iter()
            .map(PathBuf::as_path)
            .filter(move |path| path.starts_with(directory))
    }

    /// Parses every Rust source. A source that does not parse is an error: the compiler will say more.
    pub fn sources(&self) -> impl Iterator<Item = Result<(&Path, syn::File)>> {
        self.with_extension("rs").map(|(path, text)| {
            let file = syn::parse_file(text)
                .with_context(|| format!("{} cannot be parsed", path.display()))?;
            Ok((path, file))
        })
    }
}
