//! Profiles that are not to be opened, and are left as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness::{Person, World, conclave};

/// Exit code of a node that cannot start.
const CANNOT_START: i32 = 5;

/// All files of a profile, save the lock: it says who tried last.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name != "lock")
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect()
}

/// Tries to start a node, which must refuse; gives its words.
fn refused(profile: &Path) -> String {
    let output = conclave()
        .args([
            "--no-open",
            "--port",
            "0",
            "--bind",
            "127.0.0.1:0",
            "--profile-dir",
        ])
        .arg(profile)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(CANNOT_START), "{words}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    words
}

/// Somebody with a message to lose.
fn person(world: &World) -> (Person, String) {
    let ada = world.person("ada");
    let (_, general) = ada.found("Harbour");
    ada.say(&general, "keep me");
    (ada, general)
}

#[test]
fn a_profile_in_use_is_refused_to_another_process() {
    let world = World::new();
    let (mut ada, general) = person(&world);
    let before = files(&ada.profile);
    let words = refused(&ada.profile);
    assert!(words.contains("in use"), "{words}");
    assert!(words.contains(&ada.process().pid().to_string()), "{words}");
    let after = files(&ada.profile);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    // The database is the first node's to change.
    for name in ["format", "session.json", "vault", "vault.key"] {
        assert!(before[name] == after[name], "{name}");
    }
    ada.say(&general, "and me");
    ada.stop();
    // Free again, the profile opens.
    ada.start();
    assert_eq!(ada.texts(&general), ["keep me", "and me"]);
}

#[test]
fn newer_and_damaged_profiles_are_refused_untouched() {
    let world = World::new();
    let (mut ada, general) = person(&world);
    ada.stop();
    let whole = files(&ada.profile);
    let format = String::from_utf8(whole["format"].clone()).unwrap();
    let newer = format.replace(char::is_numeric, "").trim_end().to_owned() + " 999\n";
    let damage = |name: &str, at: usize| {
        let mut bytes = whole[name].clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        ("format", newer.into_bytes(), "newer"),
        ("format", b"something else\n".to_vec(), "damaged"),
        ("store.db", damage("store.db", 0), "damaged"),
        ("store.db", damage("store.db", 100), "damaged"),
        ("store.db", whole["store.db"][..1000].to_vec(), "damaged"),
        (
            "vault",
            damage("vault", whole["vault"].len() - 1),
            "damaged",
        ),
    ];
    for (name, bytes, word) in cases {
        let path = ada.profile.join(name);
        fs::write(&path, bytes).unwrap();
        let before = files(&ada.profile);
        let words = refused(&ada.profile);
        assert!(words.contains(word), "{name}: {words}");
        assert!(
            files(&ada.profile) == before,
            "{name} {word}: the files were touched"
        );
        fs::write(&path, &whole[name]).unwrap();
    }
    // With the files as they were, nothing is lost.
    ada.start();
    assert_eq!(ada.texts(&general), ["keep me"]);
}
