//! Test vectors of the transport chapter, for other implementations and for `docs/protocol/vectors/transport.json`.

use serde_json::{Value, json};

use crate::{
    frame::{Channel, encode_header},
    hello::{Hello, VersionRange},
};

/// A HELLO by its fields: name, oldest and newest version, features, instance, build text.
type HelloCase = (&'static str, u16, u16, u64, [u8; 8], &'static str);

const HELLOS: [HelloCase; 3] = [
    ("version 1", 1, 1, 0, [0; 8], "conclave/0.1.0"),
    (
        "two versions and features",
        1,
        2,
        0x8000_0000_0000_0005,
        *b"instance",
        "",
    ),
    (
        "longest build text",
        1,
        u16::MAX,
        u64::MAX,
        [0xff; 8],
        BUILD_OF_64,
    ),
];

const BUILD_OF_64: &str = "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~";

/// What is no HELLO: name, bytes in hexadecimal, kind of error.
const HELLO_REJECTS: [(&str, &str, &str); 8] = [
    ("empty", "", "truncated"),
    (
        "other magic",
        "474554200001000100000000000000000000000000000000 00",
        "magic",
    ),
    (
        "no instance",
        "434e434c 0001 0001 0000000000000000",
        "truncated",
    ),
    (
        "version zero",
        "434e434c 0000 0001 0000000000000000 0000000000000000 00",
        "versions",
    ),
    (
        "empty range",
        "434e434c 0002 0001 0000000000000000 0000000000000000 00",
        "versions",
    ),
    (
        "build text ends early",
        "434e434c 0001 0001 0000000000000000 0000000000000000 02 61",
        "truncated",
    ),
    (
        "build text of 65 bytes",
        "434e434c 0001 0001 0000000000000000 0000000000000000 41",
        "build too long",
    ),
    (
        "line break in the build text",
        "434e434c 0001 0001 0000000000000000 0000000000000000 01 0a",
        "build byte",
    ),
];

const FRAMES: [(&str, Channel, &str); 4] = [
    ("empty message", Channel::Messages, ""),
    ("message", Channel::Messages, "68656c6c6f"),
    ("bulk", Channel::Bulk, "00ff"),
    ("control", Channel::Control, "434e434c"),
];

/// What is no frame for a reader that accepts payloads of up to 1,064,960 bytes.
const FRAME_REJECTS: [(&str, &str, &str); 3] = [
    ("one byte too long", "0010400101", "too long"),
    ("longest length", "ffffffff01", "too long"),
    ("unknown channel", "0000000003", "unknown channel"),
];

/// Ours, theirs, and the version that both speak.
const VERSIONS: [([u16; 2], [u16; 2], Option<u16>); 5] = [
    ([1, 1], [1, 1], Some(1)),
    ([1, 1], [1, 2], Some(1)),
    ([1, 3], [2, 9], Some(3)),
    ([1, 1], [2, 3], None),
    ([4, 9], [1, 3], None),
];

const PEER_ADDRS: [&str; 3] = [
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29,r=https://relay.example/,d=192.0.2.7:4433",
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29,\
     r=http://127.0.0.1:3340/,r=https://relay.example/,d=192.0.2.1:5,d=[2001:db8::1]:80",
];

const PEER_ADDR_REJECTS: [&str; 5] = [
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da2",
    "3B6A27BCCEB6A42D62A3A8D02A6F0D73653215771DE243A63AC048A18B59DA29",
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29,r=https://relay.example",
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29,d=192.0.2.2:5,d=192.0.2.1:5",
    "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29,d=192.0.2.1:5,r=https://relay.example/",
];

/// Returns the vectors as JSON text, ending in a line break. The same on every machine.
pub fn generate() -> String {
    // Keys are in alphabetical order here too, so that the text does not depend on how `serde_json` was built.
    let vectors = json!({
        "chapter": "transport",
        "frame_rejects": rejects(&FRAME_REJECTS),
        "frames": FRAMES.iter().map(frame_vector).collect::<Value>(),
        "hello": HELLOS.iter().map(hello_vector).collect::<Value>(),
        "hello_rejects": rejects(&HELLO_REJECTS),
        "peer_addr_rejects": PEER_ADDR_REJECTS,
        "peer_addrs": PEER_ADDRS,
        "version": 1,
        "versions": VERSIONS.iter().map(|(ours, theirs, common)| {
            json!({ "common": common, "ours": ours, "theirs": theirs })
        }).collect::<Value>(),
    });
    format!("{vectors:#}\n")
}

fn hello_vector((name, min, max, features, instance, build): &HelloCase) -> Value {
    let versions = VersionRange::new(*min, *max);
    let hello =
        versions.and_then(|versions| Hello::new(versions, *features, *instance, build).ok());
    json!({
        "build": build,
        "bytes": hello.map(|hello| hex::encode(hello.encode())),
        "features": format!("{features:016x}"),
        "instance": hex::encode(instance),
        "name": name,
        "versions": [min, max],
    })
}

fn frame_vector((name, channel, payload): &(&str, Channel, &str)) -> Value {
    let header = encode_header(*channel, payload.len() / 2)
        .map(hex::encode)
        .ok();
    let bytes = header.map(|header| header + payload);
    json!({ "bytes": bytes, "channel": *channel as u8, "name": name, "payload": payload })
}

fn rejects(cases: &[(&str, &str, &str)]) -> Value {
    let vector = |(name, bytes, error): &(&str, &str, &str)| json!({ "bytes": bytes.replace(' ', ""), "error": error, "name": name });
    cases.iter().map(vector).collect()
}
