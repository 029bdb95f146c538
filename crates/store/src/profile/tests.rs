#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use conclave_core::view::{Change, Table, View};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::Store;
use crate::vault::VaultError;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// A profile with one row, closed.
fn profile() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ada");
    let mut profile = Profile::create(&path, Unlock::KeyFile, b"secrets", &mut rng()).unwrap();
    let row = Change::Put {
        table: Table::Meta,
        key: b"name".to_vec(),
        value: b"Ada".to_vec(),
    };
    profile.store_mut().commit(&[row]).unwrap();
    (dir, path)
}

fn open(path: &Path) -> Result<Profile, ProfileError> {
    Profile::open(path, Unlock::KeyFile)
}

fn name(profile: &Profile) -> Option<Vec<u8>> {
    profile.store().get(Table::Meta, b"name").unwrap()
}

/// Every file but the lock, which notes who tried last.
fn contents(path: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .filter(|(name, _)| name != lock::FILE)
        .collect()
}

#[test]
fn keeps_rows_and_secrets() {
    let (_dir, path) = profile();
    let profile = open(&path).unwrap();
    assert_eq!(name(&profile), Some(b"Ada".to_vec()));
    assert_eq!(profile.vault().secrets(), b"secrets");
}

#[test]
fn only_the_owner_reads_it() {
    let (_dir, path) = profile();
    let open = open(&path).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let mut files: Vec<String> = Vec::new();
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        files.push(entry.file_name().into_string().unwrap());
    }
    files.sort();
    assert_eq!(
        files,
        [
            "format",
            "lock",
            "store.db",
            "store.db-wal",
            "vault",
            "vault.key"
        ]
    );
    drop(open);
}

#[test]
fn opens_a_directory_that_others_could_enter_only_after_closing_it() {
    let (_dir, path) = profile();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    open(&path).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn second_opening_is_refused_and_names_the_process() {
    let (_dir, path) = profile();
    let first = open(&path).unwrap();
    let refused = open(&path).unwrap_err();
    assert_eq!(
        refused,
        ProfileError::InUse {
            pid: Some(std::process::id())
        }
    );
    assert!(
        refused
            .to_string()
            .contains(&std::process::id().to_string())
    );
    assert!(Profile::create(&path, Unlock::KeyFile, b"", &mut rng()).is_err());
    drop(first);
    assert_eq!(name(&open(&path).unwrap()), Some(b"Ada".to_vec()));
}

#[test]
fn newer_profile_is_refused_and_untouched() {
    let (_dir, path) = profile();
    fs::write(path.join("format"), "conclave profile 7\n").unwrap();
    let before = contents(&path);
    let newer = ProfileError::Newer {
        part: Part::Format,
        found: 7,
        supported: FORMAT,
    };
    assert_eq!(open(&path).unwrap_err(), newer);
    assert_eq!(Profile::protection(&path).unwrap_err(), newer);
    assert_eq!(contents(&path), before);
    format::write(&path, FORMAT).unwrap();
    open(&path).unwrap();
}

#[test]
fn damaged_or_missing_parts_are_named_and_untouched() {
    for (file, part) in [
        ("format", Part::Format),
        ("vault", Part::Vault),
        ("store.db", Part::Database),
    ] {
        let (_dir, path) = profile();
        let intact = fs::read(path.join(file)).unwrap();
        let mut flipped = intact.clone();
        flipped[9] ^= 1;
        for damaged in [Some(flipped), Some(Vec::new()), None] {
            match &damaged {
                Some(bytes) => fs::write(path.join(file), bytes).unwrap(),
                None => fs::remove_file(path.join(file)).unwrap(),
            }
            let before = contents(&path);
            let refused = open(&path).unwrap_err();
            let named =
                matches!(&refused, ProfileError::Damaged { part: found, .. } if *found == part);
            assert!(named, "{file} {:?}: {refused:?}", damaged.map(|d| d.len()));
            assert_eq!(contents(&path), before, "{file}");
        }
        fs::write(path.join(file), &intact).unwrap();
        assert_eq!(name(&open(&path).unwrap()), Some(b"Ada".to_vec()));
    }
}

#[test]
fn existing_profile_and_foreign_files_are_never_overwritten() {
    let (dir, path) = profile();
    let before = contents(&path);
    let again = Profile::create(&path, Unlock::KeyFile, b"", &mut rng());
    assert_eq!(again.unwrap_err(), ProfileError::Exists);
    assert_eq!(contents(&path), before);
    let foreign = Profile::create(dir.path(), Unlock::KeyFile, b"", &mut rng());
    assert_eq!(foreign.unwrap_err(), ProfileError::NotEmpty);
    assert_eq!(
        open(&dir.path().join("nobody")).unwrap_err(),
        ProfileError::Missing
    );
    Profile::create(&dir.path().join("bo"), Unlock::KeyFile, b"", &mut rng()).unwrap();
}

/// A crash at any step of the creation leaves no profile, and creating again works.
#[test]
fn unfinished_creation_is_begun_anew() {
    let (_dir, path) = profile();
    for kept in 0..=PARTS.len() {
        for part in &PARTS[kept..] {
            let _ = fs::remove_file(path.join(part));
        }
        fs::write(path.join(CREATING_FILE), b"").unwrap();
        assert_eq!(open(&path).unwrap_err(), ProfileError::Missing);
        assert!(!Profile::exists(&path).unwrap());
        Profile::create(&path, Unlock::KeyFile, b"again", &mut rng()).unwrap();
        assert!(Profile::exists(&path).unwrap());
        assert_eq!(open(&path).unwrap().vault().secrets(), b"again");
    }
}

#[test]
fn passphrase_is_asked_for_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    drop(Profile::create(dir.path(), Unlock::Passphrase("right"), b"", &mut rng()).unwrap());
    assert_eq!(Profile::protection(dir.path()), Ok(Protection::Passphrase));
    let with = |unlock| Profile::open(dir.path(), unlock).map(drop);
    assert_eq!(
        with(Unlock::KeyFile),
        Err(ProfileError::Vault(VaultError::PassphraseNeeded))
    );
    assert_eq!(
        with(Unlock::Passphrase("wrong")),
        Err(ProfileError::Vault(VaultError::WrongPassphrase))
    );
    assert_eq!(with(Unlock::Passphrase("right")), Ok(()));
}

#[test]
fn migrations_run_once_each_and_in_order() {
    fn note(profile: &mut Profile, step: &[u8]) -> Result<(), ProfileError> {
        let mut value = name(profile).unwrap_or_default();
        value.extend_from_slice(step);
        let row = Change::Put {
            table: Table::Meta,
            key: b"name".to_vec(),
            value,
        };
        profile
            .store_mut()
            .commit(&[row])
            .map_err(|e| ProfileError::Io(e.to_string()))
    }
    let steps: [Migration; 2] = [
        |profile| note(profile, b" to 2"),
        |profile| note(profile, b" to 3"),
    ];
    let (_dir, path) = profile();
    let mut open = open(&path).unwrap();
    open.migrate(1, &steps).unwrap();
    assert_eq!(name(&open), Some(b"Ada to 2 to 3".to_vec()));
    assert_eq!(format::read(&path), Ok(Some(3)));
    open.migrate(3, &steps).unwrap();
    open.migrate(2, &steps).unwrap();
    assert_eq!(name(&open), Some(b"Ada to 2 to 3 to 3".to_vec()));
}
