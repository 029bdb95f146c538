//! Slow mode, as every node applies it: a message under slow mode of S counts only if its author sent none in the channel in the S
//! before it.
//!
//! This is a function of the messages alone, of the times that they claim and of the state that each names: the order of arrival
//! plays no part, and nothing is refused. A message that comes too soon is held: kept, passed on, and not shown. Whoever claims a
//! time to come is shown when that time has come, so that claiming ahead gains nothing (chapter `timeline`).

use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::row::{self, MessageRow, flag};
use super::{AHEAD_MS_MAX, Arrival, post};
use crate::effect::Notice;
use crate::txn::Txn;

/// Longest slow mode: 6 hours, as in Discord. A longer one in the log counts as this.
pub const SLOW_MS_MAX: u64 = 6 * 60 * 60 * 1000;

/// Length of what all keys of one author in one channel begin with.
const AUTHOR_LEN: usize = ChannelId::LEN + IdentityId::LEN;

/// Key in [`Table::Pace`]: channel (32) ‖ author (32) ‖ claimed time (8, big-endian) ‖ message id (32).
fn key(channel: &ChannelId, author: &IdentityId, time: Millis, id: &EnvelopeId) -> Vec<u8> {
    [
        channel.as_bytes().as_slice(),
        author.as_bytes(),
        &time.0.to_be_bytes(),
        id.as_bytes(),
    ]
    .concat()
}

fn id_of(key: &[u8]) -> Option<EnvelopeId> {
    key.last_chunk::<32>().map(|id| EnvelopeId(*id))
}

fn time_of(key: &[u8]) -> Option<Millis> {
    let bytes = key.get(AUTHOR_LEN..AUTHOR_LEN + 8)?.try_into().ok()?;
    Some(Millis(u64::from_be_bytes(bytes)))
}

/// Enters a message under slow mode. Says whether it is held, and holds the next one if that now comes too soon after it: any
/// further one has the next before it, and nearer.
pub(super) fn enter(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
) -> Result<(bool, Vec<Notice>), ViewError> {
    let slow = arrival.allowed.slow_ms.min(SLOW_MS_MAX);
    if slow == 0 {
        return Ok((false, Vec::new()));
    }
    let (channel, author) = (arrival.channel, arrival.content.author);
    let own = key(&channel, &author, arrival.content.time, &arrival.envelope);
    txn.put(Table::Pace, own.clone(), slow.to_be_bytes());
    let notices = match next(txn, &own)? {
        Some((id, true)) => hold(txn, &id)?,
        _ => Vec::new(),
    };
    Ok((too_soon(txn, &own, slow)?, notices))
}

/// Takes a forgotten message out, and shows the next one if nothing else holds it.
pub(super) fn leave(
    txn: &mut Txn<'_>,
    id: &EnvelopeId,
    gone: &MessageRow,
) -> Result<Vec<Notice>, ViewError> {
    let Some(time) = gone.not_before else {
        return Ok(Vec::new());
    };
    let own = key(&gone.channel, &gone.author, time, id);
    txn.delete(Table::Pace, own.clone());
    match next(txn, &own)? {
        Some((id, false)) => release(txn, &id),
        _ => Ok(Vec::new()),
    }
}

/// The author's next message after a key, and whether that comes too soon.
fn next(txn: &Txn<'_>, after: &[u8]) -> Result<Option<(EnvelopeId, bool)>, ViewError> {
    let range = KeyRange {
        from: [after, &[0]].concat(),
        to: KeyRange::prefix(&after[..AUTHOR_LEN]).to,
    };
    let rows = txn.range(Table::Pace, &range, Direction::Forward, 1)?;
    let Some((key, value)) = rows.into_iter().next() else {
        return Ok(None);
    };
    let slow = value.try_into().map_or(0, u64::from_be_bytes);
    let held = too_soon(txn, &key, slow)?;
    Ok(id_of(&key).map(|id| (id, held)))
}

/// Whether the message before it in the order of keys is nearer than `slow`.
fn too_soon(txn: &Txn<'_>, key: &[u8], slow: u64) -> Result<bool, ViewError> {
    let range = KeyRange {
        from: key[..AUTHOR_LEN].to_vec(),
        to: Some(key.to_vec()),
    };
    let rows = txn.range(Table::Pace, &range, Direction::Backward, 1)?;
    let before = rows.first().and_then(|(before, _)| time_of(before));
    Ok(before
        .zip(time_of(key))
        .is_some_and(|(before, time)| time.0 - before.0 < slow))
}

/// Shows a message that was held.
fn release(txn: &mut Txn<'_>, id: &EnvelopeId) -> Result<Vec<Notice>, ViewError> {
    let Some(mut row) = row::load(txn, id)?.filter(MessageRow::is_held) else {
        return Ok(Vec::new());
    };
    let before = row.flags;
    row.flags &= !flag::HELD;
    row::save(txn, id, &row);
    post::flags_changed(txn, id, &row, before)?;
    post::index(txn, id, &row);
    let (server, channel) = (row.server, row.channel);
    Ok(vec![
        Notice::MessageCreated {
            channel,
            message: *id,
        },
        Notice::Unread { server, channel },
    ])
}

/// Holds a message that was shown.
fn hold(txn: &mut Txn<'_>, id: &EnvelopeId) -> Result<Vec<Notice>, ViewError> {
    let Some(mut row) = row::load(txn, id)? else {
        return Ok(Vec::new());
    };
    if row.is_held() {
        return Ok(Vec::new());
    }
    let before = row.flags;
    row.flags |= flag::HELD;
    row::save(txn, id, &row);
    post::flags_changed(txn, id, &row, before)?;
    post::index(txn, id, &row);
    let (server, channel) = (row.server, row.channel);
    Ok(vec![
        Notice::MessageDeleted {
            channel,
            message: *id,
        },
        Notice::Unread { server, channel },
    ])
}

/// When somebody last sent something in a channel under slow mode. What claims a time further ahead than clocks differ does not
/// count: whoever's clock was wrong once need not wait for that time.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn last_sent(
    view: &dyn View,
    channel: ChannelId,
    author: IdentityId,
    now: Millis,
) -> Result<Option<Millis>, ViewError> {
    let end = Millis(now.0.saturating_add(AHEAD_MS_MAX));
    let first = EnvelopeId([0; 32]);
    let range = KeyRange {
        from: key(&channel, &author, Millis(0), &first),
        to: Some(key(&channel, &author, end, &first)),
    };
    let rows = view.range(Table::Pace, &range, Direction::Backward, 1)?;
    Ok(rows.first().and_then(|(key, _)| time_of(key)))
}
