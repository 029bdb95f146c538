//! Vectors of chapter `envelope`: the outer form, topics and tags. How content is sealed is in chapter `message`.

use conclave_core::envelope::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use serde_json::{Value, json};

use crate::support::{check, hash_of, key, refusals, signed};

fn envelope(form: Form, drop: Option<Drop>) -> Envelope {
    let server = ServerId([1; 32]);
    Envelope {
        version: ENVELOPE_VERSION,
        server: server_tag(server),
        topic: Topic::Channel(server, ChannelId([2; 32])).tag(),
        epoch: EpochId([3; 32]),
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
        ("channel", Topic::Channel(server, channel)),
        ("account", Topic::Account(identity)),
    ]
    .into_iter()
    .map(|(name, topic)| json!({ "topic": name, "tag": topic.tag().to_string() }))
    .collect()
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
    let mut cases = vec![sealed, tombstone, keys, ephemeral];
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
