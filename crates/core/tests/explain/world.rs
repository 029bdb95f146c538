//! Random servers, written by their owner alone.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, Log, Verdict};
use conclave_core::permissions::{Bits, base};
use conclave_core::signed::{SigningKey, Verified};
use conclave_core::state::Community;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

const ROLES: usize = 4;
pub const MEMBERS: usize = 5;
pub const OWNER: IdentityId = IdentityId([3; 32]);

pub fn identity(n: usize) -> IdentityId {
    IdentityId([n as u8 + 50; 32])
}

/// A log that its owner alone writes.
pub struct Founding {
    pub log: Log,
    pub key: SigningKey,
    next: Event,
}

impl Founding {
    pub fn new(everyone: Bits) -> Self {
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

    pub fn put(&mut self, body: impl Into<Body>) -> EventId {
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
pub struct Server {
    pub community: Community,
    pub roles: Vec<RoleId>,
    pub channels: Vec<ChannelId>,
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

pub fn server(rng: &mut ChaCha20Rng) -> Server {
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
pub fn bodies(rng: &mut ChaCha20Rng, server: &Server) -> Vec<Body> {
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
