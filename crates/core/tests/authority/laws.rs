//! The laws, over random histories of people who act together, apart and against each other.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{Effect, Log, Verdict};
use conclave_core::permissions::Bits;
use conclave_core::signed::Verified;
use proptest::prelude::*;

use crate::world::*;

pub const PEOPLE: usize = 6;

/// Fixed pools of targets, so that random acts meet each other.
pub struct Stage {
    pub roles: Vec<RoleId>,
    pub channels: Vec<ChannelId>,
}

/// A small linear generator: the proptest seed is what shrinks.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.roll(i + 1));
        }
    }
}

const POWERS: [Bits; 4] = [
    Bits(Bits::BAN_MEMBERS.0 | Bits::KICK_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MANAGE_GUILD.0),
    Bits(
        Bits::MANAGE_CHANNELS.0
            | Bits::MANAGE_ROLES.0
            | Bits::MODERATE_MEMBERS.0
            | Bits::BAN_MEMBERS.0,
    ),
    Bits(Bits::MANAGE_CHANNELS.0 | Bits::KICK_MEMBERS.0 | Bits::MANAGE_NICKNAMES.0),
    Bits::NONE,
];

pub fn stage(world: &mut World) -> Stage {
    let positions = ["t", "k", "e", "5"];
    let mut roles = Vec::new();
    for (n, (position, power)) in positions.into_iter().zip(POWERS).enumerate() {
        roles.push(world.role(position, power, &[n + 1, n + 2]));
    }
    let hidden = overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL);
    let area = world.category(vec![hidden]);
    let child = ChannelCreate {
        parent: Some(area),
        synced: true,
        ..channel("in", vec![])
    };
    let child = world.act(OWNER, child).into();
    let channels = vec![area, child, world.text_channel(vec![])];
    Stage { roles, channels }
}

/// A random act, often allowed.
pub fn body(dice: &mut Dice, world: &World, stage: &Stage) -> Body {
    let target = 1 + dice.roll(PEOPLE);
    let member = world.identity(target);
    let seq = [None, Some(0), Some(3)][dice.roll(3)];
    let seen = if dice.roll(3) == 0 {
        vec![]
    } else {
        world.seen(target, seq)
    };
    let (role, channel) = (dice.pick(&stage.roles), dice.pick(&stage.channels));
    let bits = dice.pick(&[
        Bits::VIEW_CHANNEL,
        Bits::SEND_MESSAGES,
        Bits::MANAGE_ROLES,
        Bits::KICK_MEMBERS,
        Bits::BAN_MEMBERS,
    ]);
    let position = dice.pick(&["B", "V", "g", "u"]).to_owned();
    let subject = [
        world.everyone(),
        Subject::Role(role),
        Subject::Member(member),
    ][dice.roll(3)];
    match dice.roll(20) {
        0 => Ban {
            member,
            seen,
            delete_ms: None,
            dropped_leaves: vec![LeafId(id(dice.roll(3)))],
        }
        .into(),
        1 => Unban { member }.into(),
        2 => Kick { member, seen }.into(),
        3 => Timeout {
            member,
            until: Millis(2000 + dice.roll(5) as u64),
            seen,
        }
        .into(),
        4 => TimeoutLift { member }.into(),
        5 | 6 => RoleGrant { role, member }.into(),
        7 => RoleRevoke { role, member, seen }.into(),
        8 => RoleUpdate {
            set: Some(bits),
            ..role_update(role)
        }
        .into(),
        9 => RoleUpdate {
            clear: Some(bits),
            position: Some(position),
            ..role_update(role)
        }
        .into(),
        10 => OverwriteSet {
            channel,
            overwrite: overwrite(subject, bits, Bits::NONE),
        }
        .into(),
        11 => OverwriteSet {
            channel,
            overwrite: overwrite(subject, Bits::NONE, bits),
        }
        .into(),
        12 => OverwriteClear { channel, subject }.into(),
        13 => ChannelUpdate {
            synced: Some(dice.roll(2) == 0),
            ..channel_update(channel)
        }
        .into(),
        14 => ChannelUpdate {
            parent: (dice.roll(2) == 0).then_some(stage.channels[0]),
            slow_mode_s: Some(dice.roll(9) as u32),
            ..channel_update(channel)
        }
        .into(),
        15 => ChannelCreate {
            parent: Some(stage.channels[0]),
            synced: dice.roll(2) == 0,
            ..crate::world::channel("new", vec![])
        }
        .into(),
        16 => ServerUpdate {
            name: Some(format!("name {}", dice.roll(9))),
            joins_paused: Some(dice.roll(2) == 0),
            ..Default::default()
        }
        .into(),
        17 => NicknameSet {
            member,
            nickname: Some(Commitment(id(dice.roll(5)))),
            seen,
        }
        .into(),
        18 if dice.roll(3) == 0 => RoleDelete { role }.into(),
        18 => role_create(dice, position).into(),
        _ if dice.roll(4) == 0 => ChannelDelete { channel }.into(),
        _ => Merge::default().into(),
    }
}

fn role_create(dice: &mut Dice, position: String) -> RoleCreate {
    role(&position, dice.pick(&POWERS))
}

/// Plants what random keys rarely find: a ban beside acts of the banned, mutual bans, a grant beside its revocation, an
/// unban beside a ban, a forked chain, a category deleted beside its children's edits.
pub fn plant(dice: &mut Dice, world: &mut World, stage: &Stage) {
    let heads = world.heads();
    let try_at = |world: &mut World, who: Who, body: Body| {
        let event = world.sign(who, &heads, body);
        let _ = world.put(who, &event);
    };
    let role = dice.pick(&stage.roles);
    match dice.roll(6) {
        0 => {
            for _ in 0..3 {
                let act = body(dice, world, stage);
                try_at(world, 2, act);
            }
            try_at(world, 1, world.ban(2, Some(dice.roll(4) as u64)).into());
        }
        1 => {
            try_at(
                world,
                OWNER,
                RoleGrant {
                    role: stage.roles[0],
                    member: world.identity(3),
                }
                .into(),
            );
            try_at(world, 1, world.ban(3, None).into());
            try_at(world, 3, world.ban(4, None).into());
        }
        2 => {
            let member = world.identity(4);
            try_at(world, 1, RoleGrant { role, member }.into());
            try_at(
                world,
                2,
                RoleRevoke {
                    role,
                    member,
                    seen: vec![],
                }
                .into(),
            );
        }
        3 => {
            let member = world.identity(5);
            try_at(world, 1, world.ban(5, None).into());
            try_at(world, 2, Unban { member }.into());
            try_at(world, OWNER, RoleGrant { role, member }.into());
        }
        4 => {
            let who = 1 + dice.roll(PEOPLE);
            let one = world.sign(who, &heads, Merge::default());
            let two = world.sign(who, &heads, Merge::default());
            let _ = world.put(who, &one);
            let _ = world.put(who, &two);
        }
        _ => {
            try_at(
                world,
                2,
                ChannelDelete {
                    channel: stage.channels[0],
                }
                .into(),
            );
            let subject = world.everyone();
            let overwrite = overwrite(subject, Bits::SEND_MESSAGES, Bits::NONE);
            try_at(
                world,
                3,
                OverwriteSet {
                    channel: stage.channels[1],
                    overwrite,
                }
                .into(),
            );
        }
    }
}

/// A random history: people who know random parts of it act, with planted shapes between.
pub fn history(seed: u64, length: usize) -> World {
    let mut dice = Dice(seed);
    let mut world = World::new(PEOPLE);
    let stage = stage(&mut world);
    let mut known: Vec<Vec<EventId>> = vec![world.heads(); PEOPLE + 1];
    for step in 0..length {
        let who = dice.roll(PEOPLE + 1);
        if dice.roll(3) == 0 {
            let other = dice.roll(PEOPLE + 1);
            let mut both = [known[who].clone(), known[other].clone()].concat();
            both.sort_unstable();
            both.dedup();
            let all = both.clone();
            both.retain(|a| {
                all.iter()
                    .all(|b| a == b || !world.log.is_ancestor(a, &[*b]))
            });
            both.truncate(16);
            known[who] = both;
        }
        let act = body(&mut dice, &world, &stage);
        let event = world.sign(who, &known[who].clone(), act);
        if world
            .put(who, &event)
            .is_ok_and(|inserted| inserted.verdict == Verdict::Accepted)
        {
            known[who] = vec![event.event_id()];
        }
        if step % 7 == 6 {
            plant(&mut dice, &mut world, &stage);
        }
    }
    world
}

pub fn verdicts(log: &Log, events: &[Signed]) -> Vec<Option<Verdict>> {
    events
        .iter()
        .map(|(event, _)| log.verdict(&event.event_id()).cloned())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any permutation and duplication of one set gives the same verdicts, heads, order and state, byte for byte; and the
    /// state that grew step by step equals the one computed from genesis at once.
    #[test]
    fn order_duplication_and_batching_do_not_matter(seed in any::<u64>(), length in 5usize..40) {
        let mut world = history(seed, length);
        let digest = world.now().digest();
        let audited = world.log.audit(&world.heads()).unwrap();
        prop_assert_eq!(audited.digest(), digest, "incremental differs from full");
        let mut dice = Dice(seed ^ 0x5eed);
        for _ in 0..3 {
            let mut events = world.made.clone();
            let again: Vec<Signed> = (0..events.len() / 3).map(|_| events[dice.roll(events.len())].clone()).collect();
            events.extend(again);
            dice.shuffle(&mut events);
            let mut other = replay(world.server(), &events);
            prop_assert_eq!(other.heads(), world.log.heads());
            prop_assert_eq!(verdicts(&other, &world.made), verdicts(&world.log, &world.made));
            prop_assert_eq!(other.current().unwrap().digest(), digest);
            prop_assert_eq!(other.forks().collect::<Vec<_>>(), world.log.forks().collect::<Vec<_>>());
            let order = |log: &Log| log.events().map(Verified::event_id).collect::<Vec<_>>();
            prop_assert_eq!(order(&other), order(&world.log));
        }
    }

    /// At any heads, what `resolve` gives from snapshots is what the whole past gives without any.
    #[test]
    fn resolving_any_heads_equals_auditing_them(seed in any::<u64>(), length in 5usize..30) {
        let mut world = history(seed, length);
        let mut dice = Dice(seed ^ 0xface);
        let accepted: Vec<EventId> = world.log.events().map(Verified::event_id).collect();
        for _ in 0..8 {
            let heads: Vec<EventId> = (0..=dice.roll(3)).map(|_| dice.pick(&accepted)).collect();
            let full = world.log.audit(&heads).unwrap().digest();
            prop_assert_eq!(world.log.resolve(&heads).unwrap().digest(), full);
        }
    }

    /// The clocks say what the graph says.
    #[test]
    fn clocks_agree_with_the_graph(seed in any::<u64>(), length in 5usize..30) {
        let world = history(seed, length);
        let events: Vec<_> = world.log.events().cloned().collect();
        let mut past: std::collections::BTreeMap<EventId, std::collections::BTreeSet<EventId>> = Default::default();
        for event in &events {
            let mut mine = std::collections::BTreeSet::from([event.event_id()]);
            for parent in &event.parents {
                mine.extend(past[parent].iter().copied());
            }
            past.insert(event.event_id(), mine);
        }
        for a in &events {
            for b in &events {
                let (a, b) = (a.event_id(), b.event_id());
                prop_assert_eq!(world.log.is_ancestor(&a, &[b]), past[&b].contains(&a));
            }
        }
    }
}

/// The histories above are worth the name: they hold overruled, rejected, forked and concurrent events often enough.
#[test]
fn random_histories_hold_the_shapes_that_matter() {
    let (mut overruled, mut rejected, mut forked, mut concurrent) = (0, 0, 0, 0);
    let rounds: u64 = 60;
    for seed in 0..rounds {
        let mut world = history(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), 30);
        let ids: Vec<EventId> = world
            .made
            .iter()
            .map(|(event, _)| event.event_id())
            .collect();
        let effects: Vec<_> = ids
            .iter()
            .filter_map(|id| world.log.effective(id))
            .collect();
        overruled += u64::from(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Overruled { .. })),
        );
        rejected += u64::from(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Rejected(_))),
        );
        forked += u64::from(world.log.forks().next().is_some());
        concurrent += u64::from(world.log.heads().len() > 1);
    }
    println!(
        "of {rounds}: {overruled} overruled, {rejected} rejected, {forked} forked, {concurrent} concurrent"
    );
    assert!(
        overruled * 10 >= rounds * 3,
        "{overruled} of {rounds} hold an overruled event"
    );
    assert!(rejected * 2 >= rounds && forked * 20 >= rounds && concurrent * 2 >= rounds);
}
