//! Ownership: handed over once, to one, and out of everybody else's reach.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::member::Status;
use conclave_core::permissions::{Bits, Denied, Level, base, rank};
use conclave_core::state::{Roster, Rule};

use crate::world::*;

/// The new owner stands above all and is immovable; the old one is an ordinary member, whom a moderator can remove.
#[test]
fn a_transfer_makes_one_the_owner_and_the_other_an_ordinary_member() {
    let mut world = World::new(2);
    world.role("M", Bits::BAN_MEMBERS, &[1]);
    assert_eq!(
        world.refused(1, world.ban(OWNER, None)),
        Denied::TargetIsOwner
    );
    assert_eq!(
        world.refused(2, MinVersion { version: 1 }),
        Denied::OwnerOnly
    );
    world.act(OWNER, transfer(&world, OWNER, 2, Some(99)));
    let state = world.now();
    assert_eq!(state.owner(), world.identity(2));
    assert_eq!(state.owner_root(), world.people[2].key.public());
    assert_eq!(state.hosting_root(), world.people[2].key.public());
    assert_eq!(rank(&state, &world.identity(2)), Level::Owner);
    assert_eq!(rank(&state, &world.identity(OWNER)), Level::Everyone);
    assert_eq!(base(&state, &world.identity(OWNER)), EVERYONE);
    assert_eq!(world.refused(1, world.ban(2, None)), Denied::TargetIsOwner);
    assert_eq!(
        world.refused(OWNER, MinVersion { version: 1 }),
        Denied::OwnerOnly
    );
    world.act(2, MinVersion { version: 1 });
    // Ordinary, and still a member: by the register that founded the server.
    world.act(OWNER, Merge::default());
    world.act(1, world.ban(OWNER, Some(99)));
    assert_eq!(
        world.refused(OWNER, Merge::default()),
        Denied::Banned(world.identity(OWNER))
    );
}

#[test]
fn only_the_owner_hands_the_server_over_and_to_nobody_who_is_banned() {
    let mut world = World::new(3);
    world.role("M", Bits::ALL, &[1]);
    let by_admin = transfer(&world, 1, 1, None);
    assert_eq!(world.refused(1, by_admin), Denied::OwnerOnly);
    let me = world.identity(OWNER);
    let to_self = transfer(&world, OWNER, OWNER, None);
    assert_eq!(world.refused(OWNER, to_self), Denied::IsOwner(me));
    world.act(1, world.ban(2, None));
    let banned = transfer(&world, OWNER, 2, None);
    let denied = Denied::TargetBanned(world.identity(2));
    assert_eq!(world.refused(OWNER, banned), denied);
    world.act(OWNER, transfer(&world, OWNER, 3, None));
}

/// Two devices of the owner hand the server to two people at once: one of them owns it, on every node, and what the other did
/// as its owner never counted, with what stands on it.
#[test]
fn of_concurrent_transfers_one_stands_and_the_other_ones_acts_fall() {
    let mut world = World::new(4);
    let second = world.second_device(OWNER);
    let before = world.heads();
    let one = world.act_at(OWNER, &before, transfer(&world, OWNER, 1, Some(99)));
    let two = world.act_at(second, &before, transfer(&world, OWNER, 2, Some(99)));
    let mut made = Vec::new();
    for (transfer, owner) in [(one, 1), (two, 2)] {
        let role = world.act_at(owner, &[transfer], role("M", Bits::MANAGE_CHANNELS));
        let grant = RoleGrant {
            role: role.into(),
            member: world.identity(3),
        };
        let grant = world.act_at(owner, &[role], grant);
        let by_helper = world.sign_beside(3, &[grant], channel("helped", vec![]));
        made.push((role, by_helper));
    }
    let state = world.now();
    let (winner, loser) = if state.owner() == world.identity(1) {
        (0, 1)
    } else {
        assert_eq!(state.owner(), world.identity(2));
        (1, 0)
    };
    let by = [one, two][winner];
    assert_eq!(world.fell_to(&[one, two][loser]), Some(by));
    assert!(state.role(&made[winner].0.into()).is_some());
    assert!(state.channel(&made[winner].1.into()).is_some());
    assert!(state.role(&made[loser].0.into()).is_none());
    assert!(state.channel(&made[loser].1.into()).is_none());
    let mut backwards = world.made.clone();
    backwards.reverse();
    let mut other = replay(world.server(), &backwards);
    assert_eq!(other.current().unwrap().digest(), state.digest());
}

/// What the old owner did to the new one beside the transfer falls for two reasons, and counts under the lower rule: found by
/// the oracle.
#[test]
fn an_old_owners_ban_of_the_new_one_falls_under_the_lower_rule() {
    let mut world = World::new(2);
    let second = world.second_device(OWNER);
    let before = world.heads();
    let passed = world.act_at(OWNER, &before, transfer(&world, OWNER, 1, None));
    let ban = world.act_at(second, &before, world.ban(1, None));
    let other = world.act_at(second, &[ban], world.ban(2, None));
    let state = world.now();
    let fell = |id| state.overruled(id).map(|o| (o.by, o.rule));
    assert_eq!(fell(&ban), Some((passed, Rule::Lifted)));
    assert_eq!(fell(&other), Some((passed, Rule::Reign)));
}

/// However often the server passes on beside a ban of the last receiver, every transfer outweighs the ban.
#[test]
fn a_long_chain_of_transfers_weighs_more_than_an_act_beside_it() {
    let mut world = World::new(3);
    let second = world.second_device(OWNER);
    let before = world.heads();
    world.act_at(second, &before, world.ban(3, None));
    let body = RootSigned::draft(Transfer {
        seen: world.seen(second, Some(0)),
        ..(*transfer(&world, OWNER, 1, None)).clone()
    });
    let mut last = world.act_at(OWNER, &before, body);
    for n in 0..4100 {
        let (from, to) = (1 + n % 2, 2 - n % 2);
        last = world.act_at(from, &[last], transfer(&world, from, to, Some(9999)));
    }
    world.act_at(1, &[last], transfer(&world, 1, 3, Some(9999)));
    assert_eq!(world.now().owner(), world.identity(3));
}

/// A ban, kick or timeout of somebody to whom the server passes beside it does not hold; without the transfer it does.
#[test]
fn a_transfer_lifts_its_receiver_above_concurrent_restrictions() {
    for passes in [true, false] {
        let mut world = World::new(2);
        let powers = Bits(Bits::BAN_MEMBERS.0 | Bits::KICK_MEMBERS.0 | Bits::MODERATE_MEMBERS.0);
        world.role("M", powers, &[1]);
        let before = world.heads();
        let (member, seen) = (world.identity(2), vec![]);
        let kick = Kick {
            member,
            seen: seen.clone(),
        };
        let timeout = Timeout {
            member,
            until: Millis(9000),
            seen,
        };
        let kick = world.act_at(1, &before, kick);
        let timeout = world.act_at(1, &[kick], timeout);
        world.act_at(1, &[timeout], world.ban(2, None));
        if passes {
            world.act_at(OWNER, &before, transfer(&world, OWNER, 2, None));
        }
        let state = world.now();
        assert_eq!(state.ban(&member).is_none(), passes);
        assert_eq!(state.timeout(&member).is_none(), passes);
        assert_eq!(state.removals(&member).next().is_none(), passes);
        assert_eq!(state.owner() == member, passes);
    }
}

/// What an old owner did as the owner, beside the transfer and beyond what it has seen, is void; what it has seen holds.
#[test]
fn an_old_owner_cannot_act_as_the_owner_in_the_past() {
    let mut world = World::new(1);
    let second = world.second_device(OWNER);
    let before = world.heads();
    let seen = world.act_at(second, &before, channel("seen", vec![]));
    let unseen = world.act_at(second, &[seen], channel("unseen", vec![]));
    let body = RootSigned::draft(Transfer {
        seen: world.seen(second, Some(0)),
        ..(*transfer(&world, OWNER, 1, None)).clone()
    });
    let by = world.act_at(OWNER, &before, body);
    let state = world.now();
    assert!(state.channel(&seen.into()).is_some());
    assert!(state.channel(&unseen.into()).is_none());
    assert_eq!(world.fell_to(&unseen), Some(by));
}

/// The certificate of a device's revocation stands above all that the device did, a transfer too.
#[test]
fn a_device_cut_takes_back_a_transfer_that_the_device_made_beside_it() {
    for good in [None, Some(99)] {
        let mut world = World::new(2);
        let before = world.heads();
        let device = world.people[OWNER].device;
        world.act_at(OWNER, &before, transfer(&world, OWNER, 1, None));
        let seen = Seen {
            device,
            event_seq: good,
            register_seq: None,
            pseudonym: None,
        };
        let cut = DeviceCut {
            identity: world.identity(OWNER),
            device,
            certificate: vec![1].into(),
            seen: Some(seen),
        };
        world.act_at(2, &before, cut);
        let owner = if good.is_none() { OWNER } else { 1 };
        assert_eq!(world.now().owner(), world.identity(owner));
    }
}

/// The door that the new owner came through does not matter any more.
#[test]
fn an_owner_stays_a_member_when_the_invite_that_brought_them_is_revoked() {
    for passes in [true, false] {
        let mut world = World::new(2);
        if passes {
            world.act(OWNER, transfer(&world, OWNER, 1, None));
        }
        let mut roster = Roster::new();
        for who in [OWNER, 1] {
            roster.insert(world.register(who, 1, world.heads(), Status::Present));
        }
        let invite = world.invite;
        let honoured = vec![];
        world.act(
            if passes { 1 } else { OWNER },
            InviteRevoke { invite, honoured },
        );
        assert_eq!(roster.is_member(&world.now(), &world.identity(1)), passes);
        assert!(roster.is_member(&world.now(), &world.identity(OWNER)));
    }
}

/// A server can be handed on and on, and back.
#[test]
fn reigns_follow_each_other() {
    let mut world = World::new(2);
    for (from, to) in [(OWNER, 1), (1, 2), (2, OWNER)] {
        world.act(from, transfer(&world, from, to, Some(99)));
        assert_eq!(world.now().owner(), world.identity(to));
        world.act(to, channel("mine", vec![]));
    }
    assert_eq!(world.now().channels().count(), 3);
}
