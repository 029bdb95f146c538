//! The commitment to a folded state: a tree for each section of rows, and a hash over their roots.
//!
//! Whoever has all rows of one section rebuilds its tree and so knows that none was held back; a single row, or that there is
//! none, takes a path of that section's tree and the roots of the others.

use super::{Pruned, Tree};
use crate::hash::{Label, hash};
use crate::id::Digest;
pub use crate::state::Section;
use crate::state::{Community, RowKey};

/// How many sections there are.
const SECTIONS: usize = Section::ALL.len();

/// Where a row stands.
pub type StateKey = (Section, RowKey);

/// A commitment to a state, kept up by its changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateTree {
    trees: [Tree; SECTIONS],
}

impl Default for StateTree {
    fn default() -> Self {
        Self {
            trees: [const { Tree::new(Label::StateEntry) }; SECTIONS],
        }
    }
}

impl StateTree {
    /// Commits to a state, row by row.
    #[must_use]
    pub fn of(community: &Community) -> Self {
        let mut tree = Self::default();
        for section in Section::ALL {
            for key in community.row_keys(section) {
                tree.put(section, key, community);
            }
        }
        tree
    }

    /// Goes from the commitment to `old` to that to `new`, in time linear in what differs.
    pub fn advance(&mut self, old: &Community, new: &Community) {
        for section in Section::ALL {
            for key in old.rows_changed(new, section) {
                self.put(section, key, new);
            }
        }
    }

    fn put(&mut self, section: Section, key: RowKey, community: &Community) {
        let tree = &mut self.trees[usize::from(section.number())];
        match community.row(section, &key) {
            Some(row) => tree.insert(key, section_value(section, &row)),
            None => tree.remove(&key),
        }
    }

    /// Adds a row of which only the bytes are known: for whoever rebuilds a section.
    pub fn put_row(&mut self, section: Section, key: RowKey, row: &[u8]) {
        self.trees[usize::from(section.number())].insert(key, section_value(section, row));
    }

    /// The roots of the sections, by number.
    #[must_use]
    pub fn section_roots(&self) -> Vec<Digest> {
        self.trees.iter().map(Tree::root).collect()
    }

    /// The tree of one section.
    #[must_use]
    pub fn section(&self, section: Section) -> &Tree {
        &self.trees[usize::from(section.number())]
    }

    /// The commitment.
    #[must_use]
    pub fn root(&self) -> Digest {
        Self::root_of(&self.section_roots())
    }

    /// The commitment, from the roots of its sections.
    #[must_use]
    pub fn root_of(sections: &[Digest]) -> Digest {
        let parts: Vec<&[u8]> = sections.iter().map(|root| root.0.as_slice()).collect();
        hash(Label::StateRoot, &parts)
    }

    /// Proves rows of one section, or that they are not there.
    #[must_use]
    pub fn prove(&self, section: Section, keys: impl IntoIterator<Item = RowKey>) -> Pruned {
        self.section(section).prove(keys)
    }
}

/// What stands in a section's tree for a row: the hash of the section's number and the row's bytes.
#[must_use]
pub fn section_value(section: Section, row: &[u8]) -> Digest {
    hash(Label::StateEntry, &[&[3, section.number()], row])
}
