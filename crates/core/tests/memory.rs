//! Decoding hostile bytes takes at most four times the memory of the input, beside a constant.
//!
//! A binary and a test of its own, for the allocator counts all threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::codec::{self, Limits};
use conclave_core::envelope::{ENVELOPE_BYTES_MAX, Envelope};
use conclave_core::event::{EVENT_BYTES_MAX, Event};
use conclave_core::identity::{Entry, IdentityLog};
use conclave_core::invite::InviteLink;
use conclave_core::member::{MemberRecord, Register};
use conclave_core::policy::{Cosigned, DiscoveryRecord, HostingManifest};
use conclave_core::signed::Unverified;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What a list of as many empty strings as an identity log may have entries takes while it grows, in bytes.
const CONSTANT: usize = 320 * 1024;

/// Bytes that `work` takes at its height, beyond what there was.
fn peak(work: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    work();
    ALLOCATOR.peak_usage().saturating_sub(before)
}

/// A map of `keys` pairs `key: value`, with keys from `first` on.
fn pairs(first: u8, values: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0xa0 + u8::try_from(values.len()).unwrap()];
    for (key, value) in (first..).zip(values) {
        out.push(key);
        out.extend_from_slice(value);
    }
    out
}

/// An array of so many copies of an item.
fn list(item: &[u8], count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    minicbor::Encoder::new(&mut out)
        .array(u64::try_from(count).unwrap())
        .unwrap();
    out.extend(item.repeat(count));
    out
}

/// A byte string.
fn bytes(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    minicbor::Encoder::new(&mut out).bytes(content).unwrap();
    out
}

/// Inputs that promise or hold as many items as they can.
fn bombs(len: usize) -> Vec<Vec<u8>> {
    let empty_texts = list(&[0x60], len);
    let id = [&[0x58, 0x20][..], &[0; 32]].concat();
    let place = pairs(0, &[&id, &list(&[0x60], len), &[0x80]]);
    vec![
        vec![0x81; len],
        [vec![0x9b], vec![0xff; len]].concat(),
        [vec![0x5b], vec![0xff; len]].concat(),
        [vec![0xbb, 0x7f], vec![0xff; len]].concat(),
        list(&[0x00], len),
        empty_texts.clone(),
        list(&[0x80], len),
        list(&[0xa0], len),
        // A member record with an identity log of empty entries, and a node with empty relays.
        [&[0x82, 0x00, 0x82, 0x40][..], &list(&[0x40], len)].concat(),
        [&[0x82, 0x02, 0x81][..], &place].concat(),
        // Signed content whose payload is such a list at any place.
        [&[0x82][..], &bytes(&empty_texts), &bytes(&[0; 64])].concat(),
        [
            &[0x82][..],
            &bytes(&pairs(0, &[&[0x01], &empty_texts])),
            &bytes(&[0; 64]),
        ]
        .concat(),
        [
            &[0x82][..],
            &bytes(&pairs(6, &[&list(&place, 100)])),
            &bytes(&[0; 64]),
        ]
        .concat(),
        [
            &[0x82][..],
            &bytes(&pairs(0, &[&[0x01][..]; 13])),
            &list(&[0x40], len),
        ]
        .concat(),
    ]
}

fn decode_as_everything(input: &[u8]) {
    let _ = MemberRecord::decode(input);
    let _ = Unverified::<Event>::decode(input);
    let _ = Unverified::<Register>::decode(input);
    let _ = Unverified::<Envelope>::decode(input);
    let _ = Unverified::<Entry>::decode(input);
    let _ = Unverified::<HostingManifest>::decode(input);
    let _ = Unverified::<DiscoveryRecord>::decode(input);
    let _ = Cosigned::decode(input);
    let _ = codec::decode::<Vec<String>>(input, Limits::bytes(input.len()));
    let _ = codec::critical_keys(input);
    if let Ok(text) = core::str::from_utf8(input) {
        let _ = InviteLink::parse(text);
    }
}

#[test]
fn hostile_input_takes_four_times_its_length_and_a_constant() {
    let mut accepted = 0;
    for len in [
        1_000,
        30_000,
        EVENT_BYTES_MAX,
        300_000,
        ENVELOPE_BYTES_MAX - 300,
    ] {
        for (at, bomb) in bombs(len).iter().enumerate() {
            let used = peak(|| decode_as_everything(bomb));
            let allowed = 4 * bomb.len() + CONSTANT;
            accepted += usize::from(
                codec::validate(bomb, Limits::bytes(bomb.len()).items(bomb.len())).is_ok(),
            );
            assert!(
                used <= allowed,
                "bomb {at} of {} bytes took {used}",
                bomb.len()
            );
        }
    }
    assert_eq!(
        accepted,
        5 * 10,
        "all but the four that are no CBOR are canonical, so that decoding meets them"
    );
    // The measure measures: a list that is within its limits takes memory, and one of its size is let through.
    let honest = list(&bytes(&[7; 100]), 1_000);
    let mut kept = Vec::new();
    let used = peak(|| {
        kept = codec::decode::<Vec<minicbor::bytes::ByteVec>>(&honest, Limits::bytes(honest.len()))
            .unwrap();
    });
    assert_eq!(kept.len(), 1_000);
    assert!((100_000..4 * honest.len()).contains(&used), "{used}");
    let many = vec![vec![0; 100]; 4096];
    assert!(peak(|| drop(IdentityLog::verify(&many))) < 4096);
}
