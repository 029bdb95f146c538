#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::id::EnvelopeId;
use crate::keys::Complaint;
use crate::signed::Unverified;

const KEY: [u8; 32] = [7; 32];

fn signer() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn fields() -> OuterFields {
    OuterFields {
        server: ServerTag([1; 16]),
        topic: TopicTag([2; 16]),
        epoch: EpochId([3; 32]),
        seq: 9,
        form: Form::Tombstone,
        delete_hash: Digest([4; 32]),
        drop: Some(Drop {
            target: EnvelopeId([5; 32]),
            seq: 8,
            secret: vec![6; 32].into(),
        }),
    }
}

fn sealed(content: &[u8], seed: u64) -> Verified<Envelope> {
    seal(
        fields(),
        content,
        &KEY,
        &signer(),
        &mut ChaCha20Rng::seed_from_u64(seed),
    )
    .unwrap()
}

/// What somebody could do who holds the sender's pseudonym key but not the seal's: change a field, sign again.
fn resigned(envelope: &Envelope, change: impl FnOnce(&mut Envelope)) -> Verified<Envelope> {
    let mut envelope = envelope.clone();
    change(&mut envelope);
    Verified::sign(envelope, &signer())
}

#[test]
fn what_was_sealed_opens_after_the_wire() {
    for content in [&b""[..], b"hello", &[9; 70_000], &[1; CONTENT_BYTES_MAX]] {
        let bytes = sealed(content, 1).bytes().encode();
        let unverified = Unverified::<Envelope>::decode(&bytes).unwrap();
        let key = crate::id::VerifyKey(unverified.hint().pseudonym.0);
        let envelope = unverified.verify(&key).unwrap();
        assert_eq!(*open(&envelope, &KEY).unwrap(), content);
        assert_eq!(open(&envelope, &[8; 32]).unwrap_err(), OpenError::Key);
    }
}

#[test]
fn every_outer_field_binds() {
    let envelope = sealed(b"hello", 1);
    assert!(
        open(&resigned(&envelope, |_| ()), &KEY).is_ok(),
        "positive control"
    );
    type Change = fn(&mut Envelope);
    let changes: [(&str, Change); 12] = [
        ("version", |e| e.version += 1),
        ("server", |e| e.server.0[0] ^= 1),
        ("topic", |e| e.topic.0[0] ^= 1),
        ("epoch", |e| e.epoch.0[0] ^= 1),
        ("pseudonym", |e| e.pseudonym.0[0] ^= 1),
        ("seq", |e| e.seq += 1),
        ("form", |e| e.form = Form::Sealed),
        ("delete_hash", |e| e.delete_hash.0[0] ^= 1),
        ("drop target", |e| e.drop.as_mut().unwrap().target.0[0] ^= 1),
        ("drop seq", |e| e.drop.as_mut().unwrap().seq += 1),
        ("drop secret", |e| e.drop.as_mut().unwrap().secret[0] ^= 1),
        ("no drop", |e| e.drop = None),
    ];
    for (field, change) in changes {
        assert_eq!(
            open(&resigned(&envelope, change), &KEY).unwrap_err(),
            OpenError::Key,
            "{field}"
        );
    }
    let as_keys = resigned(&envelope, |e| e.form = Form::Keys);
    assert_eq!(open(&as_keys, &KEY).unwrap_err(), OpenError::KeyRecord);
}

#[test]
fn every_sealed_byte_binds() {
    let envelope = sealed(b"hello", 1);
    for at in 0..envelope.sealed.len() {
        let error = open(&resigned(&envelope, |e| e.sealed[at] ^= 1), &KEY).unwrap_err();
        let expected = if at < SEALED_PREFIX_LEN {
            OpenError::Key
        } else {
            OpenError::Ciphertext
        };
        assert_eq!(error, expected, "byte {at}");
    }
    for len in [0, 1, 23, 24, 55] {
        let cut = resigned(&envelope, |e| e.sealed.truncate(len));
        assert_eq!(open(&cut, &KEY).unwrap_err(), OpenError::Short(len));
    }
    let cut = resigned(&envelope, |e| {
        e.sealed.pop();
    });
    assert_eq!(open(&cut, &KEY).unwrap_err(), OpenError::Ciphertext);
}

/// ChaCha20-Poly1305 does not commit to its key: one can solve for a ciphertext that authenticates under two. Here the cipher
/// is taken as broken in that way, by sealing honestly under each key and moving the ciphertext: the commitment decides.
#[test]
fn a_ciphertext_opens_under_the_committed_key_alone() {
    let other = [8; 32];
    let (one, two) = (sealed(b"to ann", 1), {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        seal(fields(), b"to bob", &other, &signer(), rng).unwrap()
    });
    // The second ciphertext is valid under the other key and its nonce; the commitment still names the first key.
    let spliced = resigned(&two, |e| {
        let (nonce, _) = two.sealed.split_at(24);
        let aad = outer_bytes(&one);
        let keys = MessageKeys::new(&KEY, nonce.try_into().unwrap(), &aad);
        e.sealed[24..56].copy_from_slice(&keys.commitment.0);
    });
    assert_eq!(*open(&two, &other).unwrap(), b"to bob", "positive control");
    assert_eq!(
        open(&spliced, &other).unwrap_err(),
        OpenError::Key,
        "authentic, not committed"
    );
    assert_eq!(
        open(&spliced, &KEY).unwrap_err(),
        OpenError::Ciphertext,
        "committed, not authentic"
    );
}

#[test]
fn padding_that_the_format_does_not_ask_for_is_refused() {
    let envelope = sealed(b"hello", 1);
    let aad = outer_bytes(&envelope);
    let nonce = [3; 24];
    let keys = MessageKeys::new(&KEY, &nonce, &aad);
    let with = |padded: &[u8]| {
        let ciphertext = aead::encrypt(&keys.cipher, &nonce, &aad, padded).unwrap();
        let sealed = [&nonce[..], &keys.commitment.0, &ciphertext].concat();
        open(&resigned(&envelope, |e| e.sealed = sealed.into()), &KEY)
    };
    let mut padded = [0; 256];
    padded[3] = 1;
    assert!(with(&padded).is_ok(), "positive control");
    padded[255] = 1;
    assert_eq!(with(&padded).unwrap_err(), OpenError::Padding);
    assert_eq!(with(b"").unwrap_err(), OpenError::Padding);
}

#[test]
fn lengths_are_hidden_up_to_padding() {
    let sizes = |range: core::ops::Range<usize>| {
        let mut sizes: Vec<usize> = range
            .map(|len| sealed(&vec![1; len], 1).sealed.len())
            .collect();
        sizes.dedup();
        sizes
    };
    assert_eq!(
        sizes(0..253),
        [SEALED_PREFIX_LEN + 256 + 16],
        "most chat messages look alike"
    );
    // Sixteen sizes for each doubling.
    assert_eq!(sizes(253..2_000).len(), 48);
}

#[test]
fn nonces_differ_even_when_a_restored_machine_repeats_its_randomness() {
    let nonce = |content: &[u8], seed| sealed(content, seed).sealed[..24].to_vec();
    assert_eq!(
        nonce(b"a", 1),
        nonce(b"a", 1),
        "the same randomness and content"
    );
    assert_ne!(
        nonce(b"a", 1),
        nonce(b"b", 1),
        "the same randomness, other content"
    );
    assert_ne!(nonce(b"a", 1), nonce(b"a", 2));
}

#[test]
fn limits_hold() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let long = vec![0; CONTENT_BYTES_MAX + 1];
    let error = seal(fields(), &long, &KEY, &signer(), &mut rng).unwrap_err();
    assert_eq!(
        error,
        SealError::TooLong {
            len: long.len(),
            max: CONTENT_BYTES_MAX
        }
    );
    let largest = sealed(&long[1..], 1);
    assert!(largest.payload().len() <= ENVELOPE_BYTES_MAX);
    assert!(Unverified::<Envelope>::decode(&largest.bytes().encode()).is_ok());
}

#[test]
fn key_records_ride_as_they_are() {
    let complaint = Complaint {
        epoch: EpochId([1; 32]),
        leaf: crate::id::LeafId([2; 32]),
    };
    let record = KeyRecord::Complaint(complaint);
    let envelope = seal_record(fields(), &record, &signer()).unwrap();
    assert_eq!(
        (envelope.form, envelope.epoch),
        (Form::Keys, EpochId([0; 32]))
    );
    assert_eq!(KeyRecord::decode(&envelope.sealed).unwrap(), record);
    assert_eq!(open(&envelope, &KEY).unwrap_err(), OpenError::KeyRecord);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_content_comes_back_and_only_under_its_key(
        content in proptest::collection::vec(any::<u8>(), 0..3_000),
        key in any::<[u8; 32]>(),
        other in any::<[u8; 32]>(),
        seed in any::<u64>(),
    ) {
        prop_assume!(key != other);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let envelope = seal(fields(), &content, &key, &signer(), &mut rng).unwrap();
        prop_assert_eq!(&*open(&envelope, &key).unwrap(), &content);
        prop_assert_eq!(open(&envelope, &other).unwrap_err(), OpenError::Key);
    }
}
