//! Random acts, often allowed.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;

use crate::dice::Dice;
use crate::village::*;

const SOME: [Bits; 8] = [
    Bits::VIEW_CHANNEL,
    Bits::SEND_MESSAGES,
    Bits::MANAGE_ROLES,
    Bits::MANAGE_CHANNELS,
    Bits::KICK_MEMBERS,
    Bits::BAN_MEMBERS,
    Bits::ADMINISTRATOR,
    Bits::CREATE_INSTANT_INVITE,
];

const POSITIONS: [&str; 6] = ["B", "V", "g", "j", "p", "u"];

pub fn seen(dice: &mut Dice, village: &Village, who: Who) -> Vec<Seen> {
    if dice.one_in(3) {
        return vec![];
    }
    let honoured = dice.pick(&[None, Some(0), Some(1), Some(3)]);
    let mut seen = village.seen(who, honoured);
    if dice.one_in(4) {
        let device = village.people[who].devices[1].id;
        seen.push(Seen { device, ..seen[0] });
        seen.sort_by_key(|seen| seen.device);
    }
    seen
}

/// Anything at all.
pub fn any(dice: &mut Dice, village: &Village, who: Who) -> Body {
    match dice.roll(11) {
        0..=2 => restriction(dice, village),
        3..=4 => about_member(dice, village, who),
        5..=6 => about_role(dice, village),
        7..=8 => about_channel(dice, village),
        9 => ownership(dice, village, who),
        _ => about_server(dice, village),
    }
}

/// Something about who owns the server, that may make sense where all is known.
pub fn ownership(dice: &mut Dice, village: &Village, who: Who) -> Body {
    let me = village.identity(who);
    let (known, all) = (village.people[who].known.clone(), village.heads());
    let heads = if dice.one_in(3) { all } else { known };
    let state = village.oracle.resolve(&heads).unwrap();
    let reign = &state.reign;
    let claims: Vec<EventId> = reign.claims.keys().copied().collect();
    let target = dice.roll(PEOPLE);
    let policy = reign.policy.as_ref().map(|(id, _)| *id);
    match (dice.roll(8), policy) {
        (0 | 1, _) if state.owner == me => {
            let seen = dice.pick(&[None, Some(0), Some(99)]);
            village.transfer(who, target, seen).into()
        }
        (2 | 3, _) if state.owner == me || reign.policy.is_none() => {
            let council = [1, 2, 3, 5, 6];
            let council = &council[dice.roll(3)..3 + dice.roll(3)];
            let quorum = council.len().min(1 + dice.roll(2)) as u16;
            village
                .policy(&[target, (target + 1) % PEOPLE], council, quorum)
                .into()
        }
        (0..=3, _) if state.owner == me && !claims.is_empty() => {
            let claim = dice.pick(&claims);
            SuccessionVeto { claim }.into()
        }
        (4 | 5, _) if !claims.is_empty() => confirm(dice.pick(&claims)).into(),
        (6 | 7, _) if !claims.is_empty() => village.take_over(dice.pick(&claims), who).into(),
        (_, Some(policy)) if dice.one_in(4) => village.recovery_claim(policy, who).into(),
        (_, Some(policy)) => {
            let heir = if dice.one_in(3) { target } else { who };
            village.claim(policy, heir).into()
        }
        _ => Merge::default().into(),
    }
}

pub fn restriction(dice: &mut Dice, village: &Village) -> Body {
    let target = 1 + dice.roll(PEOPLE - 1);
    let member = village.identity(target);
    let seen = seen(dice, village, target);
    match dice.roll(7) {
        0 | 1 => Ban {
            member,
            seen,
            delete_ms: dice.one_in(2).then_some(5),
            dropped_leaves: vec![LeafId(bytes(dice.roll(3)))],
        }
        .into(),
        2 => Kick { member, seen }.into(),
        3 => Timeout {
            member,
            until: Millis(2000 + dice.roll(5) as u64),
            seen,
        }
        .into(),
        4 | 5 => RoleRevoke {
            role: dice.pick(&village.roles),
            member,
            seen,
        }
        .into(),
        _ if dice.one_in(2) => device_cut(dice, village, target).into(),
        _ => InviteRevoke {
            invite: dice.pick(&village.invites),
            honoured: honoured(dice, village),
        }
        .into(),
    }
}

fn honoured(dice: &mut Dice, village: &Village) -> Vec<Pseudonym> {
    let all = village.people.iter().map(|person| person.pseudonym);
    let mut some: Vec<Pseudonym> = all.filter(|_| dice.one_in(2)).collect();
    some.sort_unstable();
    some
}

pub fn device_cut(dice: &mut Dice, village: &Village, target: Who) -> DeviceCut {
    let device = village.people[target].devices[usize::from(dice.one_in(4))].id;
    let seen = dice.pick(&[None, Some(0), Some(2)]).map(|event_seq| Seen {
        device,
        event_seq: dice.one_in(3).then_some(event_seq).or(Some(event_seq)),
        register_seq: Some(0),
        pseudonym: None,
    });
    DeviceCut {
        identity: village.identity(target),
        device,
        certificate: vec![1].into(),
        seen,
    }
}

fn about_member(dice: &mut Dice, village: &Village, who: Who) -> Body {
    let target = 1 + dice.roll(PEOPLE - 1);
    let member = village.identity(target);
    match dice.roll(6) {
        0 => Unban { member }.into(),
        1 => TimeoutLift { member }.into(),
        2 => NicknameSet {
            member: if dice.one_in(2) {
                member
            } else {
                village.identity(who)
            },
            nickname: dice.one_in(2).then_some(Commitment(bytes(dice.roll(5)))),
            seen: seen(dice, village, target),
        }
        .into(),
        _ => RoleGrant {
            role: dice.pick(&village.roles),
            member,
        }
        .into(),
    }
}

pub fn about_role(dice: &mut Dice, village: &Village) -> Body {
    let role = if dice.one_in(8) {
        village.server().everyone()
    } else {
        dice.pick(&village.roles)
    };
    let bits = dice.pick(&SOME);
    let position = dice.pick(&POSITIONS).to_owned();
    let update = role_update(role);
    match dice.roll(9) {
        0 | 1 => RoleUpdate {
            set: Some(bits),
            ..update
        }
        .into(),
        2 | 3 => RoleUpdate {
            clear: Some(bits),
            ..update
        }
        .into(),
        4 | 5 => RoleUpdate {
            position: Some(position),
            ..update
        }
        .into(),
        6 => RoleUpdate {
            name: Some(format!("name {}", dice.roll(3))),
            color: Some(dice.pick(&[1, 2, 0x100_0000])),
            mentionable: Some(dice.one_in(2)),
            ..update
        }
        .into(),
        7 => super::village::role(&position, dice.pick(&SOME)).into(),
        _ => RoleDelete { role }.into(),
    }
}

pub fn subject(dice: &mut Dice, village: &Village) -> Subject {
    match dice.roll(3) {
        0 => village.everyone(),
        1 => Subject::Role(dice.pick(&village.roles)),
        _ => Subject::Member(village.identity(dice.roll(PEOPLE))),
    }
}

pub fn overwrite(dice: &mut Dice, village: &Village) -> Overwrite {
    let bits = dice.pick(&SOME) | dice.pick(&SOME);
    let (allow, deny) = if dice.one_in(2) {
        (bits, Bits::NONE)
    } else {
        (Bits::NONE, bits)
    };
    Overwrite {
        subject: subject(dice, village),
        allow,
        deny,
    }
}

pub fn about_channel(dice: &mut Dice, village: &Village) -> Body {
    let channel = dice.pick(&village.channels);
    let parent = dice.pick(&village.channels);
    let update = channel_update(channel);
    match dice.roll(10) {
        0..=2 => OverwriteSet {
            channel,
            overwrite: overwrite(dice, village),
        }
        .into(),
        3 => OverwriteClear {
            channel,
            subject: subject(dice, village),
        }
        .into(),
        4 => ChannelUpdate {
            synced: Some(dice.one_in(2)),
            parent: dice.one_in(2).then_some(parent),
            ..update
        }
        .into(),
        5 => ChannelUpdate {
            parent: Some(parent),
            ..update
        }
        .into(),
        6 => ChannelUpdate {
            parent_clear: dice.one_in(2).then_some(true),
            name: dice.one_in(2).then(|| format!("name {}", dice.roll(3))),
            topic: dice
                .one_in(2)
                .then(|| dice.pick(&["", "a", "b"]).to_owned()),
            position: dice.one_in(2).then(|| dice.pick(&POSITIONS).to_owned()),
            durability: dice.one_in(2).then_some(1 + dice.roll(4) as u8),
            ttl_ms: dice.one_in(2).then_some(dice.roll(3) as u64),
            slow_mode_s: dice.one_in(2).then_some(dice.roll(3) as u32),
            ..update
        }
        .into(),
        7 | 8 => ChannelCreate {
            parent: dice.one_in(2).then_some(parent),
            synced: dice.one_in(3),
            kind: dice.pick(&[0, 0, 4, 5]),
            ttl_ms: dice.one_in(2).then_some(dice.roll(3) as u64),
            ..super::village::channel(vec![overwrite(dice, village)])
        }
        .into(),
        _ => ChannelDelete { channel }.into(),
    }
}

fn about_server(dice: &mut Dice, village: &Village) -> Body {
    match dice.roll(8) {
        0 | 1 => InviteCreate {
            channel: dice.one_in(4).then(|| dice.pick(&village.channels)),
            ..invite(dice.one_in(2).then(|| dice.pick(&village.roles)))
        }
        .into(),
        2 => InviteRevoke {
            invite: dice.pick(&village.invites),
            honoured: honoured(dice, village),
        }
        .into(),
        3 | 4 => ServerUpdate {
            name: dice.one_in(2).then(|| format!("name {}", dice.roll(3))),
            description: dice.one_in(2).then(|| dice.pick(&["", "a"]).to_owned()),
            joins_paused: dice.one_in(2).then(|| dice.one_in(2)),
            durability: dice.one_in(2).then_some(1 + dice.roll(4) as u8),
            icon_clear: dice.one_in(8).then_some(true),
            icon: dice.one_in(4).then(|| BlobRef {
                hash: BlobHash(bytes(5)),
                key: bytes(6).to_vec().into(),
                size: 7,
                mime: "image/png".into(),
            }),
        }
        .into(),
        5 if dice.one_in(6) => MinVersion {
            version: dice.roll(3) as u16,
        }
        .into(),
        _ => Merge::default().into(),
    }
}
