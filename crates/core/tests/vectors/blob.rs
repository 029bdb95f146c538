//! Vectors of chapter `blob`: layouts, ciphertexts, and what does not open.

use conclave_core::blob::{self, Chunks, HEADER_LEN};
use conclave_core::event::BlobRef;
use serde_json::{Value, json};

use crate::support::{check, reject, rng};

/// Byte `i` of a plaintext is `i mod 251`.
fn made(len: usize) -> (Vec<u8>, BlobRef) {
    let plaintext: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let (ciphertext, blob) = blob::encrypt(&plaintext, "image/png", &mut rng(7)).unwrap();
    assert_eq!(*blob::decrypt(&blob, &ciphertext).unwrap(), plaintext);
    (ciphertext, blob)
}

fn accepted(len: usize) -> Value {
    let (ciphertext, blob) = made(len);
    let mut case = json!({
        "name": format!("{len} bytes"),
        "verdict": "accept",
        "size": len,
        "key": hex::encode(&blob.key[..]),
        "header": hex::encode(&ciphertext[..HEADER_LEN]),
        "hash": blob.hash.to_string(),
    });
    if ciphertext.len() < 1024 {
        case["ciphertext"] = hex::encode(&ciphertext).into();
    }
    case
}

fn refused(name: &str, change: impl FnOnce(&mut Vec<u8>, &mut BlobRef)) -> Value {
    let (mut ciphertext, mut blob) = made(300);
    change(&mut ciphertext, &mut blob);
    if name != "address" {
        blob.hash = blob::address(&ciphertext);
    }
    let error = blob::decrypt(&blob, &ciphertext).unwrap_err();
    let mut case = reject(name, &ciphertext, None, &error);
    case["key"] = hex::encode(&blob.key[..]).into();
    case["size"] = blob.size.into();
    case["hash"] = blob.hash.to_string().into();
    case
}

#[test]
fn blobs() {
    let sizes = [
        0u64, 1, 256, 257, 1000, 262_144, 262_145, 1_000_000, 26_214_400,
    ];
    let layouts = sizes.map(|size| {
        let chunks = Chunks::of(size).unwrap();
        json!({ "size": size, "chunks": chunks.count(), "ciphertext": chunks.ciphertext_len() })
    });
    let cases = vec![
        accepted(0),
        accepted(300),
        accepted(262_144),
        accepted(600_000),
        refused("address", |bytes, _| bytes[100] ^= 1),
        refused("version", |bytes, _| bytes[0] = 2),
        refused("nonce prefix", |bytes, _| bytes[1] ^= 1),
        refused("commitment", |bytes, _| bytes[20] ^= 1),
        refused("chunk", |bytes, _| bytes[HEADER_LEN] ^= 1),
        refused("truncated", |bytes, _| {
            bytes.pop();
        }),
        refused("a byte after the end", |bytes, _| bytes.push(0)),
        refused("another key", |_, blob| blob.key[0] ^= 1),
        refused("a size that hides content", |_, blob| blob.size = 297),
        refused("too long", |_, blob| blob.size = 1 << 31),
    ];
    check(
        "blob",
        &json!({ "chapter": "blob", "version": 1, "layouts": layouts, "cases": cases }),
    );
}
