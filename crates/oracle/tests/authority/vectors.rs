//! Vectors of chapter *authority*: a few histories of every planted shape, with what both programs say of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use conclave_core::log::AuthorProof;
use conclave_oracle::{Oracle, Outcome};
use serde_json::{Value, json};

use crate::compare::difference;
use crate::dice::Dice;
use crate::shapes;
use crate::village::*;

/// Histories of every shape.
const EACH: usize = 4;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The events as they came, each with what came of it.
fn events(village: &Village, from: usize) -> Vec<Value> {
    let mut oracle = Oracle::new(village.server());
    let mut told = Vec::new();
    for (n, (event, proof)) in village.made.iter().enumerate() {
        let verdict = match oracle.insert(event, *proof) {
            Outcome::Accepted => json!("accepted"),
            Outcome::Rejected(why) => json!({ "rejected": format!("{why:?}") }),
            Outcome::Refused(refusal) => json!({ "refused": format!("{refusal:?}") }),
            Outcome::Known => json!("known"),
            Outcome::Waits => json!("waits"),
        };
        if n >= from {
            told.push(json!({
                "id": event.event_id().to_string(),
                "wire": hex(&event.bytes().encode()),
                "proof": proof_of(proof),
                "verdict": verdict,
            }));
        }
    }
    told
}

fn proof_of(proof: &AuthorProof) -> Value {
    match proof {
        AuthorProof::Founder => json!("founder"),
        AuthorProof::Member {
            invite,
            pseudonym,
            register_seq,
        } => json!({
            "invite": invite.map(|invite| invite.to_string()),
            "pseudonym": pseudonym.to_string(),
            "register_seq": register_seq,
        }),
    }
}

fn case(kind: &str, n: usize, village: &mut Village) -> Value {
    let heads = village.heads();
    assert!(!village.broken && difference(&mut village.log, &village.oracle, &heads).is_none());
    let state = village.oracle.resolve(&heads).unwrap();
    let overruled: Vec<Value> = state
        .overruled
        .iter()
        .map(|(event, (by, rule))| json!([event.to_string(), by.to_string(), rule]))
        .collect();
    let forks: Vec<Value> = village
        .oracle
        .forks()
        .iter()
        .map(|(device, seq, a, b)| json!([device.to_string(), seq, a.to_string(), b.to_string()]))
        .collect();
    json!({
        "name": format!("{kind}, {n}"),
        "kind": kind,
        "verdict": "accept",
        "events": events(village, village.setting),
        "heads": heads.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "overruled": overruled,
        "forks": forks,
        "digest": state.digest().to_string(),
    })
}

/// Distinct histories of a shape, those first in which something is overruled.
fn cases(kind: &str, shape: shapes::Shape) -> Vec<Value> {
    let mut found: Vec<(bool, u64, Village)> = Vec::new();
    let mut seen = BTreeSet::new();
    for seed in 0..16 {
        let mut village = Village::settled();
        let at = village.heads();
        shape(&mut Dice::new(seed), &mut village, &at);
        let state = village.oracle.resolve(&village.heads()).unwrap();
        if seen.insert(state.digest()) {
            found.push((state.overruled.is_empty(), seed, village));
        }
    }
    found.sort_by_key(|(dull, seed, _)| (*dull, *seed));
    let some = found.iter_mut().take(EACH).enumerate();
    some.map(|(n, (_, _, village))| case(kind, n + 1, village))
        .collect()
}

#[test]
fn vectors_of_every_planted_shape() {
    let setting = Village::settled();
    let keys: Vec<Value> = setting
        .people
        .iter()
        .flat_map(|person| &person.devices)
        .map(|device| json!([device.id.to_string(), device.key().to_string()]))
        .collect();
    let all: Vec<Value> = shapes::ALL
        .iter()
        .flat_map(|(kind, shape)| cases(kind, *shape))
        .collect();
    assert!(all.len() >= 2 * shapes::ALL.len(), "{} cases", all.len());
    let vectors = json!({
        "chapter": "authority",
        "version": 1,
        "server": setting.server().to_string(),
        "keys": keys,
        "setting": events(&setting, 0),
        "cases": all,
    });
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/protocol/vectors/authority-graphs.json");
    if std::env::var_os("CONCLAVE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&vectors).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
        return;
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for (stored, rebuilt) in stored["cases"]
        .as_array()
        .unwrap()
        .iter()
        .zip(vectors["cases"].as_array().unwrap())
    {
        assert!(
            stored == rebuilt,
            "{} differs from {}",
            rebuilt["name"],
            stored["name"]
        );
    }
    assert!(
        stored == vectors,
        "the vectors differ in number, or in their setting; run `cargo xtask vectors`"
    );
}
