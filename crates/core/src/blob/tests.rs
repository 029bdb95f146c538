#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

fn made(len: usize) -> (Vec<u8>, Vec<u8>, BlobRef) {
    let plaintext: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let mut rng = ChaCha20Rng::seed_from_u64(len as u64);
    let (ciphertext, blob) = encrypt(&plaintext, "image/png", &mut rng).unwrap();
    (plaintext, ciphertext, blob)
}

/// As an attacker sees to it that the address fits the changed bytes.
fn readdressed(blob: &BlobRef, ciphertext: &[u8]) -> BlobRef {
    BlobRef {
        hash: address(ciphertext),
        ..blob.clone()
    }
}

#[test]
fn blobs_of_every_shape_come_back() {
    for len in [
        0,
        1,
        255,
        256,
        257,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        CHUNK_LEN + 1,
        3 * CHUNK_LEN,
        1_000_000,
    ] {
        let (plaintext, ciphertext, blob) = made(len);
        assert_eq!(
            *decrypt(&blob, &ciphertext).unwrap(),
            plaintext,
            "{len} bytes"
        );
        let chunks = Chunks::of(blob.size).unwrap();
        assert_eq!(chunks.ciphertext_len(), ciphertext.len() as u64);
        assert_eq!(
            (blob.size, blob.mime.as_str(), blob.key.len()),
            (len as u64, "image/png", 32)
        );
    }
}

#[test]
fn chunks_open_alone_and_in_any_order() {
    let (plaintext, ciphertext, blob) = made(1_000_000);
    let header = ciphertext.first_chunk().unwrap();
    let decryptor = Decryptor::new(&blob, header).unwrap();
    let chunks = decryptor.chunks();
    let mut verifier = Verifier::default();
    verifier.push(header);
    let mut parts = Vec::new();
    for index in (0..chunks.count()).rev() {
        let range = chunks.range(index).unwrap();
        let sealed =
            &ciphertext[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        parts.push(decryptor.chunk(index, sealed).unwrap());
        for other in (0..=chunks.count()).filter(|other| *other != index) {
            assert!(
                decryptor.chunk(other, sealed).is_err(),
                "chunk {index} as {other}"
            );
        }
    }
    assert_eq!(chunks.range(chunks.count()), None);
    parts.reverse();
    assert_eq!(
        parts
            .iter()
            .map(|part| part.as_slice())
            .collect::<Vec<_>>()
            .concat(),
        plaintext
    );
    for piece in ciphertext[HEADER_LEN..].chunks(1_000) {
        verifier.push(piece);
    }
    assert_eq!(verifier.finish(&blob.hash), Ok(()));
    verifier.push(&[0]);
    assert!(matches!(
        verifier.finish(&blob.hash),
        Err(BlobError::Hash(_))
    ));
}

#[test]
fn changed_bytes_are_refused_by_address_and_by_key() {
    let (_, ciphertext, blob) = made(CHUNK_LEN + 100);
    let step = 997;
    for at in (0..HEADER_LEN).chain((HEADER_LEN..ciphertext.len()).step_by(step)) {
        let mut changed = ciphertext.clone();
        changed[at] ^= 1;
        assert!(
            matches!(decrypt(&blob, &changed), Err(BlobError::Hash(_))),
            "byte {at}"
        );
        let error = decrypt(&readdressed(&blob, &changed), &changed).unwrap_err();
        let expected = match at {
            0 => BlobError::Version(0),
            1..HEADER_LEN => BlobError::Key,
            _ => BlobError::Chunk {
                index: u32::try_from((at - HEADER_LEN) / (CHUNK_LEN + 16)).unwrap(),
            },
        };
        assert_eq!(error, expected, "byte {at}");
    }
}

#[test]
fn truncation_extension_and_reordering_are_refused() {
    let (_, ciphertext, blob) = made(3 * CHUNK_LEN);
    let sealed = CHUNK_LEN + CHUNK_OVERHEAD;
    assert_eq!(Chunks::of(blob.size).unwrap().count(), 3);
    let cut = &ciphertext[..HEADER_LEN + 2 * sealed];
    // A reference that is made to fit the shorter ciphertext: the last flag still tells.
    let shorter = BlobRef {
        size: 2 * CHUNK_LEN as u64,
        ..readdressed(&blob, cut)
    };
    assert_eq!(
        decrypt(&shorter, cut).unwrap_err(),
        BlobError::Chunk { index: 1 }
    );
    let mut swapped = ciphertext.clone();
    swapped[HEADER_LEN..HEADER_LEN + 2 * sealed].rotate_left(sealed);
    let error = decrypt(&readdressed(&blob, &swapped), &swapped).unwrap_err();
    assert_eq!(error, BlobError::Chunk { index: 0 });
    let longer = [&ciphertext[..], &[0]].concat();
    assert!(matches!(
        decrypt(&readdressed(&blob, &longer), &longer),
        Err(BlobError::Length { .. })
    ));
    assert!(decrypt(&blob, &ciphertext).is_ok(), "positive control");
}

#[test]
fn another_key_or_a_wrong_size_is_refused() {
    let (_, ciphertext, blob) = made(300);
    for key in [vec![1; 32], vec![1; 31], Vec::new()] {
        let wrong = BlobRef {
            key: key.into(),
            ..blob.clone()
        };
        assert_eq!(decrypt(&wrong, &ciphertext).unwrap_err(), BlobError::Key);
    }
    // 296 to 304 share the padded size 304: a smaller size would hide content, which then is no padding.
    let smaller = BlobRef {
        size: 297,
        ..blob.clone()
    };
    assert_eq!(
        decrypt(&smaller, &ciphertext).unwrap_err(),
        BlobError::Padding
    );
    let huge = BlobRef {
        size: u64::MAX,
        ..blob
    };
    assert_eq!(
        decrypt(&huge, &ciphertext).unwrap_err(),
        BlobError::TooLong { size: u64::MAX }
    );
}

#[test]
fn sizes_are_padded_and_equal_files_differ() {
    let len = |size| made(size).1.len();
    assert_eq!(len(0), len(256));
    assert_eq!(len(297), len(304));
    assert!(len(304) < len(305));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let one = encrypt(b"same", "text/plain", &mut rng).unwrap();
    let two = encrypt(b"same", "text/plain", &mut rng).unwrap();
    assert_ne!(one.1.hash, two.1.hash);
    let long = "x".repeat(MIME_BYTES_MAX + 1);
    assert_eq!(
        encrypt(b"", &long, &mut rng).unwrap_err(),
        BlobError::Mime { len: 128 }
    );
}
