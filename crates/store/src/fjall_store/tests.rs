#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

fn put(key: &[u8], value: &[u8]) -> Change {
    Change::Put {
        table: Table::Envelope,
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

/// A store with its directory, which goes with it.
struct Temporary {
    store: FjallStore,
    _dir: tempfile::TempDir,
}

impl View for Temporary {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        self.store.get(table, key)
    }
    fn range(
        &self,
        table: Table,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, ViewError> {
        self.store.range(table, range, direction, limit)
    }
    fn search(&self, query: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
        self.store.search(query)
    }
}

impl Store for Temporary {
    fn commit(&mut self, changes: &[Change]) -> Result<(), CommitError> {
        self.store.commit(changes)
    }
    fn stats(&self) -> Result<Stats, ViewError> {
        self.store.stats()
    }
}

#[test]
fn keeps_the_conformance_suite() {
    crate::conformance::run(|| {
        let dir = tempfile::tempdir().unwrap();
        let store = FjallStore::open(&dir.path().join("db")).unwrap();
        Temporary { store, _dir: dir }
    });
}

#[test]
fn a_store_in_use_is_refused_and_opens_again_later() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = FjallStore::open(dir.path()).unwrap();
    first.commit(&[put(b"a", b"1")]).unwrap();
    assert_eq!(
        FjallStore::open(dir.path()).map(drop),
        Err(OpenError::InUse)
    );
    drop(first);
    let again = FjallStore::open(dir.path()).unwrap();
    assert_eq!(again.get(Table::Envelope, b"a"), Ok(Some(b"1".to_vec())));
}

#[test]
fn without_room_nothing_is_stored_and_deleting_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FjallStore::open(dir.path()).unwrap();
    store.commit(&[put(b"a", b"1")]).unwrap();
    store.set_reserve_bytes(u64::MAX);
    let both = [put(b"a", b"2"), put(b"b", b"2")];
    assert_eq!(store.commit(&both), Err(CommitError::Full));
    assert_eq!(store.get(Table::Envelope, b"a"), Ok(Some(b"1".to_vec())));
    let delete = Change::Delete {
        table: Table::Envelope,
        key: b"a".to_vec(),
    };
    store.commit(&[delete]).unwrap();
    store.set_reserve_bytes(0);
    store.commit(&both).unwrap();
    assert_eq!(store.get(Table::Envelope, b"a"), Ok(Some(b"2".to_vec())));
}

#[test]
fn a_dump_shows_one_moment_while_the_store_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FjallStore::open(dir.path()).unwrap();
    store.commit(&[put(b"a", b"1"), put(b"", b"2")]).unwrap();
    let dump = store.dump();
    store.commit(&[put(b"b", b"3"), put(b"a", b"9")]).unwrap();
    let rows: Vec<(Table, Row)> = dump.rows().map(Result::unwrap).collect();
    let row = |key: &[u8], value: &[u8]| (Table::Envelope, (key.to_vec(), value.to_vec()));
    assert_eq!(rows, [row(b"", b"2"), row(b"a", b"1")]);
}
