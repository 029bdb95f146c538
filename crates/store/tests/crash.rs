//! A process is killed at random moments while it commits: what it acknowledged is there, in order, and nothing half.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use conclave_core::view::{Change, Direction, KeyRange, Row, Table, TextQuery};
use conclave_store::{FjallStore, SqliteStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

const KEY: [u8; 32] = [8; 32];
const ROUNDS: u64 = 30;
const CHILD: &str = "CONCLAVE_STORE_CRASH_CHILD";
const TABLES: [Table; 4] = [
    Table::Envelope,
    Table::Timeline,
    Table::Message,
    Table::Cursor,
];

/// What the nth commit writes: the same row in four maps, a document, and the number of the last one. Sizes differ, so that
/// the log is moved into the main file now and then.
fn changes(n: u64) -> Vec<Change> {
    let (key, value) = row(n);
    let mut changes: Vec<Change> = TABLES
        .iter()
        .map(|table| Change::Put {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    changes.push(Change::Index {
        key,
        text: "kept".to_owned(),
        labels: Vec::new(),
        order: n,
    });
    changes.push(Change::Put {
        table: Table::Meta,
        key: b"last".to_vec(),
        value: n.to_be_bytes().to_vec(),
    });
    changes
}

fn row(n: u64) -> Row {
    (
        n.to_be_bytes().to_vec(),
        vec![n as u8; (n as usize * 7_919) % 30_000],
    )
}

fn last(store: &impl Store) -> u64 {
    let value = store.get(Table::Meta, b"last").unwrap();
    value.map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()))
}

/// The process to be killed: commits without end and acknowledges each on its error stream.
fn commit_for_ever(mut store: impl Store) -> ! {
    let mut acknowledge = std::io::stderr().lock();
    for n in last(&store) + 1.. {
        store.commit(&changes(n)).unwrap();
        acknowledge.write_all(format!("{n}\n").as_bytes()).unwrap();
    }
    unreachable!("2^64 commits");
}

/// Reads what was acknowledged: some commits, then for a random time more, then kills and reads the rest.
fn kill_after(mut child: Child, commits: u64, moment: Duration) -> Option<u64> {
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut acknowledged = None;
    for line in lines.by_ref().take(commits as usize) {
        acknowledged = Some(line);
    }
    let until = Instant::now() + moment;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged = lines.last().or(acknowledged);
    acknowledged.map(|line| line.parse().unwrap())
}

#[test]
fn killed_process_keeps_every_acknowledged_commit_and_no_half_one() {
    let open = |path: &Path| SqliteStore::open(path, &KEY).unwrap();
    if let Some(path) = std::env::var_os(CHILD) {
        commit_for_ever(open(Path::new(&path)));
    }
    let test = "killed_process_keeps_every_acknowledged_commit_and_no_half_one";
    kill_again_and_again(test, open, |store| store.verify().unwrap());
}

#[test]
fn killed_hub_store_keeps_every_acknowledged_commit_and_no_half_one() {
    let open = |path: &Path| FjallStore::open(path).unwrap();
    if let Some(path) = std::env::var_os(CHILD) {
        commit_for_ever(open(Path::new(&path)));
    }
    let test = "killed_hub_store_keeps_every_acknowledged_commit_and_no_half_one";
    kill_again_and_again(test, open, |_| ());
}

fn kill_again_and_again<S: Store>(test: &str, open: impl Fn(&Path) -> S, verify: impl Fn(&S)) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut rng = ChaCha20Rng::seed_from_u64(20);
    let (mut total, mut rounds_with_commits) = (0, 0);
    for round in 0..ROUNDS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Every fifth is killed while it still opens the database.
        let commits = if round % 5 == 4 {
            0
        } else {
            rng.next_u64() % 30
        };
        let moment = Duration::from_micros(rng.next_u64() % 8_000);
        let acknowledged = kill_after(child, commits, moment).unwrap_or(total);
        let store = open(&path);
        let found = last(&store);
        // One commit may have been made whose acknowledgement was not written any more.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: {acknowledged}, {found}"
        );
        assert!(found >= total, "round {round}");
        holds_exactly(&store, found);
        verify(&store);
        rounds_with_commits += u64::from(found > total);
        total = found;
    }
    assert!(
        rounds_with_commits >= 20,
        "{rounds_with_commits} rounds committed, {total} in all"
    );
}

fn holds_exactly(store: &impl Store, count: u64) {
    for table in TABLES {
        let rows = store
            .range(
                table,
                &KeyRange::prefix(b""),
                Direction::Forward,
                usize::MAX,
            )
            .unwrap();
        assert!(
            rows == (1..=count).map(row).collect::<Vec<_>>(),
            "{table:?} of {count}: {} rows",
            rows.len()
        );
    }
    let query = TextQuery {
        words: vec!["kept".to_owned()],
        limit: usize::MAX,
        ..TextQuery::default()
    };
    let newest_first: Vec<Vec<u8>> = (1..=count).rev().map(|n| row(n).0).collect();
    assert_eq!(store.search(&query).unwrap(), newest_first);
}
