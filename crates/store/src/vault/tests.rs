#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::sealed::SealedError;
use super::*;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn open(dir: &Path, phrase: &str) -> Result<Vec<u8>, VaultError> {
    Vault::open(dir, Unlock::Passphrase(phrase)).map(|vault| vault.secrets().to_vec())
}

#[test]
fn key_file_vault_opens_only_with_its_key_file() {
    let dir = tempfile::tempdir().unwrap();
    let made = Vault::create(dir.path(), Unlock::KeyFile, b"secrets", &mut rng()).unwrap();
    let read = Vault::open(dir.path(), Unlock::KeyFile).unwrap();
    assert_eq!(
        (read.database_key(), read.secrets()),
        (made.database_key(), &b"secrets"[..])
    );
    let key_file = dir.path().join(KEY_FILE);
    let key = fs::read(&key_file).unwrap();
    let refused = || Vault::open(dir.path(), Unlock::KeyFile).unwrap_err();
    fs::write(&key_file, [0; 32]).unwrap();
    assert_eq!(refused(), VaultError::WrongKeyFile);
    fs::write(&key_file, [0; 33]).unwrap();
    assert_eq!(refused(), VaultError::WrongKeyFile);
    fs::remove_file(&key_file).unwrap();
    assert_eq!(refused(), VaultError::KeyFileMissing);
    fs::write(&key_file, key).unwrap();
    Vault::open(dir.path(), Unlock::KeyFile).unwrap();
}

#[test]
fn protection_changes_both_ways_and_the_old_one_opens_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut vault = Vault::create(dir.path(), Unlock::KeyFile, b"secrets", &mut rng()).unwrap();
    let database_key = *vault.database_key();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    assert_eq!(
        vault.protect(Unlock::Passphrase(""), &mut rng),
        Err(VaultError::EmptyPassphrase)
    );
    Vault::open(dir.path(), Unlock::KeyFile).unwrap();
    vault.protect(Unlock::Passphrase("one"), &mut rng).unwrap();
    assert!(!dir.path().join(KEY_FILE).exists());
    assert_eq!(open(dir.path(), "one"), Ok(b"secrets".to_vec()));
    vault.protect(Unlock::Passphrase("two"), &mut rng).unwrap();
    assert_eq!(open(dir.path(), "one"), Err(VaultError::WrongPassphrase));
    assert_eq!(open(dir.path(), "two"), Ok(b"secrets".to_vec()));
    vault.protect(Unlock::KeyFile, &mut rng).unwrap();
    let read = Vault::open(dir.path(), Unlock::KeyFile).unwrap();
    assert_eq!(*read.database_key(), database_key);
}

#[test]
fn passphrase_is_the_same_in_every_unicode_form() {
    let dir = tempfile::tempdir().unwrap();
    Vault::create(
        dir.path(),
        Unlock::Passphrase("caf\u{e9}"),
        b"s",
        &mut rng(),
    )
    .unwrap();
    assert_eq!(open(dir.path(), "cafe\u{301}"), Ok(b"s".to_vec()));
    assert_eq!(open(dir.path(), "cafe"), Err(VaultError::WrongPassphrase));
}

#[test]
fn secrets_are_replaced_on_disk_and_never_the_same_bytes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = rng();
    let mut vault = Vault::create(dir.path(), Unlock::KeyFile, b"", &mut rng).unwrap();
    vault.replace_secrets(b"new", &mut rng).unwrap();
    let first = fs::read(dir.path().join(VAULT_FILE)).unwrap();
    vault.replace_secrets(b"new", &mut rng).unwrap();
    assert_ne!(fs::read(dir.path().join(VAULT_FILE)).unwrap(), first);
    let too_large = vec![0; SECRETS_BYTES_MAX + 1];
    let refused = vault.replace_secrets(&too_large, &mut rng);
    assert_eq!(
        refused,
        Err(VaultError::TooLarge {
            found: SECRETS_BYTES_MAX + 1
        })
    );
    assert_eq!(vault.secrets(), b"new");
    let largest = vec![1; SECRETS_BYTES_MAX];
    vault.replace_secrets(&largest, &mut rng).unwrap();
    assert_eq!(
        Vault::open(dir.path(), Unlock::KeyFile).unwrap().secrets(),
        largest
    );
}

/// A write that fails leaves the vault that was there, on disk and in memory.
#[test]
fn failed_write_keeps_the_old_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = rng();
    let mut vault = Vault::create(dir.path(), Unlock::KeyFile, b"old", &mut rng).unwrap();
    // A directory in the place of the temporary file cannot be written, not even by root.
    let in_the_way = dir.path().join("vault.new");
    fs::create_dir(&in_the_way).unwrap();
    assert!(matches!(
        vault.replace_secrets(b"new", &mut rng),
        Err(VaultError::Io(_))
    ));
    assert_eq!(vault.secrets(), b"old");
    assert_eq!(
        Vault::open(dir.path(), Unlock::KeyFile).unwrap().secrets(),
        b"old"
    );
    fs::remove_dir(&in_the_way).unwrap();
    vault.replace_secrets(b"new", &mut rng).unwrap();
    assert_eq!(
        Vault::open(dir.path(), Unlock::KeyFile).unwrap().secrets(),
        b"new"
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    Vault::create(dir.path(), Unlock::KeyFile, b"secrets", &mut rng()).unwrap();
    let file = dir.path().join(VAULT_FILE);
    let intact = fs::read(&file).unwrap();
    for bit in 0..intact.len() * 8 {
        let mut flipped = intact.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = Header::parse(&flipped).unwrap_err();
        assert!(
            matches!(refused, SealedError::Damaged(_) | SealedError::Newer(_)),
            "bit {bit}"
        );
    }
    for length in 0..intact.len() {
        let refused = Header::parse(&intact[..length]).unwrap_err();
        assert!(
            matches!(refused, SealedError::Damaged(_)),
            "cut at {length}"
        );
    }
    fs::write(&file, vec![0; 2 * SECRETS_BYTES_MAX]).unwrap();
    assert_eq!(
        Vault::open(dir.path(), Unlock::KeyFile).unwrap_err(),
        VaultError::Damaged("it is too long")
    );
    fs::write(&file, &intact).unwrap();
    Vault::open(dir.path(), Unlock::KeyFile).unwrap();
}

/// Somebody who rewrites the file, checksum and all, gets neither past the tag nor at the machine's memory.
#[test]
fn forged_head_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Vault::create(
        dir.path(),
        Unlock::Passphrase("right"),
        b"secrets",
        &mut rng(),
    )
    .unwrap();
    let file = dir.path().join(VAULT_FILE);
    let intact = fs::read(&file).unwrap();
    let forge = |at: usize, bytes: &[u8]| {
        let mut forged = intact[..intact.len() - 32].to_vec();
        forged[at..at + bytes.len()].copy_from_slice(bytes);
        let checksum = blake3::hash(&forged);
        forged.extend_from_slice(checksum.as_bytes());
        fs::write(&file, forged).unwrap();
        open(dir.path(), "right").unwrap_err()
    };
    let allowed = "it asks for more memory or time than allowed";
    assert_eq!(
        forge(12, &u32::MAX.to_be_bytes()),
        VaultError::Damaged(allowed)
    );
    assert_eq!(
        forge(16, &1_000_u32.to_be_bytes()),
        VaultError::Damaged(allowed)
    );
    assert_eq!(
        forge(20, &0_u32.to_be_bytes()),
        VaultError::Damaged(allowed)
    );
    assert_eq!(
        forge(10, &[2]),
        VaultError::Damaged("its head holds unknown values")
    );
    assert_eq!(
        forge(11, &[1]),
        VaultError::Damaged("its head holds unknown values")
    );
    assert_eq!(
        forge(8, &[0, 0]),
        VaultError::Damaged("its head holds unknown values")
    );
    assert_eq!(forge(16, &1_u32.to_be_bytes()), VaultError::WrongPassphrase);
    assert_eq!(forge(70, &[0; 4]), VaultError::WrongPassphrase);
    assert_eq!(
        forge(8, &[0, 2]),
        VaultError::Newer {
            found: 2,
            supported: 1
        }
    );
    fs::write(&file, &intact).unwrap();
    assert_eq!(open(dir.path(), "right"), Ok(b"secrets".to_vec()));
}

#[test]
fn nothing_secret_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::create(
        dir.path(),
        Unlock::Passphrase("canary"),
        b"canary",
        &mut rng(),
    )
    .unwrap();
    let wrong = Vault::open(dir.path(), Unlock::Passphrase("canary2")).unwrap_err();
    let printed = format!(
        "{vault:?} {:?} {wrong:?} {wrong}",
        Unlock::Passphrase("canary")
    );
    assert!(!printed.contains("canary"), "{printed}");
    let file = fs::read(dir.path().join(VAULT_FILE)).unwrap();
    assert!(!file.windows(6).any(|window| window == b"canary"));
}
