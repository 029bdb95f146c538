//! Vectors of chapter `encoding`: canonical bytes, labels, signed content.

use conclave_core::codec::{self, Limits};
use conclave_core::hash::Label;
use conclave_core::id::{Millis, VerifyKey};
use conclave_core::signed::verify_bytes;
use serde_json::{Value, json};

use crate::support::{self, check, error_kind, hash_of, key};

/// What the validator makes of the bytes, within 1,024 bytes and 1,024 items.
fn judge(name: &str, bytes: &[u8]) -> Value {
    match codec::validate(bytes, Limits::bytes(1024)) {
        Ok(()) => json!({ "name": name, "bytes": hex::encode(bytes), "verdict": "accept" }),
        Err(error) => json!({
            "name": name,
            "bytes": hex::encode(bytes),
            "verdict": "reject",
            "error": error_kind(&error),
        }),
    }
}

/// As many arrays in each other, with a zero in the middle.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = vec![0x81; depth];
    bytes.push(0x00);
    bytes
}

fn canonical() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("zero", vec![0x00]),
        ("largest immediate", vec![0x17]),
        ("24 in one byte", vec![0x18, 0x18]),
        ("256 in two bytes", vec![0x19, 0x01, 0x00]),
        ("2^32 in eight bytes", vec![0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("minus one", vec![0x20]),
        ("empty byte string", vec![0x40]),
        ("text", vec![0x62, 0xc3, 0xa9]),
        ("empty array", vec![0x80]),
        (
            "map with keys of both kinds",
            vec![0xa3, 0x00, 0x80, 0x18, 0x80, 0xa0, 0x61, 0x61, 0xf6],
        ),
        ("false, true, null", vec![0x83, 0xf4, 0xf5, 0xf6]),
        ("16 levels", nested(16)),
    ]
}

fn not_canonical() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("17 levels", nested(17)),
        ("1,000 levels", nested(1000)),
        ("nothing", vec![]),
        ("two items", vec![0x00, 0x00]),
        ("23 in one byte", vec![0x18, 0x17]),
        ("255 in two bytes", vec![0x19, 0x00, 0xff]),
        ("65535 in four bytes", vec![0x1a, 0, 0, 0xff, 0xff]),
        (
            "2^32 - 1 in eight bytes",
            vec![0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        ),
        ("length not in its shortest form", vec![0x58, 0x01, 0x00]),
        ("array of indefinite length", vec![0x9f, 0x00, 0xff]),
        ("map of indefinite length", vec![0xbf, 0xff]),
        ("text of indefinite length", vec![0x7f, 0x61, 0x61, 0xff]),
        ("reserved length", vec![0x1c]),
        ("half float", vec![0xf9, 0x3c, 0x00]),
        ("double float", vec![0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ("undefined", vec![0xf7]),
        ("simple value 32", vec![0xf8, 0x20]),
        ("tag", vec![0xc0, 0x00]),
        ("duplicate key", vec![0xa2, 0x00, 0x00, 0x00, 0x00]),
        ("descending keys", vec![0xa2, 0x01, 0x00, 0x00, 0x00]),
        (
            "text key before integer key",
            vec![0xa2, 0x61, 0x61, 0x00, 0x00, 0x00],
        ),
        ("negative key", vec![0xa1, 0x20, 0x00]),
        ("byte string as key", vec![0xa1, 0x40, 0x00]),
        ("text that is not UTF-8", vec![0x61, 0xff]),
        ("truncated integer", vec![0x19, 0x01]),
        ("truncated text", vec![0x62, 0x61]),
        (
            "array of 2^64 - 1 items",
            [vec![0x9b], vec![0xff; 8]].concat(),
        ),
        ("map of 2^63 pairs", [vec![0xbb, 0x80], vec![0; 7]].concat()),
        (
            "byte string of 2^64 - 1 bytes",
            [vec![0x5b], vec![0xff; 8]].concat(),
        ),
        (
            "longer than the limit",
            [vec![0x59, 0x03, 0xfe], vec![0; 0x3fe]].concat(),
        ),
    ]
}

fn canonical_cases() -> Vec<Value> {
    let judged = |verdict: &'static str| {
        move |(name, bytes): (&str, Vec<u8>)| {
            let case = judge(name, &bytes);
            assert_eq!(case["verdict"], verdict, "{name}: {case}");
            case
        }
    };
    let good = canonical().into_iter().map(judged("accept"));
    good.chain(not_canonical().into_iter().map(judged("reject")))
        .collect()
}

fn label_cases() -> Vec<Value> {
    let label = |label: Label| json!({ "label": format!("{label:?}"), "context": label.context(), "hash_of_abc": hash_of(label, &[b"abc"]) });
    Label::ALL.iter().copied().map(label).collect()
}

fn signature_cases() -> Vec<Value> {
    let signer = key(1);
    let payload = b"payload".to_vec();
    let label = Label::EventSign;
    let signature = signer.sign(label, &payload);
    let identity_point = VerifyKey([&[1u8][..], &[0; 31]].concat().try_into().unwrap());
    // With the identity element as key, R = identity and s = 0 satisfy the lax equation for every message.
    let mut zero = [0u8; 64];
    zero[0] = 1;
    let judge = |name: &str, key: VerifyKey, label: Label, signature: &[u8]| {
        let verdict = verify_bytes(label, &key, &payload, signature);
        json!({
            "name": name,
            "label": format!("{label:?}"),
            "key": key.to_string(),
            "payload": hex::encode(&payload),
            "signature": hex::encode(signature),
            "verdict": if verdict.is_ok() { "accept" } else { "reject" },
            "error": verdict.err().map(|error| error_kind(&error)),
        })
    };
    let public = signer.public();
    vec![
        judge("valid", public, label, &signature),
        judge("another label", public, Label::RegisterSign, &signature),
        judge("s + l", public, label, &support::malleated(&signature)),
        judge("identity element as key", identity_point, label, &zero),
        judge(
            "key that is no point",
            VerifyKey([2; 32]),
            label,
            &signature,
        ),
        judge("63 bytes", public, label, &signature[..63]),
    ]
}

#[test]
fn encoding() {
    let value = json!({
        "chapter": "encoding",
        "version": 1,
        "cases": canonical_cases(),
        "labels": label_cases(),
        "signatures": signature_cases(),
        "formats": [support::plain("milliseconds", &Millis(support::NOW))],
    });
    let verdicts: Vec<_> = value["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["verdict"] == "accept")
        .collect();
    assert_eq!(verdicts, [true, false, false, false, false, false]);
    check("encoding", &value);
}
