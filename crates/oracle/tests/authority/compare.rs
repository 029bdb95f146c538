//! Comparing the two, and making what differs small enough to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conclave_core::id::{EventId, ServerId};
use conclave_core::log::Log;
use conclave_oracle::Oracle;

use crate::village::{PEOPLE, Signed, Village, bytes, insert_both};

/// What differs at some heads, in words; nothing if the two agree.
pub fn difference(log: &mut Log, oracle: &Oracle, heads: &[EventId]) -> Option<String> {
    let ours = log.resolve(heads).unwrap().encode_state();
    let theirs = oracle.resolve(heads).unwrap().encode();
    if ours == theirs {
        return None;
    }
    let (ours, theirs) = (items(&ours), items(&theirs));
    let mut told = String::new();
    for (n, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        if a != b {
            let _ = writeln!(told, "item {n}\n  log    {a}\n  oracle {b}");
        }
    }
    Some(told)
}

/// The items of an encoded state, as text with short ids.
fn items(state: &[u8]) -> Vec<String> {
    let mut decoder = minicbor::Decoder::new(state);
    let count = decoder.array().unwrap().unwrap();
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(text(&mut decoder));
    }
    items
}

/// One item with ids cut short.
fn text(decoder: &mut minicbor::Decoder<'_>) -> String {
    use minicbor::data::Type;
    match decoder.datatype().unwrap() {
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            let items: Vec<String> = (0..count).map(|_| text(decoder)).collect();
            format!("[{}]", items.join(", "))
        }
        Type::Map => {
            let count = decoder.map().unwrap().unwrap();
            let items: Vec<String> = (0..2 * count).map(|_| text(decoder)).collect();
            format!("{{{}}}", items.join(", "))
        }
        Type::Bytes => {
            let bytes = decoder.bytes().unwrap().iter().take(8);
            let mut hex = String::new();
            bytes.for_each(|byte| write!(hex, "{byte:02x}").unwrap());
            hex
        }
        Type::String => format!("{:?}", decoder.str().unwrap()),
        Type::Bool => decoder.bool().unwrap().to_string(),
        Type::Null => decoder.null().map(|()| "null".to_owned()).unwrap(),
        _ => decoder.u64().unwrap().to_string(),
    }
}

/// Whether the two disagree about anything in these events, in this order.
fn disagree(server: ServerId, events: &[Signed]) -> bool {
    let (mut log, mut oracle) = (Log::new(server), Oracle::new(server));
    for (event, proof) in events {
        let (_, agree) = insert_both(&mut log, &mut oracle, event, *proof);
        if !agree {
            return true;
        }
    }
    let heads = log.heads().to_vec();
    difference(&mut log, &oracle, &heads).is_some()
}

/// Leaves out events, each with what cites it, as long as the two still disagree; tells the rest.
pub fn shrunk(village: &Village) -> String {
    let server = village.server();
    let mut events = village.made.clone();
    if !disagree(server, &events) {
        return "they agree once all is replayed".into();
    }
    for n in (village.setting..events.len()).rev() {
        if n >= events.len() {
            continue;
        }
        let mut gone: BTreeSet<EventId> = BTreeSet::from([events[n].0.event_id()]);
        let mut fewer = events[..n].to_vec();
        for (event, proof) in &events[n + 1..] {
            let mut cites = event.parents.iter().chain(&event.prev_self);
            if cites.any(|id| gone.contains(id)) {
                gone.insert(event.event_id());
            } else {
                fewer.push((event.clone(), *proof));
            }
        }
        if disagree(server, &fewer) {
            events = fewer;
        }
    }
    story(village, &events)
}

fn story(village: &Village, events: &[Signed]) -> String {
    let (mut log, mut oracle) = (Log::new(village.server()), Oracle::new(village.server()));
    let mut told = String::new();
    for (n, (event, proof)) in events.iter().enumerate() {
        let outcome = oracle.insert(event, *proof);
        let verdict = log.insert(event.clone(), *proof);
        if n + 3 < village.setting {
            continue;
        }
        let who = (0..PEOPLE).find(|who| event.author.0 == bytes(who + 100));
        let parents: Vec<String> = event
            .parents
            .iter()
            .map(|id| id.to_string()[..8].to_owned())
            .collect();
        let id = &event.event_id().to_string()[..8];
        let body = event.decode_body();
        let _ = writeln!(
            told,
            "{id} by {who:?} seq {} after {parents:?}: {outcome:?} {verdict:?}\n    {body:?}",
            event.seq
        );
    }
    let roles: Vec<String> = village
        .roles
        .iter()
        .map(|id| id.to_string()[..8].to_owned())
        .collect();
    let channels: Vec<String> = village
        .channels
        .iter()
        .map(|id| id.to_string()[..8].to_owned())
        .collect();
    let _ = writeln!(told, "roles {roles:?} channels {channels:?}");
    let heads = log.heads().to_vec();
    told + &difference(&mut log, &oracle, &heads).unwrap_or_default()
}
