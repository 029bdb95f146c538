//! Vectors of chapter `authority`: histories with the verdict of every event, the heads, what is overruled, and the state.

mod ownership;
mod restrictions;
mod structure;
mod values;
#[allow(dead_code)]
#[path = "../authority/world.rs"]
pub mod world;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, Effect, Verdict};
use conclave_core::member::Status;
use conclave_core::signed::Verified;
use conclave_core::state::{Roster, position};
use serde_json::{Value, json};
use world::*;

use crate::support::{check, error_kind};

fn proof_value(proof: &AuthorProof) -> Value {
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

fn verdict_value(world: &World, id: &EventId) -> Value {
    match world.log.verdict(id) {
        Some(Verdict::Accepted) => json!("accepted"),
        Some(Verdict::Rejected(denied)) => json!({ "rejected": error_kind(denied) }),
        None => panic!("unknown event"),
    }
}

/// A history as a case. It is replayed backwards first: the vectors say nothing that depends on the order.
pub fn case(name: &str, mut world: World) -> Value {
    let state = world.now();
    let mut backwards = world.made.clone();
    backwards.reverse();
    let mut other = replay(world.server(), &backwards);
    assert_eq!(
        other.current().unwrap().encode_state(),
        state.encode_state(),
        "{name}"
    );
    let keys: Vec<_> = world.people.clone();
    let key = |event: &Event| {
        keys.iter()
            .find(|person| person.device == event.device)
            .unwrap()
            .key
            .public()
            .to_string()
    };
    let events: Vec<Value> = world
        .made
        .iter()
        .map(|(event, proof)| {
            json!({
                "id": event.event_id().to_string(),
                "wire": hex::encode(event.bytes().encode()),
                "key": key(event),
                "proof": proof_value(proof),
                "verdict": verdict_value(&world, &event.event_id()),
            })
        })
        .collect();
    let ids: Vec<EventId> = world
        .made
        .iter()
        .map(|(event, _)| event.event_id())
        .collect();
    let overruled: Vec<Value> = ids
        .iter()
        .filter_map(|id| match world.log.effective(id) {
            Some(Effect::Overruled { by, rule }) => {
                Some(json!([id.to_string(), by.to_string(), rule.number()]))
            }
            _ => None,
        })
        .collect();
    json!({
        "name": name,
        "verdict": "accept",
        "server": world.server().to_string(),
        "events": events,
        "heads": world.heads().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "overruled": overruled,
        "halted": world.log.halted().map(|reason| error_kind(reason)),
        "state": hex::encode(state.encode_state()),
        "digest": state.digest().to_string(),
    })
}

/// An event that a history refuses without a trace.
fn refusal(name: &str, world: &World, who: Who, event: Event) -> Value {
    let event = Verified::sign(event, &world.people[who].key);
    let error = world
        .clone()
        .log
        .insert(event.clone(), world.proof(who))
        .unwrap_err();
    json!({
        "name": name,
        "verdict": "reject",
        "server": world.server().to_string(),
        "after": world.made.iter().map(|(event, _)| hex::encode(event.bytes().encode())).collect::<Vec<_>>(),
        "wire": hex::encode(event.bytes().encode()),
        "key": world.people[who].key.public().to_string(),
        "proof": proof_value(&world.proof(who)),
        "error": error_kind(&error),
    })
}

fn rosters() -> Vec<Value> {
    let world = World::new(3);
    let mut cases = Vec::new();
    for count in 0..=4 {
        let mut roster = Roster::new();
        let mut registers: Vec<String> = Vec::new();
        for who in 0..count {
            let register = world.register(who, 1, world.heads(), Status::Present);
            registers.push(hex::encode(register.bytes().encode()));
            roster.insert(register);
        }
        cases.push(json!({
            "name": format!("member root of {count} registers"),
            "verdict": "accept",
            "registers": registers,
            "root": roster.root().to_string(),
        }));
    }
    cases
}

fn positions() -> Value {
    let pairs: [(Option<&str>, Option<&str>); 10] = [
        (None, None),
        (None, Some("V")),
        (Some("V"), None),
        (Some("V"), Some("W")),
        (Some("A"), Some("C")),
        (None, Some("1")),
        (Some("z"), None),
        (Some("zz"), None),
        (Some("Vz"), Some("W")),
        (Some("V"), Some("V1")),
    ];
    let between: Vec<Value> = pairs
        .iter()
        .map(|(a, b)| {
            let middle = position::between(*a, *b);
            assert!(
                a.is_none_or(|a| *a < *middle) && b.is_none_or(|b| &*middle < b),
                "{a:?} {middle} {b:?}"
            );
            json!([a, b, middle])
        })
        .collect();
    json!({ "name": "fractional indices", "verdict": "accept", "between": between })
}

#[test]
fn authority() {
    let mut cases = values::values();
    cases.extend(restrictions::restrictions());
    cases.extend(structure::structure());
    cases.extend(rosters());
    cases.push(positions());
    check(
        "authority",
        &json!({ "chapter": "authority", "version": 1, "cases": cases }),
    );
}

#[test]
fn succession() {
    let cases = ownership::ownership();
    check(
        "succession",
        &json!({ "chapter": "succession", "version": 1, "cases": cases }),
    );
}
