//! What people do to messages: edits, deletions, pins. Kept also for messages that are not here yet.
//!
//! Keys in [`Table::MessageAct`]: target (32) ‖ channel (32) ‖ kind (1) ‖ rest by kind. The channel is part of the key, so that
//! an act in one channel never touches a message of another.

use conclave_core::codec;
use conclave_core::content::Act;
use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym};
use conclave_core::view::{Direction, KeyRange, Row, Table, View, ViewError};
use minicbor::{Decode, Encode};

use super::row::{self, AtPosition, ROW_VERSION, position_key};
use super::{Arrival, fold, post};
use crate::effect::Notice;
use crate::txn::Txn;

/// Acts of one device on the same thing that are kept: the last counts, the others take its place if it is forgotten.
const KEPT: usize = 8;

/// Most acts that are weighed against each other: every device of somebody with many.
pub(super) const WEIGHED_MAX: usize = 256;

/// Where a key says its kind.
pub(super) const KIND_AT: usize = EnvelopeId::LEN + ChannelId::LEN;

/// Kinds of keys.
pub(super) mod kind {
    /// Length of emoji (1) ‖ emoji: how often it was used.
    pub const REACTION: u8 = 0x10;
    /// Length of emoji (1) ‖ emoji ‖ author (32) ‖ pseudonym (32) ‖ sequence (8).
    pub const REACT: u8 = 0x11;
    /// Author (32) ‖ pseudonym (32) ‖ sequence (8).
    pub const EDIT: u8 = 0x20;
    /// Author (32) ‖ pseudonym (32) ‖ sequence (8).
    pub const DELETE: u8 = 0x30;
    /// Pseudonym (32) ‖ sequence (8): by somebody who may delete others' messages.
    pub const MANAGE: u8 = 0x31;
    /// Pseudonym (32) ‖ sequence (8).
    pub const PIN: u8 = 0x40;
    /// Message id (32): it cites the target as a parent, which is not here.
    pub const WAITING: u8 = 0x50;
    /// Message id (32): it answers the target, which is not here.
    pub const ANSWER: u8 = 0x51;
}

/// An act: value in [`Table::MessageAct`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub(super) struct ActRow {
    #[n(0)]
    pub version: u8,
    #[n(1)]
    pub id: EnvelopeId,
    #[n(2)]
    pub author: IdentityId,
    #[n(3)]
    pub time: Millis,
    #[n(4)]
    pub parents: Vec<EnvelopeId>,
    #[n(5)]
    pub on: bool,
    #[n(6)]
    pub text: Option<String>,
    #[n(7)]
    pub everyone: bool,
}

/// An act with its place in its device's order.
pub(super) struct Placed {
    pub pseudonym: Pseudonym,
    pub seq: u64,
    pub row: ActRow,
}

impl Placed {
    /// Whether this act came after another: later ones of the same device do, and those that cite it.
    pub fn follows(&self, other: &Self) -> bool {
        let later = self.pseudonym == other.pseudonym && self.seq > other.seq;
        later || self.row.parents.contains(&other.row.id)
    }
}

/// Everything about one message.
pub(super) fn prefix(target: &EnvelopeId, channel: &ChannelId) -> Vec<u8> {
    [target.as_bytes().as_slice(), channel.as_bytes()].concat()
}

/// Everything of one kind about one message.
pub(super) fn kind_prefix(
    target: &EnvelopeId,
    channel: &ChannelId,
    kind: u8,
    rest: &[u8],
) -> Vec<u8> {
    [
        target.as_bytes().as_slice(),
        channel.as_bytes(),
        &[kind],
        rest,
    ]
    .concat()
}

pub(super) fn waiting_prefix(parent: &EnvelopeId, channel: &ChannelId) -> Vec<u8> {
    kind_prefix(parent, channel, kind::WAITING, &[])
}

pub(super) fn waiting_key(parent: &EnvelopeId, channel: &ChannelId, child: &EnvelopeId) -> Vec<u8> {
    kind_prefix(parent, channel, kind::WAITING, child.as_bytes())
}

pub(super) fn answer_prefix(target: &EnvelopeId, channel: &ChannelId) -> Vec<u8> {
    kind_prefix(target, channel, kind::ANSWER, &[])
}

pub(super) fn answer_key(target: &EnvelopeId, channel: &ChannelId, child: &EnvelopeId) -> Vec<u8> {
    kind_prefix(target, channel, kind::ANSWER, child.as_bytes())
}

/// An edit, deletion or pin arrives.
pub(super) fn apply(txn: &mut Txn<'_>, arrival: &Arrival<'_>) -> Result<Vec<Notice>, ViewError> {
    let channel = arrival.channel;
    let author = arrival.content.author;
    let (target, thing, on, text) = match &arrival.content.act {
        Act::Edit { target, text } => {
            let thing = kind_prefix(target, &channel, kind::EDIT, author.as_bytes());
            (*target, thing, true, Some(text.clone()))
        }
        Act::Delete(target) if arrival.allowed.manage_messages => (
            *target,
            kind_prefix(target, &channel, kind::MANAGE, &[]),
            true,
            None,
        ),
        Act::Delete(target) => {
            let thing = kind_prefix(target, &channel, kind::DELETE, author.as_bytes());
            (*target, thing, true, None)
        }
        Act::Pin { target, on } if arrival.allowed.pin => (
            *target,
            kind_prefix(target, &channel, kind::PIN, &[]),
            *on,
            None,
        ),
        _ => return Ok(Vec::new()),
    };
    let mut row = row::load_in(txn, &channel, &target)?;
    let erased = row
        .as_ref()
        .is_some_and(|row| row.post.is_none() && row.author == author);
    if erased && text.is_some() {
        // Its author has deleted it: no text of it is kept any more.
        return Ok(Vec::new());
    }
    if !keep(txn, arrival, &thing, on, text)? {
        return Ok(Vec::new());
    }
    match &mut row {
        Some(row) => refold(txn, &target, row),
        None => Ok(Vec::new()),
    }
}

/// Stores an act; false if it is here already, or older than enough others of its device.
pub(super) fn keep(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
    thing: &[u8],
    on: bool,
    text: Option<String>,
) -> Result<bool, ViewError> {
    let device = [thing, arrival.pseudonym.as_bytes()].concat();
    let key = [device.as_slice(), &arrival.seq.to_be_bytes()].concat();
    if txn.get(Table::MessageAct, &key)?.is_some() {
        return Ok(false);
    }
    let act = ActRow {
        version: ROW_VERSION,
        id: arrival.envelope,
        author: arrival.content.author,
        time: post::believed(arrival),
        parents: arrival.content.parents.clone(),
        on,
        text,
        everyone: arrival.allowed.mention_everyone,
    };
    txn.put(Table::MessageAct, key.clone(), codec::encode(&act));
    let position = position_key(&arrival.channel, &arrival.pseudonym, arrival.seq);
    txn.put(
        Table::Message,
        position,
        AtPosition::Act(key.clone()).value(),
    );
    let range = KeyRange::prefix(&device);
    let kept = txn.range(Table::MessageAct, &range, Direction::Forward, KEPT + 1)?;
    if kept.len() <= KEPT {
        return Ok(true);
    }
    let Some((oldest, _)) = kept.into_iter().next() else {
        return Ok(true);
    };
    if let Some(seq) = oldest.last_chunk::<8>() {
        let position = position_key(
            &arrival.channel,
            &arrival.pseudonym,
            u64::from_be_bytes(*seq),
        );
        txn.delete(Table::Message, position);
    }
    let pushed_out = oldest == key;
    txn.delete(Table::MessageAct, oldest);
    Ok(!pushed_out)
}

/// Brings a message up to its acts, and says what changed.
pub(super) fn refold(
    txn: &mut Txn<'_>,
    target: &EnvelopeId,
    row: &mut row::MessageRow,
) -> Result<Vec<Notice>, ViewError> {
    let before = row.clone();
    fold::fold(txn, target, row)?;
    if *row == before {
        return Ok(Vec::new());
    }
    row::save(txn, target, row);
    post::flags_changed(txn, target, row, before.flags)?;
    post::index(txn, target, row);
    let channel = row.channel;
    let mut notices = Vec::new();
    if row.is_deleted() && !before.is_deleted() {
        notices.push(Notice::MessageDeleted {
            channel,
            message: *target,
        });
        notices.push(Notice::Unread {
            server: row.server,
            channel,
        });
    } else {
        notices.push(Notice::MessageUpdated {
            channel,
            message: *target,
        });
    }
    Ok(notices)
}

/// The acts on one thing, by device and sequence.
pub(super) fn acts(view: &dyn View, thing: &[u8], limit: usize) -> Result<Vec<Placed>, ViewError> {
    let range = KeyRange::prefix(thing);
    let rows = view.range(Table::MessageAct, &range, Direction::Forward, limit)?;
    rows.iter().map(placed).collect()
}

/// Reads an act with the place that ends its key.
pub(super) fn placed((key, value): &Row) -> Result<Placed, ViewError> {
    let split = key
        .len()
        .checked_sub(8)
        .and_then(|at| key.split_at_checked(at));
    let place = split.and_then(|(head, seq)| {
        Some((
            head.last_chunk::<32>()?,
            u64::from_be_bytes(seq.try_into().ok()?),
        ))
    });
    let (pseudonym, seq) =
        place.ok_or_else(|| ViewError("the key of an act is damaged".to_owned()))?;
    Ok(Placed {
        pseudonym: Pseudonym(*pseudonym),
        seq,
        row: row::decode(value)?,
    })
}

/// The acts that no other follows.
pub(super) fn last(acts: &[Placed]) -> impl Iterator<Item = &ActRow> {
    acts.iter()
        .filter(|act| !acts.iter().any(|other| other.follows(act)))
        .map(|act| &act.row)
}

/// The one act that counts: of several that nothing follows, the later in time, then the higher id.
pub(super) fn latest(acts: &[Placed]) -> Option<&ActRow> {
    last(acts).max_by_key(|act| (act.time, act.id))
}

/// The acts that a new act of the same kind on the same thing follows, by their ids, at most `max`. Citing them among the
/// parents tells every node that the new act came after them, also if another device made them.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn earlier(
    view: &dyn View,
    channel: ChannelId,
    author: IdentityId,
    act: &Act,
    max: usize,
) -> Result<Vec<EnvelopeId>, ViewError> {
    let thing = match act {
        Act::Edit { target, .. } => kind_prefix(target, &channel, kind::EDIT, author.as_bytes()),
        Act::Pin { target, .. } => kind_prefix(target, &channel, kind::PIN, &[]),
        Act::React { target, emoji, .. } => {
            super::reactions::thing(target, &channel, emoji, &author)
        }
        Act::Post(_) | Act::Delete(_) | Act::Typing(_) | Act::Presence(_) => return Ok(Vec::new()),
    };
    let acts = acts(view, &thing, WEIGHED_MAX)?;
    Ok(last(&acts).map(|act| act.id).take(max).collect())
}
