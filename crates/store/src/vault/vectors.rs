//! Writes and checks the vectors of the vault's format, `docs/protocol/vectors/storage.json`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::sealed::{self, Argon2Cost, Contents, Header, Lock, SealedError};
use super::*;

const SALT: [u8; 16] = [0x5a; 16];
const NONCE: [u8; 24] = [0x6b; 24];
const SMALL: Argon2Cost = Argon2Cost {
    memory_kib: 64,
    passes: 1,
    lanes: 2,
};

fn accept(name: &str, opens: &Value, lock: &Lock, secrets: &[u8]) -> (Value, Vec<u8>) {
    let contents = Contents::new(Zeroizing::new([0x11; 32]), secrets).unwrap();
    let bytes = sealed::seal(&contents, lock, NONCE).unwrap();
    let read = sealed::open(&bytes, lock).unwrap();
    assert_eq!(
        (*read.database_key, read.secrets.as_slice()),
        ([0x11; 32], secrets),
        "{name}"
    );
    let case = json!({
        "name": name,
        "verdict": "accept",
        "opens": opens,
        "sealing_key": hex::encode(lock.key()),
        "database_key": hex::encode([0x11; 32]),
        "secrets": hex::encode(secrets),
        "bytes": hex::encode(&bytes),
    });
    (case, bytes)
}

fn reject(name: &str, bytes: &[u8], open: impl Fn(Header) -> Result<Lock, SealedError>) -> Value {
    let refused = Header::parse(bytes)
        .and_then(open)
        .and_then(|lock| sealed::open(bytes, &lock).map(drop));
    let error = match refused.unwrap_err() {
        SealedError::Damaged(_) => "damaged",
        SealedError::Newer(_) => "newer",
        SealedError::Refused(_) => "wrong key",
        other => panic!("{name}: {other:?}"),
    };
    json!({ "name": name, "verdict": "reject", "error": error, "bytes": hex::encode(bytes) })
}

/// The file with some bytes changed and its checksum made right again.
fn forge(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut forged = file[..file.len() - 32].to_vec();
    forged[at..at + bytes.len()].copy_from_slice(bytes);
    let checksum = blake3::hash(&forged);
    forged.extend_from_slice(checksum.as_bytes());
    forged
}

fn vectors() -> Value {
    let key = |header: Header| Ok(header.lock_with_key(Zeroizing::new([0x22; 32])));
    let phrase = |header: Header| header.lock_with_passphrase("caf\u{e9} \u{2460}");
    let key_opens = json!({ "key_file": hex::encode([0x22; 32]) });
    // Another Unicode form than the one that is written: the digit in its circle becomes a plain one, too.
    let phrase_opens = json!({ "passphrase": "cafe\u{301} 1" });
    let (key_case, key_file) = accept(
        "key file",
        &key_opens,
        &key(Header::key_file()).unwrap(),
        b"secrets of an account",
    );
    let standard = Header::passphrase(Argon2Cost::STANDARD, SALT);
    let (phrase_case, _) = accept(
        "passphrase, standard cost",
        &phrase_opens,
        &phrase(standard).unwrap(),
        b"",
    );
    let small = || Header::passphrase(SMALL, SALT);
    let (small_case, small_file) = accept(
        "passphrase, small cost",
        &phrase_opens,
        &phrase(small()).unwrap(),
        b"s",
    );
    let same = small().lock_with_passphrase("cafe\u{301} 1").unwrap();
    assert_eq!(same.key(), phrase(small()).unwrap().key());
    let mut flipped = key_file.clone();
    flipped[70] ^= 1;
    json!({
        "chapter": "storage",
        "nonce": hex::encode(NONCE),
        "cases": [
            key_case,
            phrase_case,
            small_case,
            reject("flipped bit", &flipped, key),
            reject("cut short", &key_file[..key_file.len() - 1], key),
            reject("too short for a vault", &key_file[..64], key),
            reject("flipped bit, checksum made right", &forge(&key_file, 70, &[0]), key),
            reject("another key", &key_file, |header| Ok(header.lock_with_key(Zeroizing::new([0x23; 32])))),
            reject("another passphrase", &small_file, |header| header.lock_with_passphrase("cafe 1")),
            reject("version 2", &forge(&key_file, 8, &[0, 2]), key),
            reject("version 0", &forge(&key_file, 8, &[0, 0]), key),
            reject("unknown protection", &forge(&key_file, 10, &[2]), key),
            reject("reserved byte set", &forge(&key_file, 11, &[1]), key),
            reject("key file with a salt", &forge(&key_file, 24, &[1]), key),
            reject("2 GiB of memory", &forge(&small_file, 12, &(2_u32 << 20).to_be_bytes()), phrase),
            reject("17 passes", &forge(&small_file, 16, &17_u32.to_be_bytes()), phrase),
            reject("no lanes", &forge(&small_file, 20, &0_u32.to_be_bytes()), phrase),
        ],
    })
}

#[test]
fn vault_keeps_its_vectors() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors/storage.json");
    let made = vectors();
    if std::env::var_os("CONCLAVE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        fs::write(&path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        return;
    }
    let stored = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask vectors`", path.display()));
    let stored: Value = serde_json::from_str(&stored).unwrap();
    for (stored, made) in stored["cases"]
        .as_array()
        .unwrap()
        .iter()
        .zip(made["cases"].as_array().unwrap())
    {
        assert!(
            stored == made,
            "the case {} differs from {}",
            made["name"],
            stored["name"]
        );
    }
    assert!(
        stored == made,
        "the vectors differ in number, or beside their cases"
    );
}
