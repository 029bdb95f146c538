//! The laws, by name, over every random history.

use conclave_core::event::Body;
use conclave_core::id::EventId;
use conclave_core::log::{InsertError, Log, Verdict};
use conclave_oracle::Level;

use crate::dice::Dice;
use crate::village::*;

pub type Held = Result<(), String>;

/// All laws over one history; the dice choose an order of arrival.
pub fn hold(village: &Village, dice: &mut Dice) -> Held {
    arrival(village, dice)?;
    hold_in_state(village)?;
    revocations_only_deny(village, dice)
}

/// Those that one state shows.
pub fn hold_in_state(village: &Village) -> Held {
    let state = village.oracle.resolve(&village.heads()).unwrap();
    let effective = |id: &EventId| !state.overruled.contains_key(id);
    stands_above_what_it_acts_on(village, &effective)?;
    a_revoked_key_changes_nothing_below_the_revocation(village, &effective)
}

/// Order independence, idempotence, and that a batch is its events one by one.
fn arrival(village: &Village, dice: &mut Dice) -> Held {
    let mut events = village.made.clone();
    let again: Vec<Signed> = (0..3).map(|_| dice.pick(&events)).collect();
    events.extend(again);
    dice.shuffle(&mut events);
    let asks = dice.roll(8);
    let mut other = arrive(Log::new(village.server()), &events, asks);
    let same = |what: &str, holds: bool| {
        holds
            .then_some(())
            .ok_or(format!("{what} depends on the order of arrival"))
    };
    same("what the heads are", other.heads() == village.log.heads())?;
    for (event, _) in &village.made {
        let id = event.event_id();
        same(
            "a verdict",
            verdict(&other, &id) == verdict(&village.log, &id),
        )?;
    }
    let state = other.current().unwrap().encode_state();
    let heads = village.heads();
    let ours = village.log.clone().resolve(&heads).unwrap().encode_state();
    same("the state", state == ours)
}

fn verdict(log: &Log, id: &EventId) -> Option<Verdict> {
    log.verdict(id).cloned()
}

/// Events arrive; what lacks something is kept back. After every so many the state is asked for, so that some come one by
/// one and some as a batch. What is left at the end waits for ever.
pub fn arrive(mut log: Log, events: &[Signed], asks: usize) -> Log {
    let mut waiting: Vec<Signed> = Vec::new();
    for (n, signed) in events.iter().enumerate() {
        waiting.push(signed.clone());
        loop {
            let before = waiting.len();
            waiting.retain(|(event, proof)| {
                // Asking the log itself every time is slow.
                event.parents.iter().any(|id| log.verdict(id).is_none())
                    || matches!(
                        log.insert(event.clone(), *proof),
                        Err(InsertError::MissingParents(_))
                    )
            });
            if waiting.len() == before || waiting.is_empty() {
                break;
            }
        }
        if asks > 0 && n % asks == 0 && !log.is_empty() {
            log.current().unwrap();
        }
    }
    log
}

/// Nobody exceeds their delegator: whatever is effective still has a source for every bit that it takes, of a level above what
/// it acts on, and every such source stands on effective events alone. Nothing outweighs its level.
fn stands_above_what_it_acts_on(village: &Village, effective: &impl Fn(&EventId) -> bool) -> Held {
    let overruled = village.oracle.overruled(&village.heads()).unwrap();
    let taken = village.oracle.accepted();
    for (number, basis) in &overruled.left {
        let event = &taken[*number];
        if !effective(&event.id) {
            continue;
        }
        let mut sources = basis.conditions.iter().flatten().flatten();
        let hollow = sources.any(|source| !source.stands_on.iter().all(effective));
        if hollow || !basis.stands() || overruled.settled[number] > event.basis.level().into() {
            return Err(format!("{:?} does not stand: {basis:?}", event.event));
        }
    }
    Ok(())
}

/// A revoked key's concurrent events change nothing that is not above the revocation's level.
fn a_revoked_key_changes_nothing_below_the_revocation(
    village: &Village,
    effective: &impl Fn(&EventId) -> bool,
) -> Held {
    let taken = village.oracle.accepted();
    for ban in taken.iter().filter(|taken| effective(&taken.id)) {
        let Some(Body::Ban(body)) = &ban.body else {
            continue;
        };
        for event in taken
            .iter()
            .filter(|taken| taken.event.author == body.member)
        {
            let before = |a: &EventId, b: &EventId| village.oracle.before(a, b);
            let concurrent = !before(&event.id, &ban.id) && !before(&ban.id, &event.id);
            let listed = body
                .seen
                .iter()
                .find(|seen| seen.device == event.event.device);
            let honoured = listed.is_some_and(|seen| seen.event_seq >= Some(event.event.seq));
            let acts = event
                .body
                .as_ref()
                .is_some_and(|body| !matches!(body, Body::DeviceCut(_)));
            // In a later reign an owner's word settles after what made them the owner.
            let owners = ban.basis.fixed == Some(Level::Owner) && ban.ground.tenure.is_empty();
            if concurrent && !honoured && owners && acts && effective(&event.id) {
                return Err(format!("{:?} outlives the ban {:?}", event.event, ban.id));
            }
        }
    }
    Ok(())
}

/// Whatever the owner revokes beside everything else, nothing comes to count by it but what the overruled had overruled.
fn revocations_only_deny(village: &Village, dice: &mut Dice) -> Held {
    let mut after = village.clone();
    let target = 1 + dice.roll(PEOPLE - 1);
    let at = vec![village.made[village.setting - 1].0.event_id()];
    if after
        .try_at(OWNER, &at, village.ban(target, None))
        .is_none()
    {
        return Ok(());
    }
    let before = village.oracle.resolve(&village.heads()).unwrap().overruled;
    let then = after.oracle.resolve(&after.heads()).unwrap().overruled;
    let freed = before.iter().filter(|(id, _)| !then.contains_key(*id));
    // What is free again was held down by something that has now fallen or lost weight.
    let number = |id: &EventId| {
        village
            .oracle
            .accepted()
            .iter()
            .position(|taken| taken.id == *id)
    };
    let weight = |village: &Village, id: &EventId| {
        let overruled = village.oracle.overruled(&village.heads()).unwrap();
        number(id).and_then(|number| overruled.settled.get(&number).cloned())
    };
    for (id, (by, _)) in freed {
        if !then.contains_key(by) && weight(&after, by) >= weight(village, by) {
            return Err(format!(
                "a ban of {target} brings back {id:?}, which {by:?} overruled"
            ));
        }
    }
    Ok(())
}
