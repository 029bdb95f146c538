//! The three stores answer every question alike, whatever was written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::view::{Change, Direction, KeyRange, Table, TextQuery, View};
use conclave_store::{FjallStore, MemoryStore, SqliteStore, Store};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const TABLES: [Table; 3] = [Table::Envelope, Table::Timeline, Table::BlobChunk];

/// Few and short, so that keys meet, nest and overtake each other.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(select(&[0, 1, 0x7f, 0xff][..]), 0..4)
}

fn word() -> impl Strategy<Value = String> {
    let plain = select(
        &[
            "red",
            "redder",
            "Re\u{301}d",
            "r",
            "x1",
            "東京",
            "京",
            "👍",
            "STRASSE",
            "straße",
            "\u{fdfa}",
            "हिन्दी",
        ][..],
    );
    prop_oneof![4 => plain.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)]
}

fn text() -> impl Strategy<Value = String> {
    vec(word(), 0..6).prop_flat_map(|words| {
        select(&[" ", "", "-", "\" OR ", "\u{200d}"][..]).prop_map(move |joint| words.join(joint))
    })
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&["a", "A", "a b", "", "channel:\"x", "é", "\u{1e9}"][..]).prop_map(str::to_owned)
    ]
}

/// Values close together and at both ends.
fn order() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..6_u64, 1 => Just(1 << 62), 1 => Just(u64::MAX)]
}

fn change() -> impl Strategy<Value = Change> {
    let table = || select(&TABLES[..]);
    prop_oneof![
        3 => (table(), key(), vec(any::<u8>(), 0..40))
            .prop_map(|(table, key, value)| Change::Put { table, key, value }),
        1 => (table(), key()).prop_map(|(table, key)| Change::Delete { table, key }),
        3 => (key(), text(), vec(label(), 0..3), order())
            .prop_map(|(key, text, labels, order)| Change::Index { key, text, labels, order }),
        1 => key().prop_map(|key| Change::Unindex { key }),
    ]
}

fn query() -> impl Strategy<Value = TextQuery> {
    let bound = || proptest::option::weighted(0.3, order());
    let limit = select(&[0, 1, 3, 100][..]);
    (
        vec(text(), 0..3),
        vec(vec(label(), 0..3), 0..3),
        bound(),
        bound(),
        limit,
    )
        .prop_map(|(words, labels, before, after, limit)| TextQuery {
            words,
            labels,
            before,
            after,
            limit,
        })
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        (key(), proptest::option::of(key())).prop_map(|(from, to)| KeyRange { from, to }),
        key().prop_map(|prefix| KeyRange::prefix(&prefix)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_stores_answer_alike(
        commits in vec(vec(change(), 0..12), 1..5),
        ranges in vec((range(), select(&[0, 1, 2, 50][..])), 8),
        queries in vec(query(), 16),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let mut memory = MemoryStore::new();
        let hub = dir.path().join("hub");
        let mut sqlite = SqliteStore::open(&path, &[3; 32]).unwrap();
        let mut fjall = FjallStore::open(&hub).unwrap();
        for changes in &commits {
            memory.commit(changes).unwrap();
            sqlite.commit(changes).unwrap();
            fjall.commit(changes).unwrap();
        }
        // What a new process reads is what was committed.
        drop((sqlite, fjall));
        let sqlite = SqliteStore::open_existing(&path, &[3; 32]).unwrap();
        let fjall = FjallStore::open(&hub).unwrap();
        for table in TABLES {
            for (range, limit) in &ranges {
                for direction in [Direction::Forward, Direction::Backward] {
                    let expected = memory.range(table, range, direction, *limit).unwrap();
                    for (key, value) in &expected {
                        let got = sqlite.get(table, key).unwrap();
                        prop_assert_eq!(got.as_ref(), Some(value));
                        let got = fjall.get(table, key).unwrap();
                        prop_assert_eq!(got.as_ref(), Some(value));
                    }
                    prop_assert_eq!(&sqlite.range(table, range, direction, *limit).unwrap(), &expected);
                    prop_assert_eq!(fjall.range(table, range, direction, *limit).unwrap(), expected);
                }
            }
        }
        for query in &queries {
            prop_assert_eq!(sqlite.search(query), memory.search(query), "{:?}", query);
            prop_assert_eq!(fjall.search(query), memory.search(query), "{:?}", query);
        }
        sqlite.verify().unwrap();
    }
}
