//! Proofs that other devices have stored a message.

use conclave_core::id::{ChannelId, EnvelopeId, Millis, Pseudonym};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use conclave_core::policy::HUBS_MAX;

use super::row::{AtPosition, position_key};
use crate::effect::Notice;
use crate::txn::Txn;

/// Most proofs that are kept for one message: who needs to know is told enough by this many.
const COPIES_MAX: usize = 256;

/// Notes that the device `by` has stored what the author's device said at a position. Nothing to tell, if that is no message
/// here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn note_copy(
    txn: &mut Txn<'_>,
    channel: ChannelId,
    author: Pseudonym,
    seq: u64,
    by: Pseudonym,
    now: Millis,
) -> Result<Option<Notice>, ViewError> {
    let Some(value) = txn.get(Table::Message, &position_key(&channel, &author, seq))? else {
        return Ok(None);
    };
    let AtPosition::Message(message) = AtPosition::read(&value)? else {
        return Ok(None);
    };
    if by == author {
        return Ok(None);
    }
    let key = [message.as_bytes().as_slice(), by.as_bytes()].concat();
    let known = txn.get(Table::Copy, &key)?.is_some();
    if !known && copies(txn, message)?.len() >= COPIES_MAX {
        return Ok(None);
    }
    txn.put(Table::Copy, key, now.0.to_be_bytes());
    Ok((!known).then_some(Notice::Delivery { channel, message }))
}

/// How many hubs have given a receipt for a message.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn hubs_with(view: &dyn View, message: EnvelopeId) -> Result<usize, ViewError> {
    let rows = view.range(
        Table::HubReceipt,
        &KeyRange::prefix(message.as_bytes()),
        Direction::Forward,
        HUBS_MAX,
    )?;
    Ok(rows.len())
}

/// The devices that have stored a message, each with when it last said so.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn copies(view: &dyn View, message: EnvelopeId) -> Result<Vec<(Pseudonym, Millis)>, ViewError> {
    let rows = view.range(
        Table::Copy,
        &KeyRange::prefix(message.as_bytes()),
        Direction::Forward,
        COPIES_MAX,
    )?;
    rows.iter()
        .map(|(key, value)| {
            let by = key.get(EnvelopeId::LEN..).and_then(Pseudonym::from_slice);
            let at = value.as_slice().try_into().ok().map(u64::from_be_bytes);
            by.zip(at.map(Millis))
                .ok_or_else(|| ViewError("a proof of storage is damaged".to_owned()))
        })
        .collect()
}
