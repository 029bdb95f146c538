//! The store in memory: what the simulator runs on and what the other back ends are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery, View, ViewError};

use crate::store::{CommitError, Stats, Store};
use crate::{query, words};

/// An ordered map for each table and a plain list of documents.
///
/// A commit is whole or absent here too, so a clone *is* the state as of the last commit; [`MemoryStore::crash`] says so.
#[derive(Clone, Default, Debug)]
pub struct MemoryStore {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Vec<u8>>>,
    documents: BTreeMap<Vec<u8>, Document>,
    by_order: BTreeSet<(u64, Vec<u8>)>,
    bytes: u64,
    bytes_max: Option<u64>,
    stopped: bool,
    commits: u64,
}

#[derive(Clone, Debug)]
struct Document {
    order: u64,
    words: Vec<String>,
    labels: BTreeSet<String>,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a new process finds after this one died: everything committed, nothing else, ready to take commits.
    #[must_use]
    pub fn crash(&self) -> Self {
        Self {
            stopped: false,
            commits: 0,
            ..self.clone()
        }
    }

    /// Limits keys and values to so many bytes, like a disk of that size; `None` lifts it.
    pub fn set_bytes_max(&mut self, bytes_max: Option<u64>) {
        self.bytes_max = bytes_max;
    }

    /// Lets every commit fail from now on, as after a failed `fsync`, until [`MemoryStore::crash`].
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Put { table, key, value } => {
                let rows = self.tables.entry(*table).or_default();
                self.bytes += row_bytes(key, value);
                if let Some(old) = rows.insert(key.clone(), value.clone()) {
                    self.bytes -= row_bytes(key, &old);
                }
            }
            Change::Delete { table, key } => {
                let rows = self.tables.entry(*table).or_default();
                if let Some(old) = rows.remove(key) {
                    self.bytes -= row_bytes(key, &old);
                }
            }
            Change::Index {
                key,
                text,
                labels,
                order,
            } => {
                self.unindex(key);
                let order = query::clamp_order(*order);
                self.by_order.insert((order, key.clone()));
                let document = Document {
                    order,
                    words: words::words(text),
                    labels: labels.iter().cloned().collect(),
                };
                self.documents.insert(key.clone(), document);
            }
            Change::Unindex { key } => self.unindex(key),
        }
    }

    fn unindex(&mut self, key: &[u8]) {
        if let Some(old) = self.documents.remove(key) {
            self.by_order.remove(&(old.order, key.to_vec()));
        }
    }

    /// Tells whether the changes, each taken as pure growth, would pass the limit. Deletes always fit.
    fn is_full(&self, changes: &[Change]) -> bool {
        let Some(bytes_max) = self.bytes_max else {
            return false;
        };
        let grown: u64 = changes
            .iter()
            .map(|change| match change {
                Change::Put { key, value, .. } => row_bytes(key, value),
                _ => 0,
            })
            .sum();
        grown > 0 && self.bytes + grown > bytes_max
    }
}

impl View for MemoryStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        let rows = self.tables.get(&table);
        Ok(rows.and_then(|rows| rows.get(key)).cloned())
    }

    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError> {
        let Some(rows) = self.tables.get(&table) else {
            return Ok(Vec::new());
        };
        // `BTreeMap::range` panics on bounds in the wrong order; to a store that is an empty range.
        if range.to.as_ref().is_some_and(|to| *to <= range.from) {
            return Ok(Vec::new());
        }
        let from = Bound::Included(range.from.as_slice());
        let to = match &range.to {
            Some(to) => Bound::Excluded(to.as_slice()),
            None => Bound::Unbounded,
        };
        let found = rows.range::<[u8], _>((from, to));
        let owned = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(match direction {
            Direction::Forward => found.take(limit).map(owned).collect(),
            Direction::Backward => found.rev().take(limit).map(owned).collect(),
        })
    }

    fn search(&self, text_query: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
        query::check(text_query)?;
        let Some(phrases) = words::phrases(&text_query.words) else {
            return Ok(Vec::new());
        };
        let matches = |key: &Vec<u8>| {
            self.documents.get(key).is_some_and(|document| {
                phrases.iter().all(|phrase| phrase.matches(&document.words))
                    && text_query
                        .labels
                        .iter()
                        .all(|group| group.iter().any(|label| document.labels.contains(label)))
            })
        };
        Ok(self
            .by_order
            .iter()
            .rev()
            .filter(|(order, _)| query::in_window(text_query, *order))
            .map(|(_, key)| key)
            .filter(|key| matches(key))
            .take(text_query.limit)
            .cloned()
            .collect())
    }
}

impl Store for MemoryStore {
    fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        if self.is_full(changes) {
            return Err(CommitError::Full);
        }
        for change in changes {
            self.apply(change);
        }
        self.commits += u64::from(!changes.is_empty());
        Ok(())
    }

    fn stats(&self) -> Result<Stats, ViewError> {
        Ok(Stats {
            bytes: self.bytes,
            bytes_free: 0,
            commits: self.commits,
        })
    }
}

fn row_bytes(key: &[u8], value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn put(key: &[u8], value: &[u8]) -> Change {
        Change::Put {
            table: Table::Meta,
            key: key.to_vec(),
            value: value.to_vec(),
        }
    }

    #[test]
    fn keeps_the_conformance_suite() {
        crate::conformance::run(MemoryStore::new);
    }

    #[test]
    fn full_store_changes_nothing_and_works_again_with_room() {
        let mut store = MemoryStore::new();
        store.commit(&[put(b"a", b"1")]).unwrap();
        store.set_bytes_max(Some(4));
        let large = [put(b"a", b"2"), put(b"b", b"22222")];
        assert_eq!(store.commit(&large), Err(CommitError::Full));
        assert_eq!(store.get(Table::Meta, b"a"), Ok(Some(b"1".to_vec())));
        store.set_bytes_max(None);
        store.commit(&large).unwrap();
        assert_eq!(store.get(Table::Meta, b"a"), Ok(Some(b"2".to_vec())));
    }

    #[test]
    fn stopped_store_refuses_until_it_is_opened_again() {
        let mut store = MemoryStore::new();
        store.commit(&[put(b"a", b"1")]).unwrap();
        store.stop();
        assert_eq!(store.commit(&[put(b"a", b"2")]), Err(CommitError::Stopped));
        let mut reopened = store.crash();
        assert_eq!(reopened.get(Table::Meta, b"a"), Ok(Some(b"1".to_vec())));
        reopened.commit(&[put(b"a", b"2")]).unwrap();
        assert_eq!(reopened.get(Table::Meta, b"a"), Ok(Some(b"2".to_vec())));
    }
}
