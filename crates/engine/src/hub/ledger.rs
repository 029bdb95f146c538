//! The one narrow door: append an envelope to a log, and hear what was appended.
//!
//! Everything that enters a log goes through [`append`], and everything that leaves as news comes from what it notes. A
//! replicated log behind a hub would stand here.

use conclave_core::codec;
use conclave_core::envelope::Envelope;
use conclave_core::id::{Digest, Millis, Pseudonym, TopicTag};
use conclave_core::policy::{RECEIPT_VERSION, Receipt, log_head};
use conclave_core::signed::Verified;
use conclave_core::view::{Table, View, ViewError};

use super::limits::ENTRY_OVERHEAD;
use super::rows::{self, EntryRow, TopicRow};
use super::space::Space;
use super::{HubConfig, HubCtx};
use crate::wire::Position;

/// What was appended, for whoever listens.
pub(super) struct News {
    /// The log.
    pub topic: TopicTag,
    /// Where in it.
    pub position: u64,
    /// Wire form.
    pub bytes: Vec<u8>,
    /// The receipt in wire form, where everybody needs it.
    pub receipt: Vec<u8>,
}

/// Puts an envelope at the end of its log and gives the signed receipt for it, which must not leave before the commit.
pub(super) fn append(
    config: &HubConfig,
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    envelope: &Verified<Envelope>,
    by: Pseudonym,
) -> Verified<Receipt> {
    let topic = envelope.topic;
    let fresh = TopicRow {
        first: 1,
        last: 0,
        head: Digest([0; 32]),
        bytes: 0,
    };
    let bytes = envelope.bytes().encode();
    let cost = cost_of(&bytes);
    let row = space.topics.entry(topic).or_insert(fresh);
    row.last += 1;
    row.head = log_head(&row.head, row.last, &envelope.envelope_id());
    row.bytes += cost;
    let row = *row;
    let entry = EntryRow {
        envelope: envelope.envelope_id(),
        pseudonym: envelope.pseudonym,
        seq: envelope.seq,
        by: (by != envelope.pseudonym).then_some(by),
        head: row.head,
        time: ctx.now,
        manifest_seq: space.manifest.seq,
        keep_until: space
            .manifest
            .topic(&topic)
            .retention_ms
            .map(|keep| Millis(ctx.now.0.saturating_add(keep))),
        bytes: bytes.clone().into(),
        blobs: Vec::new(),
    };
    let receipt = receipt_for(config, space, &topic, row.last, &entry);
    let number = space.row.number;
    let position = row.last.to_be_bytes();
    let place = rows::place_key(number, &topic, &envelope.pseudonym, envelope.seq);
    ctx.txn.put(Table::HubPlace, place, position.to_vec());
    let key = rows::entry_key(number, &topic, row.last);
    ctx.txn.put(Table::HubLog, key, codec::encode(&entry));
    space.row.bytes += cost;
    space.changed = true;
    space.topics_changed.insert(topic);
    let wanted = space.is_guaranteed(&topic);
    space.news.push(News {
        topic,
        position: row.last,
        bytes,
        receipt: if wanted {
            receipt.bytes().encode()
        } else {
            Vec::new()
        },
    });
    receipt
}

/// What an envelope costs its quotas.
pub(super) fn cost_of(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + ENTRY_OVERHEAD
}

/// The position and entry of a sender's envelope, if it was ever appended and is not evicted.
pub(super) fn find(
    space: &Space,
    ctx: &HubCtx<'_>,
    place: &Position,
) -> Result<Option<(u64, EntryRow)>, ViewError> {
    let number = space.row.number;
    let key = rows::place_key(number, &place.topic, &place.pseudonym, place.seq);
    let Some(position) = ctx.txn.get(Table::HubPlace, &key)? else {
        return Ok(None);
    };
    let position = u64::from_be_bytes(
        position
            .try_into()
            .map_err(|_| ViewError("a place of the hub is damaged".to_owned()))?,
    );
    let key = rows::entry_key(number, &place.topic, position);
    match ctx.txn.get(Table::HubLog, &key)? {
        Some(entry) => Ok(Some((position, rows::decode(&entry)?))),
        None => Ok(None),
    }
}

/// The receipt of an entry. Ed25519 is deterministic and nothing in a receipt is newer than its entry: the same bytes come out
/// whenever it is asked for.
pub(super) fn receipt_for(
    config: &HubConfig,
    space: &Space,
    topic: &TopicTag,
    position: u64,
    entry: &EntryRow,
) -> Verified<Receipt> {
    let receipt = Receipt {
        version: RECEIPT_VERSION,
        hub: config.node,
        receipt_key: config.receipt_key.public(),
        incarnation: space.incarnation(),
        server: space.row.server,
        topic: *topic,
        envelope: entry.envelope,
        position,
        log_head: entry.head,
        manifest_seq: entry.manifest_seq,
        keep_until: entry.keep_until,
        time: entry.time,
    };
    Verified::sign(receipt, &config.receipt_key)
}
