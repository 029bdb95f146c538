#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::validate::DEPTH_MAX;
use super::*;

/// A slow second opinion, which shares nothing with the validator: it reads leniently and recursively, writes what it read
/// in the canonical form, and takes the input for canonical if nothing changed.
mod oracle {
    #[derive(Clone, PartialEq, Debug)]
    pub enum Item {
        Unsigned(u64),
        Negative(u64),
        Bytes(Vec<u8>),
        Text(String),
        Array(Vec<Item>),
        Map(Vec<(Item, Item)>),
        Simple(u8),
    }

    pub fn is_canonical(bytes: &[u8], depth_max: usize) -> bool {
        match read(bytes, depth_max) {
            Some((item, rest)) => {
                rest.is_empty() && write(&item).is_some_and(|written| written == bytes)
            }
            None => false,
        }
    }

    fn read(bytes: &[u8], depth_left: usize) -> Option<(Item, &[u8])> {
        let (&initial, rest) = bytes.split_first()?;
        let (argument, rest) = match initial & 31 {
            small @ 0..=23 => (u64::from(small), rest),
            size @ 24..=27 => {
                let (argument, rest) = rest.split_at_checked(1 << (size - 24))?;
                (
                    argument
                        .iter()
                        .fold(0, |sum, byte| sum * 256 + u64::from(*byte)),
                    rest,
                )
            }
            _ => return None,
        };
        let string = || rest.split_at_checked(usize::try_from(argument).ok()?);
        match initial >> 5 {
            0 => Some((Item::Unsigned(argument), rest)),
            1 => Some((Item::Negative(argument), rest)),
            2 => string().map(|(bytes, rest)| (Item::Bytes(bytes.to_vec()), rest)),
            3 => {
                let (bytes, rest) = string()?;
                Some((Item::Text(String::from_utf8(bytes.to_vec()).ok()?), rest))
            }
            4 => {
                let (mut items, mut rest) = (Vec::new(), rest);
                for _ in 0..argument {
                    let (item, after) = read(rest, depth_left.checked_sub(1)?)?;
                    items.push(item);
                    rest = after;
                }
                depth_left.checked_sub(1)?;
                Some((Item::Array(items), rest))
            }
            5 => {
                let (mut pairs, mut rest) = (Vec::new(), rest);
                for _ in 0..argument {
                    let (key, after) = read(rest, depth_left.checked_sub(1)?)?;
                    let (value, after) = read(after, depth_left.checked_sub(1)?)?;
                    pairs.push((key, value));
                    rest = after;
                }
                depth_left.checked_sub(1)?;
                Some((Item::Map(pairs), rest))
            }
            7 if initial & 31 < 24 => Some((Item::Simple(initial & 31), rest)),
            _ => None,
        }
    }

    /// The canonical form, if the item has one.
    pub fn write(item: &Item) -> Option<Vec<u8>> {
        Some(match item {
            Item::Unsigned(value) => head(0, *value),
            Item::Negative(value) => head(1, *value),
            Item::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Item::Text(text) => [head(3, text.len() as u64), text.as_bytes().to_vec()].concat(),
            Item::Array(items) => {
                let items = items.iter().map(write).collect::<Option<Vec<_>>>()?;
                [head(4, items.len() as u64), items.concat()].concat()
            }
            Item::Map(pairs) => {
                let mut written = Vec::new();
                for (key, value) in pairs {
                    if !matches!(key, Item::Unsigned(_) | Item::Text(_)) {
                        return None;
                    }
                    written.push((write(key)?, write(value)?));
                }
                written.sort();
                let count = written.len();
                written.dedup_by(|one, other| one.0 == other.0);
                if written.len() != count {
                    return None;
                }
                let pairs: Vec<u8> = written
                    .into_iter()
                    .flat_map(|(key, value)| [key, value].concat())
                    .collect();
                [head(5, count as u64), pairs].concat()
            }
            Item::Simple(value @ 20..=22) => vec![0xe0 | value],
            Item::Simple(_) => return None,
        })
    }

    fn head(major: u8, argument: u64) -> Vec<u8> {
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => vec![major << 5 | bytes[7]],
            24..=0xff => vec![major << 5 | 24, bytes[7]],
            0x100..=0xffff => [&[major << 5 | 25], &bytes[6..]].concat(),
            0x1_0000..=0xffff_ffff => [&[major << 5 | 26], &bytes[4..]].concat(),
            _ => [&[major << 5 | 27][..], &bytes].concat(),
        }
    }
}

use oracle::Item;

/// Integers about the borders of the forms.
fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..30u64,
        250..260u64,
        65_530..65_540u64,
        0xffff_fff0..0x1_0000_0010u64,
        any::<u64>()
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let leaf = prop_oneof![
        argument().prop_map(Item::Unsigned),
        argument().prop_map(Item::Negative),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Item::Bytes),
        "\\PC{0,12}".prop_map(Item::Text),
        (20u8..23).prop_map(Item::Simple),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        let key = prop_oneof![
            argument().prop_map(Item::Unsigned),
            "[a-z]{0,30}".prop_map(Item::Text)
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Item::Array),
            proptest::collection::vec((key, inner), 0..6).prop_map(|mut pairs| {
                pairs.sort_by_key(|(key, _)| oracle::write(key));
                pairs.dedup_by(|one, other| one.0 == other.0);
                Item::Map(pairs)
            }),
        ]
    })
}

/// Bytes that look more like CBOR than random ones: heads of every form are common, and numbers are small.
fn near_cbor() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        (0u8..8, 0u8..4).prop_map(|(major, small)| major << 5 | small),
        (0u8..8, 24u8..28).prop_map(|(major, info)| major << 5 | info),
        Just(0x61),
        20u8..23,
    ];
    proptest::collection::vec(byte, 0..24)
}

fn accepts(bytes: &[u8]) -> bool {
    validate(bytes, Limits::bytes(1 << 16).items(1 << 16)).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_oracle_writes_is_accepted_and_every_prefix_and_suffix_errs(item in item()) {
        let bytes = oracle::write(&item).unwrap();
        prop_assert!(accepts(&bytes), "{item:?}");
        for cut in 0..bytes.len() {
            prop_assert!(!accepts(&bytes[..cut]), "prefix of {cut}");
        }
        prop_assert!(!accepts(&[&bytes[..], &[0]].concat()));
    }

    #[test]
    fn mutated_bytes_are_judged_as_the_oracle_judges(item in item(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = oracle::write(&item).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        prop_assert_eq!(accepts(&bytes), oracle::is_canonical(&bytes, DEPTH_MAX));
    }

    #[test]
    fn bytes_near_cbor_are_judged_as_the_oracle_judges(bytes in near_cbor()) {
        prop_assert_eq!(accepts(&bytes), oracle::is_canonical(&bytes, DEPTH_MAX));
    }

    #[test]
    fn decoding_anything_as_an_event_never_panics(bytes in near_cbor(), item in item()) {
        let _ = decode::<crate::event::Event>(&bytes, Limits::bytes(1024));
        let _ = decode::<crate::event::Event>(&oracle::write(&item).unwrap(), Limits::bytes(4096));
        let _ = critical_keys(&bytes);
    }
}

#[test]
fn every_input_of_two_bytes_and_every_head_is_judged_as_the_oracle_judges() {
    for one in 0..=u8::MAX {
        for other in 0..=u8::MAX {
            for bytes in [
                &[one][..],
                &[one, other],
                &[one, 0x18, other],
                &[one, other, 0x00, 0x00],
            ] {
                assert_eq!(
                    accepts(bytes),
                    oracle::is_canonical(bytes, DEPTH_MAX),
                    "{bytes:02x?}"
                );
            }
        }
    }
}

#[test]
fn nesting_is_refused_at_once_however_deep() {
    for opener in [0x81u8, 0xa1] {
        let nested = |depth: usize| {
            let mut bytes = Vec::new();
            for _ in 0..depth {
                bytes.push(opener);
                // A map's key.
                bytes.extend((opener == 0xa1).then_some(0x00));
            }
            bytes.push(0x00);
            bytes
        };
        let check = |depth| validate(&nested(depth), Limits::bytes(1 << 20));
        assert_eq!(check(DEPTH_MAX), Ok(()));
        for depth in [DEPTH_MAX + 1, 100_000] {
            assert!(
                matches!(check(depth), Err(CodecError::TooDeep { .. })),
                "{depth}"
            );
        }
    }
}

#[test]
fn limits_hold_for_bytes_and_items() {
    let list = |count: u8| [vec![0x98, count], vec![0x00; usize::from(count)]].concat();
    assert_eq!(validate(&list(100), Limits::bytes(102).items(101)), Ok(()));
    assert_eq!(
        validate(&list(100), Limits::bytes(102).items(100)),
        Err(CodecError::TooMany { max: 100 })
    );
    assert_eq!(
        validate(&list(100), Limits::bytes(101)),
        Err(CodecError::TooLong { len: 102, max: 101 })
    );
}

#[test]
fn critical_keys_are_found_at_the_top_level_alone() {
    // {0: {200: 0}, 127: 0, 128: 0, 300: 0}
    let bytes = hex::decode("a400a118c800187f0018800019012c00").unwrap();
    assert!(accepts(&bytes));
    assert_eq!(critical_keys(&bytes), [128, 300]);
    assert_eq!(critical_keys(&[0x80]), [0u64; 0]);
}

#[test]
fn a_later_version_s_ordinary_keys_are_skipped() {
    #[derive(minicbor::Decode, PartialEq, Debug)]
    #[cbor(map)]
    struct Known {
        #[n(0)]
        value: u8,
    }
    // {0: 7, 5: [1, {"a": h'00'}]}
    let bytes = hex::decode("a200070582 01a161614100".replace(' ', "")).unwrap();
    assert_eq!(
        decode::<Known>(&bytes, Limits::bytes(64)),
        Ok(Known { value: 7 })
    );
    assert!(matches!(
        decode::<Known>(&[0xa0], Limits::bytes(64)),
        Err(CodecError::Shape { .. })
    ));
}
