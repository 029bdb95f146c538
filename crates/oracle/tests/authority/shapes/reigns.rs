//! Planted shapes about who owns the server.

use conclave_core::event::*;
use conclave_core::id::*;

use crate::acts;
use crate::dice::Dice;
use crate::village::*;

/// The named successors of the setting's policy, who have two devices like all.
const HEIRS: [Who; 2] = [4, 5];

/// Its council.
const COUNCIL: [Who; 3] = [1, 2, 3];

/// Somebody claims, and some of the council confirm; what all know then, with the claim.
fn claimed(
    dice: &mut Dice,
    village: &mut Village,
    at: &[EventId],
    heir: Who,
) -> Option<(EventId, Vec<EventId>)> {
    let policy = village.policy_at(at)?;
    let claimant = if dice.one_in(3) { 1 } else { heir };
    let claim = village.try_at(claimant, at, village.claim(policy, heir))?;
    let mut known = vec![claim];
    for who in COUNCIL {
        if who != 3 || dice.one_in(2) {
            known.extend(village.try_at(who, &[claim], confirm(claim)));
        }
    }
    Some((claim, village.antichain(&known)))
}

/// A restriction of somebody by somebody above or below.
fn removal(dice: &mut Dice, village: &Village, target: Who) -> Body {
    let seen = dice.pick(&[None, Some(0), Some(3)]);
    match dice.roll(4) {
        0 => {
            let (member, seen) = (village.identity(target), village.seen(target, seen));
            Kick { member, seen }.into()
        }
        1 => RoleRevoke {
            role: dice.pick(&village.roles),
            member: village.identity(target),
            seen: village.seen(target, seen),
        }
        .into(),
        _ => village.ban(target, seen).into(),
    }
}

/// An owner at the end of something acts, and others whom they give something.
fn reigns(dice: &mut Dice, village: &mut Village, owner: Who, known: &[EventId]) {
    let (role, friend) = (village.roles[0], 3 + dice.roll(3));
    let member = village.identity(friend);
    let granted = village.try_at(owner, known, RoleGrant { role, member });
    let known: Vec<EventId> = granted.map_or(known.to_vec(), |id| vec![id]);
    let target = 1 + dice.roll(6);
    village.try_at(friend, &known, village.ban(target, None));
    let act = acts::any(dice, village, owner);
    village.try_at(owner, &known, act);
}

/// A claim, what confirms it, a veto, and a ban of somebody whom it hangs on, all beside each other.
pub fn claim_beside_veto(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let heir = dice.pick(&HEIRS);
    let Some((claim, known)) = claimed(dice, village, at, heir) else {
        return;
    };
    let taken = village.try_at(heir, &known, village.take_over(claim, heir));
    if dice.one_in(2) {
        village.try_at(OWNER, &[claim], SuccessionVeto { claim });
    }
    if dice.one_in(2) {
        let target = dice.pick(&[1, 2, heir]);
        let act = removal(dice, village, target);
        village.try_at(dice.pick(&[OWNER, 1, 2]), at, act);
    }
    if let Some(taken) = taken {
        reigns(dice, village, heir, &[taken]);
    }
    let act = acts::any(dice, village, OWNER);
    village.try_at(OWNER, at, act);
}

/// Two heirs take over at once, or one of them with both devices; the policy changes beside it.
pub fn take_overs_meet(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let mut open: Vec<(Who, EventId)> = Vec::new();
    let mut known: Vec<EventId> = Vec::new();
    for heir in HEIRS {
        if let Some((claim, heads)) = claimed(dice, village, at, heir) {
            open.push((heir, claim));
            known.extend(heads);
        }
    }
    let known = village.antichain(&known);
    let mut after: Vec<(Who, EventId)> = Vec::new();
    for (heir, claim) in open {
        for device in 0..1 + dice.roll(2) {
            let event = village.sign(heir, device, &known, village.take_over(claim, heir));
            if village.put(heir, device, &event) {
                after.push((heir, event.event_id()));
            }
        }
    }
    if dice.one_in(3) {
        let policy = village.policy(&[5], &[2, 3, 6], 1);
        village.try_at(OWNER, at, policy);
    }
    if dice.one_in(3) {
        let act = removal(dice, village, 4);
        village.try_at(OWNER, at, act);
    }
    for (heir, taken) in after {
        reigns(dice, village, heir, &[taken]);
    }
}

/// The owner hands over twice, from two devices; both new owners act, and the old one does beside it.
pub fn transfers_meet(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let mut after: Vec<(Who, EventId)> = Vec::new();
    for (device, to) in [(0, 1 + dice.roll(2)), (1, 3 + dice.roll(3))] {
        let seen = dice.pick(&[None, Some(0), Some(99)]);
        let event = village.sign(OWNER, device, at, village.transfer(OWNER, to, seen));
        if village.put(OWNER, device, &event) {
            after.push((to, event.event_id()));
        }
        if dice.one_in(2) {
            let act = removal(dice, village, to);
            village.try_at(dice.pick(&[OWNER, 1, 2]), at, act);
        }
    }
    let act = acts::any(dice, village, OWNER);
    let event = village.sign(OWNER, 1, at, act);
    village.put(OWNER, 1, &event);
    for (owner, handed) in after {
        reigns(dice, village, owner, &[handed]);
    }
}

/// One reign after another; beside the last the founder, who knows of none, hands over to somebody else or acts.
pub fn reign_after_reign(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let mut known = at.to_vec();
    let mut owner = OWNER;
    for next in [1, 2, 5] {
        let seen = dice.pick(&[None, Some(99)]);
        let Some(handed) = village.try_at(owner, &known, village.transfer(owner, next, seen))
        else {
            break;
        };
        known = vec![handed];
        if dice.one_in(2) {
            reigns(dice, village, next, &known);
        }
        owner = next;
        if dice.one_in(3) {
            break;
        }
    }
    let beside: Body = match dice.roll(3) {
        0 => village.transfer(OWNER, 3, None).into(),
        1 => acts::any(dice, village, OWNER),
        _ => removal(dice, village, owner),
    };
    let event = village.sign(OWNER, 1, at, beside);
    village.put(OWNER, 1, &event);
    if owner != OWNER {
        // Whoever was owner in between cuts a device, or is cut.
        let target = dice.pick(&[1, owner]);
        let cut = acts::device_cut(dice, village, target);
        village.try_at(dice.pick(&[1, owner]), &known, cut);
        let policy = village.policy(&[OWNER], &[], 0);
        let made = village.try_at(owner, &known, policy);
        if let Some(policy) = made {
            let claim = village.try_at(OWNER, &[policy], village.claim(policy, OWNER));
            let claim = claim.map(|claim| (claim, village.try_at(OWNER, &[claim], confirm(claim))));
            if let Some((claim, Some(confirmed))) = claim {
                let act = village.take_over(claim, OWNER);
                village.try_at(OWNER, &[confirmed], act);
            }
        }
    }
}

/// A council member confirms on two devices, claims are made for others and with the recovery key.
pub fn council_at_odds(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let Some(policy) = village.policy_at(at) else {
        return;
    };
    let with_key = village.try_at(PEER, at, village.recovery_claim(policy, PEER));
    let for_other = village.try_at(2, at, village.claim(policy, GUEST));
    for claim in [with_key, for_other].into_iter().flatten() {
        let mut known = vec![claim];
        for (who, device) in [(1, 0), (1, 1), (3, 0)] {
            let event = village.sign(who, device, &[claim], confirm(claim));
            if village.put(who, device, &event) {
                known.push(event.event_id());
            }
        }
        let known = village.antichain(&known);
        let heir = if Some(claim) == with_key { PEER } else { GUEST };
        village.try_at(heir, &known, village.take_over(claim, heir));
    }
    if dice.one_in(2) {
        let cut = acts::device_cut(dice, village, 1);
        village.try_at(1, at, cut);
    }
    let act = acts::ownership(dice, village, OWNER);
    village.try_at(OWNER, at, act);
}
