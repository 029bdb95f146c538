//! Flipped and missing bytes: an error, or the data as it was written; never other data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery, View, ViewError};
use conclave_store::{OpenError, SqliteStore, Store};

const KEY: [u8; 32] = [5; 32];
const PAGE: usize = 4_096;

/// Everything that can be read out of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Dump {
    rows: Vec<Vec<Row>>,
    found: Vec<Vec<u8>>,
}

fn dump(store: &SqliteStore) -> Result<Dump, ViewError> {
    let all = KeyRange::prefix(b"");
    let read = |table| store.range(table, &all, Direction::Forward, usize::MAX);
    let words = vec!["common".to_owned()];
    let query = TextQuery {
        words,
        limit: usize::MAX,
        ..TextQuery::default()
    };
    Ok(Dump {
        rows: Table::ALL.into_iter().map(read).collect::<Result<_, _>>()?,
        found: store.search(&query)?,
    })
}

/// What the nth commit writes.
fn changes(n: u32) -> Vec<Change> {
    let key = n.to_be_bytes().to_vec();
    let mut changes: Vec<Change> = [Table::Envelope, Table::Timeline, Table::Message]
        .map(|table| Change::Put {
            table,
            key: key.clone(),
            value: vec![n as u8; 700],
        })
        .into();
    let text = format!("common word{n}");
    changes.push(Change::Index {
        key,
        text,
        labels: vec![format!("channel:{}", n % 3)],
        order: n.into(),
    });
    changes
}

/// A closed database with rows on leaf, inner and overflow pages.
fn database(dir: &Path) -> (PathBuf, Dump) {
    let path = dir.join("store.db");
    let mut store = SqliteStore::open(&path, &KEY).unwrap();
    for n in 0..60 {
        store.commit(&changes(n)).unwrap();
    }
    let large = Change::Put {
        table: Table::BlobChunk,
        key: vec![1],
        value: vec![9; 30_000],
    };
    store.commit(&[large]).unwrap();
    store.verify().unwrap();
    let dump = dump(&store).unwrap();
    (path, dump)
}

/// Opens and reads everything.
fn read(path: &Path) -> Result<Dump, String> {
    let store = SqliteStore::open_existing(path, &KEY).map_err(|e| e.to_string())?;
    dump(&store).map_err(|e| e.to_string())
}

#[test]
fn flipped_byte_in_any_page_is_an_error_and_never_other_data() {
    let dir = tempfile::tempdir().unwrap();
    let (path, expected) = database(dir.path());
    let intact = fs::read(&path).unwrap();
    let copy = dir.path().join("copy.db");
    let pages = intact.len() / PAGE;
    assert!(pages > 60, "{pages} pages");
    let mut seen_when_reading = 0;
    for page in 0..pages {
        // The first byte, the middle, the authentication code at the end.
        for at in [0, PAGE / 2, PAGE - 1] {
            let mut flipped = intact.clone();
            flipped[page * PAGE + at] ^= 0x10;
            fs::write(&copy, &flipped).unwrap();
            match read(&copy) {
                Ok(found) => assert_eq!(found, expected, "page {page} byte {at}"),
                Err(_) => seen_when_reading += 1,
            }
            fs::write(&copy, &flipped).unwrap();
            let verified = SqliteStore::open_existing(&copy, &KEY).map(|store| store.verify());
            assert!(
                !matches!(verified, Ok(Ok(()))),
                "page {page} byte {at} was not noticed"
            );
        }
    }
    // Pages that hold none of the rows and words asked for (free, indexes) are seen by `verify` alone.
    assert!(
        seen_when_reading > pages * 2,
        "{seen_when_reading} of {}",
        pages * 3
    );
    fs::write(&copy, &intact).unwrap();
    assert_eq!(read(&copy), Ok(expected));
    SqliteStore::open_existing(&copy, &KEY)
        .unwrap()
        .verify()
        .unwrap();
}

#[test]
fn cut_database_is_an_error_and_never_other_data() {
    let dir = tempfile::tempdir().unwrap();
    let (path, expected) = database(dir.path());
    let intact = fs::read(&path).unwrap();
    for length in (0..intact.len()).step_by(PAGE / 2) {
        fs::write(&path, &intact[..length]).unwrap();
        if let Ok(store) = SqliteStore::open_existing(&path, &KEY) {
            assert!(
                dump(&store).is_err() || store.verify().is_err(),
                "cut at {length}"
            );
            assert!(
                dump(&store).is_err() || dump(&store) == Ok(expected.clone()),
                "cut at {length}"
            );
        }
    }
    fs::write(&path, &intact).unwrap();
    assert_eq!(read(&path), Ok(expected));
}

#[test]
fn another_key_or_another_file_is_refused_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let (path, expected) = database(dir.path());
    let intact = fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path, &[6; 32]).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged(_)), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), intact);
    let other = dir.path().join("other.db");
    for bytes in [
        b"SQLite format 3\0 but not really".to_vec(),
        vec![0xa5; 3 * PAGE],
    ] {
        fs::write(&other, &bytes).unwrap();
        let refused = SqliteStore::open(&other, &KEY).unwrap_err();
        assert!(matches!(refused, OpenError::Damaged(_)), "{refused:?}");
        assert_eq!(fs::read(&other).unwrap(), bytes);
    }
    assert_eq!(read(&path), Ok(expected));
}

#[test]
fn nothing_written_is_readable_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = SqliteStore::open(&path, &KEY).unwrap();
    let put = |value: &[u8]| Change::Put {
        table: Table::Message,
        key: b"canary-key".to_vec(),
        value: value.to_vec(),
    };
    let index = Change::Index {
        key: vec![1],
        text: "canaryword".into(),
        labels: vec!["canarylabel".into()],
        order: 1,
    };
    store.commit(&[put(b"canary-value"), index]).unwrap();
    let log = dir.path().join("store.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    for file in [&path, &log] {
        assert!(
            !fs::read(file)
                .unwrap()
                .windows(6)
                .any(|window| window == b"canary"),
            "{file:?}"
        );
    }
    drop(store);
    assert!(
        !fs::read(&path)
            .unwrap()
            .windows(6)
            .any(|window| window == b"canary")
    );
    let store = SqliteStore::open(&path, &KEY).unwrap();
    assert_eq!(
        store.get(Table::Message, b"canary-key"),
        Ok(Some(b"canary-value".to_vec()))
    );
}

/// A crash leaves a log; a flipped byte in it may cost what a torn last write costs, and otherwise is refused.
#[test]
fn flipped_byte_in_the_log_is_refused_or_costs_the_end_only() {
    const COMMITS: u32 = 6;
    const FRAME: usize = 24 + PAGE;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    // Closed once, so that the tables are in the main file and the log holds commits only.
    drop(SqliteStore::open(&path, &KEY).unwrap());
    let mut store = SqliteStore::open_existing(&path, &KEY).unwrap();
    let mut states = vec![dump(&store).unwrap()];
    for n in 0..COMMITS {
        store.commit(&changes(n)).unwrap();
        states.push(dump(&store).unwrap());
    }
    // The files as a killed process leaves them.
    let (main, log) = (
        fs::read(&path).unwrap(),
        fs::read(dir.path().join("store.db-wal")).unwrap(),
    );
    drop(store);
    let copy = dir.path().join("copy.db");
    let copy_log = dir.path().join("copy.db-wal");
    let lay_out = |log: &[u8]| {
        fs::write(&copy, &main).unwrap();
        fs::write(&copy_log, log).unwrap();
    };
    lay_out(&log);
    assert_eq!(read(&copy).as_ref(), Ok(&states[COMMITS as usize]));
    let (mut refused, mut shortened) = (0, 0);
    let frames = (log.len() - 32) / FRAME;
    // Page number, commit mark, salt, checksum, page.
    let in_frame = |frame| [3, 7, 9, 20, 2_000].map(|at| 32 + frame * FRAME + at);
    for at in (0..32).chain((0..frames).flat_map(in_frame)) {
        let mut flipped = log.clone();
        flipped[at] ^= 1;
        lay_out(&flipped);
        match SqliteStore::open_existing(&copy, &KEY) {
            Err(OpenError::Damaged(_)) => {
                refused += 1;
                assert_eq!(
                    (fs::read(&copy).unwrap(), fs::read(&copy_log).unwrap()),
                    (main.clone(), flipped)
                );
            }
            Err(other) => panic!("byte {at}: {other:?}"),
            Ok(store) => {
                shortened += 1;
                let found = dump(&store).unwrap();
                let kept = states.iter().position(|state| *state == found);
                assert!(
                    kept.is_some_and(|kept| kept + 2 >= COMMITS as usize),
                    "byte {at}: {kept:?}"
                );
            }
        }
    }
    assert!(
        refused > shortened,
        "{refused} refused, {shortened} shortened"
    );
    // A log that simply ends, as after a crash, is never refused.
    for length in (0..log.len()).step_by(1_009) {
        lay_out(&log[..length]);
        let found = read(&copy).unwrap();
        assert!(states.contains(&found), "cut at {length}");
    }
}
