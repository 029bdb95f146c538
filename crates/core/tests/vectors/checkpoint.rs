//! Vectors of chapter `checkpoint`: trees and proofs, commitments to states, and histories that checkpoints freeze.

use conclave_core::commitment::{EventTree, Lookup, MemberProof, Pruned, StateTree, Tree};
use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::member::Status;
use conclave_core::permissions::Bits;
use conclave_core::state::{Lost, Roster, Section};
use serde_json::{Value, json};

use crate::authority::case;
use crate::authority::world::*;
use crate::support::{check, error_kind};

fn bytes(first: u8, last: u8) -> [u8; 32] {
    let mut key = [0x55; 32];
    (key[0], key[31]) = (first, last);
    key
}

fn lookup(found: Lookup) -> Value {
    match found {
        Lookup::Value(value) => json!(value.to_string()),
        Lookup::Absent => json!("absent"),
        Lookup::Unknown => json!("unknown"),
    }
}

fn trees() -> Vec<Value> {
    let keys = [(0, 1), (0, 2), (0x80, 0), (0xC0, 0), (0xC0, 7)];
    let mut tree = Tree::new(Label::StateEntry);
    let mut cases = Vec::new();
    for count in 0..=keys.len() {
        if let Some((first, last)) = count.checked_sub(1).map(|n| keys[n]) {
            tree.insert(bytes(first, last), Digest([count as u8; 32]));
        }
        let asked: Vec<[u8; 32]> = [(0, 1), (0xC0, 7), (0xFF, 0)]
            .map(|(first, last)| bytes(first, last))
            .to_vec();
        let proof = tree.prove(asked.clone());
        assert_eq!(proof.verify(Label::StateEntry, &tree.root()), Ok(()));
        let entries = keys[..count].iter().enumerate();
        cases.push(json!({
            "name": format!("tree of {count}"),
            "verdict": "accept",
            "label": "StateEntry",
            "entries": entries.map(|(n, (first, last))| {
                json!([hex::encode(bytes(*first, *last)), Digest([n as u8 + 1; 32]).to_string()])
            }).collect::<Vec<_>>(),
            "root": tree.root().to_string(),
            "proof": hex::encode(proof.encode()),
            "asked": asked.iter().map(|key| json!([hex::encode(key), lookup(proof.lookup(key))])).collect::<Vec<_>>(),
        }));
    }
    let all = tree.prove_range(&[0x80; 32], &[0xFF; 32]);
    assert!(all.covers(&[0x80; 32], &[0xFF; 32]) && !all.covers(&[0; 32], &[0xFF; 32]));
    cases.push(json!({
        "name": "proof of a range",
        "verdict": "accept",
        "label": "StateEntry",
        "from": hex::encode([0x80; 32]),
        "to": hex::encode([0xFF; 32]),
        "root": tree.root().to_string(),
        "proof": hex::encode(all.encode()),
    }));
    cases
}

fn refusals() -> Vec<Value> {
    let cut = [vec![0], vec![1; 32]].concat();
    let leaf = [vec![1], vec![0xFF; 32], vec![0; 32]].concat();
    let proofs = [
        ("no bytes", vec![]),
        ("an unknown part", vec![4]),
        ("bytes after the end", [cut.clone(), vec![0]].concat()),
        (
            "an empty tree inside",
            [vec![2, 0, 0], vec![3], cut.clone()].concat(),
        ),
        (
            "one bit twice on a path",
            [
                vec![2, 0, 5, 2, 0, 5],
                cut.clone(),
                cut.clone(),
                cut.clone(),
            ]
            .concat(),
        ),
        (
            "a bit beyond the key",
            [vec![2, 1, 0], cut.clone(), cut.clone()].concat(),
        ),
        (
            "a leaf on the wrong side",
            [vec![2, 0, 0], leaf, cut].concat(),
        ),
    ];
    let refused = proofs.into_iter().map(|(name, proof)| {
        let error = Pruned::decode(&proof).unwrap_err();
        json!({
            "name": format!("proof with {name}"),
            "verdict": "reject",
            "proof": hex::encode(proof),
            "error": error_kind(&error),
        })
    });
    refused.collect()
}

fn member() -> Value {
    let world = World::new(5);
    let mut roster = Roster::new();
    for who in 0..=5 {
        roster.insert(world.register(who, 1, world.heads(), Status::Present));
    }
    let proofs: Vec<Value> = [world.people[3].pseudonym, Pseudonym([0xEE; 32])]
        .iter()
        .map(|pseudonym| {
            let proof: MemberProof = roster.prove(pseudonym);
            assert_eq!(proof.verify(&roster.root(), pseudonym), Ok(()));
            json!({
                "pseudonym": pseudonym.to_string(),
                "proof": hex::encode(conclave_core::codec::encode(&proof)),
                "register": proof.register.map(|(register, leaf)| json!([register.to_string(), leaf.to_string()])),
            })
        })
        .collect();
    json!({
        "name": "member proofs",
        "verdict": "accept",
        "root": roster.root().to_string(),
        "proofs": proofs,
    })
}

/// A history with its checkpoints, and what did not survive them.
fn frozen(name: &str, mut world: World) -> Value {
    let mut value = case(name, world.clone());
    let state = world.now();
    let listed = world.log.checkpoints();
    value["checkpoints"] = listed
        .iter()
        .map(|frozen| {
            json!({
                "id": frozen.id.to_string(),
                "epoch": frozen.checkpoint.epoch,
                "canonical": frozen.canonical,
                "state_root": frozen.checkpoint.state_root.to_string(),
                "log_root": frozen.checkpoint.log_root.to_string(),
            })
        })
        .collect();
    value["checkpoint"] = json!(state.checkpoint().map(|(id, _)| id.to_string()));
    value["lost"] = state
        .losses()
        .map(|(event, lost)| {
            let why = match lost {
                Lost::TooOld => "TooOld".to_owned(),
                Lost::Overtaken(denied) => format!("Overtaken.{}", error_kind(denied)),
            };
            json!([event.to_string(), why])
        })
        .collect();
    value
}

fn moderated() -> World {
    let mut world = World::notarised(4);
    let power = Bits(Bits::BAN_MEMBERS.0 | Bits::MANAGE_ROLES.0);
    world.role("t", power, &[1]);
    world.role("k", power, &[2]);
    world
}

fn histories() -> Vec<Value> {
    let mut cases = Vec::new();
    let mut world = moderated();
    world.text_channel(vec![]);
    world.freeze();
    let apart = world.heads();
    let tree = StateTree::of(&world.now());
    let mut rows = Vec::new();
    for section in Section::ALL {
        let state = world.now();
        for key in state.row_keys(section) {
            let row = state.row(section, &key).unwrap();
            rows.push(json!([
                section.number(),
                hex::encode(key),
                hex::encode(row)
            ]));
        }
    }
    cases.push(json!({
        "name": "state of a server",
        "verdict": "accept",
        "rows": rows,
        "sections": tree.section_roots().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "root": tree.root().to_string(),
    }));
    let mut events = EventTree::default();
    for event in world.log.events() {
        events.insert(&event.event_id());
    }
    cases.push(json!({
        "name": "events of a log",
        "verdict": "accept",
        "events": world.log.events().map(|event| event.event_id().to_string()).collect::<Vec<_>>(),
        "root": events.root().to_string(),
    }));
    cases.push(frozen("one checkpoint", world.clone()));
    let ban = world.ban(3, None);
    world.act(2, ban.clone());
    world.freeze_by(4);
    let ban_of_2 = world.ban(2, None);
    world.act_at(1, &apart, ban_of_2);
    cases.push(frozen("a late ban acts forward", world.clone()));
    world.act_at(OWNER, &apart, ban);
    world.act(OWNER, Merge::default());
    world.freeze_by(4);
    cases.push(frozen(
        "late events that the next checkpoint freezes",
        world,
    ));

    let mut world = moderated();
    world.freeze();
    let apart = world.heads();
    let ban = world.ban(2, None);
    world.act(1, ban);
    world.freeze_by(4);
    let ban = world.ban(3, None);
    world.act_at(2, &apart, ban);
    cases.push(frozen(
        "a late act of somebody banned meanwhile is lost",
        world,
    ));

    let mut world = moderated();
    let apart = world.heads();
    world.act(OWNER, Merge::default());
    world.freeze();
    world.freeze_by(4);
    let ban = world.ban(3, None);
    world.act_at(1, &apart, ban);
    cases.push(frozen(
        "what is older than the checkpoint before is lost",
        world,
    ));

    let mut world = moderated();
    world.freeze();
    let apart = world.heads();
    let ban = world.ban(3, None);
    world.act(2, ban);
    world.freeze_by(4);
    let merge = world.act_at(OWNER, &apart, Merge::default());
    world.freeze_at(OWNER, &[merge]);
    cases.push(frozen("two checkpoints after one", world));

    let mut world = moderated();
    let heads = world.heads();
    let mut checkpoint = world.checkpoint(&heads);
    checkpoint.state_root = Digest([1; 32]);
    world.refused(OWNER, posted(&checkpoint, &[&notary()]));
    let checkpoint = world.checkpoint(&heads);
    world.refused(OWNER, posted(&checkpoint, &[]));
    cases.push(frozen("a wrong state root, and no signature", world));
    cases
}

#[test]
fn checkpoint() {
    let mut cases = trees();
    cases.extend(refusals());
    cases.push(member());
    cases.extend(histories());
    check(
        "checkpoint",
        &json!({ "chapter": "checkpoint", "version": 1, "cases": cases }),
    );
}
