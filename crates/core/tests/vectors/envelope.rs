//! Vectors of chapter `envelope`: the outer form, topics and tags. How content is sealed is in chapter `message`.

use conclave_core::envelope::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use serde_json::{Value, json};

use crate::support::{check, error_kind, hash_of, key, refusals, signed};

fn envelope(form: Form, drop: Option<Drop>) -> Envelope {
    let server = ServerId([1; 32]);
    Envelope {
        version: ENVELOPE_VERSION,
        server: server_tag(server),
        topic: Topic::Channel(server, ChannelId([2; 32])).tag(),
        epoch: EpochId(if form == Form::Keys { [0; 32] } else { [3; 32] }),
        pseudonym: Pseudonym(key(4).public().0),
        seq: 300,
        form,
        delete_hash: delete_hash(&[5; 32]),
        drop,
        sealed: vec![6; SEALED_PREFIX_LEN + 256 + 16].into(),
    }
}

fn topics() -> Vec<Value> {
    let (server, channel, identity) = (ServerId([1; 32]), ChannelId([2; 32]), IdentityId([3; 32]));
    [
        ("authority", Topic::Authority(server)),
        ("members", Topic::Members(server)),
        ("keys", Topic::Keys(server)),
        ("slots", Topic::Slots(server)),
        ("channel", Topic::Channel(server, channel)),
        ("account", Topic::Account(identity)),
    ]
    .into_iter()
    .map(|(name, topic)| json!({ "topic": name, "tag": topic.tag().to_string() }))
    .collect()
}

/// Envelopes whose signature is good and whose fields contradict each other.
fn contradictions() -> Vec<Value> {
    let drop = |secret: usize| Drop {
        target: EnvelopeId([7; 32]),
        seq: 1,
        secret: vec![5; secret].into(),
    };
    let sealed = || envelope(Form::Sealed, None);
    let cases = [
        (
            "unknown version",
            Envelope {
                version: 2,
                ..sealed()
            },
        ),
        ("sequence 0", Envelope { seq: 0, ..sealed() }),
        (
            "something to drop in a sealed envelope",
            envelope(Form::Sealed, Some(drop(32))),
        ),
        (
            "a tombstone that drops nothing",
            envelope(Form::Tombstone, None),
        ),
        (
            "a delete secret of 31 bytes",
            envelope(Form::Tombstone, Some(drop(31))),
        ),
        (
            "a key record under an epoch",
            Envelope {
                epoch: EpochId([3; 32]),
                ..envelope(Form::Keys, None)
            },
        ),
    ];
    let case = |(name, envelope): (&str, Envelope)| {
        let (mut case, read) = signed(name, envelope, &key(4));
        case["verdict"] = "reject".into();
        case["error"] = error_kind(&read.check().unwrap_err()).into();
        case
    };
    cases.into_iter().map(case).collect()
}

#[test]
fn envelope_form() {
    let sender = key(4);
    let (sealed, good) = signed("sealed", envelope(Form::Sealed, None), &sender);
    let drop = Drop {
        target: EnvelopeId([7; 32]),
        seq: 299,
        secret: vec![5; 32].into(),
    };
    let (tombstone, _) = signed("tombstone", envelope(Form::Tombstone, Some(drop)), &sender);
    let (keys, _) = signed("keys", envelope(Form::Keys, None), &sender);
    let (ephemeral, _) = signed("ephemeral", envelope(Form::Ephemeral, None), &sender);
    assert_eq!(good.check(), Ok(()));
    let mut cases = vec![sealed, tombstone, keys, ephemeral];
    cases.extend(contradictions());
    cases.extend(refusals("envelope", &good, &sender));
    let value = json!({
        "chapter": "envelope",
        "version": 1,
        "cases": cases,
        "server": { "id": ServerId([1; 32]).to_string(), "tag": server_tag(ServerId([1; 32])).to_string() },
        "account": { "id": IdentityId([3; 32]).to_string(), "tag": account_tag(IdentityId([3; 32])).to_string() },
        "topics": topics(),
        "delete": { "secret": hex::encode([5; 32]), "hash": hash_of(Label::DeleteSecret, &[&[5; 32]]) },
    });
    check("envelope", &value);
}
