//! Bans, kicks, roles and timeouts, one after the other and beside each other.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::Effect;
use conclave_core::permissions::{Bits, Denied, Level, allows, base, rank};

use crate::world::*;

/// A moderator bans, a second one of the same rank lifts the ban beside it: the ban holds. An administrator who ranks
/// strictly higher lifts it beside the ban: it is lifted.
#[test]
fn ban_beats_concurrent_unban_unless_unbanner_ranks_strictly_higher() {
    for (unbanner, banned) in [(2, true), (3, false)] {
        let mut world = World::new(4);
        world.role("M", Bits::BAN_MEMBERS, &[1, 2]);
        world.role("T", Bits::BAN_MEMBERS, &[3]);
        let target = world.identity(4);
        world.act(OWNER, world.ban(4, None));
        let before = world.heads();
        world.act_at(1, &before, world.ban(4, None));
        world.act_at(unbanner, &before, Unban { member: target });
        assert_eq!(
            world.now().ban(&target).is_some(),
            banned,
            "unbanned by {unbanner}"
        );
    }
}

#[test]
fn causally_later_unban_lifts_a_higher_ban() {
    let mut world = World::new(3);
    world.role("M", Bits::BAN_MEMBERS, &[1]);
    let target = world.identity(3);
    world.act(OWNER, world.ban(3, None));
    assert!(world.now().ban(&target).is_some());
    // Somebody who knows neither links the two, so that they meet in one fold.
    let apart = world.log.get(&world.heads()[0]).unwrap().parents.clone();
    world.act(1, Unban { member: target });
    world.act_at(2, &apart, Merge::default());
    assert_eq!(world.heads().len(), 2);
    assert!(world.now().ban(&target).is_none());
}

#[test]
fn unban_does_not_restore_roles() {
    let mut world = World::new(1);
    let role = world.role("M", Bits::KICK_MEMBERS, &[1]);
    let target = world.identity(1);
    assert_eq!(world.now().roles_of(&target), [role]);
    world.act(OWNER, world.ban(1, None));
    world.act(OWNER, Unban { member: target });
    assert!(world.now().roles_of(&target).is_empty());
    // The control: a grant after the ban counts.
    world.act(
        OWNER,
        RoleGrant {
            role,
            member: target,
        },
    );
    assert_eq!(world.now().roles_of(&target), [role]);
}

#[test]
fn grant_beside_a_ban_does_not_survive_the_unban() {
    let mut world = World::new(2);
    world.role("M", Bits::BAN_MEMBERS, &[1]);
    let badge = world.role("A", Bits::NONE, &[]);
    let target = world.identity(2);
    let before = world.heads();
    world.act_at(1, &before, world.ban(2, None));
    world.act_at(
        OWNER,
        &before,
        RoleGrant {
            role: badge,
            member: target,
        },
    );
    world.act(OWNER, Unban { member: target });
    assert!(world.now().roles_of(&target).is_empty());
}

#[test]
fn revoke_beats_concurrent_grant_of_the_same_level() {
    let mut world = World::new(3);
    world.role("M", Bits::MANAGE_ROLES, &[1, 2]);
    let badge = world.role("A", Bits::NONE, &[]);
    let member = world.identity(3);
    let before = world.heads();
    world.act_at(
        1,
        &before,
        RoleGrant {
            role: badge,
            member,
        },
    );
    assert_eq!(world.now().roles_of(&member), [badge]);
    world.act_at(
        2,
        &before,
        RoleRevoke {
            role: badge,
            member,
            seen: vec![],
        },
    );
    assert!(world.now().roles_of(&member).is_empty());
    // The owner's grant beside both stands above them.
    world.act_at(
        OWNER,
        &before,
        RoleGrant {
            role: badge,
            member,
        },
    );
    assert_eq!(world.now().roles_of(&member), [badge]);
}

#[test]
fn grants_never_work_sideways_or_upwards() {
    let mut world = World::new(3);
    let high = world.role("T", Bits::KICK_MEMBERS, &[]);
    let own = world.role("M", Bits::MANAGE_ROLES, &[1]);
    let low = world.role("A", Bits::NONE, &[]);
    let member = world.identity(2);
    for role in [high, own] {
        let denied = world.refused(1, RoleGrant { role, member });
        assert!(matches!(denied, Denied::RoleRank { .. }), "{denied}");
        let denied = world.refused(
            1,
            RoleUpdate {
                name: Some("x".into()),
                ..role_update(role)
            },
        );
        assert!(matches!(denied, Denied::RoleRank { .. }), "{denied}");
        assert!(matches!(
            world.refused(1, RoleDelete { role }),
            Denied::RoleRank { .. }
        ));
    }
    world.act(1, RoleGrant { role: low, member });
    world.act(
        1,
        RoleUpdate {
            name: Some("x".into()),
            ..role_update(low)
        },
    );
    world.act(
        1,
        RoleRevoke {
            role: low,
            member,
            seen: vec![],
        },
    );
    world.act(1, RoleDelete { role: low });
}

#[test]
fn roles_are_made_and_moved_only_below_ones_own() {
    let mut world = World::new(1);
    world.role("M", Bits::MANAGE_ROLES, &[1]);
    for position in ["M", "N", "z"] {
        let denied = world.refused(1, role(position, Bits::NONE));
        assert!(
            matches!(denied, Denied::RoleRank { .. }),
            "{position}: {denied}"
        );
    }
    let made: RoleId = world.act(1, role("Lz", Bits::NONE)).into();
    let up = RoleUpdate {
        position: Some("M".into()),
        ..role_update(made)
    };
    assert!(matches!(world.refused(1, up), Denied::RoleRank { .. }));
    world.act(
        1,
        RoleUpdate {
            position: Some("B".into()),
            ..role_update(made)
        },
    );
    assert_eq!(&*world.now().role(&made).unwrap().position, "B");
}

#[test]
fn only_permissions_that_one_has_are_put_into_a_role() {
    let mut world = World::new(1);
    world.role("M", Bits::MANAGE_ROLES | Bits::KICK_MEMBERS, &[1]);
    assert_eq!(
        world.refused(1, role("A", Bits::BAN_MEMBERS)),
        Denied::Escalation(Bits::BAN_MEMBERS)
    );
    let made: RoleId = world.act(1, role("A", Bits::KICK_MEMBERS)).into();
    let more = RoleUpdate {
        set: Some(Bits::ADMINISTRATOR),
        ..role_update(made)
    };
    assert_eq!(
        world.refused(1, more),
        Denied::Escalation(Bits::ADMINISTRATOR)
    );
    world.act(
        1,
        RoleUpdate {
            clear: Some(Bits::KICK_MEMBERS),
            ..role_update(made)
        },
    );
    assert_eq!(world.now().role(&made).unwrap().permissions, Bits::NONE);
}

#[test]
fn members_are_acted_on_only_from_strictly_above() {
    let mut world = World::new(4);
    let all =
        Bits::BAN_MEMBERS | Bits::KICK_MEMBERS | Bits::MODERATE_MEMBERS | Bits::MANAGE_NICKNAMES;
    world.role("T", Bits::NONE, &[3]);
    world.role("M", all, &[1, 2]);
    for target in [2, 3, 1] {
        let denied = world.refused(1, world.ban(target, None));
        assert!(
            matches!(denied, Denied::TargetRank { .. }),
            "{target}: {denied}"
        );
        let kick = Kick {
            member: world.identity(target),
            seen: vec![],
        };
        assert!(matches!(world.refused(1, kick), Denied::TargetRank { .. }));
        let timeout = Timeout {
            member: world.identity(target),
            until: Millis(2000),
            seen: vec![],
        };
        assert!(matches!(
            world.refused(1, timeout),
            Denied::TargetRank { .. }
        ));
    }
    assert_eq!(
        world.refused(1, world.ban(OWNER, None)),
        Denied::TargetIsOwner
    );
    let member = world.identity(4);
    world.act(
        1,
        NicknameSet {
            member,
            nickname: None,
            seen: vec![],
        },
    );
    world.act(
        1,
        Timeout {
            member,
            until: Millis(2000),
            seen: vec![],
        },
    );
    world.act(
        1,
        Kick {
            member,
            seen: vec![],
        },
    );
    world.act(1, world.ban(4, None));
}

/// The highest role alone is not enough: the role that supplies the permission must stand above the target too.
#[test]
fn the_supplying_role_must_stand_above_the_target() {
    let mut world = World::new(3);
    world.role("T", Bits::NONE, &[1]);
    world.role("M", Bits::NONE, &[2]);
    world.role("A", Bits::BAN_MEMBERS, &[1]);
    let actor = world.identity(1);
    assert!(rank(&world.now(), &actor) > rank(&world.now(), &world.identity(2)));
    assert!(matches!(
        world.refused(1, world.ban(2, None)),
        Denied::TargetRank { .. }
    ));
    world.act(1, world.ban(3, None));
}

#[test]
fn timeout_leaves_viewing_and_history_and_spares_administrators() {
    let mut world = World::new(3);
    let channel = world.text_channel(vec![]);
    world.role("M", Bits::MODERATE_MEMBERS, &[1]);
    world.role("A", Bits::ADMINISTRATOR, &[3]);
    let member = world.identity(2);
    let until = Millis(5000);
    world.act(
        1,
        Timeout {
            member,
            until,
            seen: vec![],
        },
    );
    let state = world.now();
    let send = conclave_core::permissions::Action::Send { channel };
    let view = conclave_core::permissions::Action::View { channel };
    assert_eq!(
        allows(&state, &member, &send, Some(Millis(4999))),
        Err(Denied::TimedOut(until))
    );
    assert!(allows(&state, &member, &view, Some(Millis(4999))).is_ok());
    assert!(allows(&state, &member, &send, Some(until)).is_ok());
    // On the authority plane it holds until it is lifted.
    let nick = NicknameSet {
        member,
        nickname: None,
        seen: vec![],
    };
    assert_eq!(world.refused(2, nick.clone()), Denied::TimedOut(until));
    world.act(2, Merge::default());
    world.act(1, TimeoutLift { member });
    world.act(2, nick);
    let admin = world.identity(3);
    let timeout = |member, until| Timeout {
        member,
        until,
        seen: vec![],
    };
    assert_eq!(
        world.refused(OWNER, timeout(admin, until)),
        Denied::TargetIsAdministrator
    );
    let late = Millis(1_000_000 + 28 * 24 * 3600 * 1000);
    assert_eq!(
        world.refused(OWNER, timeout(member, late)),
        Denied::TimeoutTooLong(late)
    );
}

#[test]
fn the_longer_of_two_concurrent_timeouts_holds() {
    let mut world = World::new(3);
    world.role("M", Bits::MODERATE_MEMBERS, &[1, 2]);
    let member = world.identity(3);
    let before = world.heads();
    world.act_at(
        1,
        &before,
        Timeout {
            member,
            until: Millis(9000),
            seen: vec![],
        },
    );
    world.act_at(
        2,
        &before,
        Timeout {
            member,
            until: Millis(8000),
            seen: vec![],
        },
    );
    assert_eq!(world.now().timeout(&member).unwrap().until, Millis(9000));
}

#[test]
fn the_owner_has_everything_and_stands_above_all() {
    let mut world = World::new(1);
    world.role("z", Bits::ADMINISTRATOR, &[1]);
    let state = world.now();
    assert_eq!(base(&state, &world.identity(OWNER)), Bits::ALL);
    assert_eq!(rank(&state, &world.identity(OWNER)), Level::Owner);
    assert_eq!(base(&state, &world.identity(1)), Bits::ALL);
    assert!(rank(&state, &world.identity(1)) < Level::Owner);
    assert_eq!(
        world.refused(1, MinVersion { version: 1 }),
        Denied::OwnerOnly
    );
    world.act(OWNER, MinVersion { version: 1 });
}

#[test]
fn a_role_that_an_invite_brings_counts_until_it_is_taken() {
    let mut world = World::new(1);
    let role = world.role("M", Bits::KICK_MEMBERS, &[]);
    let invite = InviteCreate {
        kind: 2,
        verify_key: invite_key().public(),
        leaf: leaf(5),
        role: Some(role),
        channel: None,
        max_uses: Some(1),
        expires: None,
    };
    // Somebody who could not grant the role cannot make such an invite.
    assert!(matches!(
        world.refused(1, invite.clone()),
        Denied::Missing { .. }
    ));
    world.invite = world.act(OWNER, invite).into();
    let register = world.register(1, 0, world.heads(), conclave_core::member::Status::Present);
    let mut roster = conclave_core::state::Roster::new();
    roster.insert(register);
    let state = world.now();
    let member = roster.member(&state, &world.identity(1)).unwrap();
    assert_eq!(member.roles(&state), [role]);
    assert!(base(&state, &member).contains(Bits::KICK_MEMBERS));
    // The log knows it through the author's proof.
    let kick = Kick {
        member: IdentityId([1; 32]),
        seen: vec![],
    };
    let kicked = world.act(1, kick.clone());
    assert_eq!(world.log.effective(&kicked), Some(Effect::Effective));
    world.act(
        OWNER,
        RoleRevoke {
            role,
            member: world.identity(1),
            seen: vec![],
        },
    );
    let state = world.now();
    assert!(
        roster
            .member(&state, &world.identity(1))
            .unwrap()
            .roles(&state)
            .is_empty()
    );
    assert!(matches!(world.refused(1, kick), Denied::Missing { .. }));
}
