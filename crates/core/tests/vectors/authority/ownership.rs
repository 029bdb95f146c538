//! How a server passes from one to another. Everybody's root key is their device's key here.

use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::permissions::Bits;
use conclave_core::signed::SigningKey;
use serde_json::Value;

use super::world::*;
use super::{case, refusal};

const COUNCIL: [Who; 3] = [2, 3, 4];

pub fn ownership() -> Vec<Value> {
    let mut cases = Vec::new();
    transfers(&mut cases);
    meetings(&mut cases);
    claims(&mut cases);
    endings(&mut cases);
    titles(&mut cases);
    bans(&mut cases);
    malformed(&mut cases);
    cases
}

/// The server passes on, by one transfer and by two at once.
fn transfers(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    world.refused(1, transfer(&world, 1, 1, None));
    world.act(OWNER, transfer(&world, OWNER, 1, Some(9)));
    world.refused(OWNER, MinVersion { version: 1 });
    world.act(1, MinVersion { version: 1 });
    world.act(1, transfer(&world, 1, 2, Some(9)));
    cases.push(case("a server is handed on twice", world));

    let mut world = World::new(3);
    let second = world.second_device(OWNER);
    let before = world.heads();
    let one = world.act_at(OWNER, &before, transfer(&world, OWNER, 1, Some(9)));
    let two = world.act_at(second, &before, transfer(&world, OWNER, 2, Some(9)));
    let first = world.act_at(1, &[one], channel("by the first", vec![]));
    world.act_at(1, &[first], world.ban(3, None));
    world.act_at(2, &[two], channel("by the second", vec![]));
    world.act_at(2, &[two], transfer(&world, 2, 3, None));
    cases.push(case("of concurrent transfers one stands", world));
}

/// A transfer beside what lower ones did to its receiver, and beside what the old owner did.
fn meetings(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    world.role("M", Bits::BAN_MEMBERS | Bits::KICK_MEMBERS, &[1]);
    let before = world.heads();
    world.act_at(1, &before, world.ban(2, None));
    world.act_at(OWNER, &before, transfer(&world, OWNER, 2, None));
    cases.push(case("a transfer protects its receiver", world));

    let mut world = World::new(1);
    let second = world.second_device(OWNER);
    let before = world.heads();
    let seen = world.act_at(second, &before, channel("seen", vec![]));
    world.act_at(second, &[seen], channel("unseen", vec![]));
    let body = Transfer {
        seen: world.seen(second, Some(0)),
        ..(*transfer(&world, OWNER, 1, None)).clone()
    };
    world.act_at(OWNER, &before, RootSigned::draft(body));
    cases.push(case("what an old owner did beyond seen is void", world));
}

fn claimed() -> (World, EventId) {
    let mut world = World::new(6);
    world.role("M", Bits::BAN_MEMBERS, &[5]);
    let terms = council(&world, &[1], &COUNCIL, 2);
    let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
    let claim = world.act(1, claim(&world, policy, 1));
    (world, claim)
}

/// A claim from its beginning to its end, with what is refused on the way.
fn claims(cases: &mut Vec<Value>) {
    let (mut world, id) = claimed();
    let policy = world.now().succession().unwrap().event;
    world.refused(5, claim(&world, policy, 5));
    world.refused(1, claim(&world, policy, 1));
    world.refused(1, accession(&world, id, 1));
    world.refused(2, SuccessionConfirm { claim: id, days: 6 });
    world.act(2, confirm(id));
    world.refused(2, confirm(id));
    world.refused(1, confirm(id));
    cases.push(case("a claim that is open", world.clone()));
    world.act(4, confirm(id));
    world.refused(2, accession(&world, id, 2));
    world.act(1, accession(&world, id, 1));
    world.refused(OWNER, SuccessionVeto { claim: id });
    cases.push(case("a confirmed claim takes over", world));
}

/// Veto, new policy and transfer beside a take-over.
fn endings(cases: &mut Vec<Value>) {
    for ending in ["veto", "policy", "transfer"] {
        let (mut world, id) = claimed();
        world.act(2, confirm(id));
        let before = world.heads();
        let second = world.act_at(3, &before, confirm(id));
        let take = world.act_at(1, &[second], accession(&world, id, 1));
        world.act_at(1, &[take], channel("by the heir", vec![]));
        let body = match ending {
            "veto" => Body::from(SuccessionVeto { claim: id }),
            "policy" => SuccessionPolicy::draft(council(&world, &[6], &[], 0)).into(),
            _ => transfer(&world, OWNER, 6, Some(9)).into(),
        };
        world.act_at(OWNER, &before, body);
        cases.push(case(
            &format!("a {ending} beats a take-over beside it"),
            world,
        ));
    }
}

/// Two take-overs at once: successors by order, and a recovery key above them.
fn titles(cases: &mut Vec<Value>) {
    for recovery in [false, true] {
        let mut world = World::new(6);
        let key = SigningKey::from_seed(&[42; 32]);
        let terms = Succession {
            recovery_keys: if recovery { vec![key.public()] } else { vec![] },
            ..council(&world, &[1, 5], &COUNCIL, 1)
        };
        let policy = world.act(OWNER, SuccessionPolicy::draft(terms));
        let payload = recovery_proof_payload(world.server(), policy, world.identity(5));
        let signature = key.sign(Label::SuccessionRecovery, &payload).to_vec();
        let proof = RecoveryProof {
            key: key.public(),
            signature: signature.into(),
        };
        let by_name = world.act(1, claim(&world, policy, 1));
        let other = SuccessionClaim {
            recovery: recovery.then_some(proof),
            ..claim(&world, policy, 5)
        };
        if recovery {
            world.refused(6, other.clone());
        }
        let other = world.act(5, other);
        world.act(2, confirm(by_name));
        world.act(3, confirm(other));
        let before = world.heads();
        world.act_at(1, &before, accession(&world, by_name, 1));
        world.act_at(5, &before, accession(&world, other, 5));
        let name = if recovery {
            "a recovery key ranks above a successor"
        } else {
            "the first successor ranks above the second"
        };
        cases.push(case(name, world));
    }
}

/// Bans beside confirmations and take-overs.
fn bans(cases: &mut Vec<Value>) {
    for (by, banned) in [(5, 3), (OWNER, 3), (5, 1), (OWNER, 1)] {
        let (mut world, id) = claimed();
        world.act(2, confirm(id));
        let before = world.heads();
        let second = world.act_at(3, &before, confirm(id));
        world.act_at(1, &[second], accession(&world, id, 1));
        world.act_at(by, &before, world.ban(banned, Some(0)));
        let by = if by == OWNER {
            "an owner"
        } else {
            "a moderator"
        };
        let whom = if banned == 1 {
            "heir"
        } else {
            "council member"
        };
        cases.push(case(
            &format!("{by} bans the {whom} beside a take-over"),
            world,
        ));
    }
    let (mut world, id) = claimed();
    world.act(5, world.ban(3, None));
    world.refused(3, confirm(id));
    cases.push(case("a banned council member does not confirm", world));
}

/// Policies that are refused without a trace.
fn malformed(cases: &mut Vec<Value>) {
    let mut world = World::new(3);
    let good = council(&world, &[1], &[2, 3], 2);
    let bad: [(&str, Succession); 4] = [
        (
            "a quorum above the council",
            Succession {
                quorum: 3,
                ..good.clone()
            },
        ),
        (
            "a quorum without a council",
            Succession {
                council: vec![],
                quorum: 1,
                ..good.clone()
            },
        ),
        (
            "a successor twice",
            Succession {
                successors: [&good.successors[..], &good.successors[..]].concat(),
                ..good.clone()
            },
        ),
        (
            "a delay above a year",
            Succession {
                delay_days: 366,
                ..good
            },
        ),
    ];
    for (name, terms) in bad {
        let heads = world.heads();
        let event = world.sign(OWNER, &heads, SuccessionPolicy::draft(terms));
        cases.push(refusal(name, &world, OWNER, Event::clone(&event)));
    }
}
