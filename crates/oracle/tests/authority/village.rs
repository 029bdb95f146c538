//! A server with people who act in it, together or apart; whatever they do goes into the log and into the oracle.

mod bodies;
mod succession;

use std::sync::OnceLock;

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::{AuthorProof, InsertError, Log, Verdict};
use conclave_core::permissions::{Bits, Denied};
use conclave_core::signed::{SigningKey, Verified};
use conclave_oracle::{Oracle, Outcome, Refusal, Why};

use crate::dice::Dice;

pub use bodies::*;
pub use succession::confirm;

/// Numbers the people: 0 is the owner.
pub type Who = usize;

pub const OWNER: Who = 0;

/// The one who came through the invite that brings a role.
pub const GUEST: Who = 6;

/// The founding peer.
pub const PEER: Who = 7;

pub const PEOPLE: usize = 8;

pub type Signed = (Verified<Event>, AuthorProof);

/// One of somebody's devices.
#[derive(Clone)]
pub struct Device {
    key: SigningKey,
    pub id: DeviceId,
    pub last: Option<(u64, EventId)>,
}

impl Device {
    /// What its signatures verify with.
    pub fn key(&self) -> VerifyKey {
        self.key.public()
    }
}

#[derive(Clone)]
pub struct Person {
    pub identity: IdentityId,
    pub pseudonym: Pseudonym,
    pub register_seq: u64,
    pub devices: Vec<Device>,
    root: SigningKey,
    /// None for who founded the server.
    pub invite: Option<InviteId>,
    /// The heads that they know of.
    pub known: Vec<EventId>,
}

#[derive(Clone)]
pub struct Village {
    pub people: Vec<Person>,
    pub log: Log,
    pub oracle: Oracle,
    /// All events in the order of making, whatever came of them.
    pub made: Vec<Signed>,
    pub roles: Vec<RoleId>,
    pub channels: Vec<ChannelId>,
    pub invites: Vec<InviteId>,
    pub time: u64,
    /// Whether the two ever said different things of an event.
    pub broken: bool,
    /// The first events, which all histories share.
    pub setting: usize,
}

pub fn bytes(n: usize) -> [u8; 32] {
    let mut id = [0xA0; 32];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    id
}

fn person(n: Who) -> Person {
    let device = |m: usize| Device {
        key: SigningKey::from_seed(&bytes(n + m)),
        id: DeviceId(bytes(n + m + 200)),
        last: None,
    };
    Person {
        identity: IdentityId(bytes(n + 100)),
        pseudonym: Pseudonym(bytes(n + 400)),
        register_seq: 0,
        devices: vec![device(0), device(50)],
        root: SigningKey::from_seed(&bytes(n + 600)),
        invite: None,
        known: Vec::new(),
    }
}

pub const EVERYONE: Bits = Bits(
    Bits::VIEW_CHANNEL.0
        | Bits::SEND_MESSAGES.0
        | Bits::CREATE_INSTANT_INVITE.0
        | Bits::CHANGE_NICKNAME.0,
);

/// What the four roles may do, from the highest down.
const POWERS: [Bits; 4] = [
    Bits(Bits::BAN_MEMBERS.0 | Bits::KICK_MEMBERS.0 | Bits::MANAGE_ROLES.0 | Bits::MANAGE_GUILD.0),
    Bits(
        Bits::MANAGE_CHANNELS.0
            | Bits::MANAGE_ROLES.0
            | Bits::MODERATE_MEMBERS.0
            | Bits::BAN_MEMBERS.0,
    ),
    Bits(Bits::MANAGE_CHANNELS.0 | Bits::KICK_MEMBERS.0 | Bits::MANAGE_NICKNAMES.0),
    Bits(Bits::MANAGE_ROLES.0 | Bits::MANAGE_CHANNELS.0 | Bits::BAN_MEMBERS.0),
];

impl Village {
    /// The setting of all histories: four roles, each held by two people, a category with a channel that follows it and
    /// one that does not, a channel apart, and two invites.
    pub fn settled() -> Self {
        static SETTLED: OnceLock<Village> = OnceLock::new();
        SETTLED.get_or_init(Self::settle).clone()
    }

    fn found() -> Self {
        let mut people: Vec<Person> = (0..PEOPLE).map(person).collect();
        let genesis = Genesis {
            name: "Plaza".into(),
            template: 1,
            nonce: vec![9; 32].into(),
            everyone: EVERYONE,
            suite: 1,
            owner_root: people[OWNER].root.public(),
            hosting_root: VerifyKey(bytes(2)),
            notaries: vec![VerifyKey(bytes(1))],
            notary_quorum: 1,
            history: 1,
            peers: vec![people[PEER].identity],
            descent: None,
        };
        let event = Event {
            server: None,
            ..blank(&people[OWNER], 0, &genesis.into())
        };
        let event = Verified::sign(event, &people[OWNER].devices[0].key);
        let server = ServerId(event.event_id().0);
        people[OWNER].devices[0].last = Some((0, event.event_id()));
        let mut log = Log::new(server);
        log.insert(event.clone(), AuthorProof::Founder).unwrap();
        let mut oracle = Oracle::new(server);
        assert_eq!(
            oracle.insert(&event, AuthorProof::Founder),
            Outcome::Accepted
        );
        Self {
            people,
            log,
            oracle,
            made: vec![(event, AuthorProof::Founder)],
            roles: Vec::new(),
            channels: Vec::new(),
            invites: Vec::new(),
            time: 1000,
            broken: false,
            setting: 0,
        }
    }

    fn settle() -> Self {
        let mut village = Self::found();
        let open: InviteId = village.must(invite(None)).into();
        let mut roles = Vec::new();
        for (n, (position, power)) in ["t", "k", "e", "5"].into_iter().zip(POWERS).enumerate() {
            let role: RoleId = village.must(role(position, power)).into();
            for who in [n + 1, n + 2] {
                let member = village.people[who].identity;
                village.must(RoleGrant { role, member });
            }
            roles.push(role);
        }
        let with_role: InviteId = village.must(invite(Some(roles[3]))).into();
        let hidden = Overwrite {
            subject: village.everyone(),
            allow: Bits::NONE,
            deny: Bits::SEND_MESSAGES,
        };
        let area: ChannelId = village.must(category(vec![hidden])).into();
        let inside = |synced| ChannelCreate {
            parent: Some(area),
            synced,
            ..channel(vec![])
        };
        let follows = village.must(inside(true)).into();
        let apart = village.must(inside(false)).into();
        let other = village.must(category(vec![])).into();
        let alone = village.must(channel(vec![])).into();
        village.must(village.policy(&[4, 5], &[1, 2, 3], 2));
        for person in &mut village.people[1..GUEST] {
            person.invite = Some(open);
        }
        village.people[GUEST].invite = Some(with_role);
        village.roles = roles;
        village.channels = vec![area, follows, apart, other, alone];
        village.invites = vec![open, with_role];
        village.setting = village.made.len();
        let heads = village.heads();
        for person in &mut village.people {
            person.known.clone_from(&heads);
        }
        village
    }

    fn must(&mut self, body: impl Into<Body>) -> EventId {
        let heads = self.heads();
        let event = self.sign(OWNER, 0, &heads, body);
        assert!(self.put(OWNER, 0, &event));
        event.event_id()
    }

    pub fn server(&self) -> ServerId {
        self.log.server()
    }

    pub fn heads(&self) -> Vec<EventId> {
        self.log.heads().to_vec()
    }

    pub fn everyone(&self) -> Subject {
        Subject::Role(self.server().everyone())
    }

    pub fn identity(&self, who: Who) -> IdentityId {
        self.people[who].identity
    }

    pub fn proof(&self, who: Who) -> AuthorProof {
        let person = &self.people[who];
        match person.invite {
            None => AuthorProof::Founder,
            invite => AuthorProof::Member {
                invite,
                pseudonym: person.pseudonym,
                register_seq: person.register_seq,
            },
        }
    }

    /// Those of some events that are before no other of them, ascending.
    pub fn antichain(&self, events: &[EventId]) -> Vec<EventId> {
        let mut events = events.to_vec();
        events.sort_unstable();
        events.dedup();
        let all = events.clone();
        events.retain(|a| !all.iter().any(|b| self.oracle.before(a, b)));
        events
    }

    /// The next event of a device whose owner knows `heads` and its own events.
    pub fn draft(
        &self,
        who: Who,
        device: usize,
        heads: &[EventId],
        body: impl Into<Body>,
    ) -> Event {
        let person = &self.people[who];
        let last = person.devices[device].last;
        let mut parents = heads.to_vec();
        parents.extend(last.map(|(_, id)| id));
        let mut parents = self.antichain(&parents);
        parents.truncate(16);
        Event {
            server: Some(self.server()),
            seq: last.map_or(0, |(seq, _)| seq + 1),
            prev_self: last.map(|(_, id)| id),
            parents,
            time: Millis(self.time),
            ..blank(person, device, &body.into())
        }
    }

    pub fn seal(&self, who: Who, device: usize, event: Event) -> Verified<Event> {
        let person = &self.people[who];
        Verified::sign_event(event, &person.devices[device].key, &person.root)
    }

    pub fn sign(
        &mut self,
        who: Who,
        device: usize,
        heads: &[EventId],
        body: impl Into<Body>,
    ) -> Verified<Event> {
        self.time += 1;
        let event = self.draft(who, device, heads, body);
        self.seal(who, device, event)
    }

    /// Takes an event into both; whether it was accepted.
    pub fn put(&mut self, who: Who, device: usize, event: &Verified<Event>) -> bool {
        let proof = self.proof(who);
        self.made.push((event.clone(), proof));
        let (outcome, agree) = insert_both(&mut self.log, &mut self.oracle, event, proof);
        self.broken |= !agree;
        let accepted = outcome == Outcome::Accepted;
        if accepted {
            self.people[who].devices[device].last = Some((event.seq, event.event_id()));
        }
        accepted
    }

    /// Somebody who knows `heads` tries an act.
    pub fn try_at(
        &mut self,
        who: Who,
        heads: &[EventId],
        body: impl Into<Body>,
    ) -> Option<EventId> {
        let event = self.sign(who, 0, heads, body);
        self.put(who, 0, &event).then(|| event.event_id())
    }

    /// Somebody tries an act at what they know.
    pub fn try_now(&mut self, who: Who, body: impl Into<Body>) -> Option<EventId> {
        let heads = self.people[who].known.clone();
        let done = self.try_at(who, &heads, body);
        if let Some(id) = done {
            let heads = [heads, vec![id]].concat();
            self.people[who].known = self.antichain(&heads);
        }
        done
    }

    /// Somebody hears all that another knows.
    pub fn hears(&mut self, who: Who, from: Who) {
        let both = [
            self.people[who].known.clone(),
            self.people[from].known.clone(),
        ]
        .concat();
        self.people[who].known = self.antichain(&both);
    }

    /// What a restriction has seen of somebody's devices, if it honours all up to `event_seq`.
    pub fn seen(&self, who: Who, event_seq: Option<u64>) -> Vec<Seen> {
        let person = &self.people[who];
        vec![Seen {
            device: person.devices[0].id,
            event_seq,
            register_seq: Some(person.register_seq),
            pseudonym: Some(person.pseudonym),
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

    pub fn random_who(&self, dice: &mut Dice) -> Who {
        dice.roll(PEOPLE)
    }
}

/// Takes an event into both; gives what the oracle says, and whether the log says the same.
pub fn insert_both(
    log: &mut Log,
    oracle: &mut Oracle,
    event: &Verified<Event>,
    proof: AuthorProof,
) -> (Outcome, bool) {
    let theirs = oracle.insert(event, proof);
    let ours = log.insert(event.clone(), proof);
    (
        theirs,
        told(&ours.map(|inserted| inserted.verdict)) == theirs,
    )
}

/// What the log says in the oracle's words.
pub fn told(result: &Result<Verdict, InsertError>) -> Outcome {
    match result {
        Ok(Verdict::Accepted) => Outcome::Accepted,
        Ok(Verdict::Rejected(denied)) => Outcome::Rejected(match denied {
            Denied::LastCheckpoint { .. } => Why::LastCheckpoint,
            Denied::CitesRejected(_) => Why::CitesRejected,
            Denied::Frozen(_) => Why::Frozen,
            Denied::DeviceCut(_) => Why::DeviceCut,
            Denied::Banned(_) => Why::Banned,
            Denied::NotMember(_) => Why::NotMember,
            Denied::Version { .. } => Why::Version,
            _ => Why::Denied,
        }),
        Err(InsertError::Duplicate) => Outcome::Known,
        Err(InsertError::MissingParents(_)) => Outcome::Waits,
        Err(error) => Outcome::Refused(match error {
            InsertError::WrongServer => Refusal::WrongServer,
            InsertError::TooManyParents(_) => Refusal::TooManyParents,
            InsertError::TooManyBranches(_) => Refusal::TooManyBranches,
            InsertError::NotAntichain => Refusal::NotAntichain,
            InsertError::SelfChain { .. } => Refusal::SelfChain,
            _ => Refusal::Malformed,
        }),
    }
}

fn blank(person: &Person, device: usize, body: &Body) -> Event {
    Event {
        version: EVENT_VERSION,
        server: None,
        author: person.identity,
        device: person.devices[device].id,
        seq: 0,
        prev_self: None,
        parents: vec![],
        identity_head: IdentityEntryId(bytes(4)),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(1000),
        register: None,
        reason: None,
    }
}
