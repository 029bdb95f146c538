//! What somebody does who wants the log to break, or to be slow, or to forget.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;

use crate::acts;
use crate::dice::Dice;
use crate::village::*;

/// Everybody acts at once, and one merges it all.
pub fn many_heads(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for who in 0..PEOPLE {
        let act = acts::any(dice, village, who);
        village.try_at(who, at, act);
    }
    let heads = village.heads();
    village.try_at(dice.roll(PEOPLE), &heads, Merge::default());
}

/// Two merge each other's branches over and over, and a restriction stands beside it all.
pub fn merge_ladder(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let (mut left, mut right) = (at.to_vec(), at.to_vec());
    for _ in 0..2 + dice.roll(3) {
        let both = [left.clone(), right.clone()].concat();
        let act = acts::any(dice, village, 4);
        left.extend(village.try_at(4, &both, act));
        right.extend(village.try_at(5, &left, Merge::default()));
    }
    let honoured = dice.pick(&[None, Some(0), Some(1), Some(2)]);
    village.try_at(
        dice.pick(&[OWNER, 1, 2]),
        at,
        village.ban(4 + dice.roll(2), honoured),
    );
}

/// A device uses a sequence twice, goes on with both, and somebody merges them.
pub fn equivocation(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let who = dice.roll(PEOPLE);
    let mut twins = Vec::new();
    for _ in 0..2 + dice.roll(2) {
        let act = acts::any(dice, village, who);
        twins.push(village.sign(who, 0, at, act));
    }
    let mut stand = Vec::new();
    for twin in &twins {
        if village.put(who, 0, twin) {
            stand.push(twin.event_id());
        }
    }
    // On from one of them, without the other; then with both.
    let act = acts::any(dice, village, who);
    village.try_at(who, at, act);
    let other = (who + 1) % PEOPLE;
    village.try_at(other, &stand, Merge::default());
    let heads = village.heads();
    let act = acts::any(dice, village, who);
    village.try_at(who, &heads, act);
}

/// Somebody is restricted, and writes on as if they had not heard: straight on, and from before.
pub fn backdating(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let target = 1 + dice.roll(5);
    let first = village.try_at(target, at, Merge::default());
    let known = [at.to_vec(), first.into_iter().collect()].concat();
    let own = village.people[target].devices[0].last.map(|(seq, _)| seq);
    let seen = village.seen(target, own);
    let member = village.identity(target);
    let (role, invite) = (dice.pick(&village.roles), dice.pick(&village.invites));
    let revocation: Body = match dice.roll(6) {
        0 => village.ban(target, own).into(),
        1 => Kick { member, seen }.into(),
        2 => RoleRevoke { role, member, seen }.into(),
        3 => acts::device_cut(dice, village, target).into(),
        4 => InviteRevoke {
            invite,
            honoured: vec![],
        }
        .into(),
        _ => Timeout {
            member,
            until: Millis(village.time + 9),
            seen,
        }
        .into(),
    };
    village.try_at(OWNER, &known, revocation);
    for _ in 0..3 {
        let act = acts::any(dice, village, target);
        village.try_at(target, &known, act);
    }
    let heads = village.heads();
    let act = acts::any(dice, village, target);
    village.try_at(target, &heads, act);
}

/// Acts from the beginning of time, beside everything since.
pub fn old_branch(dice: &mut Dice, village: &mut Village, _: &[EventId]) {
    let from = village.setting - dice.roll(12);
    let old = vec![village.made[from - 1].0.event_id()];
    for _ in 0..2 {
        let who = dice.roll(PEOPLE);
        let act = acts::any(dice, village, who);
        village.try_at(who, &old, act);
    }
}

/// The writer with the lower id wins a tie, so ids are tried out.
pub fn ground_ids(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for who in [1, 2] {
        let update = ServerUpdate {
            name: Some(format!("name {who}")),
            ..Default::default()
        };
        let act: Body = if dice.one_in(2) {
            update.into()
        } else {
            acts::about_role(dice, village)
        };
        let mut event = village.draft(who, 0, at, act);
        let mut best = village.seal(who, 0, event.clone());
        for time in 0..4 {
            event.time = Millis(time);
            let other = village.seal(who, 0, event.clone());
            best = if other.event_id() < best.event_id() {
                other
            } else {
                best
            };
        }
        village.put(who, 0, &best);
    }
}

/// Clocks decide nothing, but for how long a timeout may be by its own event's.
pub fn lying_clocks(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for time in [0, 1, u64::MAX, u64::MAX - 5] {
        let (who, target) = (dice.pick(&[OWNER, 2, 3]), 3 + dice.roll(3));
        let until = Millis(dice.pick(&[0, 2_419_200_000, 2_419_200_001, 2_419_200_002, u64::MAX]));
        let seen = acts::seen(dice, village, target);
        let member = village.identity(target);
        let timeout = Timeout {
            member,
            until,
            seen,
        };
        let mut event = village.draft(who, 0, at, timeout);
        event.time = Millis(time);
        let event = village.seal(who, 0, event);
        village.put(who, 0, &event);
    }
}

/// Events in places where they cannot be.
pub fn badly_placed(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let who = 1 + dice.roll(5);
    let nothing = EventId([dice.roll(9) as u8; 32]);
    let denied = village.sign(who, 0, at, MinVersion { version: 2 });
    village.put(who, 0, &denied);
    for _ in 0..4 {
        let good = village.draft(who, 0, at, Merge::default());
        let genesis = village.server().genesis();
        let parents = good.parents.clone();
        let event = match dice.roll(15) {
            0 => Event {
                seq: good.seq + 1,
                ..good
            },
            1 => Event {
                prev_self: Some(parents[0]),
                ..good
            },
            2 => Event {
                prev_self: None,
                ..good
            },
            3 => Event {
                parents: vec![],
                ..good
            },
            4 => Event {
                parents: vec![denied.event_id()],
                ..good
            },
            5 => Event {
                prev_self: Some(denied.event_id()),
                ..good
            },
            6 => Event {
                parents: [vec![genesis], parents].concat(),
                ..good
            },
            7 => Event {
                server: Some(ServerId([1; 32])),
                ..good
            },
            8 => Event {
                server: None,
                ..good
            },
            9 => Event { version: 0, ..good },
            10 => Event {
                author: village.identity(0),
                ..good
            },
            11 => Event {
                reason: Some("r".repeat(2049)),
                ..good
            },
            12 => Event {
                last_checkpoint: Some(CheckpointId(genesis.0)),
                ..good
            },
            13 => Event {
                parents: (0..17).map(|n| EventId([n; 32])).collect(),
                ..good
            },
            _ => Event {
                parents: vec![nothing],
                ..good
            },
        };
        let event = village.seal(who, 0, event);
        village.put(who, 0, &event);
        village.put(who, 0, &event);
    }
}

/// What a newer program wrote: refused by all until the owner allows it, then without effect.
pub fn newer_kinds(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let mut known = at.to_vec();
    if dice.one_in(2) {
        known.extend(village.try_at(OWNER, at, MinVersion { version: 2 }));
    }
    for who in [2, 4, PEER] {
        let good = village.draft(who, 0, &known, Merge::default());
        let event = match dice.roll(3) {
            0 => Event { version: 2, ..good },
            1 => Event { kind: 999, ..good },
            // A critical key, 128, in the body.
            _ => Event {
                body: vec![0xA1, 0x18, 0x80, 0x00].into(),
                ..good
            },
        };
        let event = village.seal(who, 0, event);
        village.put(who, 0, &event);
    }
    let revoke = RoleRevoke {
        role: village.roles[1],
        member: village.identity(2),
        seen: vec![],
    };
    village.try_at(OWNER, at, revoke);
    village.try_at(OWNER, at, village.ban(4, None));
    let heads = village.heads();
    village.try_at(3, &heads, role("C", Bits::NONE));
}
