//! A disk that is full or fails: nothing is acknowledged that is not kept, and nothing that was kept is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conclave_core::view::{Change, Direction, KeyRange, Table, TextQuery};
use conclave_store::{CommitError, FjallStore, SqliteStore, Store};

const KEY: [u8; 32] = [9; 32];
const VALUE_BYTES: usize = 20_000;

fn changes(n: u32) -> Vec<Change> {
    let key = n.to_be_bytes().to_vec();
    vec![
        Change::Put {
            table: Table::Meta,
            key: b"last".to_vec(),
            value: key.clone(),
        },
        Change::Index {
            key: key.clone(),
            text: "kept".to_owned(),
            labels: Vec::new(),
            order: n.into(),
        },
        Change::Put {
            table: Table::Envelope,
            key,
            value: vec![n as u8; VALUE_BYTES],
        },
    ]
}

/// Commits from `n` on until it is refused; the number of the first refused one and why.
fn commit_until_refused(store: &mut impl Store, n: u32) -> (u32, CommitError) {
    (n..n + 5_000)
        .find_map(|n| store.commit(&changes(n)).err().map(|error| (n, error)))
        .expect("the disk is never full")
}

/// Everything up to `count`, whole, and nothing of what was refused.
fn holds_exactly(store: &SqliteStore, count: u32) {
    holds(store, count);
    store.verify().unwrap();
}

fn holds(store: &impl Store, count: u32) {
    let rows = store
        .range(
            Table::Envelope,
            &KeyRange::prefix(b""),
            Direction::Forward,
            usize::MAX,
        )
        .unwrap();
    let expected = (0..count).map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; VALUE_BYTES]));
    assert!(
        rows.into_iter().eq(expected),
        "not the {count} rows that were acknowledged"
    );
    let last = store.get(Table::Meta, b"last").unwrap();
    assert_eq!(last, count.checked_sub(1).map(|n| n.to_be_bytes().to_vec()));
    let query = TextQuery {
        words: vec!["kept".to_owned()],
        limit: usize::MAX,
        ..TextQuery::default()
    };
    assert_eq!(store.search(&query).unwrap().len(), count as usize);
}

#[test]
fn full_file_refuses_keeps_what_was_there_and_works_again_with_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = SqliteStore::open(&path, &KEY).unwrap();
    store.set_bytes_max(Some(2 << 20)).unwrap();
    let (refused, why) = commit_until_refused(&mut store, 0);
    assert_eq!(why, CommitError::Full);
    assert!(refused > 10, "{refused}");
    holds_exactly(&store, refused);
    assert!(store.stats().unwrap().bytes <= 2 << 20);
    assert_eq!(
        store.commit(&changes(refused)),
        Err(CommitError::Full),
        "still full, still answering"
    );
    store.set_bytes_max(None).unwrap();
    store.commit(&changes(refused)).unwrap();
    holds_exactly(&store, refused + 1);
    drop(store);
    holds_exactly(
        &SqliteStore::open_existing(&path, &KEY).unwrap(),
        refused + 1,
    );
}

/// A file system of 4 MiB, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let arguments = ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"];
        let mounted = Command::new("mount")
            .args(arguments)
            .arg(at)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A real disk without room: where mounting one is not allowed, the limit of the file takes its part.
#[test]
fn full_disk_refuses_keeps_what_was_there_and_works_again_with_room() {
    let dir = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(dir.path());
    let filler = dir.path().join("filler");
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let path = dir.path().join("store.db");
    let mut store = SqliteStore::open(&path, &KEY).unwrap();
    if disk.is_none() {
        store.set_bytes_max(Some(2 << 20)).unwrap();
    }
    let (refused, why) = commit_until_refused(&mut store, 0);
    assert_eq!(why, CommitError::Full, "after {refused}");
    assert!(refused > 10, "{refused}");
    holds_exactly(&store, refused);
    drop(store);
    let mut store = SqliteStore::open_existing(&path, &KEY).expect("a full disk can still be read");
    holds_exactly(&store, refused);
    fs::remove_file(&filler).unwrap();
    store.set_bytes_max(None).unwrap();
    store.commit(&changes(refused)).unwrap();
    holds_exactly(&store, refused + 1);
    drop(store);
    holds_exactly(
        &SqliteStore::open_existing(&path, &KEY).unwrap(),
        refused + 1,
    );
    drop(disk);
}

const CHILD: &str = "CONCLAVE_STORE_DISK_CHILD";

/// Runs under a limit of the size of files, whose writes fail with an error that is not "no room". Reports its last
/// acknowledged commit.
fn commit_until_the_disk_fails(path: &Path, mut store: impl Store) {
    let (refused, why) = commit_until_refused(&mut store, 0);
    assert!(matches!(why, CommitError::Failed(_)), "{why:?}");
    assert_eq!(store.commit(&changes(refused)), Err(CommitError::Stopped));
    assert_eq!(store.commit(&[]), Err(CommitError::Stopped));
    holds(&store, refused);
    fs::write(path.with_extension("count"), refused.to_string()).unwrap();
}

#[test]
fn failed_write_stops_the_store_until_it_is_opened_again() {
    if let Some(path) = std::env::var_os(CHILD) {
        let path = Path::new(&path);
        return commit_until_the_disk_fails(path, SqliteStore::open(path, &KEY).unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    // Without the trap the system ends the process at the limit instead of failing the write. 512-byte blocks: 1 MiB.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "failed_write_stops_the_store_until_it_is_opened_again",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .output()
        .unwrap();
    assert!(
        limited.status.success(),
        "{}",
        String::from_utf8_lossy(&limited.stderr)
    );
    let count: u32 = fs::read_to_string(path.with_extension("count"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(count > 5, "{count}");
    let mut store = SqliteStore::open_existing(&path, &KEY).unwrap();
    holds_exactly(&store, count);
    store.commit(&changes(count)).unwrap();
    holds_exactly(&store, count + 1);
}

/// A hub's journal that meets the end of the disk stops it: nothing more is acknowledged, and all that was is there. Where
/// mounting a small disk is not allowed, only the room that is kept free is tested.
#[test]
fn failed_write_stops_a_hubs_store_until_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(dir.path());
    let path = dir.path().join("hub");
    let mut store = FjallStore::open(&path).unwrap();
    assert_eq!(
        store.commit(&changes(0)),
        match disk {
            // 4 MiB in all are less than is to be left.
            Some(_) => Err(CommitError::Full),
            None => Ok(()),
        }
    );
    let Some(disk) = disk else {
        eprintln!("SKIPPED: no small disk can be mounted here");
        return;
    };
    store.set_reserve_bytes(0);
    let (refused, why) = commit_until_refused(&mut store, 0);
    assert!(refused > 10, "{refused} {why}");
    holds(&store, refused);
    assert!(store.commit(&changes(refused)).is_err());
    drop(store);
    grow(&disk.0);
    let mut store = FjallStore::open(&path).unwrap();
    holds(&store, refused);
    store.set_reserve_bytes(0);
    store.commit(&changes(refused)).unwrap();
    holds(&store, refused + 1);
    drop(store);
    drop(disk);
}

/// Gives a small disk more room.
fn grow(at: &Path) {
    let grown = Command::new("mount")
        .args(["-o", "remount,size=256m"])
        .arg(at)
        .status()
        .unwrap();
    assert!(grown.success());
}
