//! `seen` and levels: what restrictions take from what happened beside them.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::Effect;
use conclave_core::permissions::Bits;
use conclave_core::state::Rule;

use crate::world::*;

const MOD: Bits = Bits(Bits::BAN_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MANAGE_CHANNELS.0);

/// A banned moderator goes on in the past: what they do beside the ban and beyond what it has seen is void, what it has seen
/// counts, also where their events arrive before the ban.
#[test]
fn a_banned_moderators_concurrent_events_beyond_seen_are_void() {
    let mut world = World::new(1);
    world.role("M", MOD, &[1]);
    let before = world.heads();
    let seen: ChannelId = world.act_at(1, &before, channel("seen", vec![])).into();
    let unseen = world.act_at(1, &before, channel("unseen", vec![]));
    let ban = world.ban(1, Some(0));
    let ban = world.act_at(OWNER, &before, ban);
    let state = world.now();
    assert!(state.channel(&seen).is_some());
    assert!(state.channel(&unseen.into()).is_none());
    assert_eq!(
        world.log.effective(&unseen),
        Some(Effect::Overruled {
            by: ban,
            rule: Rule::Removed
        })
    );
    assert_eq!(
        world.log.effective(&EventId(seen.0)),
        Some(Effect::Effective)
    );
    // The other order of arrival, to the same end.
    let mut events = world.made.clone();
    let last = events.len() - 1;
    events.swap(last, last - 2);
    let mut other = replay(world.server(), &events);
    assert_eq!(other.current().unwrap().digest(), state.digest());
    // And later, when everything is merged: it stays void.
    world.act(OWNER, Merge::default());
    assert!(world.now().channel(&unseen.into()).is_none());
}

#[test]
fn nothing_that_a_ban_follows_is_void() {
    let mut world = World::new(2);
    world.role("M", MOD, &[1]);
    // Somebody who knows neither links the two, so that they meet in one fold.
    let apart = world.heads();
    world.act_at(2, &apart, Merge::default());
    let made = world.act_at(1, &apart, channel("made", vec![]));
    world.act_at(OWNER, &[made], world.ban(1, None));
    assert!(world.now().channel(&made.into()).is_some());
    // The same where nothing is beside them.
    let mut world = World::new(1);
    world.role("M", MOD, &[1]);
    let made: ChannelId = world.act(1, channel("made", vec![])).into();
    // It says that it honours nothing, but it has the channel in its past.
    world.act(OWNER, world.ban(1, None));
    assert!(world.now().channel(&made).is_some());
}

/// What hangs on a void event: a role given beside the ban gives nothing, and what was done with it falls too.
#[test]
fn what_stands_on_a_void_grant_falls_with_it() {
    let mut world = World::new(3);
    world.role("M", MOD, &[1]);
    let helper = world.role("C", Bits::MANAGE_CHANNELS, &[]);
    let before = world.heads();
    let grant = world.act_at(
        1,
        &before,
        RoleGrant {
            role: helper,
            member: world.identity(2),
        },
    );
    let made = world.act_at(2, &[grant], channel("by the helper", vec![]));
    assert!(world.now().channel(&made.into()).is_some());
    let ban = world.act_at(OWNER, &before, world.ban(1, None));
    let state = world.now();
    assert!(state.roles_of(&world.identity(2)).is_empty());
    assert!(state.channel(&made.into()).is_none());
    assert_eq!(
        world.log.effective(&made),
        Some(Effect::Overruled {
            by: ban,
            rule: Rule::Lost
        })
    );
}

#[test]
fn a_revoked_role_takes_only_what_nothing_else_carries() {
    let mut world = World::new(2);
    let channels = world.role("M", Bits::MANAGE_CHANNELS, &[1, 2]);
    world.role("C", Bits::MANAGE_CHANNELS, &[2]);
    let before = world.heads();
    let one = world.act_at(1, &before, channel("one", vec![]));
    let two = world.act_at(2, &before, channel("two", vec![]));
    for who in [1, 2] {
        let revoke = RoleRevoke {
            role: channels,
            member: world.identity(who),
            seen: vec![],
        };
        world.act_at(OWNER, &before, revoke);
    }
    let state = world.now();
    assert!(state.channel(&one.into()).is_none());
    assert!(
        state.channel(&two.into()).is_some(),
        "the second role still carries it"
    );
}

/// An act whose level falls to its target's or below no longer holds.
#[test]
fn an_act_whose_level_falls_below_its_target_is_void() {
    for (target_role, banned) in [("F", false), ("C", false), ("B", true)] {
        let mut world = World::new(2);
        let high = world.role("M", Bits::BAN_MEMBERS, &[1]);
        let low = world.role("C", Bits::BAN_MEMBERS, &[1]);
        let target = world.identity(2);
        let role = if target_role == "C" {
            low
        } else {
            world.role(target_role, Bits::NONE, &[])
        };
        world.act(
            OWNER,
            RoleGrant {
                role,
                member: target,
            },
        );
        let before = world.heads();
        world.act_at(1, &before, world.ban(2, None));
        let revoke = RoleRevoke {
            role: high,
            member: world.identity(1),
            seen: vec![],
        };
        world.act_at(OWNER, &before, revoke);
        assert_eq!(world.now().ban(&target).is_some(), banned, "{target_role}");
    }
}

/// A ban whose level fell takes its turn at its new level: a ban of the banner that now stands above it comes first, so that
/// what the void ban would have taken stays.
#[test]
fn a_restriction_whose_level_fell_takes_its_turn_again() {
    let mut world = World::new(3);
    let high = world.role("M", Bits::BAN_MEMBERS, &[1]);
    world.role("C", Bits::BAN_MEMBERS, &[1]);
    world.role("F", Bits::BAN_MEMBERS, &[2]);
    let before = world.heads();
    let revoke = RoleRevoke {
        role: high,
        member: world.identity(1),
        seen: vec![],
    };
    let revoke = world.act_at(OWNER, &before, revoke);
    let link = InviteCreate {
        kind: 1,
        verify_key: invite_key().public(),
        leaf: leaf(3),
        role: None,
        channel: None,
        max_uses: None,
        expires: None,
    };
    let link = world.act_at(3, &before, link);
    let fallen = world.act_at(1, &before, world.ban(3, None));
    let above = world.act_at(2, &[revoke], world.ban(1, None));
    assert_eq!(
        world.log.effective(&fallen),
        Some(Effect::Overruled {
            by: above,
            rule: Rule::Removed
        })
    );
    assert_eq!(world.log.effective(&link), Some(Effect::Effective));
    let state = world.now();
    assert!(state.ban(&world.identity(3)).is_none() && state.ban(&world.identity(1)).is_some());
}

/// Two moderators, each put above the other on one side of a partition, ban one another.
#[test]
fn mutual_concurrent_ban_higher_rank_wins() {
    let mut world = World::new(2);
    let one = world.role("C", Bits::BAN_MEMBERS, &[1]);
    let two = world.role("E", Bits::BAN_MEMBERS, &[2]);
    let people = [world.identity(1), world.identity(2)];
    let moved = |role, position: &str| RoleUpdate {
        position: Some(position.into()),
        ..role_update(role)
    };
    let up = world.act(OWNER, moved(one, "M"));
    let first = world.act_at(1, &[up], world.ban(2, None));
    // The owner does not know of that ban and puts the other above.
    let higher = world.act_at(OWNER, &[up], moved(two, "T"));
    let second = world.act_at(2, &[higher], world.ban(1, None));
    let state = world.now();
    assert!(state.ban(&people[0]).is_some() && state.ban(&people[1]).is_none());
    assert_eq!(
        world.log.effective(&first),
        Some(Effect::Overruled {
            by: second,
            rule: Rule::Removed
        })
    );
}

/// Nobody is removed by whom the owner has put them above meanwhile.
#[test]
fn a_concurrent_higher_grant_saves_its_target() {
    // The role that the target gets beside the ban, who gives it, and whether the target stays.
    let cases = [
        ("T", OWNER, true),
        ("M", OWNER, true),
        ("C", OWNER, false),
        ("D", 3, false),
    ];
    for (position, giver, saved) in cases {
        let mut world = World::new(3);
        let own = world.role("M", MOD, &[1]);
        world.role("E", MOD, &[3]);
        let other = world.role(position, Bits::NONE, &[]);
        let role = if position == "M" { own } else { other };
        let before = world.heads();
        let member = world.identity(2);
        let ban = world.act_at(1, &before, world.ban(2, None));
        let lifted = world.act_at(giver, &before, RoleGrant { role, member });
        assert_eq!(world.now().ban(&member).is_none(), saved, "{position}");
        if saved {
            let (by, rule) = (lifted, Rule::Lifted);
            let effect = world.log.effective(&ban);
            assert_eq!(effect, Some(Effect::Overruled { by, rule }));
        }
        // Once somebody has seen both, the ban stays void and the grant stays.
        world.act(OWNER, Merge::default());
        assert_eq!(world.now().ban(&member).is_none(), saved);
    }
}

/// A grant that fell lifts nobody.
#[test]
fn a_void_grant_saves_nobody() {
    let mut world = World::new(3);
    world.role("T", MOD, &[3]);
    let high = world.role("P", Bits::NONE, &[]);
    world.role("M", MOD, &[1]);
    let before = world.heads();
    let member = world.identity(2);
    world.act_at(1, &before, world.ban(2, None));
    world.act_at(3, &before, RoleGrant { role: high, member });
    assert!(world.now().ban(&member).is_none(), "it would save");
    world.act_at(OWNER, &before, world.ban(3, None));
    assert!(world.now().ban(&member).is_some());
}

/// A role that is moved up beside an act on it is out of the act's reach.
#[test]
fn a_concurrent_higher_move_lifts_the_role() {
    for (position, survives) in [("T", false), ("M", true)] {
        let mut world = World::new(2);
        world.role("P", MOD, &[1]);
        let low = world.role("C", Bits::MANAGE_CHANNELS, &[]);
        let before = world.heads();
        let member = world.identity(2);
        let grant = world.act_at(1, &before, RoleGrant { role: low, member });
        let moved = RoleUpdate {
            position: Some(position.into()),
            ..role_update(low)
        };
        world.act_at(OWNER, &before, moved);
        let effective = world.log.effective(&grant) == Some(Effect::Effective);
        assert_eq!(effective, survives, "{position}");
        assert_eq!(world.now().roles_of(&member).len(), usize::from(survives));
    }
}

#[test]
fn a_restriction_takes_nothing_of_its_own_level_or_higher() {
    for (position, survives) in [("T", true), ("M", true), ("L", false)] {
        let mut world = World::new(2);
        let own = world.role("M", MOD, &[1]);
        let other = world.role(position, MOD, &[]);
        let role = if position == "M" { own } else { other };
        let before = world.heads();
        // Beside the ban, the target was lifted to some height, and acts from there.
        let member = world.identity(2);
        let lifted = world.act_at(OWNER, &before, RoleGrant { role, member });
        let made = world.act_at(2, &[lifted], channel("made", vec![]));
        world.act_at(1, &before, world.ban(2, None));
        let made = world.now().channel(&made.into()).is_some();
        assert_eq!(made, survives, "{position}");
    }
}

/// Somebody is kicked, comes back knowing it, and acts, all beside somebody else's branch: that act cites the kick.
#[test]
fn what_cites_a_restriction_is_not_taken_by_it() {
    let mut world = World::new(2);
    let before = world.heads();
    let member = world.identity(1);
    let kick = world.act_at(
        OWNER,
        &before,
        Kick {
            member,
            seen: world.seen(1, None),
        },
    );
    world.people[1].register_seq = 1;
    let nick = NicknameSet {
        member,
        nickname: Some(Commitment([1; 32])),
        seen: vec![],
    };
    let back = world.act_at(1, &[kick], nick);
    world.act_at(2, &before, Merge::default());
    assert_eq!(world.heads().len(), 2);
    assert_eq!(world.log.effective(&back), Some(Effect::Effective));
    assert!(world.now().nickname(&member).is_some());
}

#[test]
fn a_timeout_voids_what_was_done_beside_it_but_no_merge() {
    let mut world = World::new(1);
    world.role("M", MOD, &[1]);
    let before = world.heads();
    let made = world.act_at(1, &before, channel("made", vec![]));
    let merge = world.act_at(1, &[made], Merge::default());
    let timeout = Timeout {
        member: world.identity(1),
        until: Millis(2000),
        seen: vec![],
    };
    world.act_at(OWNER, &before, timeout);
    assert!(world.now().channel(&made.into()).is_none());
    assert_eq!(world.log.effective(&merge), Some(Effect::Effective));
}

#[test]
fn a_cut_device_keeps_what_its_certificate_calls_good() {
    let mut world = World::new(2);
    world.role("M", MOD, &[1]);
    let device = world.people[1].device;
    let before = world.heads();
    let good = world.act_at(1, &before, channel("good", vec![]));
    let bad = world.act_at(1, &[good], channel("stolen", vec![]));
    let cut = DeviceCut {
        identity: world.identity(1),
        device,
        certificate: vec![1].into(),
        seen: Some(Seen {
            device,
            event_seq: Some(0),
            register_seq: Some(0),
            pseudonym: None,
        }),
    };
    // Any member may post it.
    world.act_at(2, &before, cut);
    let state = world.now();
    assert!(state.channel(&good.into()).is_some() && state.channel(&bad.into()).is_none());
    let denied = world.refused(1, Merge::default());
    assert_eq!(
        denied,
        conclave_core::permissions::Denied::DeviceCut(device)
    );
}

/// A moderator opens a way in beside their own ban; whoever came through it was never let in.
#[test]
fn who_came_through_a_void_invite_has_done_nothing() {
    let mut world = World::new(3);
    let before = world.heads();
    let first = world.invite;
    let way = |n| InviteCreate {
        kind: 1,
        verify_key: invite_key().public(),
        leaf: leaf(n),
        role: None,
        channel: None,
        max_uses: None,
        expires: None,
    };
    let void = world.act_at(1, &before, way(1));
    let good = world.act_at(3, &before, way(3));
    world.invite = void.into();
    let taken = world.act_at(2, &[void], way(2));
    world.invite = first;
    let ban = world.act_at(OWNER, &before, world.ban(1, None));
    for (id, rule) in [(void, Rule::Removed), (taken, Rule::Invite)] {
        assert_eq!(
            world.log.effective(&id),
            Some(Effect::Overruled { by: ban, rule })
        );
    }
    assert_eq!(world.log.effective(&good), Some(Effect::Effective));
}

#[test]
fn who_joined_through_a_revoked_invite_unseen_has_done_nothing() {
    let mut world = World::new(2);
    let pseudonyms = [1, 2].map(|who| world.people[who].pseudonym);
    let before = world.heads();
    let link = |n| InviteCreate {
        kind: 1,
        verify_key: invite_key().public(),
        leaf: leaf(n),
        role: None,
        channel: None,
        max_uses: None,
        expires: None,
    };
    let honoured = world.act_at(1, &before, link(1));
    let unseen = world.act_at(2, &before, link(2));
    let revoke = InviteRevoke {
        invite: world.invite,
        honoured: vec![pseudonyms[0]],
    };
    world.act_at(OWNER, &before, revoke);
    let state = world.now();
    assert!(state.invite(&honoured.into()).is_some());
    assert!(state.invite(&unseen.into()).is_none());
}
