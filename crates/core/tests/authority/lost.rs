//! What acts stand on: whatever takes it away beside them takes them along.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::Effect;
use conclave_core::permissions::Bits;
use conclave_core::state::Rule;

use crate::world::*;

const MANAGE: Bits = Bits(Bits::BAN_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MANAGE_CHANNELS.0);

fn lost(by: EventId) -> Option<Effect> {
    let rule = Rule::Lost;
    Some(Effect::Overruled { by, rule })
}

#[test]
fn a_deleted_role_takes_what_used_it_beside() {
    let mut world = World::new(2);
    let first = world.role("M", Bits::MANAGE_CHANNELS, &[1, 2]);
    world.role("C", Bits::MANAGE_CHANNELS, &[2]);
    let seen = world.act(1, channel("seen", vec![]));
    let before = world.heads();
    let fallen = world.act_at(1, &before, channel("fallen", vec![]));
    let carried = world.act_at(2, &before, channel("carried", vec![]));
    let by = world.act_at(OWNER, &before, RoleDelete { role: first });
    assert_eq!(world.log.effective(&fallen), lost(by));
    // Another role still carries this one, and that one is in the deletion's past.
    assert_eq!(world.log.effective(&carried), Some(Effect::Effective));
    assert_eq!(world.log.effective(&seen), Some(Effect::Effective));
}

#[test]
fn a_cleared_permission_takes_what_used_it_beside() {
    let bits = Bits::MANAGE_CHANNELS | Bits::MANAGE_ROLES;
    let cases = [
        (bits, Bits::MANAGE_CHANNELS, false),
        (bits, Bits::MANAGE_ROLES, true),
        (bits | Bits::ADMINISTRATOR, Bits::MANAGE_CHANNELS, true),
        (bits | Bits::ADMINISTRATOR, Bits::ADMINISTRATOR, true),
        (Bits::ADMINISTRATOR, Bits::ADMINISTRATOR, false),
    ];
    for (given, cleared, survives) in cases {
        let mut world = World::new(1);
        let role = world.role("M", given, &[1]);
        let before = world.heads();
        let made = world.act_at(1, &before, channel("made", vec![]));
        let clear = RoleUpdate {
            clear: Some(cleared),
            ..role_update(role)
        };
        let by = world.act_at(OWNER, &before, clear);
        let expected = if survives {
            Some(Effect::Effective)
        } else {
            lost(by)
        };
        assert_eq!(world.log.effective(&made), expected, "{}", cleared.names());
        assert_eq!(world.now().channel(&made.into()).is_some(), survives);
    }
}

/// A permission of everybody can be taken as well, and what was done with it from higher up stays.
#[test]
fn a_permission_cleared_from_everyone_takes_what_used_it_beside() {
    let mut world = World::new(2);
    world.role("M", Bits::CREATE_INSTANT_INVITE, &[2]);
    let before = world.heads();
    let link = InviteCreate {
        kind: 1,
        verify_key: invite_key().public(),
        leaf: leaf(1),
        role: None,
        channel: None,
        max_uses: None,
        expires: None,
    };
    let fallen = world.act_at(1, &before, link.clone());
    let carried = world.act_at(2, &before, link);
    let everyone = world.server().everyone();
    let clear = RoleUpdate {
        clear: Some(Bits::CREATE_INSTANT_INVITE),
        ..role_update(everyone)
    };
    let by = world.act_at(OWNER, &before, clear);
    assert_eq!(world.log.effective(&fallen), lost(by));
    assert_eq!(world.log.effective(&carried), Some(Effect::Effective));
}

#[test]
fn a_role_moved_down_takes_acts_on_those_above_it_now() {
    for (position, survives) in [("C", false), ("K", true)] {
        let mut world = World::new(2);
        let role = world.role("M", Bits::BAN_MEMBERS, &[1]);
        world.role("E", Bits::NONE, &[2]);
        let before = world.heads();
        let ban = world.act_at(1, &before, world.ban(2, None));
        let moved = RoleUpdate {
            position: Some(position.into()),
            ..role_update(role)
        };
        let by = world.act_at(OWNER, &before, moved);
        let expected = if survives {
            Some(Effect::Effective)
        } else {
            lost(by)
        };
        assert_eq!(world.log.effective(&ban), expected, "{position}");
    }
}

/// What is less than a demotion of the author's takes nothing: the act counts for more than who demotes.
#[test]
fn what_counts_for_less_takes_nothing() {
    for (position, survives) in [("T", true), ("F", false)] {
        let mut world = World::new(2);
        let low = world.role("C", Bits::KICK_MEMBERS, &[1]);
        world.role(position, Bits::MANAGE_ROLES, &[1]);
        world.role("M", MANAGE, &[2]);
        let before = world.heads();
        // The bit that it hands out comes from the low role, the act itself from the other.
        let made = world.act_at(1, &before, role("1", Bits::KICK_MEMBERS));
        let by = world.act_at(2, &before, RoleDelete { role: low });
        let expected = if survives {
            Some(Effect::Effective)
        } else {
            lost(by)
        };
        assert_eq!(world.log.effective(&made), expected, "{position}");
    }
}

#[test]
fn an_overwrite_taken_away_takes_what_used_it_beside() {
    let allow = |subject, bits| OverwriteSet {
        channel: ChannelId([0; 32]),
        overwrite: overwrite(subject, bits, Bits::NONE),
    };
    for way in 0..5 {
        let mut world = World::new(1);
        let role = world.role("C", Bits::NONE, &[1]);
        let subject = Subject::Role(role);
        let given = overwrite(subject, Bits::MANAGE_CHANNELS, Bits::NONE);
        let area = world.category(vec![]);
        let child = ChannelCreate {
            parent: Some(area),
            ..channel("in", vec![given])
        };
        let channel: ChannelId = world.act(OWNER, child).into();
        let before = world.heads();
        let named = ChannelUpdate {
            name: Some("renamed".into()),
            ..channel_update(channel)
        };
        let named = world.act_at(1, &before, named);
        let taken: Body = match way {
            0 => OverwriteClear { channel, subject }.into(),
            1 => OverwriteSet {
                channel,
                ..allow(subject, Bits::SEND_MESSAGES)
            }
            .into(),
            2 => ChannelUpdate {
                synced: Some(true),
                ..channel_update(channel)
            }
            .into(),
            3 => ChannelDelete { channel }.into(),
            // Somebody else's overwrite, which is the control.
            _ => OverwriteClear {
                channel,
                subject: world.everyone(),
            }
            .into(),
        };
        let by = world.act_at(OWNER, &before, taken);
        let expected = if way < 4 {
            lost(by)
        } else {
            Some(Effect::Effective)
        };
        assert_eq!(world.log.effective(&named), expected, "{way}");
    }
}

#[test]
fn a_permission_denied_in_a_channel_takes_what_used_it_beside() {
    for (denied, survives) in [(Bits::MANAGE_CHANNELS, false), (Bits::SEND_MESSAGES, true)] {
        for personal in [false, true] {
            let mut world = World::new(1);
            let role = world.role("M", MANAGE, &[1]);
            let channel = world.text_channel(vec![]);
            let before = world.heads();
            let named = ChannelUpdate {
                name: Some("renamed".into()),
                ..channel_update(channel)
            };
            let named = world.act_at(1, &before, named);
            let subject = if personal {
                Subject::Member(world.identity(1))
            } else {
                Subject::Role(role)
            };
            let overwrite = overwrite(subject, Bits::NONE, denied);
            let by = world.act_at(OWNER, &before, OverwriteSet { channel, overwrite });
            let expected = if survives {
                Some(Effect::Effective)
            } else {
                lost(by)
            };
            assert_eq!(world.log.effective(&named), expected);
        }
    }
}

/// What is handed out must be held until the end: a role that falls takes what was handed out with it along, even where
/// another role carries the act itself.
#[test]
fn what_is_handed_out_falls_with_what_it_was_held_by() {
    for revoked in [false, true] {
        let mut world = World::new(2);
        world.role("C", Bits::MANAGE_ROLES, &[1]);
        let bans = world.role("A", Bits::BAN_MEMBERS, &[1]);
        let before = world.heads();
        let made = world.act_at(1, &before, role("3", Bits::BAN_MEMBERS));
        let plain = world.act_at(1, &[made], role("4", Bits::NONE));
        if revoked {
            let revoke = RoleRevoke {
                role: bans,
                member: world.identity(1),
                seen: vec![],
            };
            let by = world.act_at(OWNER, &before, revoke);
            assert_eq!(world.log.effective(&made), lost(by));
        }
        assert_eq!(world.now().role(&made.into()).is_none(), revoked);
        assert_eq!(world.log.effective(&plain), Some(Effect::Effective));
    }
}

#[test]
fn a_second_permission_is_judged_again_as_well() {
    let mut world = World::new(1);
    world.role("M", Bits::MANAGE_CHANNELS, &[1]);
    let roles = world.role("C", Bits::MANAGE_ROLES, &[1]);
    let area = world.category(vec![]);
    let child = ChannelCreate {
        parent: Some(area),
        ..channel("in", vec![])
    };
    let channel: ChannelId = world.act(OWNER, child).into();
    let before = world.heads();
    let synced = ChannelUpdate {
        synced: Some(true),
        ..channel_update(channel)
    };
    let synced = world.act_at(1, &before, synced);
    assert_eq!(world.log.effective(&synced), Some(Effect::Effective));
    let by = world.act_at(OWNER, &before, RoleDelete { role: roles });
    assert_eq!(world.log.effective(&synced), lost(by));
}

/// Nobody keeps what a void act gave: the role that it made, the permission that it set, the place that it gave, the
/// overwrite that it wrote. Another moderator's grant, or a role that they held before, does not mend it.
#[test]
fn what_stands_on_a_void_gift_falls_with_it() {
    for gift in 0..4 {
        let mut world = World::new(5);
        world.role("M", MANAGE | Bits::KICK_MEMBERS, &[1]);
        world.role("L", Bits::MANAGE_ROLES, &[3]);
        let helper = world.role("C", Bits::MANAGE_CHANNELS, &[]);
        let place = world.role("D", Bits::BAN_MEMBERS, &[2]);
        world.role("E", Bits::NONE, &[4]);
        world.act(
            OWNER,
            RoleGrant {
                role: helper,
                member: world.identity(2),
            },
        );
        let channel = world.text_channel(vec![]);
        let before = world.heads();
        let used: EventId = match gift {
            0 => {
                let made = world.act_at(1, &before, role("5", Bits::KICK_MEMBERS));
                let grant = RoleGrant {
                    role: made.into(),
                    member: world.identity(2),
                };
                let granted = world.act_at(3, &[made], grant);
                let kick = Kick {
                    member: world.identity(5),
                    seen: vec![],
                };
                world.act_at(2, &[granted], kick)
            }
            1 => {
                let set = RoleUpdate {
                    set: Some(Bits::MANAGE_ROLES),
                    ..role_update(helper)
                };
                let set = world.act_at(1, &before, set);
                world.act_at(2, &[set], role("1", Bits::NONE))
            }
            2 => {
                let moved = RoleUpdate {
                    position: Some("K".into()),
                    ..role_update(place)
                };
                let moved = world.act_at(1, &before, moved);
                world.act_at(2, &[moved], world.ban(4, None))
            }
            _ => {
                let overwrite = overwrite(Subject::Role(place), Bits::MANAGE_ROLES, Bits::NONE);
                let wrote = world.act_at(1, &before, OverwriteSet { channel, overwrite });
                let subject = world.everyone();
                world.act_at(2, &[wrote], OverwriteClear { channel, subject })
            }
        };
        assert_eq!(
            world.log.effective(&used),
            Some(Effect::Effective),
            "{gift}"
        );
        let by = world.act_at(OWNER, &before, world.ban(1, None));
        assert_eq!(world.log.effective(&used), lost(by), "{gift}");
    }
}

/// The act counts for no more than what it stands on, however high the role has risen since: so what falls later never has
/// taken anything before, and voiding cannot run in a circle.
#[test]
fn nothing_outweighs_what_it_stands_on() {
    let mut world = World::new(4);
    world.role("C", MANAGE, &[1]);
    let role = world.role("A", Bits::BAN_MEMBERS, &[]);
    world.role("E", Bits::BAN_MEMBERS, &[2]);
    world.role("M", Bits::BAN_MEMBERS, &[3]);
    let people = [1, 2, 3, 4].map(|who| world.identity(who));
    let before = world.heads();
    // A low moderator gives a role, which the owner then moves to the top; its holder bans the one at M, who, beside that, bans
    // the one at E, who, beside that, bans the low moderator.
    let grant = RoleGrant {
        role,
        member: people[3],
    };
    let grant = world.act_at(1, &before, grant);
    let moved = RoleUpdate {
        position: Some("T".into()),
        ..role_update(role)
    };
    let moved = world.act_at(OWNER, &[grant], moved);
    let top = world.act_at(4, &[moved], world.ban(3, None));
    let mid = world.act_at(3, &before, world.ban(2, None));
    let low = world.act_at(2, &before, world.ban(1, None));
    let removed = |by| {
        Some(Effect::Overruled {
            by,
            rule: Rule::Removed,
        })
    };
    // The ban at M stands, as the one from the top stands on a grant that counts for less.
    assert_eq!(world.log.effective(&mid), Some(Effect::Effective));
    assert_eq!(world.log.effective(&low), removed(mid));
    assert_eq!(world.log.effective(&grant), Some(Effect::Effective));
    assert_eq!(world.log.effective(&top), Some(Effect::Effective));
}
