//! What writes of one register come to.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::Bits;
use serde_json::Value;

use super::case;
use super::world::*;

pub fn values() -> Vec<Value> {
    let mut cases = vec![case("founding with an invite", World::new(1))];
    following(&mut cases);
    roles(&mut cases);
    levels(&mut cases);
    deletion(&mut cases);
    overwrites(&mut cases);
    cases
}

/// A channel that follows its category, and stops to.
fn following(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    let hidden = overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL);
    let area = world.category(vec![hidden]);
    let child = ChannelCreate {
        parent: Some(area),
        synced: true,
        topic: Some("t".into()),
        ..channel("in", vec![])
    };
    let room: ChannelId = world.act(OWNER, child).into();
    cases.push(case(
        "a category and a channel that follows it",
        world.clone(),
    ));
    let mut edited = world.clone();
    let allow = overwrite(
        Subject::Member(world.identity(1)),
        Bits::VIEW_CHANNEL,
        Bits::NONE,
    );
    edited.act(
        OWNER,
        OverwriteSet {
            channel: room,
            overwrite: allow,
        },
    );
    cases.push(case("an edit of the child ends its following", edited));
    let heads = world.heads();
    world.act_at(OWNER, &heads, ChannelDelete { channel: area });
    cases.push(case(
        "a deleted private category leaves its overwrites",
        world,
    ));
}

/// Roles, grants, and what they clear and set at once.
fn roles(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    let role = world.role("V", Bits::KICK_MEMBERS | Bits::SPEAK, &[1]);
    world.role("T", Bits::MANAGE_ROLES | Bits::KICK_MEMBERS, &[1]);
    cases.push(case("roles and grants", world.clone()));
    let low = world.role("A", Bits::KICK_MEMBERS, &[]);
    let before = world.heads();
    world.act_at(
        1,
        &before,
        RoleUpdate {
            clear: Some(Bits::KICK_MEMBERS),
            ..role_update(low)
        },
    );
    world.act_at(
        OWNER,
        &before,
        RoleUpdate {
            set: Some(Bits::KICK_MEMBERS | Bits::CONNECT),
            ..role_update(low)
        },
    );
    cases.push(case("clear beats a concurrent set", world.clone()));
    world.refused(
        1,
        RoleGrant {
            role,
            member: world.identity(1),
        },
    );
    cases.push(case("granting one's own height is rejected", world));
}

/// Two who write one register at once.
fn levels(cases: &mut Vec<Value>) {
    let mut world = World::new(2);
    world.role("T", Bits::MANAGE_GUILD, &[1]);
    world.role("M", Bits::MANAGE_GUILD, &[2]);
    let before = world.heads();
    let named = |name: &str| ServerUpdate {
        name: Some(name.into()),
        ..Default::default()
    };
    world.act_at(1, &before, named("by the higher"));
    world.act_at(2, &before, named("by the lower"));
    cases.push(case("the higher level wins a register", world));
}

/// Deletion beside edits.
fn deletion(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    world.role("T", Bits::MANAGE_ROLES | Bits::MANAGE_CHANNELS, &[1]);
    let (role, room) = (world.role("A", Bits::NONE, &[]), world.text_channel(vec![]));
    let before = world.heads();
    world.act_at(1, &before, RoleDelete { role });
    world.act_at(1, &before, ChannelDelete { channel: room });
    world.act_at(
        OWNER,
        &before,
        RoleUpdate {
            name: Some("kept".into()),
            ..role_update(role)
        },
    );
    world.act_at(
        OWNER,
        &before,
        ChannelUpdate {
            slow_mode_s: Some(5),
            ..channel_update(room)
        },
    );
    cases.push(case("deletion beats concurrent edits", world));
}

/// Overwrites set at once.
fn overwrites(cases: &mut Vec<Value>) {
    let mut world = World::new(1);
    world.role("T", Bits::MANAGE_ROLES, &[1]);
    let room = world.text_channel(vec![]);
    let subject = world.everyone();
    let before = world.heads();
    let set = |allow, deny| OverwriteSet {
        channel: room,
        overwrite: overwrite(subject, allow, deny),
    };
    world.act_at(1, &before, set(Bits::VIEW_CHANNEL, Bits::SEND_MESSAGES));
    world.act_at(
        OWNER,
        &before,
        set(Bits::SEND_MESSAGES | Bits::VIEW_CHANNEL, Bits::SPEAK),
    );
    cases.push(case("concurrent overwrites keep every denial", world));
}
