//! A server with people who act in it, together or apart.

#[path = "world/drafts.rs"]
mod drafts;

use std::collections::BTreeMap;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, Effect, InsertError, Inserted, Log, Verdict};
use conclave_core::member::*;
use conclave_core::permissions::{Bits, Denied};
use conclave_core::policy::Cosigned;
use conclave_core::signed::{SigningKey, Verified};
use conclave_core::state::Community;

pub use self::drafts::{channel, channel_update, overwrite, role, role_update};

/// Numbers the people: 0 is the owner.
pub type Who = usize;

pub const OWNER: Who = 0;

pub type Signed = (Verified<Event>, AuthorProof);

#[derive(Clone)]
pub struct Person {
    pub identity: IdentityId,
    pub key: SigningKey,
    pub device: DeviceId,
    pub pseudonym: Pseudonym,
    pub register_seq: u64,
}

/// All events that anybody made, in the order of making, and the log that holds them all.
#[derive(Clone)]
pub struct World {
    pub people: Vec<Person>,
    pub log: Log,
    pub made: Vec<Signed>,
    pub invite: InviteId,
    peers: Vec<Who>,
    last: BTreeMap<DeviceId, (u64, EventId)>,
    time: u64,
}

pub fn id(n: usize) -> [u8; 32] {
    let mut id = [0xA0; 32];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    id
}

pub fn person(n: Who) -> Person {
    let key = SigningKey::from_seed(&id(n));
    Person {
        identity: IdentityId(id(n + 100)),
        device: DeviceId(id(n + 200)),
        pseudonym: Pseudonym(key.public().0),
        key,
        register_seq: 0,
    }
}

pub const EVERYONE: Bits = Bits(
    Bits::VIEW_CHANNEL.0
        | Bits::SEND_MESSAGES.0
        | Bits::CREATE_INSTANT_INVITE.0
        | Bits::CHANGE_NICKNAME.0,
);

/// The one notary.
pub fn notary() -> SigningKey {
    SigningKey::from_seed(&[8; 32])
}

pub fn invite_key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

impl World {
    /// A server of one owner and `members` people who joined through one open invite.
    pub fn new(members: usize) -> Self {
        Self::with_peers(members, &[])
    }

    /// The same, with some of the people as founding peers.
    pub fn with_peers(members: usize, peers: &[Who]) -> Self {
        Self::founded(members, peers, VerifyKey(id(1)))
    }

    /// The same as [`World::new`], with a notary whose key somebody has.
    pub fn notarised(members: usize) -> Self {
        Self::founded(members, &[], notary().public())
    }

    fn founded(members: usize, peers: &[Who], notary: VerifyKey) -> Self {
        let people: Vec<Person> = (0..=members).map(person).collect();
        let genesis = Genesis {
            name: "Plaza".into(),
            template: 1,
            nonce: vec![9; 32].into(),
            everyone: EVERYONE,
            suite: 1,
            owner_root: VerifyKey(id(1)),
            hosting_root: VerifyKey(id(2)),
            notaries: vec![notary],
            notary_quorum: 1,
            history: 1,
            peers: peers.iter().map(|who| people[*who].identity).collect(),
            descent: None,
        };
        let event = Event {
            server: None,
            ..blank(&people[OWNER], &genesis.into())
        };
        let event = Verified::sign(event, &people[OWNER].key);
        let genesis = event.event_id();
        let mut log = Log::new(ServerId(genesis.0));
        log.insert(event.clone(), AuthorProof::Founder).unwrap();
        let mut world = Self {
            last: BTreeMap::from([(people[OWNER].device, (0, genesis))]),
            people,
            log,
            made: vec![(event, AuthorProof::Founder)],
            invite: InviteId([0; 32]),
            peers: peers.to_vec(),
            time: 1000,
        };
        let invite = InviteCreate {
            kind: 1,
            verify_key: invite_key().public(),
            leaf: leaf(0),
            role: None,
            channel: None,
            max_uses: None,
            expires: None,
        };
        world.invite = world.act(OWNER, invite).into();
        world
    }

    /// Another device of somebody, as a person of its own number.
    pub fn second_device(&mut self, of: Who) -> Who {
        let who = self.people.len();
        let device = Person {
            identity: self.identity(of),
            register_seq: self.people[of].register_seq,
            ..person(who)
        };
        self.people.push(device);
        if of == OWNER {
            self.peers.push(who);
        }
        who
    }

    /// Somebody acts at heads without their own events: a branch beside what else they did.
    pub fn sign_beside(&mut self, who: Who, heads: &[EventId], body: impl Into<Body>) -> EventId {
        self.last.remove(&self.people[who].device);
        self.act_at(who, heads, body)
    }

    /// What overruled an event, if something did.
    pub fn fell_to(&mut self, id: &EventId) -> Option<EventId> {
        match self.log.effective(id) {
            Some(Effect::Overruled { by, .. }) => Some(by),
            _ => None,
        }
    }

    pub fn identity(&self, who: Who) -> IdentityId {
        self.people[who].identity
    }

    pub fn server(&self) -> ServerId {
        self.log.server()
    }

    pub fn proof(&self, who: Who) -> AuthorProof {
        if who == OWNER || self.peers.contains(&who) {
            return AuthorProof::Founder;
        }
        AuthorProof::Member {
            invite: Some(self.invite),
            pseudonym: self.people[who].pseudonym,
            register_seq: self.people[who].register_seq,
        }
    }

    /// Signs the next event of somebody who knows `heads`, their own events included.
    pub fn sign(&mut self, who: Who, heads: &[EventId], body: impl Into<Body>) -> Verified<Event> {
        let person = self.people[who].clone();
        let last = self.last.get(&person.device).copied();
        let mut parents: Vec<EventId> = heads.to_vec();
        parents.extend(last.map(|(_, id)| id));
        parents.sort_unstable();
        parents.dedup();
        let all = parents.clone();
        parents.retain(|a| {
            all.iter()
                .all(|b| a == b || !self.log.is_ancestor(a, &[*b]))
        });
        self.time += 1;
        let past = self.log.resolve(&parents).ok();
        let event = Event {
            server: Some(self.server()),
            last_checkpoint: past.and_then(|past| Some(past.checkpoint()?.0)),
            seq: last.map_or(0, |(seq, _)| seq + 1),
            prev_self: last.map(|(_, id)| id),
            parents,
            time: Millis(self.time),
            ..blank(&person, &body.into())
        };
        // Everybody's root is their device's key here; what a root's signature is worth is another test's matter.
        Verified::sign_event(event, &person.key, &person.key)
    }

    /// Takes an event into the world's log.
    pub fn put(&mut self, who: Who, event: &Verified<Event>) -> Result<Inserted, InsertError> {
        let proof = self.proof(who);
        let inserted = self.log.insert(event.clone(), proof)?;
        self.made.push((event.clone(), proof));
        if inserted.verdict == Verdict::Accepted {
            self.last
                .insert(event.device, (event.seq, event.event_id()));
        }
        Ok(inserted)
    }

    /// Somebody who knows `heads` acts; it must be allowed.
    pub fn act_at(&mut self, who: Who, heads: &[EventId], body: impl Into<Body>) -> EventId {
        let event = self.sign(who, heads, body);
        let inserted = self.put(who, &event).unwrap();
        assert_eq!(
            inserted.verdict,
            Verdict::Accepted,
            "{:?}",
            event.decode_body()
        );
        event.event_id()
    }

    /// Somebody who knows everything acts; it must be allowed.
    pub fn act(&mut self, who: Who, body: impl Into<Body>) -> EventId {
        let heads = self.log.heads().to_vec();
        self.act_at(who, &heads, body)
    }

    /// Somebody who knows everything acts; it must be refused.
    pub fn refused(&mut self, who: Who, body: impl Into<Body>) -> Denied {
        let heads = self.log.heads().to_vec();
        let event = self.sign(who, &heads, body);
        match self.put(who, &event).unwrap().verdict {
            Verdict::Rejected(denied) => denied,
            Verdict::Accepted => panic!("allowed: {:?}", event.decode_body()),
        }
    }

    /// What the notary would sign at some heads.
    pub fn checkpoint(&mut self, heads: &[EventId]) -> conclave_core::policy::Checkpoint {
        self.time += 1;
        let time = Millis(self.time);
        self.log.propose(heads, Digest([5; 32]), time).unwrap()
    }

    /// Somebody posts a checkpoint of what they know, signed by the notary; it must be valid.
    pub fn freeze_at(&mut self, who: Who, heads: &[EventId]) -> CheckpointId {
        let checkpoint = self.checkpoint(heads);
        let body = posted(&checkpoint, &[&notary()]);
        let id = Cosigned::decode(&body.cosigned).unwrap().id();
        self.act_at(who, heads, body);
        id
    }

    /// Somebody posts a checkpoint of everything.
    pub fn freeze_by(&mut self, who: Who) -> CheckpointId {
        let heads = self.heads();
        self.freeze_at(who, &heads)
    }

    /// The owner posts a checkpoint of everything.
    pub fn freeze(&mut self) -> CheckpointId {
        self.freeze_by(OWNER)
    }

    pub fn heads(&self) -> Vec<EventId> {
        self.log.heads().to_vec()
    }

    pub fn now(&mut self) -> Community {
        self.log.current().unwrap().clone()
    }

    /// The owner makes a role and gives it to somebody.
    pub fn role(&mut self, position: &str, permissions: Bits, holders: &[Who]) -> RoleId {
        let role: RoleId = self.act(OWNER, role(position, permissions)).into();
        for who in holders {
            let member = self.identity(*who);
            self.act(OWNER, RoleGrant { role, member });
        }
        role
    }

    pub fn text_channel(&mut self, overwrites: Vec<Overwrite>) -> ChannelId {
        self.act(OWNER, channel("general", overwrites)).into()
    }

    pub fn category(&mut self, overwrites: Vec<Overwrite>) -> ChannelId {
        self.act(
            OWNER,
            ChannelCreate {
                kind: 4,
                ..channel("area", overwrites)
            },
        )
        .into()
    }

    pub fn everyone(&self) -> Subject {
        Subject::Role(self.server().everyone())
    }

    /// What a restriction has seen of somebody's authority events, if it honours all up to `event_seq`.
    pub fn seen(&self, who: Who, event_seq: Option<u64>) -> Vec<Seen> {
        vec![Seen {
            device: self.people[who].device,
            event_seq,
            register_seq: Some(self.people[who].register_seq),
            pseudonym: Some(self.people[who].pseudonym),
        }]
    }

    pub fn ban(&self, who: Who, seen: Option<u64>) -> Ban {
        Ban {
            member: self.identity(who),
            seen: self.seen(who, seen),
            delete_ms: None,
            dropped_leaves: vec![],
        }
    }

    pub fn register(
        &self,
        who: Who,
        seq: u64,
        heads: Vec<EventId>,
        status: Status,
    ) -> Verified<Register> {
        let person = &self.people[who];
        let payload = invite_proof_payload(
            self.server(),
            person.identity,
            person.device,
            person.pseudonym,
        );
        let signature = invite_key().sign(conclave_core::hash::Label::InviteProof, &payload);
        let proof = if who == OWNER || self.peers.contains(&who) {
            JoinProof::Founder
        } else {
            JoinProof::Invite {
                invite: self.invite,
                signature: signature.to_vec().into(),
            }
        };
        let register = Register {
            version: REGISTER_VERSION,
            server: self.server(),
            identity: person.identity,
            device: person.device,
            pseudonym: person.pseudonym,
            seq,
            status,
            identity_head: IdentityEntryId(id(3)),
            heads,
            proof,
            leaf: leaf(who),
            nickname: None,
            profile: None,
            time: Millis(seq),
            bot: None,
        };
        Verified::sign(register, &person.key)
    }
}

/// Hands the server to somebody, honouring of the old owner's events those up to a sequence.
pub fn transfer(world: &World, from: Who, to: Who, seen: Option<u64>) -> OwnershipTransfer {
    RootSigned::draft(Transfer {
        to: world.identity(to),
        root: world.people[to].key.public(),
        seen: world.seen(from, seen),
    })
}

/// A policy with a council of the given people.
pub fn council(world: &World, successors: &[Who], council: &[Who], quorum: u16) -> Succession {
    let ids = |who: &[Who]| who.iter().map(|who| world.identity(*who)).collect();
    let mut council: Vec<IdentityId> = ids(council);
    council.sort_unstable();
    Succession {
        successors: ids(successors),
        recovery_keys: vec![],
        council,
        quorum,
        delay_days: 7,
    }
}

pub fn claim(world: &World, policy: EventId, heir: Who) -> SuccessionClaim {
    SuccessionClaim {
        policy,
        heir: world.identity(heir),
        recovery: None,
    }
}

pub fn confirm(claim: EventId) -> SuccessionConfirm {
    SuccessionConfirm { claim, days: 7 }
}

pub fn accession(world: &World, claim: EventId, heir: Who) -> Accession {
    Accession {
        claim,
        root: world.people[heir].key.public(),
    }
}

/// The body that posts a checkpoint with these signatures.
pub fn posted(checkpoint: &conclave_core::policy::Checkpoint, keys: &[&SigningKey]) -> Checkpoint {
    let mut cosigned = Cosigned::new(checkpoint);
    for key in keys {
        cosigned.sign(key);
    }
    Checkpoint {
        cosigned: cosigned.encode().into(),
    }
}

pub fn leaf(n: usize) -> LeafKeys {
    LeafKeys {
        x25519: id(n + 300).to_vec().into(),
        xwing: None,
    }
}

fn blank(person: &Person, body: &Body) -> Event {
    Event {
        version: EVENT_VERSION,
        server: None,
        author: person.identity,
        device: person.device,
        seq: 0,
        prev_self: None,
        parents: vec![],
        identity_head: IdentityEntryId(id(4)),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(1000),
        register: None,
        reason: None,
    }
}

/// Inserts events in any order into a fresh log, keeping back what lacks parents; returns the log.
pub fn replay(server: ServerId, events: &[Signed]) -> Log {
    let mut log = Log::new(server);
    let mut waiting: Vec<Signed> = Vec::new();
    for signed in events {
        waiting.push(signed.clone());
        loop {
            let before = waiting.len();
            waiting.retain(|(event, proof)| {
                matches!(
                    log.insert(event.clone(), *proof),
                    Err(InsertError::MissingParents(_))
                ) || (log.is_empty() && event.server.is_some())
            });
            if waiting.len() == before || waiting.is_empty() {
                break;
            }
        }
    }
    assert!(waiting.is_empty(), "{} events wait for ever", waiting.len());
    log
}
