//! Planted shapes: what random acts rarely find. Each begins where somebody knows everything; most of its acts are concurrent.

mod attacks;
mod places;
mod reigns;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;

use crate::acts;
use crate::dice::Dice;
use crate::village::*;

pub use attacks::equivocation;

/// Plants itself where the heads given are known.
pub type Shape = fn(&mut Dice, &mut Village, &[EventId]);

/// All of them, by name.
pub const ALL: &[(&str, Shape)] = &[
    ("bans of each other", bans_of_each_other),
    ("ban beside unban", ban_beside_unban),
    ("roles move beside acts", roles_move),
    ("demotion chain", demotion_chain),
    ("falling level", falling_level),
    ("device cut", device_cut),
    ("invite revoked beside joins", invite_revoked),
    ("invite opened beside a ban", invite_opened),
    ("timeouts", timeouts),
    ("kick and come back", kick_and_come_back),
    ("role deleted beside edits", role_deleted),
    ("bits set and cleared", bits_set_and_cleared),
    ("grant beside revoke", grant_beside_revoke),
    ("category deleted beside edits", places::category_deleted),
    ("following begins and ends", places::following),
    ("channels move", places::moves),
    ("overwrites meet", places::overwrites_meet),
    ("many heads", attacks::many_heads),
    ("merge ladder", attacks::merge_ladder),
    ("equivocation", attacks::equivocation),
    ("backdating", attacks::backdating),
    ("old branch", attacks::old_branch),
    ("ground ids", attacks::ground_ids),
    ("lying clocks", attacks::lying_clocks),
    ("badly placed", attacks::badly_placed),
    ("newer kinds", attacks::newer_kinds),
    ("claim beside veto", reigns::claim_beside_veto),
    ("take-overs meet", reigns::take_overs_meet),
    ("transfers meet", reigns::transfers_meet),
    ("reign after reign", reigns::reign_after_reign),
    ("council at odds", reigns::council_at_odds),
];

pub fn plant(dice: &mut Dice, village: &mut Village) -> &'static str {
    let (name, shape) = dice.pick(ALL);
    let at = village.heads();
    shape(dice, village, &at);
    name
}

fn bans_of_each_other(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for _ in 0..2 + dice.roll(3) {
        let (who, target) = (dice.roll(6), 1 + dice.roll(5));
        let honoured = dice.pick(&[None, Some(0), Some(1)]);
        village.try_at(who, at, village.ban(target, honoured));
    }
}

fn ban_beside_unban(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let target = 4 + dice.roll(2);
    let member = village.identity(target);
    let Some(banned) = village.try_at(OWNER, at, village.ban(target, None)) else {
        return;
    };
    let role = dice.pick(&village.roles);
    village.try_at(1 + dice.roll(2), &[banned], Unban { member });
    village.try_at(1 + dice.roll(3), &[banned], village.ban(target, Some(0)));
    village.try_at(OWNER, at, RoleGrant { role, member });
    village.try_at(target, at, Merge::default());
}

/// A role falls or rises while its holders use it against each other.
fn roles_move(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let position = dice.pick(&["B", "4", "h", "x"]).to_owned();
    let role = dice.pick(&village.roles);
    let update = RoleUpdate {
        position: Some(position),
        ..role_update(role)
    };
    let moved = village.try_at(dice.pick(&[OWNER, 1]), at, update);
    for _ in 0..2 {
        let (who, act) = (1 + dice.roll(4), acts::restriction(dice, village));
        village.try_at(who, at, act);
    }
    if let Some(moved) = moved {
        let act = acts::restriction(dice, village);
        village.try_at(1 + dice.roll(3), &[moved], act);
    }
}

/// Somebody hands a role on, who hands another on, who acts; whoever was first loses theirs beside it.
fn demotion_chain(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let (first, second, third) = (1, 5, 4);
    let grant = |village: &Village, role: usize, who| RoleGrant {
        role: village.roles[role],
        member: village.identity(who),
    };
    let one = village.try_at(first, at, grant(village, 1, second));
    let known = [at.to_vec(), one.into_iter().collect()].concat();
    let two = village.try_at(second, &known, grant(village, 3, third));
    let known = [known, two.into_iter().collect()].concat();
    village.try_at(third, &known, village.ban(6, None));
    village.try_at(third, &known, category(vec![]));
    let role = village.roles[dice.roll(2)];
    let member = village.identity(first);
    let restriction: Body = if dice.one_in(2) {
        village.ban(first, None).into()
    } else {
        let seen = acts::seen(dice, village, first);
        RoleRevoke { role, member, seen }.into()
    };
    village.try_at(OWNER, at, restriction);
}

/// Somebody bans with two roles behind them and loses the higher; another's ban then stands above theirs.
pub fn falling_level(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let faller = 2;
    village.try_at(faller, at, village.ban(4, None));
    village.try_at(faller, at, channel(vec![]));
    let act = acts::restriction(dice, village);
    village.try_at(faller, at, act);
    let revoke = RoleRevoke {
        role: village.roles[dice.pick(&[0, 0, 1])],
        member: village.identity(faller),
        seen: vec![],
    };
    village.try_at(dice.pick(&[OWNER, OWNER, 1]), at, revoke);
    village.try_at(1, at, village.ban(faller, Some(dice.roll(3) as u64)));
    village.try_at(3, at, village.ban(5, None));
    village.try_at(4, at, channel(vec![]));
}

fn device_cut(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let who = dice.roll(4);
    for device in [0, 0, 1] {
        let act = acts::any(dice, village, who);
        let event = village.sign(who, device, at, act);
        village.put(who, device, &event);
    }
    for _ in 0..2 {
        let cut = acts::device_cut(dice, village, who);
        let poster = dice.roll(PEOPLE);
        village.try_at(poster, at, cut);
    }
    let heads = village.heads();
    village.try_at(who, &heads, Merge::default());
}

fn invite_revoked(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    for who in [1, 4, GUEST] {
        let act = acts::any(dice, village, who);
        village.try_at(who, at, act);
    }
    for _ in 0..1 + dice.roll(2) {
        let mut honoured: Vec<Pseudonym> = vec![village.people[1 + dice.roll(6)].pseudonym];
        honoured.truncate(dice.roll(2));
        let invite = dice.pick(&village.invites);
        village.try_at(
            dice.pick(&[OWNER, 1, 2]),
            at,
            InviteRevoke { invite, honoured },
        );
    }
    let heads = village.heads();
    let act = acts::any(dice, village, GUEST);
    village.try_at(GUEST, &heads, act);
}

/// Whoever came through a way in that was opened beside its creator's ban has done nothing.
fn invite_opened(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let role = dice.one_in(2).then_some(village.roles[3]);
    let Some(opened) = village.try_at(2, at, invite(role)) else {
        return;
    };
    let before = village.people[GUEST].invite;
    village.people[GUEST].invite = Some(opened.into());
    let known = [at.to_vec(), vec![opened]].concat();
    let guest = village.try_at(GUEST, &known, category(vec![]));
    let act = acts::any(dice, village, GUEST);
    village.try_at(GUEST, &known, act);
    if dice.one_in(2) {
        village.people[GUEST].invite = before;
    }
    let known = [known, guest.into_iter().collect()].concat();
    let act = acts::about_channel(dice, village);
    village.try_at(3, &known, act);
    let restriction: Body = match dice.roll(3) {
        0 => village.ban(2, None).into(),
        1 => InviteRevoke {
            invite: opened.into(),
            honoured: vec![],
        }
        .into(),
        _ => RoleRevoke {
            role: village.roles[1],
            member: village.identity(2),
            seen: vec![],
        }
        .into(),
    };
    village.try_at(OWNER, &known[..known.len() - 1], restriction);
}

fn timeouts(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let target = 3 + dice.roll(3);
    let member = village.identity(target);
    let mut known = at.to_vec();
    for who in [OWNER, 2, 3] {
        let until = Millis(village.time + 10 + dice.roll(3) as u64);
        let seen = acts::seen(dice, village, target);
        let done = village.try_at(
            who,
            at,
            Timeout {
                member,
                until,
                seen,
            },
        );
        known.extend(done.filter(|_| dice.one_in(2)));
    }
    for act in [Merge::default().into(), acts::any(dice, village, target)] {
        village.try_at(target, at, act);
    }
    village.try_at(2, &known, TimeoutLift { member });
    let act = acts::any(dice, village, target);
    village.try_at(target, &known, act);
}

/// Who was kicked comes back with a later register, or tries with the old one.
fn kick_and_come_back(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let target = 4 + dice.roll(2);
    let member = village.identity(target);
    let (mut seen, role) = (village.seen(target, Some(0)), village.roles[3]);
    seen[0].register_seq = dice.pick(&[None, Some(0), Some(1)]);
    let Some(kicked) = village.try_at(1, at, Kick { member, seen }) else {
        return;
    };
    village.try_at(OWNER, at, RoleGrant { role, member });
    village.people[target].register_seq = dice.roll(3) as u64;
    let back = village.try_at(target, &[kicked], Merge::default());
    let known = [vec![kicked], back.into_iter().collect()].concat();
    village.try_at(OWNER, &known, RoleGrant { role, member });
    let heads = village.heads();
    let act = acts::any(dice, village, target);
    village.try_at(target, &heads, act);
}

fn role_deleted(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let (role, member) = (dice.pick(&village.roles), village.identity(5));
    village.try_at(dice.pick(&[OWNER, 1]), at, RoleDelete { role });
    village.try_at(OWNER, at, RoleGrant { role, member });
    for _ in 0..3 {
        let (who, act) = (dice.roll(4), acts::about_role(dice, village));
        village.try_at(who, at, act);
    }
    let allows = Overwrite {
        subject: Subject::Role(role),
        allow: Bits::VIEW_CHANNEL,
        deny: Bits::NONE,
    };
    let channel = dice.pick(&village.channels);
    village.try_at(
        2,
        at,
        OverwriteSet {
            channel,
            overwrite: allows,
        },
    );
    let act = acts::restriction(dice, village);
    village.try_at(2 + dice.roll(3), at, act);
}

fn bits_set_and_cleared(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let role = dice.pick(&village.roles[1..]);
    let bits = Bits::BAN_MEMBERS | Bits::MANAGE_CHANNELS;
    for who in [OWNER, 1, 2] {
        let update = match dice.roll(3) {
            0 => RoleUpdate {
                set: Some(bits),
                ..role_update(role)
            },
            1 => RoleUpdate {
                clear: Some(bits),
                ..role_update(role)
            },
            _ => RoleUpdate {
                set: Some(Bits::BAN_MEMBERS),
                clear: Some(Bits::MANAGE_CHANNELS),
                ..role_update(role)
            },
        };
        village.try_at(who, at, update);
    }
    for who in [2, 3, 4] {
        let act = acts::any(dice, village, who);
        village.try_at(who, at, act);
    }
}

fn grant_beside_revoke(dice: &mut Dice, village: &mut Village, at: &[EventId]) {
    let role = dice.pick(&village.roles[1..]);
    let target = 3 + dice.roll(4);
    let member = village.identity(target);
    for who in [1, 2, OWNER] {
        if dice.one_in(2) {
            village.try_at(who, at, RoleGrant { role, member });
        } else {
            let seen = acts::seen(dice, village, target);
            village.try_at(who, at, RoleRevoke { role, member, seen });
        }
    }
    let act = acts::any(dice, village, target);
    village.try_at(target, at, act);
}
