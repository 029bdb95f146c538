//! What must not be seen any more: messages that a removal refuses after the fact, or that a ban asks to hide.

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, ServerId};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::pace;
use super::place::Mover;
use super::read::{self, Counts, successor};
use super::row::{self, AtPosition, Entry, author_tag, position_key, timeline_key};
use super::{act, reactions};
use crate::blobs::keep;
use crate::effect::Notice;
use crate::txn::Txn;

/// Rows that are read at once.
const STEP: usize = 1024;

/// Forgets a message and whatever was done to it. What cites it is sorted as if it had never come.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn forget(txn: &mut Txn<'_>, id: &EnvelopeId) -> Result<Vec<Notice>, ViewError> {
    let Some(row) = row::load(txn, id)? else {
        return Ok(Vec::new());
    };
    let channel = row.channel;
    if let Some(entry) = row::load_entry(txn, id, &row)? {
        let mut counts = Counts::load(txn, channel)?;
        counts.remove(&entry);
        counts.save(txn);
    }
    if let Some(post) = &row.post {
        keep::release(txn, id, post)?;
    }
    txn.delete(Table::Timeline, row.key(id));
    txn.delete(Table::Message, *id.as_bytes());
    txn.delete(
        Table::Message,
        position_key(&channel, &row.pseudonym, row.seq),
    );
    txn.unindex(*id.as_bytes());
    clear(txn, Table::MessageAct, &act::prefix(id, &channel))?;
    clear(txn, Table::Copy, id.as_bytes())?;
    let mut notices = vec![
        Notice::MessageDeleted {
            channel,
            message: *id,
        },
        Notice::Unread {
            server: row.server,
            channel,
        },
    ];
    notices.extend(pace::leave(txn, id, &row)?);
    let mut mover = Mover::new(txn, channel);
    mover.lowered(id, row.effective)?;
    notices.extend(mover.run()?);
    Ok(notices)
}

/// Forgets the one message or act at a position, if it is here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn forget_at(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    pseudonym: Pseudonym,
    seq: u64,
) -> Result<Vec<Notice>, ViewError> {
    let position = position_key(&channel, &pseudonym, seq);
    let Some(value) = txn.get(Table::Message, &position)? else {
        return Ok(Vec::new());
    };
    txn.delete(Table::Message, position);
    match AtPosition::read(&value)? {
        AtPosition::Message(id) => forget(txn, &id),
        AtPosition::Act(key) => {
            let mut notices = forget_act(txn, &key)?;
            if !notices.is_empty() {
                notices.push(Notice::Unread { server, channel });
            }
            Ok(notices)
        }
    }
}

fn forget_act(txn: &mut Txn<'_>, key: &[u8]) -> Result<Vec<Notice>, ViewError> {
    if txn.get(Table::MessageAct, key)?.is_none() {
        return Ok(Vec::new());
    }
    if key.get(act::KIND_AT) == Some(&act::kind::REACT) {
        return reactions::forget(txn, key);
    }
    txn.delete(Table::MessageAct, key);
    let Some(target) = key.first_chunk::<32>().map(|id| EnvelopeId(*id)) else {
        return Ok(Vec::new());
    };
    match row::load(txn, &target)? {
        Some(mut row) => act::refold(txn, &target, &mut row),
        None => Ok(Vec::new()),
    }
}

/// Forgets everything that a device said in a channel after a sequence.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn forget_after(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    pseudonym: Pseudonym,
    last_seq: u64,
) -> Result<Vec<Notice>, ViewError> {
    let Some(first) = last_seq.checked_add(1) else {
        return Ok(Vec::new());
    };
    let device = [channel.as_bytes().as_slice(), pseudonym.as_bytes()].concat();
    let range = KeyRange {
        from: position_key(&channel, &pseudonym, first),
        to: KeyRange::prefix(&device).to,
    };
    let mut notices = Vec::new();
    loop {
        let rows = txn.range(Table::Message, &range, Direction::Forward, STEP)?;
        if rows.is_empty() {
            return Ok(notices);
        }
        for (key, _) in rows {
            let seq = key
                .last_chunk::<8>()
                .map_or(0, |seq| u64::from_be_bytes(*seq));
            for notice in forget_at(txn, server, channel, pseudonym, seq)? {
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            }
        }
    }
}

/// Forgets what somebody said in a channel since a time.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn hide_since(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    author: IdentityId,
    since: Millis,
) -> Result<Vec<Notice>, ViewError> {
    let tag = author_tag(&author);
    let mut theirs = Vec::new();
    let mut range = KeyRange {
        from: timeline_key(&channel, since, &EnvelopeId([0; 32])),
        to: KeyRange::prefix(channel.as_bytes()).to,
    };
    loop {
        let rows = txn.range(Table::Timeline, &range, Direction::Forward, STEP)?;
        for (key, value) in &rows {
            let entry = Entry::read(key, value)?;
            if entry.author == tag {
                theirs.push(entry.id);
            }
        }
        match rows.into_iter().nth(STEP - 1) {
            Some((last, _)) => range.from = successor(last),
            None => break,
        }
    }
    let mut notices = Vec::new();
    for id in theirs {
        // The tag is only the beginning of an id.
        if row::load(txn, &id)?.is_some_and(|row| row.author == author) {
            let told = forget(txn, &id)?;
            notices.extend(
                told.into_iter()
                    .filter(|notice| !matches!(notice, Notice::Unread { .. })),
            );
        }
    }
    if !notices.is_empty() {
        notices.push(Notice::Unread { server, channel });
    }
    Ok(notices)
}

/// Forgets a channel with everything in it, its read state and draft.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn drop_channel(txn: &mut Txn<'_>, channel: ChannelId) -> Result<(), ViewError> {
    let range = KeyRange::prefix(channel.as_bytes());
    let rows = txn.range(Table::Timeline, &range, Direction::Forward, usize::MAX)?;
    for (key, value) in rows {
        let id = Entry::read(&key, &value)?.id;
        if let Some(post) = row::load(txn, &id)?.and_then(|row| row.post) {
            keep::release(txn, &id, &post)?;
        }
        clear(txn, Table::MessageAct, &act::prefix(&id, &channel))?;
        clear(txn, Table::Copy, id.as_bytes())?;
        txn.delete(Table::Message, *id.as_bytes());
        txn.unindex(*id.as_bytes());
        txn.delete(Table::Timeline, key);
    }
    // What is left of this channel in the table is the index of positions.
    clear(txn, Table::Message, channel.as_bytes())?;
    clear(txn, Table::Pace, channel.as_bytes())?;
    txn.delete(Table::ReadState, *channel.as_bytes());
    txn.delete(Table::ReadState, read::draft_key(channel));
    Ok(())
}

fn clear(txn: &mut Txn<'_>, table: Table, prefix: &[u8]) -> Result<(), ViewError> {
    let range = KeyRange::prefix(prefix);
    for (key, _) in txn.range(table, &range, Direction::Forward, usize::MAX)? {
        txn.delete(table, key);
    }
    Ok(())
}
