//! Blobs on a hub: ciphertext by its hash, kept under an envelope, part by part.

use conclave_core::blob::Verifier;
use conclave_core::codec;
use conclave_core::id::{BlobHash, ServerTag};
use conclave_core::view::{Table, View, ViewError};

use super::conn::Seat;
use super::ledger;
use super::rows::{self, BlobRow, EntryRow, MemberRow};
use super::{Hub, HubCtx};
use crate::blobs::CIPHERTEXT_BYTES_MAX;
use crate::effect::ConnId;
use crate::wire::{BLOB_PART_BYTES, Frame, HubBlobHave, HubBlobPut, HubWhy};

/// Blobs that one envelope may keep: as many as a message has attachments, and some.
const BLOBS_PER_ENVELOPE_MAX: usize = 16;

impl Hub {
    /// Takes a part of a blob; its sender is the envelope's.
    pub(super) fn blob_put(
        &mut self,
        conn: ConnId,
        put: HubBlobPut,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let hash = BlobHash(put.hash.0);
        let server = put.server;
        let (have, whole, why) = match self.blob_part(conn, put, ctx)? {
            Ok((have, whole)) => (have, whole, None),
            Err(why) => {
                self.counters.refused[why as usize - 1] += 1;
                (0, false, Some(why as u8))
            }
        };
        let answer = HubBlobHave {
            server,
            hash: conclave_core::id::Digest(hash.0),
            have,
            whole,
            why,
        };
        ctx.send(conn, &Frame::HubBlobHave(answer));
        Ok(())
    }

    fn blob_part(
        &mut self,
        conn: ConnId,
        put: HubBlobPut,
        ctx: &mut HubCtx<'_>,
    ) -> Result<Result<(u64, bool), HubWhy>, ViewError> {
        let limits = self.config.limits;
        let Some((hosting, Seat::Member(by))) = self
            .conns
            .get(&conn)
            .and_then(|conn| conn.seats.get(&put.server).copied())
        else {
            return Ok(Err(HubWhy::NotAdmitted));
        };
        let Some(space) = self.spaces.get_mut(&hosting) else {
            return Ok(Err(HubWhy::NotAdmitted));
        };
        let hash = BlobHash(put.hash.0);
        let number = space.row.number;
        let key = rows::blob_key(number, &hash);
        let known = match ctx.txn.get(Table::HubBlob, &key)? {
            Some(row) => Some(rows::decode::<BlobRow>(&row)?),
            None => None,
        };
        if let Some(row) = known
            && (row.whole || row.by != by || put.offset != row.have || put.bytes.is_empty())
        {
            return Ok(Ok((row.have, row.whole)));
        }
        let who = (number, by);
        let cost = put.bytes.len() as u64 + 64;
        if self.throttle.take(&limits, who, cost, ctx.now).is_err() {
            return Ok(Err(HubWhy::TooFast));
        }
        let mut row = match known {
            Some(row) => row,
            None => match begin(space, ctx, &limits, by, &put)? {
                Ok(row) => row,
                Err(why) => return Ok(Err(why)),
            },
        };
        let end = put.offset.saturating_add(put.bytes.len() as u64);
        let fits = put.total == row.total
            && end <= row.total
            && put.offset == row.have
            && (put.bytes.len() == BLOB_PART_BYTES || end == row.total);
        if !fits && !put.bytes.is_empty() {
            return Ok(Err(HubWhy::Malformed));
        }
        if !put.bytes.is_empty() {
            let index = u32::try_from(put.offset / BLOB_PART_BYTES as u64).unwrap_or(u32::MAX);
            self.counters.blob_bytes += put.bytes.len() as u64;
            let chunk = rows::chunk_key(number, &hash, index);
            ctx.txn.put(Table::HubBlobChunk, chunk, put.bytes.to_vec());
            row.have = end;
        }
        if row.have == row.total && !put.bytes.is_empty() {
            if !is_whole(number, ctx, &hash, &row)? {
                // Begun anew: nothing of it is served before its hash is right.
                row.have = 0;
            } else {
                row.whole = true;
            }
        }
        ctx.txn.put(Table::HubBlob, key, codec::encode(&row));
        Ok(Ok((row.have, row.whole)))
    }

    /// Serves a part of a blob to whoever takes part in its server and knows its hash.
    pub(super) fn blob_serve(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        hash: BlobHash,
        offset: u64,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some((space, _)) = self.subscribed(conn, server) else {
            return Ok(());
        };
        let number = space.row.number;
        let row = match ctx
            .txn
            .get(Table::HubBlob, &rows::blob_key(number, &hash))?
        {
            Some(row) => Some(rows::decode::<BlobRow>(&row)?).filter(|row| row.whole),
            None => None,
        };
        let aligned = offset.is_multiple_of(BLOB_PART_BYTES as u64);
        let bytes = match row {
            Some(row) if aligned && offset < row.total => {
                let index = u32::try_from(offset / BLOB_PART_BYTES as u64).unwrap_or(u32::MAX);
                let chunk = rows::chunk_key(number, &hash, index);
                ctx.txn
                    .get(Table::HubBlobChunk, &chunk)?
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let part = Frame::BlobPart {
            server,
            hash,
            offset,
            total: row.map_or(0, |row| row.total),
            bytes: bytes.into(),
        };
        ctx.send(conn, &part);
        Ok(())
    }
}

/// Begins a blob: counts the whole of it against every quota at once, and notes it with its envelope.
fn begin(
    space: &mut super::space::Space,
    ctx: &mut HubCtx<'_>,
    limits: &super::HubLimits,
    by: conclave_core::id::Pseudonym,
    put: &HubBlobPut,
) -> Result<Result<BlobRow, HubWhy>, ViewError> {
    let (topic, number) = (put.position.topic, space.row.number);
    if put.total == 0 || put.total > CIPHERTEXT_BYTES_MAX || put.position.pseudonym != by {
        return Ok(Err(HubWhy::Malformed));
    }
    let Some((position, mut entry)) = ledger::find(space, ctx, &put.position)? else {
        return Ok(Err(HubWhy::NotEligible));
    };
    if entry.bytes.is_empty() || entry.blobs.len() >= BLOBS_PER_ENVELOPE_MAX {
        return Ok(Err(HubWhy::NotEligible));
    }
    let payer = entry.by.unwrap_or(entry.pseudonym);
    let member_key = rows::member_key(number, &payer);
    let Some(member) = ctx.txn.get(Table::HubMember, &member_key)? else {
        return Ok(Err(HubWhy::NotAdmitted));
    };
    let mut member: MemberRow = rows::decode(&member)?;
    let Some(log) = space.topics.get_mut(&topic) else {
        return Ok(Err(HubWhy::NotEligible));
    };
    let rule = space.manifest.topic(&topic).quota_bytes;
    let topic_max = rule.unwrap_or(u64::MAX).min(limits.topic_bytes_max);
    if log.bytes.saturating_add(put.total) > topic_max {
        return Ok(Err(HubWhy::TopicFull));
    }
    if member.bytes.saturating_add(put.total) > limits.member_bytes_max {
        return Ok(Err(HubWhy::MemberFull));
    }
    if space.row.bytes.saturating_add(put.total) > limits.space_bytes_max {
        return Ok(Err(HubWhy::ServerFull));
    }
    log.bytes += put.total;
    space.row.bytes += put.total;
    space.changed = true;
    space.topics_changed.insert(topic);
    member.bytes += put.total;
    ctx.txn
        .put(Table::HubMember, member_key, codec::encode(&member));
    entry.blobs.push(BlobHash(put.hash.0));
    store_entry(ctx, number, &put.position.topic, position, &entry);
    Ok(Ok(BlobRow {
        topic,
        position,
        by,
        total: put.total,
        have: 0,
        whole: false,
    }))
}

fn store_entry(
    ctx: &mut HubCtx<'_>,
    number: u32,
    topic: &conclave_core::id::TopicTag,
    position: u64,
    entry: &EntryRow,
) {
    let key = rows::entry_key(number, topic, position);
    ctx.txn.put(Table::HubLog, key, codec::encode(entry));
}

fn is_whole(
    number: u32,
    ctx: &HubCtx<'_>,
    hash: &BlobHash,
    row: &BlobRow,
) -> Result<bool, ViewError> {
    let mut verifier = Verifier::default();
    for index in 0..row.total.div_ceil(BLOB_PART_BYTES as u64) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if let Some(part) = ctx
            .txn
            .get(Table::HubBlobChunk, &rows::chunk_key(number, hash, index))?
        {
            verifier.push(&part);
        }
    }
    Ok(verifier.finish(hash).is_ok())
}
