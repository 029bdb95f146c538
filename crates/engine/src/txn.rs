//! One `handle` call's working copy of the store: the snapshot, with what this call has changed so far laid over it.

use std::collections::BTreeMap;

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery, View, ViewError};

/// A view with uncommitted changes on top. Reads see them; [`Txn::into_changes`] hands them to whoever commits.
pub struct Txn<'v> {
    base: &'v dyn View,
    rows: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    changes: Vec<Change>,
}

impl<'v> Txn<'v> {
    /// Starts with no changes.
    #[must_use]
    pub fn new(base: &'v dyn View) -> Self {
        Self {
            base,
            rows: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Sets a value.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        self.rows.insert((table, key.clone()), Some(value.clone()));
        self.changes.push(Change::Put { table, key, value });
    }

    /// Removes a value.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        let key = key.into();
        self.rows.insert((table, key.clone()), None);
        self.changes.push(Change::Delete { table, key });
    }

    /// Indexes a document for search. Searches of this call do not see it yet.
    pub fn index(
        &mut self,
        key: impl Into<Vec<u8>>,
        text: String,
        labels: Vec<String>,
        order: u64,
    ) {
        self.changes.push(Change::Index {
            key: key.into(),
            text,
            labels,
            order,
        });
    }

    /// Takes a document out of the search index.
    pub fn unindex(&mut self, key: impl Into<Vec<u8>>) {
        self.changes.push(Change::Unindex { key: key.into() });
    }

    /// Whether nothing was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Gives the changes, in order.
    #[must_use]
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}

impl View for Txn<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        // The key is cloned once per read: rows are few in one call, and a borrowed pair cannot index the map.
        match self.rows.get(&(table, key.to_vec())) {
            Some(row) => Ok(row.clone()),
            None => self.base.get(table, key),
        }
    }

    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError> {
        let within = |key: &[u8]| range.to.as_deref().is_none_or(|to| key < to);
        let changed: Vec<(&Vec<u8>, &Option<Vec<u8>>)> = self
            .rows
            .range((table, range.from.clone())..)
            .take_while(|((at, key), _)| *at == table && within(key))
            .map(|((_, key), row)| (key, row))
            .collect();
        if changed.is_empty() {
            return self.base.range(table, range, direction, limit);
        }
        // Each changed row hides at most one row of the base.
        let base = self
            .base
            .range(table, range, direction, limit.saturating_add(changed.len()))?;
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = base.into_iter().collect();
        for (key, row) in changed {
            match row {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        let rows = merged.into_iter();
        Ok(match direction {
            Direction::Forward => rows.take(limit).collect(),
            Direction::Backward => rows.rev().take(limit).collect(),
        })
    }

    fn search(&self, query: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
        self.base.search(query)
    }
}
