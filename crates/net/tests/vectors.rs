//! The published vectors of the transport chapter hold, and are what this build generates (`cargo xtask vectors`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_net::{
    Channel, Decoder, Frame, FrameError, Hello, HelloError, PAYLOAD_LEN_MAX, PeerAddr,
    VersionRange, vectors,
};
use serde_json::Value;

fn published() -> Value {
    serde_json::from_str(include_str!(
        "../../../docs/protocol/vectors/transport.json"
    ))
    .unwrap()
}

fn cases<'a>(vectors: &'a Value, name: &str) -> &'a Vec<Value> {
    let cases = vectors[name].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn range(value: &Value) -> VersionRange {
    let [min, max] = [0, 1].map(|end| u16::try_from(value[end].as_u64().unwrap()).unwrap());
    VersionRange::new(min, max).unwrap()
}

/// Compares, or with `CONCLAVE_WRITE_VECTORS=1` writes.
#[test]
fn the_published_vectors_are_the_generated_ones() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/protocol/vectors/transport.json"
    );
    let generated = vectors::generate();
    if std::env::var_os("CONCLAVE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        std::fs::write(path, generated).unwrap();
    } else {
        assert_eq!(generated, std::fs::read_to_string(path).unwrap());
    }
}

#[test]
fn hellos_encode_and_decode_as_published() {
    let vectors = published();
    for case in cases(&vectors, "hello") {
        let features = u64::from_str_radix(case["features"].as_str().unwrap(), 16).unwrap();
        let instance = bytes(&case["instance"]).try_into().unwrap();
        let hello = Hello::new(
            range(&case["versions"]),
            features,
            instance,
            case["build"].as_str().unwrap(),
        )
        .unwrap();
        assert_eq!(hello.encode(), bytes(&case["bytes"]), "{}", case["name"]);
        assert_eq!(
            Hello::decode(&bytes(&case["bytes"])).unwrap(),
            hello,
            "{}",
            case["name"]
        );
    }
    for case in cases(&vectors, "hello_rejects") {
        let error = match Hello::decode(&bytes(&case["bytes"])).unwrap_err() {
            HelloError::TooLong { .. } => "too long",
            HelloError::Truncated { .. } => "truncated",
            HelloError::Magic { .. } => "magic",
            HelloError::Versions { .. } => "versions",
            HelloError::BuildTooLong { .. } => "build too long",
            HelloError::BuildByte { .. } => "build byte",
        };
        assert_eq!(error, case["error"], "{}", case["name"]);
    }
}

#[test]
fn versions_are_agreed_on_as_published() {
    for case in cases(&published(), "versions") {
        let common = range(&case["ours"]).highest_common(range(&case["theirs"]));
        assert_eq!(common.map(u64::from), case["common"].as_u64(), "{case}");
    }
}

#[test]
fn frames_decode_as_published() {
    let vectors = published();
    for case in cases(&vectors, "frames") {
        let channel =
            Channel::try_from(u8::try_from(case["channel"].as_u64().unwrap()).unwrap()).unwrap();
        let frame = Frame {
            channel,
            payload: bytes(&case["payload"]),
        };
        let decoded = Decoder::new(PAYLOAD_LEN_MAX).decode(&mut bytes(&case["bytes"]).as_slice());
        assert_eq!(decoded, Ok(Some(frame)), "{}", case["name"]);
    }
    for case in cases(&vectors, "frame_rejects") {
        let error = match Decoder::new(PAYLOAD_LEN_MAX)
            .decode(&mut bytes(&case["bytes"]).as_slice())
            .unwrap_err()
        {
            FrameError::TooLong { .. } => "too long",
            FrameError::UnknownChannel { .. } => "unknown channel",
        };
        assert_eq!(error, case["error"], "{}", case["name"]);
    }
}

#[test]
fn peer_addresses_parse_as_published() {
    let vectors = published();
    for case in cases(&vectors, "peer_addrs") {
        let text = case.as_str().unwrap();
        assert_eq!(text.parse::<PeerAddr>().unwrap().to_string(), text);
    }
    for case in cases(&vectors, "peer_addr_rejects") {
        assert!(
            case.as_str().unwrap().parse::<PeerAddr>().is_err(),
            "{case}"
        );
    }
}
