#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use super::*;
use crate::event::{Body, EVENT_VERSION, Event, Merge};
use crate::id::{DeviceId, EventId, IdentityEntryId, IdentityId, Millis, ServerId};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn event() -> Event {
    let body = Body::Merge(Merge::default());
    Event {
        version: EVENT_VERSION,
        server: Some(ServerId([1; 32])),
        author: IdentityId([2; 32]),
        device: DeviceId([3; 32]),
        seq: 1,
        prev_self: Some(EventId([4; 32])),
        parents: vec![EventId([5; 32])],
        identity_head: IdentityEntryId([6; 32]),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(7),
        register: None,
        reason: None,
    }
}

#[test]
fn labels_have_contexts_of_their_own() {
    let contexts: BTreeSet<_> = Label::ALL.iter().map(|label| label.context()).collect();
    assert_eq!(contexts.len(), Label::ALL.len());
    // A context that ends where another goes on could be completed by a payload; the zero byte after it prevents that.
    assert!(
        contexts
            .iter()
            .all(|context| context.starts_with("conclave v1 ") && !context.contains('\0'))
    );
}

#[test]
fn a_signature_under_one_label_verifies_under_no_other() {
    let signer = key(1);
    let payload = b"the same payload everywhere";
    for made in Label::ALL {
        let signature = signer.sign(*made, payload);
        for read in Label::ALL {
            let verdict = verify_bytes(*read, &signer.public(), payload, &signature);
            assert_eq!(verdict.is_ok(), made == read, "{made:?} read as {read:?}");
        }
    }
}

#[test]
fn a_hash_under_one_label_is_that_of_no_other() {
    let hashes: BTreeSet<_> = Label::ALL
        .iter()
        .map(|label| hash(*label, &[b"payload"]))
        .collect();
    assert_eq!(hashes.len(), Label::ALL.len());
}

#[test]
fn small_order_keys_are_refused_even_with_the_signature_that_suits_them() {
    // All encodings of points of small order that decompress (RFC 8032; Wycheproof's list), then one that does not.
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ];
    // R = identity, s = 0: satisfies the equation for the identity element whatever the payload.
    let mut signature = [0; SIGNATURE_LEN];
    signature[0] = 1;
    for hex in weak {
        let key = VerifyKey::from_hex(hex).unwrap();
        let verdict = verify_bytes(Label::EventSign, &key, b"payload", &signature);
        assert_eq!(verdict, Err(SignedError::Key(key)), "{hex}");
    }
}

#[test]
fn malleable_signatures_are_refused() {
    let signer = key(1);
    let good = signer.sign(Label::EventSign, b"payload");
    let verify =
        |signature: &[u8]| verify_bytes(Label::EventSign, &signer.public(), b"payload", signature);
    assert_eq!(verify(&good), Ok(()));
    let order =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut larger = good;
    let mut carry = 0u16;
    for (byte, add) in larger[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(verify(&larger), Err(SignedError::Signature));
    for at in 0..SIGNATURE_LEN {
        let mut flipped = good;
        flipped[at] ^= 1 << (at % 8);
        assert!(verify(&flipped).is_err(), "byte {at}");
    }
    assert_eq!(verify(&good[..63]), Err(SignedError::SignatureLength(63)));
    assert_eq!(
        verify(&[&good[..], &[0]].concat()),
        Err(SignedError::SignatureLength(65))
    );
}

#[test]
fn a_signed_event_travels_and_every_flipped_bit_is_noticed() {
    let signer = key(1);
    let made = Verified::sign(event(), &signer);
    let wire = made.bytes().encode();
    let read = Unverified::<Event>::decode(&wire)
        .unwrap()
        .verify(&signer.public())
        .unwrap();
    assert_eq!((&read, read.id()), (&made, made.id()));
    assert_eq!(Verified::<Event>::from_store(&wire).unwrap(), made);
    for at in 0..wire.len() {
        let mut forged = wire.clone();
        forged[at] ^= 1 << (at % 8);
        let verdict =
            Unverified::<Event>::decode(&forged).and_then(|read| read.verify(&signer.public()));
        assert!(verdict.is_err(), "byte {at}");
    }
    for cut in 0..wire.len() {
        assert!(
            Unverified::<Event>::decode(&wire[..cut]).is_err(),
            "prefix of {cut}"
        );
    }
}

#[test]
fn unknown_keys_are_kept_hashed_and_signed_as_they_came() {
    let signer = key(1);
    let plain = Verified::sign(event(), &signer);
    // The same event with one more pair at the end of its map: an ordinary key (100), then a critical one (130).
    for (key, critical) in [(100u8, None), (130, Some(130))] {
        let mut payload = plain.payload().to_vec();
        payload[0] += 1;
        payload.extend([0x18, key, 0x01]);
        let bytes = SignedBytes {
            signature: signer.sign(Label::EventSign, &payload).to_vec().into(),
            payload: payload.clone().into(),
        };
        let read = Unverified::<Event>::decode(&bytes.encode())
            .unwrap()
            .verify(&signer.public())
            .unwrap();
        assert_eq!(read.payload(), payload);
        assert_ne!(read.id(), plain.id());
        assert_eq!(*read, *plain);
        assert_eq!(read.critical_key(), critical);
    }
    assert_eq!(plain.critical_key(), None);
}

#[test]
fn payloads_have_their_type_s_limit() {
    let signer = key(1);
    let at = |len: usize| {
        let mut event = event();
        event.body = vec![0; len].into();
        let made = Verified::sign(event, &signer);
        (
            made.payload().len(),
            Unverified::<Event>::decode(&made.bytes().encode()).map(|_| ()),
        )
    };
    let (overhead, _) = at(Event::BYTES_MAX / 2);
    let fits = Event::BYTES_MAX - (overhead - Event::BYTES_MAX / 2);
    assert_eq!(at(fits), (Event::BYTES_MAX, Ok(())));
    let (_, verdict) = at(fits + 1);
    let too_long = CodecError::TooLong {
        len: Event::BYTES_MAX + 1,
        max: Event::BYTES_MAX,
    };
    assert_eq!(verdict, Err(SignedError::Codec(too_long)));
}

#[test]
fn neither_keys_nor_unverified_content_are_printed() {
    let signer = key(0x5a);
    assert!(!format!("{signer:?}").contains("5a5a"));
    let unverified =
        Unverified::<Event>::decode(&Verified::sign(event(), &signer).bytes().encode()).unwrap();
    assert!(format!("{unverified:?}").starts_with("Unverified(Digest("));
}
