//! `explain` gives the verdict of `allows`, and its chain holds by itself: replayed step by step it comes to that verdict.
#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::permissions::{
    Action, Actor, Bits, Denied, IMPLIED_BY_SEND, Step, allows, base, explain, in_channel,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use world::{Founding, MEMBERS, OWNER, Server, bodies, identity, server};

const SERVERS: u64 = 400;

/// What the steps before a conclusion come to, computed from them alone.
fn replay(steps: &[Step], everyone: RoleId, asked: Bits, in_channel: bool) -> Bits {
    if steps.contains(&Step::Owner) {
        return asked;
    }
    let mut bits = Bits::NONE;
    let (mut all, mut roles) = ((Bits::NONE, Bits::NONE), (Bits::NONE, Bits::NONE));
    let mut own = (Bits::NONE, Bits::NONE);
    for step in steps {
        match step {
            Step::Role {
                administrator: true,
                ..
            } => return asked & Bits::ALL,
            Step::Role { bits: brings, .. } => bits = bits | *brings,
            Step::Overwrite {
                subject,
                allow,
                deny,
                ..
            } => {
                let part = match subject {
                    Subject::Role(role) if *role == everyone => &mut all,
                    Subject::Role(_) => &mut roles,
                    Subject::Member(_) => &mut own,
                };
                *part = (part.0 | *allow, part.1 | *deny);
            }
            _ => {}
        }
    }
    for (allow, deny) in [all, roles, own] {
        bits = bits.without(deny) | allow;
    }
    if in_channel && !bits.contains(Bits::VIEW_CHANNEL) {
        return Bits::NONE;
    }
    if in_channel && !bits.contains(Bits::SEND_MESSAGES) {
        bits = bits.without(IMPLIED_BY_SEND);
    }
    bits & asked
}

/// Checks each conclusion of a chain, and what the chain as a whole comes to; says what denied.
fn check(
    server: &Server,
    actor: &Actor,
    action: &Action<'_>,
    now: Option<Millis>,
) -> Result<(), Denied> {
    let community = &server.community;
    let explained = explain(community, actor, action, now);
    let verdict = allows(community, actor, action, now);
    assert_eq!(explained.verdict, verdict, "{action:?}: {explained:?}");
    let mut from = 0;
    let mut lacking = false;
    for (at, step) in explained.steps.iter().enumerate() {
        if let Step::Concludes {
            permission,
            channel,
            missing,
        } = step
        {
            let owner = actor.identity == OWNER;
            let has = match channel {
                _ if owner => *permission,
                None => base(community, actor),
                Some(channel) => in_channel(community, actor, channel, None),
            };
            assert_eq!(
                *missing,
                permission.without(has),
                "{action:?}: {explained:?}"
            );
            let replayed = replay(
                &explained.steps[from..at],
                server.roles[0],
                *permission,
                channel.is_some(),
            );
            assert_eq!(
                *missing,
                permission.without(replayed),
                "{action:?}: {explained:?}"
            );
            lacking |= !missing.is_empty();
            from = at + 1;
        }
    }
    let denied = explained.steps.iter().any(|step| match step {
        Step::Banned { .. } | Step::Refused(_) => true,
        Step::TimedOut { denies, .. } => *denies,
        Step::Above { actor, target, .. } => actor <= target,
        _ => false,
    });
    // Whoever made an invite may revoke it without the permission that is asked first.
    let own_invite = matches!(action, Action::Event(Body::InviteRevoke(_)));
    if verdict.is_ok() {
        assert!(
            !denied && (!lacking || own_invite),
            "{action:?}: {explained:?}"
        );
    } else {
        assert!(denied || lacking, "{action:?}: {explained:?}");
    }
    verdict.map(|_| ())
}

#[test]
fn what_explains_agrees_with_what_allows_on_random_servers() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (mut allowed, mut missing, mut rank, mut timed_out, mut other) =
        (0u32, 0u32, 0u32, 0u32, 0u32);
    for _ in 0..SERVERS {
        let server = server(&mut rng);
        let people: Vec<Actor> = (0..MEMBERS)
            .map(|n| (&identity(n)).into())
            .chain([(&OWNER).into()])
            .collect();
        for actor in &people {
            let bodies = bodies(&mut rng, &server);
            let several = [identity(0), identity(1)];
            let place = server.channels[rng.next_u32() as usize % 2];
            let named = Bits::NAMED[rng.next_u32() as usize % Bits::NAMED.len()].0;
            let mut actions: Vec<Action<'_>> = bodies.iter().map(Action::Event).collect();
            actions.extend([
                Action::View { channel: place },
                Action::Read { channel: place },
                Action::Send { channel: place },
                Action::React { channel: place },
                Action::Attach { channel: place },
                Action::Embed { channel: place },
                Action::MentionEveryone { channel: place },
                Action::ManageMessages { channel: place },
                Action::Pin { channel: place },
                Action::View {
                    channel: ChannelId([9; 32]),
                },
                Action::CreateInvite { channel: None },
                Action::CreateInvite {
                    channel: Some(place),
                },
                Action::ViewAuditLog,
                Action::Have {
                    permissions: named,
                    channel: None,
                },
                Action::Have {
                    permissions: named,
                    channel: Some(place),
                },
                Action::BanMany(&several),
                Action::Prune(&several),
            ]);
            for action in &actions {
                for now in [None, Some(Millis(500)), Some(Millis(2000))] {
                    match check(&server, actor, action, now) {
                        Ok(()) => allowed += 1,
                        Err(Denied::Missing { .. }) => missing += 1,
                        Err(Denied::TargetRank { .. } | Denied::RoleRank { .. }) => rank += 1,
                        Err(Denied::TimedOut(_)) => timed_out += 1,
                        Err(_) => other += 1,
                    }
                }
            }
        }
    }
    println!(
        "{allowed} allowed; denied: {missing} permission, {rank} rank, {timed_out} timeout, {other} other"
    );
    assert!(
        allowed > 10_000 && missing > 10_000 && rank > 1_000 && timed_out > 1_000 && other > 1_000
    );
}

#[test]
fn many_are_banned_with_both_permissions_below_oneself_and_at_most_two_hundred() {
    let with = |bits: Bits, position: &str| RoleCreate {
        name: "crew".into(),
        color: None,
        hoist: false,
        mentionable: false,
        permissions: bits,
        position: position.into(),
    };
    let mut log = Founding::new(Bits::NONE);
    let one = log.put(with(Bits::BAN_MEMBERS, "2"));
    let both = log.put(with(
        Bits::BAN_MEMBERS | Bits::MANAGE_GUILD | Bits::KICK_MEMBERS,
        "2",
    ));
    let high = log.put(with(Bits::NONE, "3"));
    for (role, member) in [(one, 0), (both, 1), (high, 2)] {
        log.put(RoleGrant {
            role: role.into(),
            member: identity(member),
        });
    }
    let state = log.log.current().unwrap().clone();
    let crowd: Vec<IdentityId> = (0..201u16)
        .map(|n| {
            let mut id = [0xEE; 32];
            id[..2].copy_from_slice(&n.to_be_bytes());
            IdentityId(id)
        })
        .collect();
    let ban = |who: usize, members: &[IdentityId]| {
        allows(&state, &identity(who), &Action::BanMany(members), None)
    };
    assert!(
        ban(1, &crowd[..200]).is_ok(),
        "both permissions, two hundred"
    );
    assert!(allows(&state, &identity(1), &Action::Prune(&crowd[..200]), None).is_ok());
    assert!(matches!(
        ban(1, &crowd),
        Err(Denied::Limit { max: 200, .. })
    ));
    assert!(matches!(
        ban(0, &crowd[..2]),
        Err(Denied::Missing {
            permission: Bits::MANAGE_GUILD,
            ..
        })
    ));
    assert!(matches!(
        ban(1, &[crowd[0], identity(2)]),
        Err(Denied::TargetRank { .. })
    ));
    assert!(matches!(ban(1, &[OWNER]), Err(Denied::TargetIsOwner)));
    assert!(ban(1, &[crowd[0]]).is_ok());
}

#[test]
fn nobody_opens_a_way_in_while_joins_are_paused() {
    let mut log = Founding::new(Bits::CREATE_INSTANT_INVITE);
    let invite = |log: &Founding| {
        Body::from(InviteCreate {
            kind: 1,
            verify_key: log.key.public(),
            leaf: conclave_core::member::LeafKeys {
                x25519: vec![7; 32].into(),
                xwing: None,
            },
            role: None,
            channel: None,
            max_uses: None,
            expires: None,
        })
    };
    let may = |log: &mut Founding| {
        let body = invite(log);
        let state = log.log.current().unwrap().clone();
        allows(&state, &identity(0), &Action::Event(&body), None).map(|_| ())
    };
    assert_eq!(may(&mut log), Ok(()));
    let pause = |on| ServerUpdate {
        joins_paused: Some(on),
        ..ServerUpdate::default()
    };
    log.put(pause(true));
    assert_eq!(may(&mut log), Err(Denied::JoinsPaused));
    log.put(pause(false));
    assert_eq!(may(&mut log), Ok(()));
}
