//! What every store does, as a suite that each back end runs (`conformance::run`).
//!
//! It asserts, so call it from tests only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test suite, compiled for other crates' tests"
)]

use conclave_core::view::{Change, Direction, KeyRange, Table, TextQuery};

use crate::Store;

/// Runs the suite; `make` gives a new empty store each time.
///
/// # Panics
/// If the store departs from the contract.
pub fn run<S: Store>(make: impl Fn() -> S) {
    keeps_maps_apart(make());
    applies_changes_in_order(make());
    reads_ranges(make());
    keeps_any_bytes(make());
    finds_words(make());
    finds_labels_and_windows(make());
    orders_newest_first_also_when_equal(make());
    replaces_and_removes_documents(make());
    takes_questions_literally(make());
    counts_commits(make());
}

fn put(table: Table, key: &[u8], value: &[u8]) -> Change {
    Change::Put {
        table,
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

fn delete(table: Table, key: &[u8]) -> Change {
    Change::Delete {
        table,
        key: key.to_vec(),
    }
}

fn index(key: &[u8], text: &str, labels: &[&str], order: u64) -> Change {
    Change::Index {
        key: key.to_vec(),
        text: text.to_owned(),
        labels: labels.iter().map(ToString::to_string).collect(),
        order,
    }
}

fn ask(words: &[&str], labels: &[&[&str]]) -> TextQuery {
    TextQuery {
        words: words.iter().map(ToString::to_string).collect(),
        labels: labels
            .iter()
            .map(|group| group.iter().map(ToString::to_string).collect())
            .collect(),
        before: None,
        after: None,
        limit: 100,
    }
}

fn found(store: &impl Store, query: &TextQuery) -> Vec<String> {
    let keys = store.search(query).unwrap();
    keys.into_iter()
        .map(|key| String::from_utf8(key).unwrap())
        .collect()
}

fn words(store: &impl Store, words: &[&str]) -> Vec<String> {
    found(store, &ask(words, &[]))
}

fn keeps_maps_apart(mut store: impl Store) {
    let all: Vec<Change> = Table::ALL
        .iter()
        .map(|table| put(*table, b"key", &[*table as u8]))
        .collect();
    store.commit(&all).unwrap();
    for table in Table::ALL {
        assert_eq!(
            store.get(table, b"key").unwrap(),
            Some(vec![table as u8]),
            "{table:?}"
        );
        assert_eq!(store.get(table, b"other").unwrap(), None, "{table:?}");
    }
    store.commit(&[delete(Table::Meta, b"key")]).unwrap();
    assert_eq!(store.get(Table::Meta, b"key").unwrap(), None);
    assert_eq!(
        store.get(Table::Server, b"key").unwrap(),
        Some(vec![Table::Server as u8])
    );
}

fn applies_changes_in_order(mut store: impl Store) {
    let table = Table::Envelope;
    store
        .commit(&[
            put(table, b"a", b"1"),
            delete(table, b"a"),
            put(table, b"a", b"2"),
            put(table, b"a", b"3"),
        ])
        .unwrap();
    assert_eq!(store.get(table, b"a").unwrap(), Some(b"3".to_vec()));
    store
        .commit(&[
            put(table, b"b", b"1"),
            delete(table, b"b"),
            delete(table, b"never there"),
        ])
        .unwrap();
    assert_eq!(store.get(table, b"b").unwrap(), None);
}

fn reads_ranges(mut store: impl Store) {
    let table = Table::Timeline;
    let keys: [&[u8]; 6] = [b"", b"a", b"ab", b"b", b"b\xff", b"\xff\xff"];
    // Written in another order than they are read.
    store
        .commit(
            &keys
                .iter()
                .rev()
                .map(|key| put(table, key, key))
                .collect::<Vec<_>>(),
        )
        .unwrap();
    let read = |from: &[u8], to: Option<&[u8]>, direction, limit| -> Vec<Vec<u8>> {
        let range = KeyRange {
            from: from.to_vec(),
            to: to.map(<[u8]>::to_vec),
        };
        let rows = store.range(table, &range, direction, limit).unwrap();
        assert!(rows.iter().all(|(key, value)| key == value));
        rows.into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(read(b"", None, Direction::Forward, 10), keys);
    assert_eq!(
        read(b"", None, Direction::Backward, 2),
        [b"\xff\xff".to_vec(), b"b\xff".to_vec()]
    );
    assert_eq!(
        read(b"a", Some(b"b"), Direction::Forward, 10),
        [b"a".to_vec(), b"ab".to_vec()]
    );
    assert_eq!(
        read(b"a", Some(b"b"), Direction::Backward, 1),
        [b"ab".to_vec()]
    );
    assert_eq!(
        read(b"aa", Some(b"aaa"), Direction::Forward, 10),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(
        read(b"b", Some(b"a"), Direction::Forward, 10),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(
        read(b"a", Some(b"a"), Direction::Backward, 10),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(
        read(b"", None, Direction::Forward, 0),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(read(b"", None, Direction::Forward, usize::MAX), keys);
    let prefix = KeyRange::prefix(b"\xff");
    assert_eq!(
        store
            .range(table, &prefix, Direction::Forward, 10)
            .unwrap()
            .len(),
        1
    );
}

fn keeps_any_bytes(mut store: impl Store) {
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let long_key = vec![7; 5_000];
    store
        .commit(&[
            put(Table::BlobChunk, &long_key, &large),
            put(Table::Meta, b"", b""),
            put(Table::Meta, b"\0", b"\0"),
        ])
        .unwrap();
    assert_eq!(store.get(Table::BlobChunk, &long_key).unwrap(), Some(large));
    assert_eq!(store.get(Table::Meta, b"").unwrap(), Some(Vec::new()));
    assert_eq!(store.get(Table::Meta, b"\0").unwrap(), Some(b"\0".to_vec()));
}

fn finds_words(mut store: impl Store) {
    store
        .commit(&[
            index(b"m1", "The quick brown Fox", &[], 1),
            index(b"m2", "a foxglove, and the brown fox's den", &[], 2),
            index(b"m3", "Übergröße ist kein CAFÉ", &[], 3),
            index(b"m4", "今日は東京へ 👍", &[], 4),
        ])
        .unwrap();
    assert_eq!(words(&store, &["fox"]), ["m2", "m1"]);
    assert_eq!(words(&store, &["FOX", "quick"]), ["m1"]);
    assert_eq!(words(&store, &["foxg"]), ["m2"]);
    assert_eq!(
        words(&store, &["foxg", "brown"]),
        Vec::<String>::new(),
        "only the last word may be unfinished"
    );
    assert_eq!(words(&store, &["brown fox"]), ["m2", "m1"]);
    assert_eq!(words(&store, &["\"fox brown\""]), Vec::<String>::new());
    assert_eq!(words(&store, &["\"brown fo\""]), Vec::<String>::new());
    assert_eq!(words(&store, &["ubergrosse", "cafe"]), ["m3"]);
    assert_eq!(words(&store, &["東京"]), ["m4"]);
    assert_eq!(words(&store, &["京東"]), Vec::<String>::new());
    assert_eq!(words(&store, &["👍"]), ["m4"]);
    assert_eq!(words(&store, &[]), ["m4", "m3", "m2", "m1"]);
    assert_eq!(words(&store, &["!?"]), Vec::<String>::new());
    assert_eq!(words(&store, &["--", "fox"]), ["m2", "m1"]);
}

fn finds_labels_and_windows(mut store: impl Store) {
    store
        .commit(&[
            index(b"m1", "hello", &["channel:A", "author:x"], 10),
            index(b"m2", "hello", &["channel:a", "author:y", "has:link"], 20),
            index(
                b"m3",
                "hello channel",
                &["channel:b", "author:x", "has:link"],
                30,
            ),
        ])
        .unwrap();
    assert_eq!(
        found(&store, &ask(&[], &[&["channel:a"]])),
        ["m2"],
        "labels are exact"
    );
    assert_eq!(
        found(&store, &ask(&["hello"], &[&["channel:A", "channel:b"]])),
        ["m3", "m1"]
    );
    assert_eq!(
        found(&store, &ask(&["hello"], &[&["author:x"], &["has:link"]])),
        ["m3"]
    );
    assert_eq!(
        found(&store, &ask(&["hello"], &[&["author"]])),
        Vec::<String>::new()
    );
    assert_eq!(
        found(&store, &ask(&["hello"], &[&[]])),
        Vec::<String>::new()
    );
    assert_eq!(words(&store, &["channel"]), ["m3"], "labels are no words");
    let many: Vec<String> = (0..2_000)
        .map(|n| format!("channel:{n}"))
        .chain(["channel:a".to_owned()])
        .collect();
    let window = |before, after, limit| TextQuery {
        before,
        after,
        limit,
        ..ask(&["hello"], &[])
    };
    assert_eq!(
        found(
            &store,
            &TextQuery {
                labels: vec![many],
                ..ask(&[], &[])
            }
        ),
        ["m2"]
    );
    assert_eq!(found(&store, &window(Some(30), None, 9)), ["m2", "m1"]);
    assert_eq!(found(&store, &window(None, Some(20), 9)), ["m3", "m2"]);
    assert_eq!(found(&store, &window(Some(30), Some(11), 9)), ["m2"]);
    assert_eq!(
        found(&store, &window(Some(u64::MAX), Some(0), 2)),
        ["m3", "m2"]
    );
    assert_eq!(found(&store, &window(None, None, 0)), Vec::<String>::new());
}

/// Somebody may give any number of messages one order value: every page still follows the one before without a gap.
fn orders_newest_first_also_when_equal(mut store: impl Store) {
    let crowd: Vec<Change> = (0..300)
        .map(|n| index(format!("c{n:03}").as_bytes(), "word", &[], 1_000))
        .collect();
    let others: Vec<Change> = (900..1_100)
        .map(|n| index(format!("o{n:04}").as_bytes(), "word", &[], n))
        .collect();
    store.commit(&crowd).unwrap();
    store.commit(&others).unwrap();
    let mut expected: Vec<(u64, String)> = (0..300)
        .map(|n| (1_000, format!("c{n:03}")))
        .chain((900..1_100).map(|n| (n, format!("o{n:04}"))))
        .collect();
    expected.sort_by(|a, b| b.cmp(a));
    let expected: Vec<String> = expected.into_iter().map(|(_, key)| key).collect();
    for limit in [1, 7, 150, 1_000] {
        let all = &expected[..limit.min(expected.len())];
        for words in [&["word"][..], &[]] {
            assert_eq!(
                found(
                    &store,
                    &TextQuery {
                        limit,
                        ..ask(words, &[])
                    }
                ),
                all,
                "limit {limit}"
            );
        }
    }
    let below = TextQuery {
        before: Some(1_000),
        limit: 2,
        ..ask(&["word"], &[])
    };
    assert_eq!(found(&store, &below), ["o0999", "o0998"]);
    let extremes = [
        index(b"low", "edge", &[], 0),
        index(b"high", "edge", &[], u64::MAX),
        index(b"top", "edge", &[], u64::MAX),
    ];
    store.commit(&extremes).unwrap();
    assert_eq!(words(&store, &["edge"]), ["top", "high", "low"]);
}

fn replaces_and_removes_documents(mut store: impl Store) {
    store
        .commit(&[
            index(b"m1", "draft", &["x"], 5),
            index(b"m2", "other draft", &[], 6),
        ])
        .unwrap();
    store.commit(&[index(b"m1", "final", &["y"], 5)]).unwrap();
    assert_eq!(words(&store, &["draft"]), ["m2"]);
    assert_eq!(words(&store, &["final"]), ["m1"]);
    assert_eq!(found(&store, &ask(&[], &[&["x"]])), Vec::<String>::new());
    store
        .commit(&[index(b"m1", "final draft", &[], 9)])
        .unwrap();
    assert_eq!(
        words(&store, &["draft"]),
        ["m1", "m2"],
        "a new order value moves it"
    );
    store
        .commit(&[
            Change::Unindex {
                key: b"m1".to_vec(),
            },
            Change::Unindex {
                key: b"none".to_vec(),
            },
        ])
        .unwrap();
    assert_eq!(words(&store, &["draft"]), ["m2"]);
    assert_eq!(words(&store, &[]), ["m2"]);
}

/// Whatever a person types is words, never an operator of the index.
fn takes_questions_literally(mut store: impl Store) {
    store
        .commit(&[index(
            b"m1",
            "alpha and NOT beta OR gamma NEAR delta word label",
            &[],
            1,
        )])
        .unwrap();
    for text in [
        "alpha\" OR \"zeta",
        "NOT zeta",
        "word:zeta",
        "zeta*",
        "(",
        "{label} : x",
        "^alpha zeta",
        "NEAR(zeta)",
        "a\0b",
        "' OR 1=1",
    ] {
        assert_eq!(words(&store, &[text]), Vec::<String>::new(), "{text:?}");
    }
    for text in [
        "NOT beta",
        "OR",
        "and",
        "word label",
        "(alpha)",
        "\"\"\"alpha\"\"\"",
        "^alpha",
        "gamma NEAR delta",
    ] {
        assert_eq!(words(&store, &[text]), ["m1"], "{text:?}");
    }
    let long = ask(&[&"word ".repeat(10_000)], &[]);
    assert!(store.search(&long).is_err());
}

fn counts_commits(mut store: impl Store) {
    assert_eq!(store.stats().unwrap().commits, 0);
    store.commit(&[put(Table::Meta, b"a", b"1")]).unwrap();
    store.commit(&[]).unwrap();
    assert_eq!(store.stats().unwrap().commits, 1);
    assert!(store.stats().unwrap().bytes > 0);
}
