//! What a hub drops: what retention no longer keeps, what was sent beyond a closing, what a tombstone names.

use conclave_core::codec;
use conclave_core::id::{Digest, Pseudonym, TopicTag};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::ledger;
use super::limits::EVICT_MAX;
use super::rows::{self, BlobRow, EntryRow, MemberRow};
use super::space::Space;
use super::{Hub, HubCtx};
use crate::wire::BLOB_PART_BYTES;

/// A member whose row is in hand, so that what is given back is not lost when it is stored.
pub(super) struct Charged<'m> {
    pub by: Pseudonym,
    pub row: &'m mut MemberRow,
}

impl Hub {
    /// Drops what retention no longer keeps: a bounded number of entries a call, oldest first.
    pub(super) fn evict(&mut self, ctx: &mut HubCtx<'_>) -> Result<(), ViewError> {
        let mut left = EVICT_MAX;
        for space in self.spaces.values_mut() {
            let topics: Vec<TopicTag> = space.topics.keys().copied().collect();
            for topic in topics {
                let Some(keep) = space.manifest.topic(&topic).retention_ms else {
                    continue;
                };
                let evicted = evict_topic(space, ctx, &topic, keep, left)?;
                self.counters.evicted += evicted as u64;
                left = left.saturating_sub(evicted);
                if left == 0 {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Drops what removed pseudonyms sent beyond their end.
    pub(super) fn drop_beyond_closings(
        &mut self,
        hosting: Digest,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some(space) = self.spaces.get_mut(&hosting) else {
            return Ok(());
        };
        let mut closed: Vec<Pseudonym> = space.closings.keys().map(|(who, _)| *who).collect();
        closed.dedup();
        let topics: Vec<TopicTag> = space.topics.keys().copied().collect();
        for pseudonym in closed {
            for topic in &topics {
                let last = space.last_allowed(&pseudonym, topic);
                let number = space.row.number;
                let range = KeyRange {
                    from: rows::place_key(number, topic, &pseudonym, last.saturating_add(1)),
                    to: Some(rows::place_key(number, topic, &pseudonym, u64::MAX)),
                };
                let places =
                    ctx.txn
                        .range(Table::HubPlace, &range, Direction::Forward, EVICT_MAX)?;
                for (_, place) in places {
                    let Ok(position) = place.try_into().map(u64::from_be_bytes) else {
                        continue;
                    };
                    let key = rows::entry_key(number, topic, position);
                    let Some(entry) = ctx.txn.get(Table::HubLog, &key)? else {
                        continue;
                    };
                    let entry: EntryRow = rows::decode(&entry)?;
                    if !entry.bytes.is_empty() {
                        hollow(space, ctx, topic, position, entry, None)?;
                        self.counters.evicted += 1;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Drops an entry's envelope and blobs; its head stays, so that the log's chain can be followed.
pub(super) fn hollow(
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    topic: &TopicTag,
    position: u64,
    mut entry: EntryRow,
    in_hand: Option<Charged<'_>>,
) -> Result<(), ViewError> {
    let freed = free_blobs(space, ctx, &mut entry)? + ledger::cost_of(&entry.bytes)
        - super::limits::ENTRY_OVERHEAD;
    give_back(space, ctx, topic, &entry, freed, in_hand)?;
    entry.bytes = Vec::new().into();
    let key = rows::entry_key(space.row.number, topic, position);
    ctx.txn.put(Table::HubLog, key, codec::encode(&entry));
    // What was appended in this very call is not news any more either.
    for news in &mut space.news {
        if news.topic == *topic && news.position == position {
            news.bytes = Vec::new();
            news.receipt = Vec::new();
        }
    }
    Ok(())
}

/// Gives bytes back to the quotas that they were counted against.
fn give_back(
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    topic: &TopicTag,
    entry: &EntryRow,
    freed: u64,
    in_hand: Option<Charged<'_>>,
) -> Result<(), ViewError> {
    space.row.bytes = space.row.bytes.saturating_sub(freed);
    space.changed = true;
    if let Some(row) = space.topics.get_mut(topic) {
        row.bytes = row.bytes.saturating_sub(freed);
        space.topics_changed.insert(*topic);
    }
    let by = entry.by.unwrap_or(entry.pseudonym);
    if let Some(charged) = in_hand.filter(|charged| charged.by == by) {
        charged.row.bytes = charged.row.bytes.saturating_sub(freed);
        return Ok(());
    }
    let key = rows::member_key(space.row.number, &by);
    if let Some(row) = ctx.txn.get(Table::HubMember, &key)? {
        let mut row: MemberRow = rows::decode(&row)?;
        row.bytes = row.bytes.saturating_sub(freed);
        ctx.txn.put(Table::HubMember, key, codec::encode(&row));
    }
    Ok(())
}

/// Drops the blobs of an entry; how many bytes that frees.
fn free_blobs(space: &Space, ctx: &mut HubCtx<'_>, entry: &mut EntryRow) -> Result<u64, ViewError> {
    let number = space.row.number;
    let mut freed = 0;
    for hash in core::mem::take(&mut entry.blobs) {
        let key = rows::blob_key(number, &hash);
        let Some(row) = ctx.txn.get(Table::HubBlob, &key)? else {
            continue;
        };
        let row: BlobRow = rows::decode(&row)?;
        for index in 0..row.have.div_ceil(BLOB_PART_BYTES as u64) {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            ctx.txn
                .delete(Table::HubBlobChunk, rows::chunk_key(number, &hash, index));
        }
        ctx.txn.delete(Table::HubBlob, key);
        freed += row.total;
    }
    Ok(freed)
}

/// Drops the oldest entries of one log that are older than it keeps; how many.
fn evict_topic(
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    topic: &TopicTag,
    keep_ms: u64,
    max: usize,
) -> Result<usize, ViewError> {
    let Some(row) = space.topics.get(topic).copied() else {
        return Ok(0);
    };
    let number = space.row.number;
    let range = KeyRange {
        from: rows::entry_key(number, topic, row.first),
        to: Some(rows::entry_key(number, topic, row.last.saturating_add(1))),
    };
    // Page by page: most ticks find nothing, and read one entry to know it.
    let mut evicted = 0;
    let mut from = range.from.clone();
    while evicted < max {
        let page = KeyRange {
            from: from.clone(),
            to: range.to.clone(),
        };
        let rows_read = ctx.txn.range(
            Table::HubLog,
            &page,
            Direction::Forward,
            if evicted == 0 { 1 } else { 64 },
        )?;
        if rows_read.is_empty() {
            break;
        }
        for (key, value) in rows_read {
            let mut entry: EntryRow = rows::decode(&value)?;
            if entry.time.0.saturating_add(keep_ms) > ctx.now.0 || evicted >= max {
                return Ok(evicted);
            }
            let freed = free_blobs(space, ctx, &mut entry)? + ledger::cost_of(&entry.bytes);
            give_back(space, ctx, topic, &entry, freed, None)?;
            let place = rows::place_key(number, topic, &entry.pseudonym, entry.seq);
            ctx.txn.delete(Table::HubPlace, place);
            from = [key.as_slice(), &[0]].concat();
            ctx.txn.delete(Table::HubLog, key);
            if let Some(row) = space.topics.get_mut(topic) {
                row.first += 1;
            }
            evicted += 1;
        }
    }
    Ok(evicted)
}
