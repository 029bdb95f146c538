//! The computation of permissions against an independent one: that of `twilight-util`, a public library for Discord bots.
//!
//! The library leaves two rules of Discord's documentation to its caller: without VIEW_CHANNEL nothing holds, and without
//! SEND_MESSAGES what goes with it does not, wherever the permission got lost. The test applies them to its answer, and
//! counts how often that made no difference. It also leaves out what means nothing in a text channel, so the comparison does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, Log, Verdict};
use conclave_core::permissions::{Bits, IMPLIED_BY_SEND, base, in_channel};
use conclave_core::signed::{SigningKey, Verified};
use conclave_core::state::Community;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use twilight_model::channel::ChannelType;
use twilight_model::channel::permission_overwrite::{PermissionOverwrite, PermissionOverwriteType};
use twilight_model::guild::Permissions;
use twilight_model::id::Id;
use twilight_util::permission_calculator::PermissionCalculator;

const SERVERS: u64 = 10_000;
const ROLES: usize = 3;
const MEMBERS: usize = 3;

/// A random server: what each role permits, who holds it, and the overwrites of one channel.
struct Server {
    everyone: Bits,
    roles: Vec<Bits>,
    holders: Vec<Vec<bool>>,
    on_everyone: Option<(Bits, Bits)>,
    on_roles: Vec<Option<(Bits, Bits)>>,
    on_members: Vec<Option<(Bits, Bits)>>,
}

fn bits(rng: &mut ChaCha20Rng) -> Bits {
    // Few, many, or about half of the named ones; ADMINISTRATOR seldom, or it would hide everything else.
    let mask = match rng.next_u32() % 3 {
        0 => rng.next_u64() & rng.next_u64() & rng.next_u64(),
        1 => rng.next_u64() | rng.next_u64(),
        _ => rng.next_u64(),
    };
    let bits = Bits(mask) & Bits::ALL;
    if rng.next_u32().is_multiple_of(8) {
        bits
    } else {
        bits.without(Bits::ADMINISTRATOR)
    }
}

fn overwrite(rng: &mut ChaCha20Rng) -> Option<(Bits, Bits)> {
    (!rng.next_u32().is_multiple_of(3)).then(|| {
        let allow = bits(rng);
        (allow, bits(rng).without(allow))
    })
}

impl Server {
    fn random(rng: &mut ChaCha20Rng) -> Self {
        Self {
            everyone: bits(rng),
            roles: (0..ROLES).map(|_| bits(rng)).collect(),
            holders: (0..ROLES)
                .map(|_| {
                    (0..MEMBERS)
                        .map(|_| rng.next_u32().is_multiple_of(2))
                        .collect()
                })
                .collect(),
            on_everyone: overwrite(rng),
            on_roles: (0..ROLES).map(|_| overwrite(rng)).collect(),
            on_members: (0..MEMBERS).map(|_| overwrite(rng)).collect(),
        }
    }

    /// Ours: signed events, folded.
    fn found(&self) -> (Community, ChannelId) {
        let mut log = Founding::new(self.everyone);
        let roles: Vec<RoleId> = (0..ROLES)
            .map(|n| log.role(n, self.roles[n]).into())
            .collect();
        for (role, holders) in roles.iter().zip(&self.holders) {
            for (member, _) in holders.iter().enumerate().filter(|(_, holds)| **holds) {
                log.put(RoleGrant {
                    role: *role,
                    member: identity(member),
                });
            }
        }
        let everyone = Subject::Role(log.log.server().everyone());
        let mut overwrites: Vec<Overwrite> = Vec::new();
        let mut add = |subject, overwrite: &Option<(Bits, Bits)>| {
            overwrites.extend(overwrite.map(|(allow, deny)| Overwrite {
                subject,
                allow,
                deny,
            }));
        };
        add(everyone, &self.on_everyone);
        roles
            .iter()
            .zip(&self.on_roles)
            .for_each(|(role, o)| add(Subject::Role(*role), o));
        self.on_members
            .iter()
            .enumerate()
            .for_each(|(n, o)| add(Subject::Member(identity(n)), o));
        overwrites.sort_by_key(|overwrite| overwrite.subject);
        let channel = log.put(ChannelCreate {
            name: "general".into(),
            kind: 0,
            topic: None,
            parent: None,
            position: "V".into(),
            overwrites,
            synced: false,
            durability: 1,
            ttl_ms: None,
            slow_mode_s: 0,
        });
        (log.log.current().unwrap().clone(), channel.into())
    }

    /// Theirs, for one member.
    fn calculate(&self, member: usize) -> (Bits, Bits) {
        let held: Vec<_> = (0..ROLES)
            .filter(|role| self.holders[*role][member])
            .map(|role| (Id::new(role as u64 + 10), theirs(self.roles[role])))
            .collect();
        let user = Id::new(member as u64 + 100);
        let calculator = PermissionCalculator::new(Id::new(1), user, theirs(self.everyone), &held)
            .owner_id(Id::new(99));
        let one = |id, kind, overwrite: &Option<(Bits, Bits)>| {
            overwrite.map(|(allow, deny)| PermissionOverwrite {
                allow: theirs(allow),
                deny: theirs(deny),
                id: Id::new(id),
                kind,
            })
        };
        let mut overwrites: Vec<PermissionOverwrite> = Vec::new();
        overwrites.extend(one(1, PermissionOverwriteType::Role, &self.on_everyone));
        for (n, overwrite) in self.on_roles.iter().enumerate() {
            overwrites.extend(one(n as u64 + 10, PermissionOverwriteType::Role, overwrite));
        }
        for (n, overwrite) in self.on_members.iter().enumerate() {
            overwrites.extend(one(
                n as u64 + 100,
                PermissionOverwriteType::Member,
                overwrite,
            ));
        }
        let root = ours(calculator.root());
        (
            root,
            ours(calculator.in_channel(ChannelType::GuildText, &overwrites)),
        )
    }
}

fn theirs(bits: Bits) -> Permissions {
    Permissions::from_bits_truncate(bits.0)
}

fn ours(permissions: Permissions) -> Bits {
    Bits(permissions.bits()) & Bits::ALL
}

/// What the library reports for a text channel: a member with everything but ADMINISTRATOR has exactly this.
fn reported() -> Bits {
    let calculator = PermissionCalculator::new(
        Id::new(1),
        Id::new(2),
        theirs(Bits::ALL.without(Bits::ADMINISTRATOR)),
        &[],
    );
    ours(calculator.in_channel(ChannelType::GuildText, &[]))
}

fn documented(bits: Bits) -> Bits {
    if !bits.contains(Bits::VIEW_CHANNEL) {
        Bits::NONE
    } else if !bits.contains(Bits::SEND_MESSAGES) {
        bits.without(IMPLIED_BY_SEND)
    } else {
        bits
    }
}

#[test]
fn permissions_agree_with_a_public_bot_librarys_on_random_servers() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let reported = reported();
    let (mut compared, mut plain, mut partial) = (0u64, 0u64, 0u64);
    for n in 0..SERVERS {
        let server = Server::random(&mut rng);
        let (community, channel) = server.found();
        for member in 0..MEMBERS {
            let (root, raw) = server.calculate(member);
            let mine = base(&community, &identity(member));
            assert_eq!(
                mine,
                root & Bits::ALL,
                "server {n}, member {member}: in the server"
            );
            let expected = documented(raw);
            let mine = in_channel(&community, &identity(member), &channel, None);
            if mine != Bits::ALL {
                assert_eq!(
                    mine & reported,
                    expected & reported,
                    "server {n}, member {member}: in the channel"
                );
            }
            assert_eq!(
                mine == Bits::ALL,
                root.contains(Bits::ADMINISTRATOR),
                "administrators"
            );
            compared += 1;
            plain += u64::from(expected == raw);
            partial += u64::from(!expected.is_empty() && mine != Bits::ALL);
        }
    }
    println!(
        "{SERVERS} servers, {compared} members; {plain} needed no rule of the caller, {partial} had some permissions"
    );
    assert!(
        plain * 3 > compared,
        "the library alone decides at least a third"
    );
    assert!(
        partial * 4 > compared,
        "at least a quarter is neither nothing nor everything"
    );
}

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
            descent: None,
        });
        let event = Event {
            version: EVENT_VERSION,
            server: None,
            author: IdentityId([3; 32]),
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

    fn role(&mut self, n: usize, permissions: Bits) -> EventId {
        self.put(RoleCreate {
            name: format!("role {n}"),
            color: None,
            hoist: false,
            mentionable: false,
            permissions,
            position: format!("{}", n + 1),
        })
    }
}
