//! The frames of chapter `sync`, byte for byte. With `CONCLAVE_WRITE_VECTORS=1` the file is written (`cargo xtask vectors`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use conclave_core::id::{BlobHash, Digest, EpochId, NodeId, Pseudonym, ServerTag, TopicTag};
use conclave_core::policy::Admission;
use conclave_core::signed::SigningKey;
use conclave_engine::wire::{
    Frame, Have, HaveTopic, HubAnswer, HubBlobHave, HubBlobPut, HubEnvelopes, HubRefusal, HubRun,
    HubState, HubTopic, HubWant, HubWhy, Position, Subscribe, subscribe_payload,
};
use serde_json::{Value, json};

const SERVER: ServerTag = ServerTag([0x11; 16]);
const TOPIC: TopicTag = TopicTag([0x22; 16]);
const AUTHOR: Pseudonym = Pseudonym([0x33; 32]);

fn frames() -> Vec<(&'static str, Frame)> {
    let key = SigningKey::from_seed(&[7; 32]);
    let (from, to) = (NodeId([0x44; 32]), NodeId([0x55; 32]));
    let position = |seq| Position {
        topic: TOPIC,
        pseudonym: AUTHOR,
        seq,
    };
    vec![
        (
            "greet",
            Frame::Greet {
                nonce: vec![0x66; 32].into(),
            },
        ),
        (
            "subscribe as a member",
            Frame::Subscribe(Subscribe::sign(SERVER, &key, false, from, to, &[0x66; 32])),
        ),
        (
            "subscribe as a link's holder",
            Frame::Subscribe(Subscribe::sign(SERVER, &key, true, from, to, &[0x66; 32])),
        ),
        (
            "have nothing",
            Frame::Have(Have {
                server: SERVER,
                topics: vec![],
                more: false,
            }),
        ),
        (
            "have, and more follows",
            Frame::Have(Have {
                server: SERVER,
                topics: vec![HaveTopic {
                    topic: TOPIC,
                    authors: vec![(AUTHOR, 1000)],
                }],
                more: true,
            }),
        ),
        (
            "envelopes",
            Frame::Envelopes {
                server: SERVER,
                envelopes: vec![vec![1, 2, 3].into(), vec![4].into()],
                remaining: 70_000,
            },
        ),
        (
            "stored",
            Frame::Stored {
                server: SERVER,
                positions: vec![position(1), position(256)],
            },
        ),
        (
            "ephemeral",
            Frame::Ephemeral {
                server: SERVER,
                envelope: vec![9; 5].into(),
            },
        ),
        (
            "key want",
            Frame::KeyWant {
                server: SERVER,
                epoch: EpochId([0x77; 32]),
            },
        ),
        (
            "blob want",
            Frame::BlobWant {
                server: SERVER,
                hash: BlobHash([0x88; 32]),
                offset: 262_144,
            },
        ),
        (
            "blob part",
            Frame::BlobPart {
                server: SERVER,
                hash: BlobHash([0x88; 32]),
                offset: 262_144,
                total: 262_150,
                bytes: vec![0x99; 6].into(),
            },
        ),
        (
            "refused",
            Frame::Refused {
                server: SERVER,
                why: 4,
            },
        ),
    ]
}

/// The frames of chapter `hub`.
fn hub_frames() -> Vec<(&'static str, Frame)> {
    let key = SigningKey::from_seed(&[7; 32]);
    let (from, to) = (NodeId([0x44; 32]), NodeId([0x55; 32]));
    let mut subscribe = Subscribe::sign(SERVER, &key, false, from, to, &[0x66; 32]);
    subscribe.hosting = Some(Digest([0xaa; 32]));
    let me = Pseudonym(key.public().0);
    subscribe.admission = Some(Admission::sign(
        &SERVER,
        &me,
        &SigningKey::from_seed(&[8; 32]),
    ));
    let run = HubRun {
        topic: TOPIC,
        first: 9,
        envelopes: vec![vec![0x77; 3].into(), Vec::new().into()],
        receipts: Vec::new(),
    };
    let state = HubState {
        server: SERVER,
        incarnation: 3,
        manifest: vec![0xbb; 4].into(),
        may_write: true,
        topics: vec![HubTopic {
            topic: TOPIC,
            first: 1,
            last: 300,
        }],
        more: false,
    };
    let page = HubEnvelopes {
        server: SERVER,
        incarnation: 3,
        runs: vec![run],
        answer: None,
    };
    let answer = HubAnswer {
        topic: TOPIC,
        after: 8,
        upto: 10,
    };
    let answered = HubEnvelopes {
        answer: Some(answer),
        ..page.clone()
    };
    vec![
        ("subscribe at a hub", Frame::Subscribe(subscribe)),
        ("hub state", Frame::HubState(state)),
        (
            "hub want",
            Frame::HubWant(HubWant {
                server: SERVER,
                topic: TOPIC,
                after: 8,
                before: 300,
            }),
        ),
        ("hub news", Frame::HubEnvelopes(page)),
        ("hub page", Frame::HubEnvelopes(answered)),
    ]
}

/// More of them.
fn hub_answers() -> Vec<(&'static str, Frame)> {
    let position = Position {
        topic: TOPIC,
        pseudonym: AUTHOR,
        seq: 7,
    };
    vec![
        (
            "hub refused",
            Frame::HubRefused {
                server: SERVER,
                refusals: vec![HubRefusal {
                    position,
                    why: HubWhy::TooFast as u8,
                }],
                retry_ms: 1_500,
            },
        ),
        (
            "hub vectors",
            Frame::HubVectors {
                server: SERVER,
                topics: vec![TOPIC],
            },
        ),
        (
            "hub blob put",
            Frame::HubBlobPut(HubBlobPut {
                server: SERVER,
                position,
                hash: Digest([0x88; 32]),
                offset: 262_144,
                total: 262_150,
                bytes: vec![0x99; 6].into(),
            }),
        ),
        (
            "hub blob have",
            Frame::HubBlobHave(HubBlobHave {
                server: SERVER,
                hash: Digest([0x88; 32]),
                have: 262_150,
                whole: true,
                why: None,
            }),
        ),
    ]
}

/// Bytes that no node takes: truncated, with something behind, of an unknown kind, with a wrong length, not canonical.
fn rejects() -> Vec<(&'static str, Vec<u8>)> {
    let refused = Frame::Refused {
        server: SERVER,
        why: 4,
    }
    .encode();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = refused.clone();
        change(&mut bytes);
        bytes
    };
    vec![
        ("empty", vec![]),
        (
            "truncated",
            with(&|bytes| {
                bytes.pop();
            }),
        ),
        ("trailing byte", with(&|bytes| bytes.push(0))),
        ("unknown kind", with(&|bytes| bytes[1] = 10)),
        (
            "server tag of 15 bytes",
            with(&|bytes| {
                bytes[3] = 0x4f;
                bytes.remove(4);
            }),
        ),
        (
            "why not in its shortest form",
            with(&|bytes| {
                bytes.pop();
                bytes.extend([0x18, 0x04]);
            }),
        ),
    ]
}

#[test]
fn sync_vectors() {
    let mut cases: Vec<Value> = Vec::new();
    for (name, frame) in frames()
        .into_iter()
        .chain(hub_frames())
        .chain(hub_answers())
    {
        let bytes = frame.encode();
        assert_eq!(Frame::decode(&bytes).unwrap(), frame, "{name}");
        cases.push(json!({ "name": name, "verdict": "accept", "bytes": hex::encode(&bytes) }));
    }
    for (name, bytes) in rejects() {
        let error = Frame::decode(&bytes).expect_err(name);
        let kind = format!("{error:?}");
        let kind = kind
            .split([' ', '(', '{'])
            .next()
            .unwrap_or_default()
            .to_owned();
        cases.push(json!({ "name": name, "verdict": "reject", "error": kind, "bytes": hex::encode(&bytes) }));
    }
    let vectors = json!({
        "chapter": "sync",
        "version": 1,
        "subscribe": {
            "seed": hex::encode([7; 32]),
            "payload": hex::encode(subscribe_payload(SERVER, NodeId([0x44; 32]), NodeId([0x55; 32]), &[0x66; 32])),
        },
        "position": hex::encode(Position { topic: TOPIC, pseudonym: AUTHOR, seq: 258 }.key()),
        "cases": cases,
    });
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors/sync.json");
    if std::env::var_os("CONCLAVE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        std::fs::write(
            &path,
            serde_json::to_string_pretty(&vectors).unwrap() + "\n",
        )
        .unwrap();
        return;
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(
        stored == vectors,
        "the frames of chapter sync differ from docs/protocol/vectors/sync.json"
    );
}

/// A subscription proves nothing on another connection, for another server, or with another key.
#[test]
fn a_proof_is_for_one_connection() {
    let key = SigningKey::from_seed(&[7; 32]);
    let (from, to, other) = (NodeId([1; 32]), NodeId([2; 32]), NodeId([3; 32]));
    let proof = Subscribe::sign(SERVER, &key, false, from, to, &[9; 32]);
    assert!(proof.verify(from, to, &[9; 32]).is_ok());
    assert!(proof.verify(other, to, &[9; 32]).is_err());
    assert!(proof.verify(from, other, &[9; 32]).is_err());
    assert!(proof.verify(from, to, &[8; 32]).is_err());
    let moved = Subscribe {
        server: ServerTag([0x12; 16]),
        ..proof.clone()
    };
    assert!(moved.verify(from, to, &[9; 32]).is_err());
    let stolen = Subscribe {
        key: SigningKey::from_seed(&[8; 32]).public(),
        ..proof
    };
    assert!(stolen.verify(from, to, &[9; 32]).is_err());
}

/// Every prefix of every frame errs, and no flipped byte panics.
#[test]
fn hostile_frames_err() {
    for (name, frame) in frames()
        .into_iter()
        .chain(hub_frames())
        .chain(hub_answers())
    {
        let bytes = frame.encode();
        for end in 0..bytes.len() {
            assert!(Frame::decode(&bytes[..end]).is_err(), "{name} cut at {end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let _ = Frame::decode(&flipped);
            }
        }
    }
}
