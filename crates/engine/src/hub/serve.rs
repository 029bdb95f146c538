//! What subscribers are told: news as it happens, pages of the past, what the hub has of every author.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{Pseudonym, ServerTag, TopicTag};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::ledger::{self, News};
use super::limits::VECTOR_ROWS_MAX;
use super::rows::{self, EntryRow};
use super::{Hub, HubCtx, HubSend};
use crate::effect::ConnId;
use crate::wire::{
    BATCH_BYTES, Frame, HAVE_POSITIONS_MAX, HUB_PAGE_MAX, Have, HaveTopic, HubAnswer, HubEnvelopes,
    HubRun, HubWant,
};

/// Entries read at once: their envelopes may be large.
const READ_ROWS: usize = 64;

/// Envelopes of one frame of news, in bytes; a frame holds at least one.
const NEWS_BYTES: usize = 512 * 1024;

/// Authors that one answer about vectors lists; more authors are asked for topic by topic.
const VECTOR_AUTHORS_MAX: usize = 100_000;

impl Hub {
    /// Tells everybody what this call appended: one frame per server, encoded once, whatever the number of envelopes.
    pub(super) fn tell_news(&mut self, ctx: &mut HubCtx<'_>) {
        for space in self.spaces.values_mut() {
            let news = core::mem::take(&mut space.news);
            if news.is_empty() || space.subscribers.is_empty() {
                continue;
            }
            let to: Vec<ConnId> = space.subscribers.iter().copied().collect();
            for runs in frames_of(news) {
                let frame = Frame::HubEnvelopes(HubEnvelopes {
                    server: space.row.server,
                    incarnation: space.incarnation(),
                    runs,
                    answer: None,
                });
                self.counters.fanned_out += to.len() as u64;
                ctx.sends.push(HubSend {
                    to: to.clone(),
                    frame: frame.encode(),
                });
            }
        }
    }

    /// Serves a page of a log, oldest first within its bounds.
    pub(super) fn serve(
        &mut self,
        conn: ConnId,
        want: &HubWant,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some((hosting, _)) = self
            .conns
            .get(&conn)
            .and_then(|conn| conn.seats.get(&want.server).copied())
        else {
            return Ok(());
        };
        let Some(space) = self.spaces.get(&hosting) else {
            return Ok(());
        };
        self.counters.pages += 1;
        let number = space.row.number;
        let (first, last) = space
            .topics
            .get(&want.topic)
            .map_or((1, 0), |row| (row.first, row.last));
        let before = want.before.min(last.saturating_add(1));
        let start = want.after.saturating_add(1).max(first);
        let guaranteed = space.is_guaranteed(&want.topic);
        let mut run = HubRun {
            topic: want.topic,
            first: start,
            envelopes: Vec::new(),
            receipts: Vec::new(),
        };
        let (mut next, mut bytes) = (start, 0);
        'page: while next < before {
            let range = KeyRange {
                from: rows::entry_key(number, &want.topic, next),
                to: Some(rows::entry_key(number, &want.topic, before)),
            };
            let read = ctx
                .txn
                .range(Table::HubLog, &range, Direction::Forward, READ_ROWS)?;
            if read.is_empty() {
                break;
            }
            for (_, value) in read {
                let entry: EntryRow = rows::decode(&value)?;
                let full = bytes + entry.bytes.len() > BATCH_BYTES && !run.envelopes.is_empty();
                if full || run.envelopes.len() >= HUB_PAGE_MAX {
                    break 'page;
                }
                bytes += entry.bytes.len();
                if guaranteed {
                    let receipt = if entry.bytes.is_empty() {
                        Vec::new()
                    } else {
                        ledger::receipt_for(&self.config, space, &want.topic, next, &entry)
                            .bytes()
                            .encode()
                    };
                    bytes += receipt.len();
                    run.receipts.push(receipt.into());
                }
                run.envelopes.push(entry.bytes);
                next += 1;
            }
        }
        let answer = HubAnswer {
            topic: want.topic,
            after: want.after,
            upto: next.saturating_sub(1),
        };
        let page = HubEnvelopes {
            server: want.server,
            incarnation: space.incarnation(),
            runs: if run.envelopes.is_empty() {
                Vec::new()
            } else {
                vec![run]
            },
            answer: Some(answer),
        };
        ctx.send(conn, &Frame::HubEnvelopes(page));
        Ok(())
    }

    /// Says of every author how far the hub lacks nothing: for repair, when a member may have what the hub has not.
    pub(super) fn vectors(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        topics: &[TopicTag],
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some((space, _)) = self.subscribed(conn, server) else {
            return Ok(());
        };
        let number = space.row.number;
        let asked: Vec<TopicTag> = if topics.is_empty() {
            space.topics.keys().copied().collect()
        } else {
            topics
                .iter()
                .copied()
                .filter(|topic| space.topics.contains_key(topic))
                .collect()
        };
        let evicting: BTreeSet<TopicTag> = space
            .topics
            .iter()
            .filter(|(_, row)| row.first > 1)
            .map(|(topic, _)| *topic)
            .collect();
        let mut have = Have {
            server,
            topics: Vec::new(),
            more: false,
        };
        let (mut count, mut total) = (0, 0);
        let mut rows_left = VECTOR_ROWS_MAX;
        for topic in asked {
            let evicts = evicting.contains(&topic);
            let authors = authors_of(number, &topic, evicts, &mut rows_left, ctx)?;
            for part in authors.chunks(HAVE_POSITIONS_MAX) {
                total += part.len();
                if total > VECTOR_AUTHORS_MAX {
                    break;
                }
                if count + part.len() > HAVE_POSITIONS_MAX {
                    have.more = true;
                    ctx.send(conn, &Frame::Have(have));
                    have = Have {
                        server,
                        topics: Vec::new(),
                        more: false,
                    };
                    count = 0;
                }
                count += part.len();
                have.topics.push(HaveTopic {
                    topic,
                    authors: part.to_vec(),
                });
            }
        }
        ctx.send(conn, &Frame::Have(have));
        Ok(())
    }
}

/// Per author the sequence up to which nothing is lacking. Where entries were evicted, what is missing before the first that is
/// kept is gone on purpose and not lacking.
fn authors_of(
    number: u32,
    topic: &TopicTag,
    evicts: bool,
    rows_left: &mut usize,
    ctx: &HubCtx<'_>,
) -> Result<Vec<(Pseudonym, u64)>, ViewError> {
    let prefix = rows::topic_key(number, topic);
    let mut range = KeyRange::prefix(&prefix);
    let mut authors: BTreeMap<Pseudonym, u64> = BTreeMap::new();
    loop {
        let read = ctx
            .txn
            .range(Table::HubPlace, &range, Direction::Forward, 1_024)?;
        let Some((last, _)) = read.last().filter(|_| *rows_left > 0) else {
            break;
        };
        *rows_left = rows_left.saturating_sub(read.len());
        range.from = [last.as_slice(), &[0]].concat();
        for (key, _) in read {
            let rest = key.get(prefix.len()..).unwrap_or_default();
            let Some((pseudonym, seq)) = rest.split_at_checked(Pseudonym::LEN) else {
                continue;
            };
            let seq = seq.try_into().map(u64::from_be_bytes);
            if let (Some(pseudonym), Ok(seq)) = (Pseudonym::from_slice(pseudonym), seq) {
                let known = authors.entry(pseudonym).or_insert(0);
                if seq == *known + 1 || (*known == 0 && evicts) {
                    *known = seq;
                }
            }
        }
    }
    Ok(authors.into_iter().collect())
}

/// Puts news into runs of consecutive positions, and runs into frames of bounded size.
fn frames_of(news: Vec<News>) -> Vec<Vec<HubRun>> {
    let mut frames: Vec<Vec<HubRun>> = Vec::new();
    let mut runs: BTreeMap<TopicTag, HubRun> = BTreeMap::new();
    let mut bytes = 0;
    for one in news {
        let size = one.bytes.len() + one.receipt.len();
        if bytes + size > NEWS_BYTES && !runs.is_empty() {
            frames.push(core::mem::take(&mut runs).into_values().collect());
            bytes = 0;
        }
        bytes += size;
        let run = runs.entry(one.topic).or_insert_with(|| HubRun {
            topic: one.topic,
            first: one.position,
            envelopes: Vec::new(),
            receipts: Vec::new(),
        });
        if !one.receipt.is_empty() {
            // One for each envelope, or none at all.
            run.receipts.resize(run.envelopes.len(), Vec::new().into());
            run.receipts.push(one.receipt.into());
        }
        run.envelopes.push(one.bytes.into());
    }
    if !runs.is_empty() {
        frames.push(runs.into_values().collect());
    }
    frames
}
