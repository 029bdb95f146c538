//! Vectors of chapter `keys`: leaves, epochs in both suites, links, direct slots, inner nodes, audiences.

use conclave_core::codec;
use conclave_core::event::{Overwrite, Subject};
use conclave_core::id::*;
use conclave_core::keys::audience::{Rule, ViewRule};
use conclave_core::keys::*;
use conclave_core::member::Closing;
use conclave_core::permissions::Bits;
use serde_json::{Value, json};

use crate::support::{check, key, reject, rng};

fn secret(seed: u8) -> LeafSecret {
    LeafSecret::from_seed(&[seed; 32])
}

fn full(seed: u8, suite: Suite) -> Leaf {
    Leaf::full(secret(seed).public(suite))
}

fn plan(suite: Suite, leaves: Vec<Leaf>) -> EpochPlan {
    EpochPlan {
        server: ServerId([1; 32]),
        audience: audience::everyone(ServerId([1; 32])),
        suite,
        cover: Cover::flat(leaves),
        heads: vec![EventId([7; 32])],
        parents: Vec::new(),
        reason: Reason::First,
        removed: Vec::new(),
        closing: Vec::new(),
        link_content: true,
        author: IdentityId([2; 32]),
        device: DeviceId([3; 32]),
        identity_head: IdentityEntryId([4; 32]),
    }
}

/// The first epoch, of leaves 11, 12 and the closed invite 13; and the one after the removal of 12.
fn epochs(suite: Suite) -> (NewEpoch, NewEpoch) {
    let invite = Leaf::state_only(secret(13).public(suite));
    let leaves = vec![full(11, suite), full(12, suite), invite.clone()];
    let first = make_epoch(&plan(suite, leaves), &key(5), &mut rng(1)).unwrap();
    let pseudonym = Pseudonym(key(12).public().0);
    let next = EpochPlan {
        heads: vec![EventId([8; 32])],
        parents: vec![(first.id, first.secret.keys())],
        reason: Reason::Removal,
        removed: vec![Removed { pseudonym, seq: 3 }],
        closing: vec![Closing {
            pseudonym,
            topic: TopicTag([6; 16]),
            last: 17,
        }],
        ..plan(suite, vec![full(11, suite), invite])
    };
    let next = make_epoch(&next, &key(5), &mut rng(2)).unwrap();
    (first, next)
}

fn leaves() -> Vec<Value> {
    [11, 12, 13]
        .map(|seed| {
            let (light, hybrid) = (
                secret(seed).public(Suite::X25519),
                secret(seed).public(Suite::XWing),
            );
            let xwing = hybrid.xwing.clone().unwrap();
            json!({
                "seed": hex::encode([seed; 32]),
                "x25519": hex::encode(&light.x25519[..]),
                "xwing": hex::encode(&xwing[..]),
                "id_light": light.id().to_string(),
                "id_hybrid": hybrid.id().to_string(),
            })
        })
        .to_vec()
}

fn keys_json(keys: &EpochKeys) -> Value {
    json!({
        "state": hex::encode(keys.state.as_bytes()),
        "content": keys.content.as_ref().map(|content| hex::encode(content.as_bytes())),
    })
}

fn epoch(name: &str, made: &NewEpoch, suite: Suite, holders: &[(u8, bool)]) -> Value {
    let bytes = KeyRecord::Epoch(made.record.clone()).encode();
    let KeyRecord::Epoch(record) = KeyRecord::decode(&bytes).unwrap() else {
        panic!("{name}")
    };
    let opened = holders.iter().map(|(seed, state_only)| {
        let id = secret(*seed).public(suite).id();
        let opened = record.open(&secret(*seed), id).unwrap();
        assert_eq!(opened.secret.is_none(), *state_only);
        json!({
            "leaf_seed": hex::encode([*seed; 32]),
            "leaf": id.to_string(),
            "tag": record.slot_of(&id).unwrap().tag.to_string(),
            "share": if *state_only { "state" } else { "secret" },
        })
    });
    let opened: Vec<Value> = opened.collect();
    let header = record
        .open_header(&made.secret.keys())
        .unwrap()
        .verify(&key(5).public())
        .unwrap();
    let channel = ChannelId([9; 32]);
    let parents: Vec<Value> = record
        .unlink(&made.secret.keys())
        .iter()
        .map(|(id, keys)| json!({ "epoch": id.to_string(), "keys": keys_json(keys) }))
        .collect();
    json!({
        "name": name,
        "verdict": "accept",
        "bytes": hex::encode(&bytes),
        "id": made.id.to_string(),
        "secret": hex::encode(made.secret.as_bytes()),
        "keys": keys_json(&made.secret.keys()),
        "channel": channel.to_string(),
        "channel_key": hex::encode(made.secret.content_key().channel(&channel).as_bytes()),
        "device_key": key(5).public().to_string(),
        "header": hex::encode(header.payload()),
        "slots": opened,
        "parents": parents,
    })
}

fn others(first: &NewEpoch, suite: Suite) -> Vec<Value> {
    let late = full(14, suite);
    let share = Share::Full(first.secret.clone());
    let direct = direct_slot(first.id, &share, &late, suite).unwrap();
    assert_eq!(open_direct(&direct, &secret(14), late.id).unwrap(), share);
    let complaint = Complaint {
        epoch: first.id,
        leaf: late.id,
    };
    let part = first.record.parts(1).remove(0);
    assert_eq!(part.slots.len(), 1);
    let state = first.secret.state_key();
    let base = plan(suite, Vec::new());
    let node = NodePlan {
        server: base.server,
        audience: base.audience,
        suite,
        epoch: (first.id, &state),
        level: 1,
        position: 0,
        children: vec![full(11, suite), full(12, suite)],
        nodes: &[],
        heads: base.heads,
        author: base.author,
        device: base.device,
        identity_head: base.identity_head,
        author_leaf: full(11, suite).id,
    };
    let node = make_node(&node, &key(5), &mut rng(3)).unwrap();
    let header = node
        .record
        .open_header(&state)
        .unwrap()
        .verify(&key(5).public())
        .unwrap();
    let opened = node
        .record
        .open(&header, &secret(12), full(12, suite).id)
        .unwrap();
    assert_eq!(opened, node.seed);
    vec![
        json!({
            "name": "direct slot",
            "verdict": "accept",
            "bytes": hex::encode(KeyRecord::Direct(direct).encode()),
            "leaf_seed": hex::encode([14; 32]),
            "share": hex::encode(&share.to_bytes()[..]),
        }),
        json!({
            "name": "complaint",
            "verdict": "accept",
            "bytes": hex::encode(KeyRecord::Complaint(complaint).encode()),
        }),
        json!({
            "name": "slots apart",
            "verdict": "accept",
            "bytes": hex::encode(KeyRecord::Slots(part).encode()),
        }),
        json!({
            "name": "node",
            "verdict": "accept",
            "bytes": hex::encode(KeyRecord::Node(node.record.clone()).encode()),
            "id": node.record.id().to_string(),
            "state_key": hex::encode(state.as_bytes()),
            "header": hex::encode(header.payload()),
            "seed": hex::encode(node.seed.as_bytes()),
            "leaf_seeds": [hex::encode([11; 32]), hex::encode([12; 32])],
            "node_leaf": node.node.id.to_string(),
        }),
    ]
}

/// Refusals: of bytes that are no record, and of a record that is offered to somebody.
fn refusals(first: &NewEpoch, next: &NewEpoch) -> Vec<Value> {
    let bytes = KeyRecord::Epoch(first.record.clone()).encode();
    let malformed = |name: &str, bytes: &[u8]| {
        let error = KeyRecord::decode(bytes).unwrap_err();
        let mut case = reject(name, bytes, None, &error);
        case["reason"] = error.to_string().into();
        case
    };
    let mut slot = bytes.clone();
    *slot.last_mut().unwrap() ^= 1;
    let trailing = [&bytes[..], &[0]].concat();
    let suite = Suite::X25519;
    let removed = full(12, suite).id;
    let out = next.record.open(&secret(12), removed).unwrap_err();
    let old = next
        .record
        .open_with(&Share::Full(first.secret.clone()))
        .unwrap_err();
    let next_bytes = KeyRecord::Epoch(next.record.clone()).encode();
    vec![
        malformed("truncated", &bytes[..bytes.len() - 1]),
        malformed("a byte after the end", &trailing),
        malformed("a slot that the root does not cover", &slot),
        malformed("an unknown kind of record", &[0x82, 0x18, 0x20, 0x80]),
        reject("opened by the removed leaf 12", &next_bytes, None, &out),
        reject(
            "opened with the secret of the epoch before",
            &next_bytes,
            None,
            &old,
        ),
    ]
}

fn audiences() -> Vec<Value> {
    let server = ServerId([1; 32]);
    let overwrite = |subject, allow, deny| Overwrite {
        subject,
        allow,
        deny,
    };
    let private = ViewRule {
        base: true,
        overwrites: vec![
            overwrite(
                Subject::Role(server.everyone()),
                Bits::NONE,
                Bits::VIEW_CHANNEL,
            ),
            overwrite(
                Subject::Role(RoleId([2; 32])),
                Bits::VIEW_CHANNEL,
                Bits::NONE,
            ),
            overwrite(
                Subject::Member(IdentityId([3; 32])),
                Bits::VIEW_CHANNEL,
                Bits::NONE,
            ),
        ],
    };
    let bare = ViewRule {
        base: false,
        overwrites: Vec::new(),
    };
    [
        ("everyone", Rule::Everyone),
        ("private", Rule::View(private)),
        ("bare", Rule::View(bare)),
    ]
    .map(|(name, rule)| {
        json!({
            "name": name,
            "server": server.to_string(),
            "rule": hex::encode(codec::encode(&rule)),
            "audience": rule.audience(server).to_string(),
        })
    })
    .to_vec()
}

#[test]
fn keys() {
    let (first, next) = epochs(Suite::X25519);
    let (hybrid, _) = epochs(Suite::XWing);
    let mut cases = vec![
        epoch(
            "first epoch, X25519",
            &first,
            Suite::X25519,
            &[(11, false), (12, false), (13, true)],
        ),
        epoch(
            "after a removal, X25519",
            &next,
            Suite::X25519,
            &[(11, false), (13, true)],
        ),
        epoch(
            "first epoch, X-Wing",
            &hybrid,
            Suite::XWing,
            &[(11, false), (12, false), (13, true)],
        ),
    ];
    cases.extend(others(&first, Suite::X25519));
    cases.extend(refusals(&first, &next));
    let listed = [
        full(11, Suite::X25519),
        Leaf::state_only(secret(13).public(Suite::X25519)),
    ];
    let (digest, count) = leaf_list(&listed);
    let value = json!({
        "chapter": "keys",
        "version": 1,
        "leaves": leaves(),
        "leaf_list": { "full": listed[0].id.to_string(), "state_only": listed[1].id.to_string(), "count": count, "digest": digest.to_string() },
        "audiences": audiences(),
        "cases": cases,
    });
    check("keys", &value);
}
