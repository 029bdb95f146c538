//! Permissions of events, each refused to somebody who lacks one thing and allowed to somebody who has it.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::{Action, Bits, Denied, OVERWRITES_MAX, allows};

use crate::world::*;

/// For each kind: the permission that it takes and a body that is otherwise fine. Person 1 has all others, person 2 has it.
#[test]
fn each_kind_takes_its_permission_and_no_other() {
    let mut world = World::new(3);
    let low = world.role("A", Bits::NONE, &[3]);
    let room = world.text_channel(vec![]);
    let mut cases = of_shape(&world, room, low);
    cases.extend(of_members(&world));
    cases.extend(of_deletion(room, low));
    let all = cases.iter().fold(Bits::NONE, |bits, (bit, _)| bits | *bit);
    let lacking = world.role("T", Bits::NONE, &[1]);
    let having = world.role("U", Bits::NONE, &[2]);
    for (bit, body) in cases {
        world.act(
            OWNER,
            RoleUpdate {
                set: Some(all.without(bit)),
                clear: Some(bit),
                ..role_update(lacking)
            },
        );
        world.act(
            OWNER,
            RoleUpdate {
                set: Some(bit),
                clear: Some(all.without(bit)),
                ..role_update(having)
            },
        );
        let state = world.now();
        let lacks = allows(
            &state,
            &world.identity(1),
            &Action::Event(&body),
            Some(Millis(2000)),
        );
        match lacks {
            Err(Denied::Missing { permission, .. }) => assert_eq!(permission, bit, "{body:?}"),
            other => panic!("{body:?}: {other:?}"),
        }
        assert_eq!(world.refused(1, body.clone()), lacks.unwrap_err());
        world.act(2, body);
    }
}

/// Events that make or change channels, roles and the server.
fn of_shape(world: &World, room: ChannelId, low: RoleId) -> Vec<(Bits, Body)> {
    let target = world.identity(3);
    vec![
        (
            Bits::MANAGE_GUILD,
            ServerUpdate {
                description: Some("d".into()),
                ..Default::default()
            }
            .into(),
        ),
        (Bits::MANAGE_CHANNELS, channel("c", vec![]).into()),
        (
            Bits::MANAGE_CHANNELS,
            ChannelUpdate {
                name: Some("n".into()),
                ..channel_update(room)
            }
            .into(),
        ),
        (
            Bits::MANAGE_ROLES,
            OverwriteSet {
                channel: room,
                overwrite: overwrite(Subject::Role(low), Bits::NONE, Bits::SEND_MESSAGES),
            }
            .into(),
        ),
        (
            Bits::MANAGE_ROLES,
            OverwriteClear {
                channel: room,
                subject: Subject::Role(low),
            }
            .into(),
        ),
        (Bits::MANAGE_ROLES, role("B", Bits::NONE).into()),
        (
            Bits::MANAGE_ROLES,
            RoleUpdate {
                hoist: Some(true),
                ..role_update(low)
            }
            .into(),
        ),
        (
            Bits::MANAGE_ROLES,
            RoleRevoke {
                role: low,
                member: target,
                seen: vec![],
            }
            .into(),
        ),
        (
            Bits::MANAGE_ROLES,
            RoleGrant {
                role: low,
                member: target,
            }
            .into(),
        ),
    ]
}

/// Events that act on a member, or on the way in.
fn of_members(world: &World) -> Vec<(Bits, Body)> {
    let target = world.identity(3);
    vec![
        (
            Bits::MODERATE_MEMBERS,
            Timeout {
                member: target,
                until: Millis(3000),
                seen: vec![],
            }
            .into(),
        ),
        (
            Bits::MODERATE_MEMBERS,
            TimeoutLift { member: target }.into(),
        ),
        (
            Bits::MANAGE_NICKNAMES,
            NicknameSet {
                member: target,
                nickname: None,
                seen: vec![],
            }
            .into(),
        ),
        (
            Bits::KICK_MEMBERS,
            Kick {
                member: target,
                seen: vec![],
            }
            .into(),
        ),
        (Bits::BAN_MEMBERS, world.ban(3, None).into()),
        (Bits::BAN_MEMBERS, Unban { member: target }.into()),
        (
            Bits::MANAGE_GUILD,
            InviteRevoke {
                invite: world.invite,
                honoured: [1, 2, 3]
                    .map(|w| world.people[w].pseudonym)
                    .into_iter()
                    .collect::<std::collections::BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            }
            .into(),
        ),
    ]
}

/// Events that delete what the others were about, so they come last.
fn of_deletion(room: ChannelId, low: RoleId) -> Vec<(Bits, Body)> {
    vec![
        (
            Bits::MANAGE_CHANNELS,
            ChannelDelete { channel: room }.into(),
        ),
        (Bits::MANAGE_ROLES, RoleDelete { role: low }.into()),
    ]
}

#[test]
fn everyone_is_no_ordinary_role() {
    let mut world = World::new(1);
    let everyone = world.server().everyone();
    let member = world.identity(1);
    assert_eq!(
        world.refused(
            OWNER,
            RoleGrant {
                role: everyone,
                member
            }
        ),
        Denied::EveryoneRole
    );
    assert_eq!(
        world.refused(OWNER, RoleDelete { role: everyone }),
        Denied::EveryoneRole
    );
    let rename = RoleUpdate {
        name: Some("x".into()),
        ..role_update(everyone)
    };
    assert_eq!(world.refused(OWNER, rename), Denied::EveryoneRole);
    world.act(
        OWNER,
        RoleUpdate {
            set: Some(Bits::ADD_REACTIONS),
            ..role_update(everyone)
        },
    );
    let state = world.now();
    assert!(conclave_core::permissions::base(&state, &member).contains(Bits::ADD_REACTIONS));
}

#[test]
fn overwrites_hand_out_only_what_one_has_unless_the_channel_says_so() {
    let mut world = World::new(2);
    world.role("M", Bits::MANAGE_ROLES | Bits::MANAGE_CHANNELS, &[1]);
    let low = world.role("A", Bits::NONE, &[]);
    let member = Subject::Member(world.identity(1));
    let plain = world.text_channel(vec![]);
    let given = world.text_channel(vec![overwrite(member, Bits::MANAGE_ROLES, Bits::NONE)]);
    let set = |channel, bit| OverwriteSet {
        channel,
        overwrite: overwrite(Subject::Role(low), bit, Bits::NONE),
    };
    assert_eq!(
        world.refused(1, set(plain, Bits::MANAGE_MESSAGES)),
        Denied::Escalation(Bits::MANAGE_MESSAGES)
    );
    world.act(1, set(plain, Bits::SEND_MESSAGES));
    world.act(1, set(given, Bits::MANAGE_MESSAGES));
    // Taking away a denial that one could not have set is handing out, too.
    let deny = overwrite(Subject::Role(low), Bits::NONE, Bits::ATTACH_FILES);
    world.act(
        OWNER,
        OverwriteSet {
            channel: plain,
            overwrite: deny,
        },
    );
    let clear = OverwriteClear {
        channel: plain,
        subject: Subject::Role(low),
    };
    assert_eq!(
        world.refused(1, clear),
        Denied::Escalation(Bits::ATTACH_FILES)
    );
}

#[test]
fn only_administrators_set_manage_roles_on_a_new_channel() {
    let mut world = World::new(2);
    world.role("M", Bits::MANAGE_ROLES | Bits::MANAGE_CHANNELS, &[1]);
    world.role("N", Bits::ADMINISTRATOR, &[2]);
    let open = |world: &World, bit| {
        channel(
            "x",
            vec![overwrite(
                Subject::Member(world.identity(1)),
                bit,
                Bits::NONE,
            )],
        )
    };
    let denied = world.refused(1, open(&world, Bits::MANAGE_ROLES));
    assert_eq!(denied, Denied::ManageRolesOnCreate);
    world.act(1, open(&world, Bits::MANAGE_CHANNELS));
    world.act(2, open(&world, Bits::MANAGE_ROLES));
}

#[test]
fn categories_hold_channels_and_nothing_else() {
    let mut world = World::new(0);
    let area = world.category(vec![]);
    let room = world.text_channel(vec![]);
    let inside = |parent| ChannelCreate {
        parent: Some(parent),
        ..channel("x", vec![])
    };
    assert_eq!(world.refused(OWNER, inside(room)), Denied::Parent(room));
    assert_eq!(
        world.refused(
            OWNER,
            ChannelCreate {
                kind: 4,
                ..inside(area)
            }
        ),
        Denied::Parent(area)
    );
    let orphan = ChannelCreate {
        synced: true,
        ..channel("x", vec![])
    };
    assert_eq!(world.refused(OWNER, orphan), Denied::NothingToFollow);
    let follow = ChannelUpdate {
        synced: Some(true),
        ..channel_update(room)
    };
    assert_eq!(
        world.refused(OWNER, follow.clone()),
        Denied::NothingToFollow
    );
    world.act(OWNER, inside(area));
    world.act(
        OWNER,
        ChannelUpdate {
            parent: Some(area),
            ..follow
        },
    );
}

#[test]
fn strangers_and_the_banned_may_nothing() {
    let mut world = World::new(2);
    let room = world.text_channel(vec![]);
    let member = world.identity(1);
    let view = Action::View { channel: room };
    assert!(allows(&world.now(), &member, &view, None).is_ok());
    world.act(OWNER, world.ban(1, None));
    assert_eq!(
        allows(&world.now(), &member, &view, None),
        Err(Denied::Banned(member))
    );
    assert_eq!(world.refused(1, Merge::default()), Denied::Banned(member));
    assert_eq!(
        world.refused(
            OWNER,
            RoleGrant {
                role: RoleId([0; 32]),
                member
            }
        ),
        Denied::TargetBanned(member)
    );
    world.invite = InviteId([3; 32]);
    assert_eq!(
        world.refused(2, Merge::default()),
        Denied::NotMember(world.identity(2))
    );
}

#[test]
fn messages_are_allowed_by_channel() {
    let mut world = World::new(2);
    let deny = overwrite(world.everyone(), Bits::NONE, Bits::SEND_MESSAGES);
    let open = world.text_channel(vec![]);
    let quiet = world.text_channel(vec![deny]);
    let (member, state) = (world.identity(1), world.now());
    assert!(allows(&state, &member, &Action::Send { channel: open }, None).is_ok());
    let denied = allows(&state, &member, &Action::Send { channel: quiet }, None);
    assert_eq!(
        denied,
        Err(Denied::Missing {
            permission: Bits::SEND_MESSAGES,
            channel: Some(quiet)
        })
    );
    assert!(allows(&state, &member, &Action::View { channel: quiet }, None).is_ok());
    let nowhere = ChannelId([0; 32]);
    let denied = allows(&state, &member, &Action::View { channel: nowhere }, None);
    assert_eq!(denied, Err(Denied::UnknownChannel(nowhere)));
}

#[test]
fn limits_hold_while_the_last_place_is_free() {
    let mut world = World::new(0);
    let subject = |n: usize| Subject::Member(IdentityId(id(n + 1)));
    let mut overwrites: Vec<Overwrite> = (1..OVERWRITES_MAX)
        .map(|n| overwrite(subject(n), Bits::VIEW_CHANNEL, Bits::NONE))
        .collect();
    overwrites.sort_by_key(|overwrite| overwrite.subject);
    let room = world.text_channel(overwrites);
    let set = |n| OverwriteSet {
        channel: room,
        overwrite: overwrite(subject(n), Bits::VIEW_CHANNEL, Bits::NONE),
    };
    world.act(OWNER, set(OVERWRITES_MAX));
    let denied = world.refused(OWNER, set(OVERWRITES_MAX + 1));
    assert_eq!(
        denied,
        Denied::Limit {
            what: "overwrites",
            max: OVERWRITES_MAX
        }
    );
    world.act(OWNER, set(1));
}
