//! `explain` gives the verdict of `allows`, and its chain holds by itself: replayed step by step it comes to that verdict.
#![allow(clippy::unwrap_used, clippy::panic)]

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, Log, Verdict};
use conclave_core::permissions::{
    Action, Actor, Bits, Denied, IMPLIED_BY_SEND, Step, allows, base, explain, in_channel,
};
use conclave_core::signed::{SigningKey, Verified};
use conclave_core::state::Community;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

const SERVERS: u64 = 400;
const ROLES: usize = 4;
const MEMBERS: usize = 5;
const OWNER: IdentityId = IdentityId([3; 32]);

fn identity(n: usize) -> IdentityId {
    IdentityId([n as u8 + 50; 32])
}

/// A log that its owner alone writes.
struct Founding {
    log: Log,
    key: SigningKey,
    next: Event,
}

impl Founding {
    fn new(everyone: Bits) -> Self {
        let key = SigningKey::from_seed(&[1; 32]);
        let genesis = Body::from(Genesis {
            name: "Plaza".into(),
            template: 1,
            nonce: vec![2; 32].into(),
            everyone,
            suite: 1,
            owner_root: key.public(),
            hosting_root: key.public(),
            notaries: vec![key.public()],
            notary_quorum: 1,
            history: 1,
            peers: vec![],
        });
        let event = Event {
            version: EVENT_VERSION,
            server: None,
            author: OWNER,
            device: DeviceId([4; 32]),
            seq: 0,
            prev_self: None,
            parents: vec![],
            identity_head: IdentityEntryId([5; 32]),
            last_checkpoint: None,
            kind: genesis.kind().number(),
            body: genesis.encode().into(),
            time: Millis(0),
            register: None,
            reason: None,
        };
        let signed = Verified::sign(event.clone(), &key);
        let mut log = Log::new(ServerId(signed.event_id().0));
        let next = Event {
            server: Some(log.server()),
            prev_self: Some(signed.event_id()),
            parents: vec![signed.event_id()],
            seq: 1,
            ..event
        };
        log.insert(signed, AuthorProof::Founder).unwrap();
        Self { log, key, next }
    }

    fn put(&mut self, body: impl Into<Body>) -> EventId {
        let body = body.into();
        let event = Event {
            kind: body.kind().number(),
            body: body.encode().into(),
            ..self.next.clone()
        };
        let signed = Verified::sign(event, &self.key);
        let id = signed.event_id();
        let inserted = self.log.insert(signed, AuthorProof::Founder).unwrap();
        assert_eq!(inserted.verdict, Verdict::Accepted);
        self.next.seq += 1;
        self.next.prev_self = Some(id);
        self.next.parents = vec![id];
        id
    }
}

fn bits(rng: &mut ChaCha20Rng) -> Bits {
    let bits = Bits(rng.next_u64() & rng.next_u64()) & Bits::ALL;
    if rng.next_u32().is_multiple_of(10) {
        bits.with(Bits::ADMINISTRATOR)
    } else {
        bits.without(Bits::ADMINISTRATOR)
    }
}

fn one_in(rng: &mut ChaCha20Rng, n: u32) -> bool {
    rng.next_u32().is_multiple_of(n)
}

fn overwrites(rng: &mut ChaCha20Rng, roles: &[RoleId]) -> Vec<Overwrite> {
    let subjects = roles.iter().map(|role| Subject::Role(*role));
    let members = (0..MEMBERS).map(|n| Subject::Member(identity(n)));
    let mut overwrites = Vec::new();
    for subject in subjects.chain(members) {
        if one_in(rng, 2) {
            let allow = bits(rng).without(Bits::MANAGE_ROLES);
            let deny = bits(rng).without(allow).without(Bits::MANAGE_ROLES);
            overwrites.push(Overwrite {
                subject,
                allow,
                deny,
            });
        }
    }
    overwrites.sort_by_key(|overwrite| overwrite.subject);
    overwrites
}

/// A random server: roles in order, who holds them, a category with a channel that follows it or not, bans and timeouts.
struct Server {
    community: Community,
    roles: Vec<RoleId>,
    channels: Vec<ChannelId>,
    invite: InviteId,
}

fn channel(
    name: &str,
    kind: u8,
    parent: Option<ChannelId>,
    synced: bool,
    overwrites: Vec<Overwrite>,
) -> ChannelCreate {
    ChannelCreate {
        name: name.into(),
        kind,
        topic: None,
        parent,
        position: "V".into(),
        overwrites,
        synced,
        durability: 1,
        ttl_ms: None,
        slow_mode_s: 0,
    }
}

fn server(rng: &mut ChaCha20Rng) -> Server {
    let mut log = Founding::new(bits(rng).without(Bits::ADMINISTRATOR));
    let everyone = log.log.server().everyone();
    let mut roles = vec![everyone];
    for n in 0..ROLES {
        let role = log.put(RoleCreate {
            name: format!("role {n}"),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: bits(rng),
            position: format!("{}", n + 1),
        });
        roles.push(role.into());
        for member in (0..MEMBERS).filter(|_| one_in(rng, 3)) {
            log.put(RoleGrant {
                role: role.into(),
                member: identity(member),
            });
        }
    }
    let category: ChannelId = log
        .put(channel("all", 4, None, false, overwrites(rng, &roles)))
        .into();
    let synced = one_in(rng, 2);
    let own = if synced {
        vec![]
    } else {
        overwrites(rng, &roles)
    };
    let inside = log.put(channel("inside", 0, Some(category), synced, own));
    let invite = log.put(InviteCreate {
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
    });
    let administrator = |log: &mut Founding, member: usize| {
        base(log.log.current().unwrap(), &identity(member)).contains(Bits::ADMINISTRATOR)
    };
    for member in 0..MEMBERS {
        if one_in(rng, 6) {
            log.put(Ban {
                member: identity(member),
                seen: vec![],
                delete_ms: None,
                dropped_leaves: vec![],
            });
        } else if one_in(rng, 5) && !administrator(&mut log, member) {
            log.put(Timeout {
                member: identity(member),
                until: Millis(1000),
                seen: vec![],
            });
        }
    }
    if one_in(rng, 4) {
        log.put(ServerUpdate {
            joins_paused: Some(true),
            ..ServerUpdate::default()
        });
    }
    Server {
        community: log.log.current().unwrap().clone(),
        roles,
        channels: vec![category, inside.into()],
        invite: invite.into(),
    }
}

/// Bodies of the kinds that somebody might put into the log, about a member, a role and a channel.
fn bodies(rng: &mut ChaCha20Rng, server: &Server) -> Vec<Body> {
    let member = identity(rng.next_u32() as usize % MEMBERS);
    let role = server.roles[rng.next_u32() as usize % server.roles.len()];
    let place = server.channels[rng.next_u32() as usize % 2];
    let seen = Vec::new;
    vec![
        Kick {
            member,
            seen: seen(),
        }
        .into(),
        Ban {
            member,
            seen: seen(),
            delete_ms: None,
            dropped_leaves: vec![],
        }
        .into(),
        Ban {
            member: OWNER,
            seen: seen(),
            delete_ms: None,
            dropped_leaves: vec![],
        }
        .into(),
        Unban { member }.into(),
        Timeout {
            member,
            until: Millis(900),
            seen: seen(),
        }
        .into(),
        TimeoutLift { member }.into(),
        NicknameSet {
            member,
            nickname: None,
            seen: seen(),
        }
        .into(),
        RoleGrant { role, member }.into(),
        RoleRevoke {
            role,
            member,
            seen: seen(),
        }
        .into(),
        RoleDelete { role }.into(),
        RoleCreate {
            name: "new".into(),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: bits(rng),
            position: "25".into(),
        }
        .into(),
        RoleUpdate {
            role,
            name: None,
            color: None,
            hoist: None,
            mentionable: None,
            set: Some(bits(rng)),
            clear: None,
            position: None,
        }
        .into(),
        channel("new", 0, Some(server.channels[0]), false, vec![]).into(),
        ChannelDelete { channel: place }.into(),
        ChannelDelete {
            channel: ChannelId([9; 32]),
        }
        .into(),
        OverwriteSet {
            channel: place,
            overwrite: Overwrite {
                subject: Subject::Role(role),
                allow: bits(rng),
                deny: Bits::NONE,
            },
        }
        .into(),
        ServerUpdate {
            name: Some("Agora".into()),
            ..ServerUpdate::default()
        }
        .into(),
        InviteRevoke {
            invite: server.invite,
            honoured: vec![],
        }
        .into(),
        MinVersion { version: 1 }.into(),
        Merge { more: vec![] }.into(),
    ]
}

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
