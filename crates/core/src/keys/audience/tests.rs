#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::event::*;
use crate::id::*;
use crate::keys::{LeafSecret, Suite};
use crate::log::{AuthorProof, Log, Verdict};
use crate::member::{JoinProof, REGISTER_VERSION, Register, Status, invite_proof_payload};
use crate::signed::{SigningKey, Verified};

const NOW: Millis = Millis(1_000);

/// A server whose owner does everything, and people who join it.
struct World {
    log: Log,
    roster: Roster,
    /// Seed of the invite through which people join.
    door: u8,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn leaf(seed: u8) -> crate::member::LeafKeys {
    LeafSecret::from_seed(&[seed; 32]).public(Suite::X25519)
}

fn identity(seed: u8) -> IdentityId {
    IdentityId([seed; 32])
}

fn overwrite(subject: Subject, allow: Bits, deny: Bits) -> Overwrite {
    Overwrite {
        subject,
        allow,
        deny,
    }
}

impl World {
    fn new(everyone: Bits) -> Self {
        let genesis = Genesis {
            name: "Plaza".into(),
            template: 1,
            nonce: vec![9; 32].into(),
            everyone,
            suite: 1,
            owner_root: key(1).public(),
            hosting_root: key(2).public(),
            notaries: vec![key(1).public()],
            notary_quorum: 1,
            history: 1,
            peers: Vec::new(),
            descent: None,
        };
        let body = Body::from(genesis);
        let event = Verified::sign(Self::event(None, 0, None, Vec::new(), &body), &key(1));
        let mut log = Log::new(ServerId(event.event_id().0));
        log.insert(event, AuthorProof::Founder).unwrap();
        let mut world = Self {
            log,
            roster: Roster::new(),
            door: 200,
        };
        world.join(1, None);
        world.invite(200, 1, None, None);
        world
    }

    fn event(
        server: Option<ServerId>,
        seq: u64,
        prev_self: Option<EventId>,
        parents: Vec<EventId>,
        body: &Body,
    ) -> Event {
        Event {
            version: EVENT_VERSION,
            server,
            author: identity(1),
            device: DeviceId([1; 32]),
            seq,
            prev_self,
            parents,
            identity_head: IdentityEntryId([1; 32]),
            last_checkpoint: None,
            kind: body.kind().number(),
            body: body.encode().into(),
            time: NOW,
            register: None,
            reason: None,
        }
    }

    fn act(&mut self, body: impl Into<Body>) -> EventId {
        let (seq, prev) = self.log.next_position(&DeviceId([1; 32]));
        let heads = self.log.heads().to_vec();
        let event = Self::event(Some(self.log.server()), seq, prev, heads, &body.into());
        let event = Verified::sign(event, &key(1));
        let id = event.event_id();
        let inserted = self.log.insert(event, AuthorProof::Founder).unwrap();
        assert_eq!(inserted.verdict, Verdict::Accepted);
        id
    }

    fn invite(
        &mut self,
        seed: u8,
        kind: u8,
        role: Option<RoleId>,
        expires: Option<Millis>,
    ) -> InviteId {
        self.act(InviteCreate {
            kind,
            verify_key: key(seed).public(),
            leaf: leaf(seed),
            role,
            channel: None,
            max_uses: None,
            expires,
        })
        .into()
    }

    fn join(&mut self, seed: u8, invite: Option<InviteId>) {
        let server = self.log.server();
        let (device, pseudonym) = (DeviceId([seed; 32]), Pseudonym(key(seed).public().0));
        let proof = invite.map_or(JoinProof::Founder, |invite| {
            let payload = invite_proof_payload(server, identity(seed), device, pseudonym);
            let signature = key(self.door)
                .sign(Label::InviteProof, &payload)
                .to_vec()
                .into();
            JoinProof::Invite { invite, signature }
        });
        let register = Register {
            version: REGISTER_VERSION,
            server,
            identity: identity(seed),
            device,
            pseudonym,
            seq: 0,
            status: Status::Present,
            identity_head: IdentityEntryId([seed; 32]),
            heads: self.log.heads().to_vec(),
            proof,
            leaf: leaf(seed),
            nickname: None,
            profile: None,
            time: NOW,
            bot: None,
        };
        self.roster.insert(Verified::sign(register, &key(seed)));
    }

    fn people(&mut self, seeds: &[u8]) {
        let invite = self.now().invites().next().unwrap().id;
        seeds.iter().for_each(|seed| self.join(*seed, Some(invite)));
    }

    fn now(&mut self) -> Community {
        self.log.current().unwrap().clone()
    }

    fn everyone(&self) -> Subject {
        Subject::Role(self.log.server().everyone())
    }

    fn channel(&mut self, mut overwrites: Vec<Overwrite>) -> ChannelId {
        overwrites.sort_by_key(|overwrite| overwrite.subject);
        self.act(ChannelCreate {
            name: "general".into(),
            kind: 0,
            topic: None,
            parent: None,
            position: "V".into(),
            overwrites,
            synced: false,
            durability: 2,
            ttl_ms: None,
            slow_mode_s: 0,
        })
        .into()
    }

    fn role(&mut self, permissions: Bits, holders: &[u8]) -> RoleId {
        let role: RoleId = self
            .act(RoleCreate {
                name: "role".into(),
                color: None,
                hoist: false,
                mentionable: false,
                permissions,
                position: "V".into(),
            })
            .into();
        for holder in holders {
            self.act(RoleGrant {
                role,
                member: identity(*holder),
            });
        }
        role
    }

    fn rule(&mut self, channel: ChannelId) -> Rule {
        of_channel(&self.now(), &channel).unwrap().1
    }

    fn readers(&mut self, channel: ChannelId) -> Vec<u8> {
        let rule = self.rule(channel);
        readers(&self.now(), &self.roster, &rule)
            .iter()
            .map(|id| id.0[0])
            .collect()
    }

    /// Which seeds' leaves get an epoch: all of it, and the state key alone.
    fn leaves(&mut self, rule: &Rule, now: Millis) -> (Vec<u8>, Vec<u8>) {
        let leaves = leaves(&self.now(), &self.roster, rule, now);
        let having = |state_only| {
            let has = |seed: &u8| {
                let leaf = Leaf {
                    state_only,
                    ..Leaf::full(leaf(*seed))
                };
                leaves.contains(&leaf)
            };
            (1..=u8::MAX).filter(has).collect()
        };
        (having(false), having(true))
    }
}

#[test]
fn what_lets_everybody_in_is_one_audience_however_it_is_written() {
    let mut world = World::new(Bits::VIEW_CHANNEL);
    let everyone = world.everyone();
    let plain = world.channel(Vec::new());
    let writes = world.channel(vec![overwrite(everyone, Bits::NONE, Bits::SEND_MESSAGES)]);
    let allowed = world.channel(vec![overwrite(everyone, Bits::VIEW_CHANNEL, Bits::NONE)]);
    let member = Subject::Member(identity(3));
    let extra = world.channel(vec![overwrite(member, Bits::VIEW_CHANNEL, Bits::NONE)]);
    let server = world.log.server();
    for channel in [plain, writes, allowed, extra] {
        let (audience, rule) = of_channel(&world.now(), &channel).unwrap();
        assert_eq!((audience, rule), (super::everyone(server), Rule::Everyone));
    }
    assert_eq!(all(&world.now()).len(), 1);
    let denied = world.channel(vec![overwrite(member, Bits::NONE, Bits::VIEW_CHANNEL)]);
    assert_ne!(
        of_channel(&world.now(), &denied).unwrap().0,
        super::everyone(server)
    );
    assert_eq!(of_channel(&world.now(), &ChannelId([0; 32])), None);
}

#[test]
fn channels_with_one_rule_share_an_audience_and_servers_do_not() {
    let mut world = World::new(Bits::VIEW_CHANNEL | Bits::SEND_MESSAGES);
    let role = world.role(Bits::NONE, &[]);
    let private = |world: &World, other| {
        vec![
            overwrite(world.everyone(), Bits::NONE, Bits::VIEW_CHANNEL | other),
            overwrite(Subject::Role(role), Bits::VIEW_CHANNEL | other, Bits::NONE),
        ]
    };
    let overwrites = private(&world, Bits::NONE);
    let one = world.channel(overwrites);
    let overwrites = private(&world, Bits::SEND_MESSAGES);
    let two = world.channel(overwrites);
    let (one, two) = (world.rule(one), world.rule(two));
    assert_eq!(one, two, "who may write does not matter");
    assert_eq!(all(&world.now()).len(), 2);
    assert_ne!(
        one.audience(ServerId([1; 32])),
        one.audience(ServerId([2; 32]))
    );
}

#[test]
fn readers_are_those_whom_the_permissions_let_view() {
    let mut world = World::new(Bits::VIEW_CHANNEL);
    world.people(&[2, 3, 4, 5]);
    let everyone = world.everyone();
    let staff = world.role(Bits::NONE, &[2]);
    let muted = world.role(Bits::NONE, &[2, 3]);
    let admin = world.role(Bits::ADMINISTRATOR, &[4]);
    assert!(world.now().role(&admin).is_some());
    let private = world.channel(vec![
        overwrite(everyone, Bits::NONE, Bits::VIEW_CHANNEL),
        overwrite(Subject::Role(staff), Bits::VIEW_CHANNEL, Bits::NONE),
        overwrite(Subject::Role(muted), Bits::NONE, Bits::VIEW_CHANNEL),
        overwrite(Subject::Member(identity(5)), Bits::VIEW_CHANNEL, Bits::NONE),
    ]);
    // Owner, staff in spite of the other role, the administrator, and the member by name.
    assert_eq!(world.readers(private), [1, 2, 4, 5]);
    let open = world.channel(vec![overwrite(
        Subject::Role(muted),
        Bits::NONE,
        Bits::VIEW_CHANNEL,
    )]);
    assert_eq!(world.readers(open), [1, 4, 5]);
    // The same as permissions say, channel by channel and member by member.
    let community = world.now();
    for (channel, seed) in [private, open]
        .into_iter()
        .flat_map(|c| (1..=5).map(move |s| (c, s)))
    {
        let bits = permissions::in_channel(&community, &identity(seed), &channel, None);
        let reads = world.readers(channel).contains(&seed);
        assert_eq!(reads, bits.contains(Bits::VIEW_CHANNEL), "member {seed}");
    }
}

#[test]
fn without_view_in_the_server_a_bare_channel_is_for_roles_that_have_it() {
    let mut world = World::new(Bits::NONE);
    world.people(&[2, 3]);
    world.role(Bits::VIEW_CHANNEL, &[2]);
    let bare = world.channel(Vec::new());
    assert_eq!(world.readers(bare), [1, 2]);
    assert_eq!(
        world.rule(bare),
        Rule::View(ViewRule {
            base: false,
            overwrites: Vec::new()
        })
    );
}

#[test]
fn leaves_are_devices_and_live_invites() {
    let mut world = World::new(Bits::VIEW_CHANNEL);
    world.people(&[2, 3]);
    world.invite(100, 1, None, None);
    world.invite(101, 2, None, None);
    world.invite(102, 1, None, Some(Millis(2_000)));
    let revoked = world.invite(103, 1, None, None);
    let (full, state) = world.leaves(&Rule::Everyone, NOW);
    assert_eq!(
        (full, state),
        (vec![1, 2, 3, 100, 102, 103, 200], vec![101])
    );
    world.act(InviteRevoke {
        invite: revoked,
        honoured: Vec::new(),
    });
    let (full, _) = world.leaves(&Rule::Everyone, Millis(2_000));
    assert_eq!(
        full,
        [1, 2, 3, 100, 200],
        "revoked, and expired at its moment"
    );
    world.act(Ban {
        member: identity(3),
        seen: Vec::new(),
        delete_ms: None,
        dropped_leaves: vec![leaf(100).id()],
    });
    let (full, state) = world.leaves(&Rule::Everyone, Millis(2_000));
    assert_eq!(
        (full, state),
        (vec![1, 2, 200], vec![101]),
        "the banned, and the link that they could hold"
    );
}

#[test]
fn an_open_link_reads_what_its_joiner_could_and_a_closed_one_no_channel() {
    let mut world = World::new(Bits::VIEW_CHANNEL);
    let role = world.role(Bits::NONE, &[]);
    world.invite(100, 1, Some(role), None);
    world.invite(101, 1, None, None);
    world.invite(102, 2, Some(role), None);
    let everyone = world.everyone();
    let private = world.channel(vec![
        overwrite(everyone, Bits::NONE, Bits::VIEW_CHANNEL),
        overwrite(Subject::Role(role), Bits::VIEW_CHANNEL, Bits::NONE),
    ]);
    let rule = world.rule(private);
    assert_eq!(world.leaves(&rule, NOW), (vec![1, 100], vec![]));
    let (full, state) = world.leaves(&Rule::Everyone, NOW);
    assert_eq!(
        (full, state),
        (vec![1, 100, 101, 200], vec![102]),
        "positive control"
    );
}

#[test]
fn an_invite_with_a_members_keys_takes_nothing_from_the_member() {
    let mut world = World::new(Bits::VIEW_CHANNEL);
    world.people(&[2]);
    world.invite(2, 2, None, None);
    assert_eq!(
        world.leaves(&Rule::Everyone, NOW),
        (vec![1, 2, 200], vec![])
    );
}
