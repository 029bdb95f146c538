//! Vectors of chapter `message`: sealed envelopes, and what does not open.

use conclave_core::envelope::*;
use conclave_core::id::*;
use conclave_core::message::{self, OuterFields};
use conclave_core::signed::Verified;
use serde_json::{Value, json};

use crate::support::{check, key, reject, rng};

const SEAL: [u8; 32] = [7; 32];

fn fields(form: Form, drop: Option<Drop>) -> OuterFields {
    let server = ServerId([1; 32]);
    OuterFields {
        server: server_tag(server),
        topic: Topic::Channel(server, ChannelId([2; 32])).tag(),
        epoch: EpochId([3; 32]),
        seq: 300,
        form,
        delete_hash: delete_hash(&[5; 32]),
        drop,
    }
}

fn sealed(name: &str, fields: OuterFields, content: &[u8]) -> (Value, Verified<Envelope>) {
    let envelope = message::seal(fields, content, &SEAL, &key(4), &mut rng(9)).unwrap();
    assert_eq!(*message::open(&envelope, &SEAL).unwrap(), content);
    let case = json!({
        "name": name,
        "verdict": "accept",
        "key": hex::encode(SEAL),
        "wire": hex::encode(envelope.bytes().encode()),
        "content": hex::encode(content),
    });
    (case, envelope)
}

fn refused(
    name: &str,
    good: &Envelope,
    seal: &[u8; 32],
    change: impl FnOnce(&mut Envelope),
) -> Value {
    let mut envelope = good.clone();
    change(&mut envelope);
    let envelope = Verified::sign(envelope, &key(4));
    let error = message::open(&envelope, seal).unwrap_err();
    let mut case = reject(name, &envelope.bytes().encode(), Some(&key(4)), &error);
    case["seal"] = hex::encode(seal).into();
    case
}

#[test]
fn message_sealed() {
    let drop = Drop {
        target: EnvelopeId([7; 32]),
        seq: 299,
        secret: vec![5; 32].into(),
    };
    let (short, good) = sealed("short", fields(Form::Sealed, None), b"hello");
    let (empty, _) = sealed("empty", fields(Form::Ephemeral, None), b"");
    let (long, _) = sealed(
        "longer than the least size",
        fields(Form::Sealed, None),
        &[1; 300],
    );
    let (tombstone, marked) = sealed("tombstone", fields(Form::Tombstone, Some(drop)), b"gone");
    let cases = vec![
        short,
        empty,
        long,
        tombstone,
        refused("another key", &good, &[8; 32], |_| ()),
        refused("version", &good, &SEAL, |e| e.version = 2),
        refused("server", &good, &SEAL, |e| e.server.0[0] ^= 1),
        refused("topic", &good, &SEAL, |e| e.topic.0[0] ^= 1),
        refused("epoch", &good, &SEAL, |e| e.epoch.0[0] ^= 1),
        refused("pseudonym", &good, &SEAL, |e| e.pseudonym.0[0] ^= 1),
        refused("sequence", &good, &SEAL, |e| e.seq += 1),
        refused("form", &good, &SEAL, |e| e.form = Form::Ephemeral),
        refused("delete hash", &good, &SEAL, |e| e.delete_hash.0[0] ^= 1),
        refused("without what it drops", &marked, &SEAL, |e| e.drop = None),
        refused("nonce", &good, &SEAL, |e| e.sealed[0] ^= 1),
        refused("commitment", &good, &SEAL, |e| e.sealed[24] ^= 1),
        refused("ciphertext", &good, &SEAL, |e| {
            e.sealed[SEALED_PREFIX_LEN] ^= 1
        }),
        refused("truncated ciphertext", &good, &SEAL, |e| {
            e.sealed.truncate(SEALED_PREFIX_LEN + 255)
        }),
        refused("truncated prefix", &good, &SEAL, |e| e.sealed.truncate(55)),
        refused("a key record", &good, &SEAL, |e| e.form = Form::Keys),
    ];
    check(
        "message",
        &json!({ "chapter": "message", "version": 1, "cases": cases }),
    );
}
