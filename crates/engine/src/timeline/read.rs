//! What is unread: the one place that derives it.
//!
//! A channel is read up to a marker, a place in the timeline. What stands after it counts, except for own and deleted
//! messages; and so does what slips in before it later, until the person comes by. Edits and reactions never count. The
//! counts are kept with the marker and equal what counting anew gives.

use conclave_core::codec;
use conclave_core::id::{ChannelId, EnvelopeId, Millis, ServerId};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use super::row::{self, Entry, ROW_VERSION, flag, timeline_key};
use crate::command::NotifyLevel;
use crate::effect::Notice;
use crate::model::ReadSummary;
use crate::txn::Txn;

/// Most messages before the marker that count as unread; further ones are only marked late.
const BEHIND_MAX: usize = 64;

/// Entries that are read at once while counting.
const STEP: usize = 1024;

/// Value in [`Table::ReadState`] under the channel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(super) struct ReadRow {
    #[n(0)]
    version: u8,
    /// Effective time and id of the last message that was read; nothing was, if absent.
    #[n(1)]
    marker: Option<(Millis, EnvelopeId)>,
    #[n(2)]
    unread: u64,
    #[n(3)]
    mentions: u64,
    /// Unread messages that stand before the marker.
    #[n(4)]
    behind: Vec<EnvelopeId>,
    #[n(5)]
    muted: bool,
    /// 0 all, 1 mentions, 2 nothing.
    #[n(6)]
    level: u8,
}

impl ReadRow {
    /// That of a channel of which nothing is known.
    fn fresh() -> Self {
        Self {
            version: ROW_VERSION,
            ..Self::default()
        }
    }
}

/// The read state of a channel while a call changes it.
pub(super) struct Counts {
    channel: ChannelId,
    row: ReadRow,
    stored: ReadRow,
}

impl Counts {
    pub fn load(view: &dyn View, channel: ChannelId) -> Result<Self, ViewError> {
        let row = match view.get(Table::ReadState, channel.as_bytes())? {
            Some(value) => row::decode(&value)?,
            None => ReadRow::fresh(),
        };
        Ok(Self {
            channel,
            stored: row.clone(),
            row,
        })
    }

    /// Stores it, if anything changed; tells whether it did.
    pub fn save(self, txn: &mut Txn<'_>) -> bool {
        let changed = self.row != self.stored;
        if changed && self.row == ReadRow::fresh() {
            txn.delete(Table::ReadState, *self.channel.as_bytes());
        } else if changed {
            txn.put(
                Table::ReadState,
                *self.channel.as_bytes(),
                codec::encode(&self.row),
            );
        }
        changed
    }

    fn is_after(&self, entry: &Entry) -> bool {
        self.row
            .marker
            .is_none_or(|marker| (entry.effective, entry.id) > marker)
    }

    /// Counts an entry that has come; `behind`: also if it stands before the marker.
    pub fn add(&mut self, entry: &Entry, behind: bool) {
        if !entry.counts() {
            return;
        }
        if !self.is_after(entry) {
            if !behind || self.row.behind.len() >= BEHIND_MAX {
                return;
            }
            self.row.behind.push(entry.id);
            self.row.behind.sort_unstable();
        }
        self.row.unread += 1;
        self.row.mentions += u64::from(entry.flags & flag::MENTION != 0);
    }

    /// Takes an entry out of the counts; tells whether it was unread before the marker.
    pub fn remove(&mut self, entry: &Entry) -> bool {
        let listed = self.row.behind.binary_search(&entry.id);
        if let Ok(at) = listed {
            self.row.behind.remove(at);
        }
        if entry.counts() && (listed.is_ok() || self.is_after(entry)) {
            self.row.unread = self.row.unread.saturating_sub(1);
            let mention = u64::from(entry.flags & flag::MENTION != 0);
            self.row.mentions = self.row.mentions.saturating_sub(mention);
        }
        listed.is_ok()
    }

    /// Puts an entry in place of another at the same place.
    pub fn replace(&mut self, old: &Entry, new: &Entry) {
        let behind = self.remove(old);
        self.add(new, behind);
    }

    /// Counts anew.
    fn recount(&mut self, view: &dyn View) -> Result<(), ViewError> {
        let (unread, mentions) = count(view, self.channel, &self.row)?;
        (self.row.unread, self.row.mentions) = (unread, mentions);
        Ok(())
    }
}

/// The range of what stands after the marker.
fn after_marker(channel: ChannelId, row: &ReadRow) -> KeyRange {
    let all = KeyRange::prefix(channel.as_bytes());
    match row.marker {
        Some((time, id)) => KeyRange {
            from: successor(timeline_key(&channel, time, &id)),
            to: all.to,
        },
        None => all,
    }
}

/// The least key above another.
pub(super) fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

/// Unread messages and mentions, counted from the timeline.
pub(super) fn count(
    view: &dyn View,
    channel: ChannelId,
    row: &ReadRow,
) -> Result<(u64, u64), ViewError> {
    let (mut unread, mut mentions) = (0, 0);
    let mut take = |entry: &Entry| {
        unread += u64::from(entry.counts());
        mentions += u64::from(entry.counts() && entry.flags & flag::MENTION != 0);
    };
    let mut range = after_marker(channel, row);
    loop {
        let rows = view.range(Table::Timeline, &range, Direction::Forward, STEP)?;
        for (key, value) in &rows {
            take(&Entry::read(key, value)?);
        }
        match rows.into_iter().nth(STEP - 1) {
            Some((last, _)) => range.from = successor(last),
            None => break,
        }
    }
    for id in &row.behind {
        if let Some(message) = row::load_in(view, &channel, id)?
            && let Some(entry) = row::load_entry(view, id, &message)?
        {
            take(&entry);
        }
    }
    Ok((unread, mentions))
}

/// Unread state of a channel.
///
/// Level *all* and *mentions*: everything that counts makes it unread, mentions have a number; the two differ in what
/// notifies. Level *none* and muted channels are never unread; muted ones still number mentions.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn read_summary(view: &dyn View, channel: ChannelId) -> Result<ReadSummary, ViewError> {
    let row = Counts::load(view, channel)?.row;
    let level = level_of(row.level);
    let silent = level == NotifyLevel::None;
    let mentions = u32::try_from(row.mentions).unwrap_or(u32::MAX);
    Ok(ReadSummary {
        unread: row.unread > 0 && !row.muted && !silent,
        mentions: if silent { 0 } else { mentions },
        last_read: last_read(view, channel, &row)?,
        muted: row.muted,
        level,
        draft: draft(view, channel)?,
    })
}

fn last_read(
    view: &dyn View,
    channel: ChannelId,
    row: &ReadRow,
) -> Result<Option<EnvelopeId>, ViewError> {
    let Some((time, id)) = row.marker else {
        return Ok(None);
    };
    let range = KeyRange {
        from: channel.as_bytes().to_vec(),
        to: Some(successor(timeline_key(&channel, time, &id))),
    };
    let rows = view.range(Table::Timeline, &range, Direction::Backward, 1)?;
    let entry = rows
        .first()
        .map(|(key, value)| Entry::read(key, value))
        .transpose()?;
    Ok(entry.map(|entry| entry.id))
}

/// The first unread message, if one is among the next [`STEP`] after the marker or slipped in before it.
pub(super) fn first_unread(
    view: &dyn View,
    channel: ChannelId,
) -> Result<Option<EnvelopeId>, ViewError> {
    let row = Counts::load(view, channel)?.row;
    if row.unread == 0 {
        return Ok(None);
    }
    let mut first: Option<(Millis, EnvelopeId)> = None;
    for id in &row.behind {
        if let Some(message) = row::load_in(view, &channel, id)? {
            let place = (message.effective, *id);
            first = Some(first.map_or(place, |other| other.min(place)));
        }
    }
    if let Some((_, id)) = first {
        return Ok(Some(id));
    }
    let rows = view.range(
        Table::Timeline,
        &after_marker(channel, &row),
        Direction::Forward,
        STEP,
    )?;
    for (key, value) in rows {
        let entry = Entry::read(&key, &value)?;
        if entry.counts() {
            return Ok(Some(entry.id));
        }
    }
    Ok(None)
}

/// Marks a channel as read up to a message, which is then read too. A marker never goes back this way.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn mark_read(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    message: EnvelopeId,
) -> Result<Vec<Notice>, ViewError> {
    let Some(row) = row::load_in(txn, &channel, &message)? else {
        return Ok(Vec::new());
    };
    read_to(txn, server, channel, (row.effective, message))
}

fn read_to(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    place: (Millis, EnvelopeId),
) -> Result<Vec<Notice>, ViewError> {
    let mut counts = Counts::load(txn, channel)?;
    let mut behind = Vec::new();
    for id in core::mem::take(&mut counts.row.behind) {
        let message = row::load_in(txn, &channel, &id)?;
        if message.is_some_and(|message| (message.effective, id) > place) {
            behind.push(id);
        }
    }
    counts.row.behind = behind;
    counts.row.marker = counts.row.marker.max(Some(place));
    counts.recount(txn)?;
    Ok(told(counts.save(txn), server, channel))
}

/// Marks a message and everything after it as unread.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn mark_unread(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    message: EnvelopeId,
) -> Result<Vec<Notice>, ViewError> {
    let Some(row) = row::load_in(txn, &channel, &message)? else {
        return Ok(Vec::new());
    };
    let range = KeyRange {
        from: channel.as_bytes().to_vec(),
        to: Some(row.key(&message)),
    };
    let before = txn.range(Table::Timeline, &range, Direction::Backward, 1)?;
    let before = before
        .first()
        .map(|(key, value)| Entry::read(key, value))
        .transpose()?;
    let mut counts = Counts::load(txn, channel)?;
    counts.row.marker = before.map(|entry| (entry.effective, entry.id));
    counts.row.behind.clear();
    counts.recount(txn)?;
    Ok(told(counts.save(txn), server, channel))
}

/// Marks channels as read up to their newest messages.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn mark_server_read(
    txn: &mut Txn<'_>,
    server: ServerId,
    channels: &[ChannelId],
) -> Result<Vec<Notice>, ViewError> {
    let mut notices = Vec::new();
    for channel in channels {
        let range = KeyRange::prefix(channel.as_bytes());
        let newest = txn.range(Table::Timeline, &range, Direction::Backward, 1)?;
        if let Some((key, value)) = newest.first() {
            let entry = Entry::read(key, value)?;
            notices.extend(read_to(txn, server, *channel, (entry.effective, entry.id))?);
        }
    }
    Ok(notices)
}

/// Mutes a channel or sets what notifies; what is absent stays.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn set_level(
    txn: &mut Txn<'_>,
    server: ServerId,
    channel: ChannelId,
    muted: Option<bool>,
    level: Option<NotifyLevel>,
) -> Result<Vec<Notice>, ViewError> {
    let mut counts = Counts::load(txn, channel)?;
    if let Some(muted) = muted {
        counts.row.muted = muted;
    }
    if let Some(level) = level {
        counts.row.level = match level {
            NotifyLevel::All => 0,
            NotifyLevel::Mentions => 1,
            NotifyLevel::None => 2,
        };
    }
    Ok(told(counts.save(txn), server, channel))
}

fn level_of(number: u8) -> NotifyLevel {
    match number {
        1 => NotifyLevel::Mentions,
        2 => NotifyLevel::None,
        _ => NotifyLevel::All,
    }
}

fn told(changed: bool, server: ServerId, channel: ChannelId) -> Vec<Notice> {
    changed
        .then_some(Notice::Unread { server, channel })
        .into_iter()
        .collect()
}

/// Keeps what a person has begun to write; an empty text takes it away.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn set_draft(txn: &mut Txn<'_>, channel: ChannelId, text: &str) -> Result<(), ViewError> {
    if text.is_empty() {
        txn.delete(Table::ReadState, draft_key(channel));
    } else {
        txn.put(Table::ReadState, draft_key(channel), text.as_bytes());
    }
    Ok(())
}

/// What a person has begun to write.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn draft(view: &dyn View, channel: ChannelId) -> Result<String, ViewError> {
    let text = view.get(Table::ReadState, &draft_key(channel))?;
    Ok(String::from_utf8_lossy(&text.unwrap_or_default()).into_owned())
}

/// Channel (32) ‖ "draft": apart from the counts, which every message rewrites.
pub(super) fn draft_key(channel: ChannelId) -> Vec<u8> {
    [channel.as_bytes().as_slice(), b"draft"].concat()
}

/// What is kept and what counting anew gives.
#[cfg(test)]
pub(super) fn kept_and_counted(
    view: &dyn View,
    channel: ChannelId,
) -> Result<[(u64, u64); 2], ViewError> {
    let row = Counts::load(view, channel)?.row;
    Ok([(row.unread, row.mentions), count(view, channel, &row)?])
}
