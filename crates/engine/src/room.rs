//! One server on this node: its log, roster, keys, cursors and what waits, kept in step with the store.

mod cursors;
mod keybook;
mod local;
mod waiting;

use std::collections::BTreeMap;

use conclave_core::codec::{self, Limits};
use conclave_core::envelope::{Envelope, Topic, server_tag};
use conclave_core::event::{Event, Kind};
use conclave_core::id::{
    AudienceId, ChannelId, CheckpointId, Commitment, EpochId, EventId, IdentityId, InviteId,
    Millis, Pseudonym, RegisterId, ServerId, ServerTag, TopicTag,
};
use conclave_core::identity::IdentityLog;
use conclave_core::keys::{EpochKeys, KeyRecord, Suite};
use conclave_core::log::{AuthorProof, Log};
use conclave_core::member::{JoinProof, PersonalText, Profile, Reach, Register};
use conclave_core::permissions::{self, Action, Actor};
use conclave_core::policy::{Checkpoint, Cosigned};
use conclave_core::signed::{SignedError, Verified};
use conclave_core::state::{Community, Roster};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
pub use cursors::Cursors;
pub use keybook::{Entry, KeyBook, Stage};
pub use local::{KnownClaim, Local, Standing};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
pub use waiting::{Wait, Waiting};

use crate::command::Presence;
use crate::txn::Txn;
use crate::wire::Position;

/// One server.
pub struct Room {
    /// Its id.
    pub id: ServerId,
    /// Who this node acts for.
    pub me: IdentityId,
    /// What carriers call it.
    pub tag: ServerTag,
    /// What this node alone keeps.
    pub local: Local,
    /// The authority plane.
    pub log: Log,
    /// The state at the log's heads; absent before genesis.
    pub community: Option<Community>,
    /// The member plane.
    pub roster: Roster,
    /// Facts of every register that ever came, for events that cite an old one.
    pub registers: BTreeMap<RegisterId, RegisterFacts>,
    /// Identity logs of everybody who ever had a register here.
    pub identities: BTreeMap<IdentityId, IdentityLog>,
    /// Personal text by commitment.
    pub personal: BTreeMap<Commitment, PersonalText>,
    /// Where members' nodes are.
    pub reach: BTreeMap<Pseudonym, Reach>,
    /// What is here and what lacks.
    pub cursors: Cursors,
    /// Epochs and their keys.
    pub epochs: KeyBook,
    /// What waits for something.
    pub waiting: Waiting,
    /// Topics by tag, deleted channels' included.
    pub topics: BTreeMap<TopicTag, Topic>,
    /// Where each authority event's envelope stands.
    pub event_places: BTreeMap<EventId, Position>,
    /// What members say of their presence, and until when it counts.
    pub presence: BTreeMap<IdentityId, (Presence, Millis)>,
    /// Raised whenever the folded state or the roster changes.
    pub version: u64,
    /// The epoch that the last message of an audience used, good for one `version`.
    pub usable: BTreeMap<AudienceId, (u64, EpochId)>,
    /// Somebody has sent all that they had, since this account last asked to be let in.
    pub caught_up: bool,
    /// This account has just come: what is fetched now is history.
    pub fresh: bool,
    /// The server has not been told this account's profile yet.
    pub profile_due: bool,
    /// Envelopes that the catching up under way began with; 0 when there is none.
    pub catch_up_total: u64,
    /// When the last ephemeral of a member was sent on, by member and topic.
    pub ephemeral_seen: BTreeMap<(Pseudonym, TopicTag), u64>,
    /// Checkpoints that notaries are signing.
    pub gathering: BTreeMap<CheckpointId, (Checkpoint, Cosigned)>,
}

/// What an authority event that cites a register needs to know of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegisterFacts {
    /// Whose.
    pub identity: IdentityId,
    /// Under which key.
    pub pseudonym: Pseudonym,
    /// Its sequence.
    pub seq: u64,
    /// Through which invite.
    pub invite: Option<InviteId>,
}

/// The stored form of an authority event.
#[derive(Encode, Decode)]
#[cbor(map)]
struct EventRow {
    #[n(0)]
    event: ByteVec,
    #[n(1)]
    position: Position,
    #[n(2)]
    register: Option<RegisterId>,
}

/// Reads an envelope that this node verified before it stored it.
///
/// # Errors
/// [`SignedError`] if it is damaged.
pub fn stored_envelope(bytes: &[u8]) -> Result<Verified<Envelope>, SignedError> {
    Verified::from_store(bytes)
}

impl Room {
    /// An empty server.
    #[must_use]
    pub fn new(id: ServerId, me: IdentityId, local: Local) -> Self {
        let topics = [Topic::Authority(id), Topic::Members(id), Topic::Keys(id)];
        Self {
            id,
            me,
            tag: server_tag(id),
            local,
            log: Log::new(id),
            community: None,
            roster: Roster::default(),
            registers: BTreeMap::new(),
            identities: BTreeMap::new(),
            personal: BTreeMap::new(),
            reach: BTreeMap::new(),
            cursors: Cursors::default(),
            epochs: KeyBook::default(),
            waiting: Waiting::default(),
            topics: topics
                .into_iter()
                .map(|topic| (topic.tag(), topic))
                .collect(),
            event_places: BTreeMap::new(),
            presence: BTreeMap::new(),
            version: 0,
            usable: BTreeMap::new(),
            caught_up: false,
            fresh: false,
            profile_due: false,
            catch_up_total: 0,
            ephemeral_seen: BTreeMap::new(),
            gathering: BTreeMap::new(),
        }
    }

    /// Loads a server: replays registers and events, all of which were verified before they were stored.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or what it holds is damaged.
    pub fn load(
        view: &dyn View,
        id: ServerId,
        me: IdentityId,
        local: Local,
    ) -> Result<Self, ViewError> {
        let mut room = Self::new(id, me, local);
        room.cursors = Cursors::load(view, id)?;
        room.epochs = KeyBook::load(view, id)?;
        room.waiting = Waiting::load(view, id)?;
        room.load_members(view)?;
        room.load_events(view)?;
        Ok(room)
    }

    fn load_members(&mut self, view: &dyn View) -> Result<(), ViewError> {
        let all = KeyRange::prefix(self.id.as_bytes());
        for (_, value) in view.range(Table::IdentityLog, &all, Direction::Forward, usize::MAX)? {
            let entries: Vec<ByteVec> = decode_row(&value)?;
            let entries: Vec<Vec<u8>> = entries.into_iter().map(Vec::from).collect();
            let log = IdentityLog::verify(&entries).map_err(damaged)?;
            self.identities.insert(log.id(), log);
        }
        for (_, value) in view.range(Table::Register, &all, Direction::Forward, usize::MAX)? {
            let register = Verified::<Register>::from_store(&value).map_err(damaged)?;
            self.remember_register(&register);
            self.roster.insert(register);
        }
        for (key, value) in view.range(Table::Personal, &all, Direction::Forward, usize::MAX)? {
            if let Some(commitment) = Commitment::from_slice(&key[ServerId::LEN..]) {
                self.personal.insert(commitment, decode_row(&value)?);
            }
        }
        for (key, value) in view.range(Table::Reach, &all, Direction::Forward, usize::MAX)? {
            if let Some(pseudonym) = Pseudonym::from_slice(&key[ServerId::LEN..]) {
                self.reach.insert(pseudonym, decode_row(&value)?);
            }
        }
        Ok(())
    }

    fn load_events(&mut self, view: &dyn View) -> Result<(), ViewError> {
        let all = KeyRange::prefix(self.id.as_bytes());
        for (_, value) in view.range(Table::Event, &all, Direction::Forward, usize::MAX)? {
            let row: EventRow = decode_row(&value)?;
            let event = Verified::<Event>::from_store(&row.event).map_err(damaged)?;
            let proof = self
                .author_proof(row.register.as_ref())
                .ok_or_else(|| damaged("register"))?;
            self.note_place(&event, row.position);
            self.log.insert(event, proof).map_err(damaged)?;
        }
        self.refresh();
        Ok(())
    }

    /// Keeps an event that the log has just taken, in memory and in the store.
    pub fn remember_event(
        &mut self,
        txn: &mut Txn<'_>,
        event: &Verified<Event>,
        position: Position,
    ) {
        let arrival = self.event_places.len() as u64;
        let key = [self.id.as_bytes().as_slice(), &arrival.to_be_bytes()].concat();
        let row = EventRow {
            event: event.bytes().encode().into(),
            position,
            register: event.register,
        };
        txn.put(Table::Event, key, codec::encode(&row));
        self.note_place(event, position);
    }

    /// Learns where an event's envelope stands, and the topic of the channel that it creates.
    fn note_place(&mut self, event: &Verified<Event>, position: Position) {
        let id = event.event_id();
        self.event_places.insert(id, position);
        if event.kind == Kind::ChannelCreate.number() {
            let topic = Topic::Channel(self.id, id.into());
            self.topics.insert(topic.tag(), topic);
        }
    }

    /// Every channel that ever was, deleted ones included.
    pub fn channels_ever(&self) -> impl Iterator<Item = ChannelId> + use<'_> {
        self.topics.values().filter_map(|topic| match topic {
            Topic::Channel(_, channel) => Some(*channel),
            _ => None,
        })
    }

    /// The event that removed a former member, if one did.
    #[must_use]
    pub fn removal_of(&self, identity: &IdentityId) -> Option<EventId> {
        let community = self.community.as_ref()?;
        let ban = community.ban(identity).map(|ban| ban.event);
        ban.or_else(|| community.removals(identity).last().copied())
    }

    /// Where the envelopes of an event and of all that it builds on stand.
    #[must_use]
    pub fn places_up_to(&self, event: &EventId) -> Vec<Position> {
        let past = self.event_places.iter();
        past.filter(|(id, _)| self.log.is_ancestor(id, core::slice::from_ref(event)))
            .map(|(_, position)| *position)
            .collect()
    }

    /// Whether an envelope holds an epoch that was sealed to a device: the tag of its leaf among the slots tells everybody.
    #[must_use]
    pub fn is_epoch_for(&self, device: &Pseudonym, envelope: &[u8]) -> bool {
        let Some(register) = self.roster.by_pseudonym(device) else {
            return false;
        };
        let Ok(envelope) = stored_envelope(envelope) else {
            return false;
        };
        match KeyRecord::decode(&envelope.sealed) {
            Ok(KeyRecord::Epoch(record)) => record.slot_of(&register.leaf.id()).is_some(),
            _ => false,
        }
    }

    /// Epochs of audiences that this account reads, of which no key is here.
    pub fn sealed_epochs_wanted(&self) -> impl Iterator<Item = EpochId> + use<'_> {
        let sealed = self
            .epochs
            .iter()
            .filter(|(_, entry)| entry.stage == Stage::Sealed);
        sealed.map(|(id, _)| *id)
    }

    /// What the member plane and the log together say of somebody.
    #[must_use]
    pub fn actor(&self, community: &Community, identity: &IdentityId) -> Actor {
        let member = self.roster.member(community, identity);
        member.map_or_else(|| Actor::from(identity), |member| member.actor)
    }

    /// Keeps the facts of a register.
    pub fn remember_register(&mut self, register: &Verified<Register>) {
        let invite = match &register.proof {
            JoinProof::Invite { invite, .. } => Some(*invite),
            JoinProof::Founder | JoinProof::Sibling(_) => None,
        };
        let facts = RegisterFacts {
            identity: register.identity,
            pseudonym: register.pseudonym,
            seq: register.seq,
            invite,
        };
        self.registers.insert(register.register_id(), facts);
    }

    /// What a cited register proves; nothing if it is not here.
    #[must_use]
    pub fn author_proof(&self, register: Option<&RegisterId>) -> Option<AuthorProof> {
        let Some(id) = register else {
            return Some(AuthorProof::Founder);
        };
        let facts = self.registers.get(id)?;
        Some(AuthorProof::Member {
            invite: facts.invite,
            pseudonym: facts.pseudonym,
            register_seq: facts.seq,
        })
    }

    /// Folds the state at the heads anew after log or roster changed, and learns the topics of its channels.
    pub fn refresh(&mut self) {
        self.version += 1;
        if !self.log.contains(&self.id.genesis()) {
            return;
        }
        let community = self.log.current().cloned();
        self.community = community;
    }

    /// Whether an identity is a member now.
    #[must_use]
    pub fn is_member(&self, identity: &IdentityId) -> bool {
        self.community
            .as_ref()
            .is_some_and(|community| self.roster.is_member(community, identity))
    }

    /// The identity behind a pseudonym, member or not.
    #[must_use]
    pub fn identity_of(&self, pseudonym: &Pseudonym) -> Option<IdentityId> {
        self.roster
            .by_pseudonym(pseudonym)
            .map(|register| register.identity)
    }

    /// Whether a member may view a channel now.
    #[must_use]
    pub fn can_view(&self, identity: &IdentityId, channel: ChannelId) -> bool {
        self.community
            .as_ref()
            .is_some_and(|community| self.could_view(community, identity, channel))
    }

    /// Whether a member may view a channel in a state of the community.
    #[must_use]
    pub fn could_view(
        &self,
        community: &Community,
        identity: &IdentityId,
        channel: ChannelId,
    ) -> bool {
        let actor = || self.actor(community, identity);
        self.roster.is_member(community, identity)
            && permissions::allows(community, actor(), &Action::View { channel }, None).is_ok()
    }

    /// The suite of the server's keys; the default until genesis tells.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.community
            .as_ref()
            .and_then(|community| Suite::from_number(community.suite()))
            .unwrap_or(Suite::XWing)
    }

    /// The newest adopted epoch of an audience that opens here, whether or not one may still speak under it.
    #[must_use]
    pub fn newest_epoch(&self, audience: AudienceId) -> Option<(EpochId, EpochKeys)> {
        let open = self
            .epochs
            .of_audience(audience)
            .filter(|(_, entry)| entry.keys.is_some());
        let open = open.map(|(id, _)| *id).collect();
        let id = self.epochs.graph().heads(&open).into_iter().next()?;
        Some((id, self.epochs.keys(&id)?.clone()))
    }

    /// Whether the server has been told this account's profile.
    #[must_use]
    pub fn knows_profile(&self) -> bool {
        self.roster
            .of(&self.me)
            .any(|register| register.profile.is_some())
    }

    /// A member's profile, as far as its text is here.
    #[must_use]
    pub fn profile_of(&self, identity: &IdentityId) -> Profile {
        let latest = self
            .roster
            .of(identity)
            .max_by_key(|register| (register.time, register.seq));
        let commitment = latest.and_then(|register| register.profile);
        match commitment.and_then(|commitment| self.personal.get(&commitment)) {
            Some(PersonalText::Profile(profile)) => profile.clone(),
            _ => Profile::default(),
        }
    }

    /// A member's nickname here, if one counts and its text is here.
    #[must_use]
    pub fn nickname_of(&self, identity: &IdentityId) -> Option<String> {
        let community = self.community.as_ref()?;
        let member = self.roster.member(community, identity)?;
        match self.personal.get(&member.nickname(community)?) {
            Some(PersonalText::Nickname(name)) => Some(name.clone()),
            _ => None,
        }
    }

    /// What to call somebody here: nickname, else display name, else the beginning of the id.
    #[must_use]
    pub fn name_of(&self, identity: &IdentityId) -> String {
        if let Some(nickname) = self.nickname_of(identity) {
            return nickname;
        }
        let name = self.profile_of(identity).display_name;
        if name.is_empty() {
            identity.to_string()[..8].to_owned()
        } else {
            name
        }
    }

    /// The topic of a channel.
    #[must_use]
    pub fn channel_topic(&self, channel: ChannelId) -> TopicTag {
        Topic::Channel(self.id, channel).tag()
    }

    /// The next free sequence of an own device in a topic.
    #[must_use]
    pub fn next_seq(&self, topic: &TopicTag, pseudonym: &Pseudonym) -> u64 {
        self.cursors.last(topic, pseudonym) + 1
    }
}

/// Decodes a row of the store.
///
/// # Errors
/// [`ViewError`] if it is damaged.
pub fn decode_row<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, ViewError> {
    codec::decode(bytes, Limits::bytes(16 << 20)).map_err(damaged)
}

fn damaged(what: impl core::fmt::Display) -> ViewError {
    ViewError(format!("a stored row is damaged: {what}"))
}
