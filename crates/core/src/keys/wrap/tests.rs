#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hpke::kem::{Kem, X25519HkdfSha256, XWing};
use hpke::{Deserializable, Serializable};
use serde_json::Value;

use super::*;
use crate::keys::{Leaf, LeafSecret};

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

/// RFC 9180, A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, base mode, first encryption.
#[test]
fn x25519_suite_matches_rfc_9180() {
    let info = bytes("4f6465206f6e2061204772656369616e2055726e");
    let plaintext = bytes("4265617574792069732074727574682c20747275746820626561757479");
    let aad = bytes("436f756e742d30");
    let mut randomness = Randomness::fixed(&bytes(
        "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
    ));
    let (secret, public) = X25519HkdfSha256::derive_keypair(&bytes(
        "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df",
    ));
    // The RFC prints the key as derived; X25519 clamps it, which clears the top bit.
    let mut printed = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    printed[31] &= 0x7f;
    assert_eq!(secret.to_bytes().to_vec(), printed);
    assert_eq!(
        public.to_bytes().to_vec(),
        bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    );
    let (encapsulated, ciphertext) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            &info,
            &plaintext,
            &aad,
            &mut randomness,
        )
        .unwrap();
    assert_eq!(
        encapsulated.to_bytes().to_vec(),
        bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a")
    );
    assert_eq!(
        ciphertext,
        bytes(
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
        )
    );
}

/// The vectors of draft-connolly-cfrg-xwing-kem: keys from seeds, and encapsulations from their randomness.
#[test]
fn xwing_suite_matches_the_draft() {
    let text = include_str!("../../../testdata/x-wing-draft.json");
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let field = |name: &str| bytes(vector[name].as_str().unwrap());
        let secret = <XWing as Kem>::PrivateKey::from_bytes(&field("sk")).unwrap();
        assert_eq!(XWing::sk_to_pk(&secret).to_bytes().to_vec(), field("pk"));
        let keys = LeafKeys {
            x25519: vec![0; 32].into(),
            xwing: Some(field("pk").into()),
        };
        let wrapped = seal(
            Suite::XWing,
            &keys,
            b"place",
            b"secret",
            Randomness::fixed(&field("eseed")),
        )
        .unwrap();
        assert_eq!(wrapped.encapsulated, field("ct"));
        let opened = open_with::<XWing>(
            &secret,
            b"place",
            &wrapped.encapsulated,
            &wrapped.ciphertext,
        )
        .unwrap();
        assert_eq!(*opened, b"secret");
    }
}

/// The points of small order of Curve25519, canonical and not, as Wycheproof lists them: none gives a usable secret.
#[test]
fn small_order_x25519_keys_are_refused_both_ways() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let secret = LeafSecret::from_seed(&[7; 32]);
    for point in points {
        let keys = LeafKeys {
            x25519: bytes(point).into(),
            xwing: None,
        };
        let sealed = seal(Suite::X25519, &keys, b"", b"", Randomness::fixed(&[1; 32]));
        assert!(sealed.is_err(), "sealed to {point}");
        assert!(open(Suite::X25519, &secret, b"", &bytes(point), &[0; 16]).is_none());
    }
    let good = Leaf::full(secret.public(Suite::X25519));
    let sealed = seal(
        Suite::X25519,
        &good.keys,
        b"",
        b"x",
        Randomness::fixed(&[1; 32]),
    )
    .unwrap();
    assert!(
        open(
            Suite::X25519,
            &secret,
            b"",
            &sealed.encapsulated,
            &sealed.ciphertext
        )
        .is_some()
    );
}

#[test]
fn keys_of_wrong_length_or_missing_are_refused() {
    let secret = LeafSecret::from_seed(&[7; 32]);
    let full = secret.public(Suite::XWing);
    let sealed =
        |suite, keys: &LeafKeys| seal(suite, keys, b"", b"x", Randomness::fixed(&[1; 64])).is_ok();
    assert!(
        sealed(Suite::XWing, &full) && sealed(Suite::X25519, &full),
        "positive control"
    );
    let light = secret.public(Suite::X25519);
    assert!(!sealed(Suite::XWing, &light), "no X-Wing key");
    for len in [0, 31, 33] {
        let keys = LeafKeys {
            x25519: vec![9; len].into(),
            xwing: None,
        };
        assert!(!sealed(Suite::X25519, &keys), "{len} bytes");
    }
    let mut bad = full.clone();
    // ML-KEM coefficients of 4095 are not below the modulus (FIPS 203, 7.2).
    bad.xwing = Some(vec![0xff; 1216].into());
    assert!(!sealed(Suite::XWing, &bad), "not an encapsulation key");
}

#[test]
fn info_suite_receiver_and_every_byte_bind() {
    for suite in [Suite::X25519, Suite::XWing] {
        let (secret, other) = (
            LeafSecret::from_seed(&[7; 32]),
            LeafSecret::from_seed(&[8; 32]),
        );
        let sealed = seal(
            suite,
            &secret.public(suite),
            b"place",
            &[5; 33],
            Randomness::fixed(&[3; 64]),
        )
        .unwrap();
        assert_eq!(sealed.encapsulated.len(), suite.encapsulated_len());
        let opens = |secret: &LeafSecret, info: &[u8], enc: &[u8], ct: &[u8]| {
            open(suite, secret, info, enc, ct).is_some()
        };
        assert!(opens(
            &secret,
            b"place",
            &sealed.encapsulated,
            &sealed.ciphertext
        ));
        assert!(!opens(
            &other,
            b"place",
            &sealed.encapsulated,
            &sealed.ciphertext
        ));
        assert!(!opens(
            &secret,
            b"plac",
            &sealed.encapsulated,
            &sealed.ciphertext
        ));
        for at in [
            0,
            1,
            sealed.encapsulated.len() / 2,
            sealed.encapsulated.len() - 2,
        ] {
            let mut enc = sealed.encapsulated.clone();
            enc[at] ^= 1;
            assert!(
                !opens(&secret, b"place", &enc, &sealed.ciphertext),
                "encapsulated byte {at}"
            );
        }
        for at in 0..sealed.ciphertext.len() {
            let mut ct = sealed.ciphertext.clone();
            ct[at] ^= 1;
            assert!(
                !opens(&secret, b"place", &sealed.encapsulated, &ct),
                "ciphertext byte {at}"
            );
        }
    }
}
