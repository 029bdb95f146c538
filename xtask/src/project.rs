//! Where the project is and which files it holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ignore::WalkBuilder;

/// The checkout that a command works on.
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the checkout from the directory that cargo names for this package, else from the working directory upwards.
    pub fn locate() -> Result<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => std::env::current_dir().context("the working directory cannot be read")?,
        };
        let root = start
            .ancestors()
            .find(|dir| dir.join("Cargo.lock").is_file())
            .with_context(|| format!("no Cargo.lock in or above {}", start.display()))?;
        Ok(Self::at(root))
    }

    /// Takes a directory as the checkout.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Gives the directory of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Gives the path of something in the checkout.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Lists all files that version control would hold, relative to the checkout, in order of their paths. Hidden files
    /// count, ignored ones do not; works without a git directory too.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let walk = WalkBuilder::new(&self.root)
            .hidden(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let mut files = Vec::new();
        for entry in walk {
            let entry = entry.context("a directory of the project cannot be read")?;
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                files.push(entry.path().strip_prefix(&self.root)?.to_path_buf());
            }
        }
        files.sort();
        Ok(files)
    }

    /// Reads a text file of the checkout; `None` where it is not UTF-8, so not text, or gone since it was listed, as an
    /// editor's temporary file is.
    pub fn text(&self, relative: &Path) -> Result<Option<String>> {
        match std::fs::read(self.root.join(relative)) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("{} cannot be read", relative.display()))
            }
        }
    }
}

/// Tells whether a path ends with an extension.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_hidden_files_and_leaves_ignored_ones_out() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            (".gitignore", "/target\n*.log\n"),
            ("b.rs", ""),
            ("a/c.md", ""),
            ("noise.log", ""),
            ("target/out", ""),
            (".git/HEAD", ""),
            (".ci/run", ""),
        ] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let files = Project::at(dir.path()).files().unwrap();
        let names: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(names, [".ci/run", ".gitignore", "a/c.md", "b.rs"]);
    }
}
