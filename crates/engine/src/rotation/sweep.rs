//! Slots that nobody needs any more: those of epochs whose successors lead back to them.

use conclave_core::envelope::Topic;
use conclave_core::id::{EpochId, Millis};
use conclave_core::keys::KeyRecord;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::Stage;
use crate::ctx::Ctx;
use crate::room::{Room, stored_envelope};

/// How often slots are looked through.
const SWEEP_MS: u64 = 24 * 60 * 60 * 1000;

/// How long slots stay after an epoch was superseded: who was away for a month and has lost access since still opens what was
/// sealed for them.
const KEEP_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Envelopes that are looked at in one read.
const BATCH: usize = 32;

/// Drops the slots of superseded epochs, once a day. Their records stay: who comes back opens the newest epoch and follows the
/// links.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn sweep(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), ViewError> {
    if ctx.now.0 < room.swept.0 + SWEEP_MS {
        return Ok(());
    }
    room.swept = ctx.now;
    let mut range = KeyRange::prefix(Topic::Slots(room.id).tag().as_bytes());
    loop {
        let rows = ctx
            .txn
            .range(Table::Envelope, &range, Direction::Forward, BATCH)?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        // The next key after the last one.
        range.from = [last.as_slice(), &[0]].concat();
        for (key, bytes) in rows {
            let record = stored_envelope(&bytes)
                .ok()
                .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
            if let Some(KeyRecord::Slots(part)) = record
                && is_superseded(room, &part.epoch, ctx.now)
            {
                ctx.txn.delete(Table::Envelope, key);
            }
        }
    }
}

/// Whether an epoch that was adopted a while ago leads back to this one, content and all, as this node has seen for itself.
fn is_superseded(room: &Room, id: &EpochId, now: Millis) -> bool {
    let Some(keys) = room.epochs.keys(id).filter(|keys| keys.content.is_some()) else {
        return false;
    };
    room.epochs.children(id).iter().any(|child| {
        room.epochs.get(child).is_some_and(|entry| {
            let leads = |own| entry.record.unlink(own).contains(&(*id, keys.clone()));
            entry.stage == Stage::Adopted
                && entry.since.0 + KEEP_MS < now.0
                && entry.keys.as_ref().is_some_and(leads)
        })
    })
}
