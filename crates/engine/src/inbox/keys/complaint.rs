//! Slots that do not open: who complains, and what a proven complaint changes.
//!
//! The randomness of a slot derives from what it seals, so that whoever holds an epoch's secret can make the slot that an honest
//! author had to make. A complaint is proven by the record itself; nobody has to be believed.

use conclave_core::id::{EpochId, LeafId};
use conclave_core::keys::{Complaint, EpochRecord, KeyRecord, KeysError, Leaf, Share};
use conclave_core::view::{Table, View};

use crate::ctx::Ctx;
use crate::inbox::{Fault, Verdict};
use crate::outbox;
use crate::room::{Room, Standing, Wait, stored_envelope};

/// Complains about a slot of an epoch that bears the tag of a secret held here and does not open. Members answer by the next
/// epoch, and meanwhile by a direct slot, for which this node asks anyway.
pub(super) fn complain(room: &mut Room, ctx: &mut Ctx<'_>, id: &EpochId) {
    if room.local.standing != Standing::Active {
        return;
    }
    let Some(entry) = room.epochs.get(id).filter(|entry| entry.share.is_none()) else {
        return;
    };
    let bad = room.nodes.held().find(|(leaf, secret)| {
        matches!(
            entry.record.open(secret, **leaf),
            Err(KeysError::BadSlot(_))
        )
    });
    if let Some((leaf, _)) = bad {
        let complaint = Complaint {
            epoch: *id,
            leaf: *leaf,
        };
        // If it cannot be sent now, the direct slot still comes.
        let _ = outbox::send_record(room, ctx, &KeyRecord::Complaint(complaint));
    }
}

/// Weighs a complaint. One that is proven takes the epoch out of use, so that the next speaker seals another.
pub(super) fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    complaint: &Complaint,
) -> Result<Verdict, Fault> {
    let Some(entry) = room.epochs.get(&complaint.epoch) else {
        return Ok(Verdict::Wait(Wait::Epoch(complaint.epoch)));
    };
    let Some(Share::Full(secret)) = entry.share.clone() else {
        // Who holds no secret cannot weigh it, and leaves it to those who do.
        return Ok(Verdict::Done);
    };
    if entry.bad_slot {
        return Ok(Verdict::Done);
    }
    let position = entry.position.key();
    let stored = ctx.txn.get(Table::Envelope, &position)?;
    let record = stored
        .and_then(|bytes| stored_envelope(&bytes).ok())
        .and_then(|envelope| KeyRecord::decode(&envelope.sealed).ok());
    let (Some(KeyRecord::Epoch(record)), Some(leaf)) = (record, leaf(room, &complaint.leaf)) else {
        return Ok(Verdict::Done);
    };
    if is_bad(&record, complaint, &secret, &leaf)
        && let Some(mut entry) = room.epochs.take(&complaint.epoch)
    {
        entry.bad_slot = true;
        room.epochs
            .put(&mut ctx.txn, room.id, complaint.epoch, entry);
        room.version += 1;
    }
    Ok(Verdict::Done)
}

/// A leaf without any slot may be reached through a node, or have been unknown to the author: that proves nothing.
fn is_bad(
    record: &EpochRecord,
    complaint: &Complaint,
    secret: &conclave_core::keys::EpochSecret,
    leaf: &Leaf,
) -> bool {
    let as_it_is = [false, true].map(|state_only| Leaf {
        state_only,
        ..leaf.clone()
    });
    record.slot_of(&leaf.id).is_some()
        && as_it_is
            .iter()
            .all(|leaf| complaint.is_proven(record, secret, leaf) == Ok(true))
}

/// The leaf of a device, an invite or a node, by its id.
fn leaf(room: &Room, id: &LeafId) -> Option<Leaf> {
    let devices = room.roster.registers().map(|register| &register.leaf);
    let invites = room
        .community
        .iter()
        .flat_map(|community| community.invites().map(|invite| &invite.leaf));
    let nodes = room
        .nodes
        .iter()
        .filter_map(|(_, entry)| entry.header.as_ref().map(|header| &header.keys));
    devices
        .chain(invites)
        .chain(nodes)
        .find(|keys| keys.id() == *id)
        .map(|keys| Leaf::full(keys.clone()))
}
