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
