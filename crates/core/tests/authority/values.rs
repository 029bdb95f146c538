//! Registers of the state: who wins when several write at once.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::{Bits, Denied, in_channel};
use conclave_core::state::{StateChange, diff};

use crate::world::*;

fn named(name: &str) -> ServerUpdate {
    ServerUpdate {
        name: Some(name.into()),
        ..Default::default()
    }
}

#[test]
fn causally_later_wins_and_among_concurrent_the_higher_level() {
    let mut world = World::new(2);
    world.role("T", Bits::MANAGE_GUILD, &[1]);
    world.role("M", Bits::MANAGE_GUILD, &[2]);
    let before = world.heads();
    world.act_at(1, &before, named("by the higher"));
    world.act_at(2, &before, named("by the lower"));
    assert_eq!(world.now().name(), "by the higher");
    world.act(2, named("later"));
    assert_eq!(world.now().name(), "later");
}

/// A later write of one branch must be compared with what it did not see, even where an earlier write of that branch had lost.
#[test]
fn a_lost_write_does_not_drag_down_its_successor() {
    let mut world = World::new(3);
    world.role("T", Bits::MANAGE_GUILD, &[1]);
    world.role("M", Bits::MANAGE_GUILD, &[2, 3]);
    let before = world.heads();
    let first = world.act_at(2, &before, named("low"));
    world.act_at(3, &[first], named("low again"));
    let high = world.act_at(1, &before, named("high"));
    assert_eq!(world.now().name(), "high");
    world.act_at(2, &[high, first], named("low, having seen the high one"));
    // The last two that nobody follows are of one level: the lower id wins, whichever it is, but not "high".
    assert_ne!(world.now().name(), "high");
}

#[test]
fn clear_beats_concurrent_set_and_other_bits_both_hold() {
    let mut world = World::new(1);
    world.role(
        "T",
        Bits::MANAGE_ROLES | Bits::KICK_MEMBERS | Bits::BAN_MEMBERS,
        &[1],
    );
    let role = world.role("A", Bits::KICK_MEMBERS, &[]);
    let before = world.heads();
    let clear = RoleUpdate {
        clear: Some(Bits::KICK_MEMBERS),
        ..role_update(role)
    };
    let set = RoleUpdate {
        set: Some(Bits::KICK_MEMBERS | Bits::SPEAK),
        ..role_update(role)
    };
    world.act_at(1, &before, clear);
    world.act_at(OWNER, &before, set.clone());
    assert_eq!(world.now().role(&role).unwrap().permissions, Bits::SPEAK);
    world.act(OWNER, set);
    assert_eq!(
        world.now().role(&role).unwrap().permissions,
        Bits::SPEAK | Bits::KICK_MEMBERS
    );
}

#[test]
fn deletion_beats_concurrent_edit_and_ids_are_never_reused() {
    let mut world = World::new(1);
    world.role("T", Bits::MANAGE_ROLES | Bits::MANAGE_CHANNELS, &[1]);
    let role = world.role("A", Bits::NONE, &[]);
    let channel = world.text_channel(vec![]);
    let before = world.heads();
    world.act_at(1, &before, RoleDelete { role });
    world.act_at(1, &before, ChannelDelete { channel });
    let rename = RoleUpdate {
        name: Some("kept".into()),
        ..role_update(role)
    };
    world.act_at(OWNER, &before, rename.clone());
    world.act_at(
        OWNER,
        &before,
        RoleGrant {
            role,
            member: world.identity(1),
        },
    );
    let retitle = ChannelUpdate {
        name: Some("kept".into()),
        ..channel_update(channel)
    };
    world.act_at(OWNER, &before, retitle.clone());
    let state = world.now();
    assert!(state.role(&role).is_none() && state.channel(&channel).is_none());
    assert!(!state.roles_of(&world.identity(1)).contains(&role));
    assert_eq!(world.refused(OWNER, rename), Denied::UnknownRole(role));
    assert_eq!(
        world.refused(OWNER, retitle),
        Denied::UnknownChannel(channel)
    );
}

#[test]
fn roles_order_by_index_then_id() {
    let mut world = World::new(0);
    let c = world.role("C", Bits::NONE, &[]);
    let a = world.role("A", Bits::NONE, &[]);
    let b1 = world.role("B", Bits::NONE, &[]);
    let b2 = world.role("B", Bits::SPEAK, &[]);
    let everyone = world.server().everyone();
    let order: Vec<RoleId> = world
        .now()
        .roles_sorted()
        .iter()
        .map(|role| role.id)
        .collect();
    assert_eq!(order, [c, b1.max(b2), b1.min(b2), a, everyone]);
}

fn may(world: &mut World, who: Who, channel: ChannelId) -> bool {
    in_channel(&world.now(), &world.identity(who), &channel, None).contains(Bits::VIEW_CHANNEL)
}

#[test]
fn a_synced_channel_follows_its_category_until_it_is_edited() {
    let mut world = World::new(1);
    let area = world.category(vec![]);
    let child = ChannelCreate {
        parent: Some(area),
        synced: true,
        ..channel("room", vec![])
    };
    let room: ChannelId = world.act(OWNER, child).into();
    assert!(may(&mut world, 1, room));
    let hide = OverwriteSet {
        channel: area,
        overwrite: overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL),
    };
    let before = world.now();
    world.act(OWNER, hide);
    assert!(
        !may(&mut world, 1, room),
        "the category's edit reaches the channel"
    );
    let changes = diff(&before, &world.now());
    assert_eq!(
        changes,
        [area, room]
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(StateChange::ChannelOverwrites)
            .collect::<Vec<_>>()
    );
    // An edit of the child un-syncs it, with what was in force.
    let member = Subject::Member(world.identity(1));
    let allow = overwrite(member, Bits::VIEW_CHANNEL, Bits::NONE);
    world.act(
        OWNER,
        OverwriteSet {
            channel: room,
            overwrite: allow,
        },
    );
    let state = world.now();
    assert!(!state.channel(&room).unwrap().synced);
    assert_eq!(state.channel(&room).unwrap().own_overwrites.len(), 2);
    assert!(may(&mut world, 1, room) && !may(&mut world, 1, area));
    world.act(
        OWNER,
        OverwriteClear {
            channel: area,
            subject: world.everyone(),
        },
    );
    world.act(
        OWNER,
        OverwriteClear {
            channel: room,
            subject: member,
        },
    );
    assert!(
        !may(&mut world, 1, room),
        "the category's edit no longer reaches it"
    );
    world.act(
        OWNER,
        ChannelUpdate {
            synced: Some(true),
            ..channel_update(room)
        },
    );
    assert!(may(&mut world, 1, room));
}

#[test]
fn deleting_a_private_category_opens_nothing() {
    let mut world = World::new(1);
    let hidden = overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL);
    let area = world.category(vec![hidden]);
    let child = ChannelCreate {
        parent: Some(area),
        synced: true,
        ..channel("room", vec![])
    };
    let room: ChannelId = world.act(OWNER, child.clone()).into();
    let before = world.heads();
    world.act_at(OWNER, &before, ChannelDelete { channel: area });
    assert!(!may(&mut world, 1, room));
    let state = world.now();
    let room = state.channel(&room).unwrap();
    assert_eq!((room.parent, room.follows()), (None, false));
}

/// What the category left stays in the channel whatever is done to it next: found by the oracle.
#[test]
fn a_channel_that_lost_its_private_category_stays_private_when_it_is_edited() {
    let edits: [fn(ChannelId) -> Body; 3] = [
        |room| {
            ChannelUpdate {
                synced: Some(false),
                ..channel_update(room)
            }
            .into()
        },
        |room| {
            ChannelUpdate {
                parent_clear: Some(true),
                ..channel_update(room)
            }
            .into()
        },
        |room| {
            let nobody = Subject::Member(IdentityId([1; 32]));
            OverwriteSet {
                channel: room,
                overwrite: overwrite(nobody, Bits::SEND_MESSAGES, Bits::NONE),
            }
            .into()
        },
    ];
    for edit in edits {
        let mut world = World::new(1);
        let hidden = overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL);
        let area = world.category(vec![hidden]);
        let child = ChannelCreate {
            parent: Some(area),
            synced: true,
            ..channel("room", vec![])
        };
        let room: ChannelId = world.act(OWNER, child).into();
        // Somebody acts beside it, so that the deletion and the edit are folded together, from before both.
        let before = world.heads();
        let deleted = world.act_at(OWNER, &before, ChannelDelete { channel: area });
        world.act_at(1, &before, Merge::default());
        world.act_at(OWNER, &[deleted], edit(room));
        assert!(!may(&mut world, 1, room));
        let state = world.now();
        assert!(!state.channel(&room).unwrap().synced);
        let audited = world.log.audit(&world.heads()).unwrap();
        assert_eq!(audited.digest(), state.digest());
    }
}

/// One moderator deletes a private category while another adds a channel that follows it.
#[test]
fn a_channel_created_beside_the_deletion_of_its_category_stays_private() {
    let mut world = World::new(2);
    world.role("T", Bits::MANAGE_CHANNELS, &[2]);
    let hidden = overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL);
    let mods = overwrite(
        Subject::Member(world.identity(2)),
        Bits::VIEW_CHANNEL | Bits::MANAGE_CHANNELS,
        Bits::NONE,
    );
    let mut both = vec![hidden, mods];
    both.sort_by_key(|overwrite| overwrite.subject);
    let area = world.category(both);
    let before = world.heads();
    world.act_at(OWNER, &before, ChannelDelete { channel: area });
    let child = ChannelCreate {
        parent: Some(area),
        synced: true,
        ..channel("room", vec![])
    };
    let room: ChannelId = world.act_at(2, &before, child).into();
    assert!(!may(&mut world, 1, room));
    assert!(may(&mut world, 2, room));
    assert_eq!(world.now().channel(&room).unwrap().parent, None);
}

/// A private category turns out void, since its maker was banned beside it; the channel that follows it was honestly made.
#[test]
fn a_channel_under_a_void_category_stays_private() {
    let mut world = World::new(3);
    world.role("T", Bits::MANAGE_CHANNELS, &[1, 2]);
    let before = world.heads();
    let hidden = overwrite(world.everyone(), Bits::NONE, Bits::SEND_MESSAGES);
    let area = ChannelCreate {
        kind: 4,
        ..channel("area", vec![hidden])
    };
    let area = world.act_at(1, &before, area);
    let child = ChannelCreate {
        parent: Some(area.into()),
        synced: true,
        ..channel("room", vec![])
    };
    let room: ChannelId = world.act_at(2, &[area], child).into();
    world.act_at(OWNER, &before, world.ban(1, None));
    let state = world.now();
    assert!(state.channel(&area.into()).is_none());
    assert_eq!(state.channel(&room).unwrap().parent, None);
    let bits = in_channel(&state, &world.identity(3), &room, None);
    assert!(bits.contains(Bits::VIEW_CHANNEL) && !bits.contains(Bits::SEND_MESSAGES));
}

#[test]
fn concurrent_overwrites_of_one_subject_keep_every_denial() {
    let mut world = World::new(1);
    let channel = world.text_channel(vec![]);
    world.role("T", Bits::MANAGE_ROLES, &[1]);
    let subject = world.everyone();
    let before = world.heads();
    let set = |allow, deny| OverwriteSet {
        channel,
        overwrite: overwrite(subject, allow, deny),
    };
    world.act_at(1, &before, set(Bits::VIEW_CHANNEL, Bits::SEND_MESSAGES));
    world.act_at(
        OWNER,
        &before,
        set(
            Bits::SEND_MESSAGES | Bits::VIEW_CHANNEL | Bits::CONNECT,
            Bits::SPEAK,
        ),
    );
    let state = world.now();
    let merged = state
        .channel(&channel)
        .unwrap()
        .own_overwrites
        .get(&subject)
        .copied();
    assert_eq!(
        merged,
        Some((Bits::VIEW_CHANNEL, Bits::SEND_MESSAGES | Bits::SPEAK))
    );
}

#[test]
fn invite_revocations_honour_only_what_each_has_seen() {
    let mut world = World::new(3);
    world.role("T", Bits::MANAGE_GUILD, &[1]);
    let invite = world.invite;
    let [a, b] = [2, 3].map(|who| world.people[who].pseudonym);
    let before = world.heads();
    let revoke = |mut honoured: Vec<Pseudonym>| {
        honoured.sort_unstable();
        InviteRevoke { invite, honoured }
    };
    let mods = world.people[1].pseudonym;
    world.act_at(OWNER, &before, revoke(vec![a, b, mods]));
    assert!(world.now().invite(&invite).unwrap().admits(&b));
    world.act_at(1, &before, revoke(vec![a, mods]));
    let state = world.now();
    let invite = state.invite(&invite).unwrap();
    assert!(!invite.is_open() && invite.admits(&a) && !invite.admits(&b));
    world.invite = invite.id;
    assert!(matches!(
        world.refused(3, Merge::default()),
        Denied::NotMember(_)
    ));
    world.act(2, Merge::default());
    assert!(matches!(
        world.refused(OWNER, revoke(vec![])),
        Denied::UnknownInvite(_)
    ));
}
