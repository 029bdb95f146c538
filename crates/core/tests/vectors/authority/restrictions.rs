//! What restrictions take.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;
use serde_json::Value;

use super::case;
use super::world::*;

const MOD: Bits = Bits(Bits::BAN_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MANAGE_CHANNELS.0);

pub fn restrictions() -> Vec<Value> {
    let mut cases = Vec::new();
    unbans(&mut cases);
    coming_back(&mut cases);
    beyond_seen(&mut cases);
    falling_levels(&mut cases);
    mutual_bans(&mut cases);
    timeouts(&mut cases);
    device_cuts(&mut cases);
    invites(&mut cases);
    cases
}

/// A ban and an unban at once.
fn unbans(cases: &mut Vec<Value>) {
    for (unbanner, name) in [
        (2, "ban beats a concurrent unban of its level"),
        (3, "a higher unban beats a concurrent ban"),
    ] {
        let mut world = World::new(4);
        world.role("M", Bits::BAN_MEMBERS, &[1, 2]);
        world.role("T", Bits::BAN_MEMBERS, &[3]);
        world.act(OWNER, world.ban(4, None));
        let before = world.heads();
        world.act_at(1, &before, world.ban(4, None));
        world.act_at(
            unbanner,
            &before,
            Unban {
                member: world.identity(4),
            },
        );
        cases.push(case(name, world));
    }
}

/// What an unban and a kick leave of somebody.
fn coming_back(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    let role = world.role("M", MOD, &[1]);
    let member = world.identity(1);
    world.act(OWNER, world.ban(1, None));
    world.refused(1, Merge::default());
    world.act(OWNER, Unban { member });
    cases.push(case("unban restores no roles", world.clone()));
    let before = world.heads();
    world.act_at(OWNER, &before, RoleGrant { role, member });
    world.act_at(
        OWNER,
        &before,
        Kick {
            member,
            seen: world.seen(1, None),
        },
    );
    cases.push(case("a kick takes roles", world));
}

/// What a banned moderator did that the ban had not seen.
fn beyond_seen(cases: &mut Vec<Value>) {
    let mut world = World::new(3);
    world.role("M", MOD, &[1]);
    let helper = world.role("C", Bits::MANAGE_CHANNELS, &[]);
    let before = world.heads();
    world.act_at(1, &before, channel("seen", vec![]));
    let grant = world.act_at(
        1,
        &before,
        RoleGrant {
            role: helper,
            member: world.identity(2),
        },
    );
    world.act_at(2, &[grant], channel("by the helper", vec![]));
    world.act_at(OWNER, &before, world.ban(1, Some(0)));
    cases.push(case("beyond seen is void, with what stands on it", world));
}

/// An act of somebody who is revoked the role that carried it.
fn falling_levels(cases: &mut Vec<Value>) {
    for (target_role, name) in [
        ("F", "an act whose level falls below its target is void"),
        ("B", "an act that a lower role still carries holds"),
    ] {
        let mut world = World::new(2);
        let high = world.role("M", Bits::BAN_MEMBERS, &[1]);
        world.role("C", Bits::BAN_MEMBERS, &[1]);
        world.role(target_role, Bits::NONE, &[2]);
        let before = world.heads();
        world.act_at(1, &before, world.ban(2, None));
        world.act_at(
            OWNER,
            &before,
            RoleRevoke {
                role: high,
                member: world.identity(1),
                seen: vec![],
            },
        );
        cases.push(case(name, world));
    }
}

/// Two who ban each other.
fn mutual_bans(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    world.role("C", Bits::BAN_MEMBERS, &[1, 2]);
    let mid = world.role("M", Bits::BAN_MEMBERS, &[]);
    let high = world.role("T", Bits::BAN_MEMBERS, &[]);
    let before = world.heads();
    let promoted = world.act_at(
        OWNER,
        &before,
        RoleGrant {
            role: mid,
            member: world.identity(1),
        },
    );
    world.act_at(1, &[promoted], world.ban(2, None));
    let higher = world.act_at(
        OWNER,
        &[promoted],
        RoleGrant {
            role: high,
            member: world.identity(2),
        },
    );
    world.act_at(2, &[higher], world.ban(1, None));
    cases.push(case("of two mutual bans the higher holds", world));
}

/// What was done beside a timeout.
fn timeouts(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    world.role("M", MOD, &[1]);
    let before = world.heads();
    let made = world.act_at(1, &before, channel("made", vec![]));
    world.act_at(1, &[made], Merge::default());
    world.act_at(
        OWNER,
        &before,
        Timeout {
            member: world.identity(1),
            until: Millis(9000),
            seen: vec![],
        },
    );
    cases.push(case(
        "a timeout voids what was done beside it but no merge",
        world,
    ));
}

/// What a stolen device did beyond what its certificate calls good.
fn device_cuts(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    world.role("M", MOD, &[1]);
    let device = world.people[1].device;
    let before = world.heads();
    let good = world.act_at(1, &before, channel("good", vec![]));
    world.act_at(1, &[good], channel("stolen", vec![]));
    let seen = Seen {
        device,
        event_seq: Some(0),
        register_seq: Some(0),
        pseudonym: None,
    };
    let cut = DeviceCut {
        identity: world.identity(1),
        device,
        certificate: vec![1].into(),
        seen: Some(seen),
    };
    world.act_at(2, &before, cut);
    world.refused(1, Merge::default());
    cases.push(case("a cut device keeps what is called good", world));
}

/// Whom a revoked invite still honours.
fn invites(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    let honoured = vec![world.people[1].pseudonym];
    let before = world.heads();
    let nick = |world: &World, who| NicknameSet {
        member: world.identity(who),
        nickname: None,
        seen: vec![],
    };
    for who in [1, 2] {
        world.act_at(who, &before, nick(&world, who));
    }
    world.act_at(
        OWNER,
        &before,
        InviteRevoke {
            invite: world.invite,
            honoured,
        },
    );
    cases.push(case("a revoked invite honours what it names", world));
}
