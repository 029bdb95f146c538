#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::cell::Cell;

use super::*;

const KEY: [u8; 32] = [7; 32];

#[test]
fn keeps_the_conformance_suite() {
    let dir = tempfile::tempdir().unwrap();
    let made = Cell::new(0);
    crate::conformance::run(|| {
        made.set(made.get() + 1);
        SqliteStore::open(&dir.path().join(format!("{}.db", made.get())), &KEY).unwrap()
    });
}

fn put(key: u32, bytes: usize) -> Change {
    Change::Put {
        table: Table::Node,
        key: key.to_be_bytes().to_vec(),
        value: vec![key as u8; bytes],
    }
}

/// The log is moved while nobody waits; without such moments it stays below its bound all the same.
#[test]
fn the_log_is_moved_at_rest_and_never_grows_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = SqliteStore::open(&path, &KEY).unwrap();
    let log = || {
        std::fs::metadata(dir.path().join("store.db-wal"))
            .unwrap()
            .len()
    };
    assert!(!store.wants_rest());
    for key in 0..70 {
        store.commit(&[put(key, 100_000)]).unwrap();
    }
    assert!(store.wants_rest());
    let before = log();
    assert!(before > 1_000_000, "{before}");
    store.rest().unwrap();
    assert!(!store.wants_rest());
    // The next commits begin the log anew.
    for key in 0..30 {
        store.commit(&[put(key, 100_000)]).unwrap();
    }
    assert_eq!(log(), before);
    for key in 0..250 {
        store.commit(&[put(key, 100_000)]).unwrap();
    }
    assert!(log() < 18 << 20, "{}", log());
    drop(store);
    let store = SqliteStore::open_existing(&path, &KEY).unwrap();
    store.verify().unwrap();
    assert!(
        store
            .get(Table::Node, &249u32.to_be_bytes())
            .unwrap()
            .is_some()
    );
}
