//! The stored rows and their keys (chapter `timeline`).

use conclave_core::codec::{self, Limits};
use conclave_core::content::Post;
use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, ServerId};
use conclave_core::view::{Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::txn::Txn;

/// Version of the rows that this build writes.
pub(super) const ROW_VERSION: u8 = 1;

/// Longest row in bytes: a message with its edit and ten attachments fits several times over.
const ROW_BYTES_MAX: usize = 128 * 1024;

/// Flags that a message's row and its entry in the timeline share.
pub(super) mod flag {
    /// This person wrote it.
    pub const OWN: u8 = 1;
    /// It calls this person.
    pub const MENTION: u8 = 2;
    /// It was deleted.
    pub const DELETED: u8 = 4;
    /// It came too soon under slow mode: its author alone sees it.
    pub const HELD: u8 = 8;
}

/// A message as it stands: value in [`Table::Message`] under its id.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct MessageRow {
    #[n(0)]
    pub version: u8,
    #[n(1)]
    pub server: ServerId,
    #[n(2)]
    pub channel: ChannelId,
    #[n(3)]
    pub author: IdentityId,
    #[n(4)]
    pub pseudonym: Pseudonym,
    #[n(5)]
    pub seq: u64,
    /// Where it is sorted.
    #[n(6)]
    pub effective: Millis,
    /// The claimed time, at most [`super::AHEAD_MS_MAX`] after the arrival.
    #[n(7)]
    pub base: Millis,
    #[n(8)]
    pub arrived: Millis,
    #[n(9)]
    pub flags: u8,
    /// What was said first; gone once its author has deleted it.
    #[n(10)]
    pub post: Option<Post>,
    /// Its author may call everyone.
    #[n(11)]
    pub everyone: bool,
    /// The edit that counts.
    #[n(12)]
    pub edit: Option<Edit>,
    #[n(13)]
    pub pinned: bool,
    #[n(14)]
    pub late: bool,
    /// Under slow mode, the claimed time: before it nobody else sees the message.
    #[n(15)]
    pub not_before: Option<Millis>,
}

/// The edit that counts.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct Edit {
    #[n(0)]
    pub time: Millis,
    #[n(1)]
    pub text: String,
    #[n(2)]
    pub everyone: bool,
}

impl MessageRow {
    /// The text as it stands; nothing once deleted.
    pub fn text(&self) -> &str {
        match (&self.edit, &self.post) {
            _ if self.is_deleted() => "",
            (Some(edit), _) => &edit.text,
            (None, Some(post)) => &post.text,
            (None, None) => "",
        }
    }

    /// What was said first, unless it was deleted.
    pub fn shown(&self) -> Option<&Post> {
        self.post.as_ref().filter(|_| !self.is_deleted())
    }

    /// Whether `@everyone` in the text as it stands calls anybody.
    pub fn calls_everyone(&self) -> bool {
        self.edit
            .as_ref()
            .map_or(self.everyone, |edit| edit.everyone)
    }

    pub fn is_deleted(&self) -> bool {
        self.flags & flag::DELETED != 0
    }

    /// Whether it came too soon under slow mode.
    pub fn is_held(&self) -> bool {
        self.flags & flag::HELD != 0
    }

    /// Whether its author alone sees it now: it is held, or claims a time under slow mode that has not come.
    pub fn is_hidden(&self, now: Millis) -> bool {
        let ahead = now.0.saturating_add(super::AHEAD_MS_MAX);
        self.is_held() || self.not_before.is_some_and(|time| time.0 > ahead)
    }

    /// Key of its entry in the timeline.
    pub fn key(&self, id: &EnvelopeId) -> Vec<u8> {
        timeline_key(&self.channel, self.effective, id)
    }
}

/// Value in [`Table::Timeline`]: flags (1) ‖ beginning of the author's id (8) ‖ parents (32 each). The message id ends the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub id: EnvelopeId,
    pub effective: Millis,
    pub flags: u8,
    pub author: [u8; 8],
    pub parents: Vec<EnvelopeId>,
}

impl Entry {
    pub fn value(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(9 + self.parents.len() * EnvelopeId::LEN);
        value.push(self.flags);
        value.extend_from_slice(&self.author);
        for parent in &self.parents {
            value.extend_from_slice(parent.as_bytes());
        }
        value
    }

    pub fn read(key: &[u8], value: &[u8]) -> Result<Self, ViewError> {
        Self::parse(key, value)
            .ok_or_else(|| ViewError("an entry of the timeline is damaged".to_owned()))
    }

    fn parse(key: &[u8], value: &[u8]) -> Option<Self> {
        let (time, id) = key.get(ChannelId::LEN..)?.split_at_checked(8)?;
        let (flags, rest) = value.split_first()?;
        let (author, parents) = rest.split_at_checked(8)?;
        Some(Self {
            id: EnvelopeId::from_slice(id)?,
            effective: Millis(u64::from_be_bytes(time.try_into().ok()?)),
            flags: *flags,
            author: author.try_into().ok()?,
            parents: parents
                .chunks(EnvelopeId::LEN)
                .map(EnvelopeId::from_slice)
                .collect::<Option<_>>()?,
        })
    }

    /// Whether it makes a channel unread.
    pub fn counts(&self) -> bool {
        self.flags & (flag::OWN | flag::DELETED | flag::HELD) == 0
    }

    pub fn key(&self, channel: &ChannelId) -> Vec<u8> {
        timeline_key(channel, self.effective, &self.id)
    }
}

/// The beginning of an identity, as [`Entry`] holds it.
pub(crate) fn author_tag(author: &IdentityId) -> [u8; 8] {
    let mut tag = [0; 8];
    tag.copy_from_slice(&author.as_bytes()[..8]);
    tag
}

/// Channel (32) ‖ effective time (8, big-endian) ‖ message id (32).
pub(super) fn timeline_key(channel: &ChannelId, effective: Millis, id: &EnvelopeId) -> Vec<u8> {
    [
        channel.as_bytes().as_slice(),
        &effective.0.to_be_bytes(),
        id.as_bytes(),
    ]
    .concat()
}

/// Key in [`Table::Message`] of what stands at a position: channel (32) ‖ pseudonym (32) ‖ sequence (8, big-endian). Its length
/// tells it from a message id.
pub(super) fn position_key(channel: &ChannelId, pseudonym: &Pseudonym, seq: u64) -> Vec<u8> {
    [
        channel.as_bytes().as_slice(),
        pseudonym.as_bytes(),
        &seq.to_be_bytes(),
    ]
    .concat()
}

/// What stands at a position: 1 ‖ message id, or 2 ‖ key of an act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum AtPosition {
    Message(EnvelopeId),
    Act(Vec<u8>),
}

impl AtPosition {
    pub fn value(&self) -> Vec<u8> {
        match self {
            Self::Message(id) => [&[1], id.as_bytes().as_slice()].concat(),
            Self::Act(key) => [&[2], key.as_slice()].concat(),
        }
    }

    pub fn read(value: &[u8]) -> Result<Self, ViewError> {
        match value.split_first() {
            Some((1, id)) => EnvelopeId::from_slice(id).map(Self::Message),
            Some((2, key)) => Some(Self::Act(key.to_vec())),
            _ => None,
        }
        .ok_or_else(|| ViewError("an entry of the position index is damaged".to_owned()))
    }
}

/// Loads a message.
pub(super) fn load(view: &dyn View, id: &EnvelopeId) -> Result<Option<MessageRow>, ViewError> {
    view.get(Table::Message, id.as_bytes())?
        .map(|value| decode(&value))
        .transpose()
}

/// Loads a message if it is in this channel.
pub(super) fn load_in(
    view: &dyn View,
    channel: &ChannelId,
    id: &EnvelopeId,
) -> Result<Option<MessageRow>, ViewError> {
    Ok(load(view, id)?.filter(|row| row.channel == *channel))
}

/// Stores a message.
pub(super) fn save(txn: &mut Txn<'_>, id: &EnvelopeId, row: &MessageRow) {
    txn.put(Table::Message, *id.as_bytes(), codec::encode(row));
}

/// Loads the timeline's entry of a message.
pub(super) fn load_entry(
    view: &dyn View,
    id: &EnvelopeId,
    row: &MessageRow,
) -> Result<Option<Entry>, ViewError> {
    let key = row.key(id);
    view.get(Table::Timeline, &key)?
        .map(|value| Entry::read(&key, &value))
        .transpose()
}

/// Stores an entry of the timeline.
pub(super) fn save_entry(txn: &mut Txn<'_>, channel: &ChannelId, entry: &Entry) {
    txn.put(Table::Timeline, entry.key(channel), entry.value());
}

/// Decodes a stored row.
pub(super) fn decode<'b, T: Decode<'b, ()>>(value: &'b [u8]) -> Result<T, ViewError> {
    codec::decode(value, Limits::bytes(ROW_BYTES_MAX))
        .map_err(|error| ViewError(format!("a row of the timeline is damaged: {error}")))
}
