//! Profiles that must not be opened: in use, newer, damaged, locked. Each is refused and left as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::world::{Person, cli};

/// Every file of a profile but the lock, which says who has it open.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries
        .map(|path| (name(&path), fs::read(&path).unwrap()))
        .filter(|(name, _)| name != "lock")
        .collect()
}

fn refused(dir: &Path, words: &str) {
    let before = files(dir);
    let output = cli(dir, &["--no-open", "--port", "0", "--bind", "127.0.0.1:0"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains(words), "{said:?} does not say {words:?}");
    assert!(files(dir) == before, "the files were touched");
}

#[test]
fn a_profile_opens_once_at_a_time() {
    let mut alice = Person::new("Alice");
    let output = cli(&alice.profile_dir(), &["--no-open", "--port", "0"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use"));
    assert_eq!(alice.get("/me")["created"], true, "the first one goes on");
    alice.leave();
    alice.start();
}

#[test]
fn newer_and_damaged_profiles_are_refused_and_left_alone() {
    let mut alice = Person::new("Alice");
    alice.leave();
    let dir = alice.profile_dir();
    for (file, words) in [("vault", "damaged"), ("store.db", "damaged")] {
        let path = dir.join(file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[100] ^= 1;
        fs::write(&path, &bad).unwrap();
        refused(&dir, words);
        fs::write(&path, good).unwrap();
    }
    let format = dir.join("format");
    let good = fs::read_to_string(&format).unwrap();
    fs::write(&format, good.replace('1', "9")).unwrap();
    refused(&dir, "newer");
    fs::write(&format, good).unwrap();
    alice.start();
    assert_eq!(alice.get("/me")["display_name"], "Alice");
}

#[test]
fn a_passphrase_keeps_the_profile_shut() {
    let mut alice = Person::absent("Alice");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "correct horse\n").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    alice.start_with(&["--passphrase-file", &path], &[]);
    alice.put("/me", &serde_json::json!({ "display_name": "Alice" }));
    alice.leave();
    let dir = alice.profile_dir();
    let without = cli(&dir, &["--no-open", "--port", "0"]);
    assert_eq!(without.status.code(), Some(2), "a passphrase is asked for");
    fs::write(file.path(), "wrong horse\n").unwrap();
    let wrong = cli(
        &dir,
        &["--no-open", "--port", "0", "--passphrase-file", &path],
    );
    assert_eq!(wrong.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("passphrase is wrong"));
    fs::write(file.path(), "correct horse\n").unwrap();
    alice.start_with(&["--passphrase-file", &path], &[]);
    assert_eq!(alice.get("/me")["display_name"], "Alice");
}
