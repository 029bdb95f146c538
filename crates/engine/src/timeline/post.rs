//! A message arrives.

use conclave_core::content::Post;
use conclave_core::id::{EnvelopeId, Millis};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::pace;
use super::place::{self, Mover};
use super::read::Counts;
use super::row::{
    self, AtPosition, Entry, MessageRow, ROW_VERSION, author_tag, flag, position_key,
};
use super::{AHEAD_MS_MAX, Arrival, LATE_MS, act, fold};
use crate::effect::Notice;
use crate::markdown;
use crate::search;
use crate::txn::Txn;

pub(super) fn apply(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
    post: &Post,
) -> Result<Vec<Notice>, ViewError> {
    let (id, channel) = (arrival.envelope, arrival.channel);
    if txn.get(Table::Message, id.as_bytes())?.is_some() {
        return Ok(Vec::new());
    }
    let parents = &arrival.content.parents;
    let base = believed(arrival);
    let effective = parents_or_wait(txn, arrival, base)?;
    let mut row = MessageRow {
        version: ROW_VERSION,
        server: arrival.server,
        channel,
        author: arrival.content.author,
        pseudonym: arrival.pseudonym,
        seq: arrival.seq,
        effective,
        base,
        arrived: arrival.now,
        flags: flags(txn, arrival, post)?,
        post: Some(post.clone()),
        everyone: arrival.allowed.mention_everyone,
        edit: None,
        pinned: false,
        late: is_late(txn, arrival, effective)?,
        not_before: (arrival.allowed.slow_ms > 0).then_some(arrival.content.time),
    };
    let (held, mut notices) = pace::enter(txn, arrival)?;
    if held {
        row.flags |= flag::HELD;
    }
    let acts = KeyRange::prefix(&act::prefix(&id, &channel));
    let expected = !txn
        .range(Table::MessageAct, &acts, Direction::Forward, 1)?
        .is_empty();
    if expected {
        fold::fold(txn, &id, &mut row)?;
    }
    let entry = Entry {
        id,
        effective,
        flags: row.flags,
        author: author_tag(&row.author),
        parents: parents.clone(),
    };
    row::save_entry(txn, &channel, &entry);
    row::save(txn, &id, &row);
    let position = position_key(&channel, &arrival.pseudonym, arrival.seq);
    txn.put(Table::Message, position, AtPosition::Message(id).value());
    index(txn, &id, &row);
    if !row.is_hidden(arrival.now) || arrival.own {
        notices.push(Notice::MessageCreated {
            channel,
            message: id,
        });
    }
    if entry.counts() {
        let mut counts = Counts::load(txn, channel)?;
        counts.add(&entry, !arrival.catching_up);
        counts.save(txn);
        notices.push(Notice::Unread {
            server: arrival.server,
            channel,
        });
    }
    if expected {
        notices.extend(expected_by(txn, arrival)?);
    }
    Ok(notices)
}

/// The claimed time, as far as the arrival allows.
pub(super) fn believed(arrival: &Arrival<'_>) -> Millis {
    let latest = Millis(arrival.now.0.saturating_add(AHEAD_MS_MAX));
    arrival.content.time.min(latest)
}

/// The effective time, as [`place::effective`]; parents that are not here yet will find the message.
fn parents_or_wait(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
    base: Millis,
) -> Result<Millis, ViewError> {
    let channel = arrival.channel;
    let mut time = base;
    for parent in &arrival.content.parents {
        match row::load(txn, parent)? {
            Some(row) if row.channel == channel => time = time.max(place::after(row.effective)),
            Some(_) => {}
            None => txn.put(
                Table::MessageAct,
                act::waiting_key(parent, &channel, &arrival.envelope),
                [],
            ),
        }
    }
    Ok(time)
}

fn flags(txn: &mut Txn<'_>, arrival: &Arrival<'_>, post: &Post) -> Result<u8, ViewError> {
    if arrival.own {
        return Ok(flag::OWN);
    }
    let called = markdown::mentions(&post.text);
    let everyone = (called.everyone || called.here) && arrival.allowed.mention_everyone;
    let by_role = arrival
        .my_roles
        .iter()
        .any(|role| called.roles.contains(role));
    let by_name = called.members.contains(&arrival.me);
    let answered = match &post.reply_to {
        Some(target) => answers_own(txn, arrival, target)?,
        None => false,
    };
    let mention = everyone || by_role || by_name || answered;
    Ok(if mention { flag::MENTION } else { 0 })
}

/// Whether it answers this person. A target that is not here yet finds the answer when it comes.
fn answers_own(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
    target: &EnvelopeId,
) -> Result<bool, ViewError> {
    if let Some(row) = row::load(txn, target)? {
        return Ok(row.channel == arrival.channel && row.author == arrival.me);
    }
    let key = act::answer_key(target, &arrival.channel, &arrival.envelope);
    txn.put(Table::MessageAct, key, []);
    Ok(false)
}

/// What came before the message it cites or answers.
fn expected_by(txn: &mut Txn<'_>, arrival: &Arrival<'_>) -> Result<Vec<Notice>, ViewError> {
    let (id, channel) = (arrival.envelope, arrival.channel);
    let answers = KeyRange::prefix(&act::answer_prefix(&id, &channel));
    let rows = txn.range(Table::MessageAct, &answers, Direction::Forward, ANSWERS_MAX)?;
    for (key, _) in rows {
        if let Some(child) = key.last_chunk::<32>()
            && arrival.own
        {
            set_flag(txn, &EnvelopeId(*child), flag::MENTION)?;
        }
        txn.delete(Table::MessageAct, key);
    }
    let mut mover = Mover::new(txn, channel);
    mover.waiting(&id)?;
    mover.run()
}

/// Most answers that one message finds waiting.
const ANSWERS_MAX: usize = 1024;

/// Raises a flag on a message, its entry and the counts.
pub(super) fn set_flag(txn: &mut Txn<'_>, id: &EnvelopeId, bit: u8) -> Result<(), ViewError> {
    let Some(mut row) = row::load(txn, id)? else {
        return Ok(());
    };
    if row.flags & (bit | flag::OWN) != 0 {
        return Ok(());
    }
    let before = row.flags;
    row.flags |= bit;
    row::save(txn, id, &row);
    flags_changed(txn, id, &row, before)
}

/// Carries changed flags of a row to its entry and the counts.
pub(super) fn flags_changed(
    txn: &mut Txn<'_>,
    id: &EnvelopeId,
    row: &MessageRow,
    before: u8,
) -> Result<(), ViewError> {
    if row.flags == before {
        return Ok(());
    }
    let Some(entry) = row::load_entry(txn, id, row)? else {
        return Ok(());
    };
    let changed = Entry {
        flags: row.flags,
        ..entry.clone()
    };
    let mut counts = Counts::load(txn, row.channel)?;
    counts.replace(&entry, &changed);
    counts.save(txn);
    row::save_entry(txn, &row.channel, &changed);
    Ok(())
}

/// Whether it slips in before something that has been here for long.
fn is_late(txn: &Txn<'_>, arrival: &Arrival<'_>, effective: Millis) -> Result<bool, ViewError> {
    let long_ago = Millis(arrival.now.0.saturating_sub(LATE_MS));
    if arrival.own || arrival.catching_up || effective >= long_ago {
        return Ok(false);
    }
    let range = KeyRange {
        from: row::timeline_key(&arrival.channel, effective, &arrival.envelope),
        to: KeyRange::prefix(arrival.channel.as_bytes()).to,
    };
    let rows = txn.range(Table::Timeline, &range, Direction::Forward, 1)?;
    let Some((key, value)) = rows.first() else {
        return Ok(false);
    };
    let next = row::load(txn, &Entry::read(key, value)?.id)?;
    Ok(next.is_some_and(|row| row.arrived < long_ago))
}

/// Puts a message into the search index as it stands, or takes it out.
pub(super) fn index(txn: &mut Txn<'_>, id: &EnvelopeId, row: &MessageRow) {
    let Some(post) = row.shown().filter(|_| !row.is_held()) else {
        return txn.unindex(*id.as_bytes());
    };
    let document = search::document(&search::Indexed {
        server: row.server,
        channel: row.channel,
        author: row.author,
        text: row.text(),
        everyone: row.calls_everyone(),
        attachments: &post.attachments,
        pinned: row.pinned,
    });
    txn.index(
        *id.as_bytes(),
        document.text,
        document.labels,
        super::order_value(row.effective, id),
    );
}
