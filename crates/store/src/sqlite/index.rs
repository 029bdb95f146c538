//! Full-text search on FTS5, newest first.
//!
//! FTS5 walks its lists by row number at no extra cost, so a document's row number is its order value. Documents that share
//! one are moved up by a `shift`, drawn from a hash of their key out of a range that doubles with every try: a crowd of n
//! at one value costs O(log n) tries each, whoever chose the value. Reading undoes the shift in a small heap.

use std::collections::BinaryHeap;
use std::fmt::Write as _;

use conclave_core::view::TextQuery;
use rusqlite::{Connection, OptionalExtension, Rows};

use crate::query::{ORDER_MAX, clamp_order, in_window};
use crate::words::{self, Phrase};

/// Tries to find a free row number: the last range holds 2^40 numbers.
const TRIES_MAX: u32 = 41;

/// Indexes a document in place of an older one with this key.
pub(super) fn put(
    connection: &Connection,
    key: &[u8],
    text: &str,
    labels: &[String],
    order: u64,
) -> rusqlite::Result<()> {
    let order = clamp_order(order);
    let id = match find(connection, key)? {
        Some((id, shift)) if id - shift == as_id(order) => id,
        Some((id, _)) => {
            remove(connection, id)?;
            add(connection, key, order)?
        }
        None => add(connection, key, order)?,
    };
    let words = words::words(text).join(" ");
    let labels: String = labels.iter().fold(String::new(), |mut all, label| {
        push_label(&mut all, label);
        all.push(' ');
        all
    });
    connection
        .prepare_cached("INSERT OR REPLACE INTO text(rowid, word, label) VALUES(?1, ?2, ?3)")?
        .execute((id, words, labels))
        .map(drop)
}

/// Takes a document out of the index.
pub(super) fn delete(connection: &Connection, key: &[u8]) -> rusqlite::Result<()> {
    match find(connection, key)? {
        Some((id, _)) => remove(connection, id),
        None => Ok(()),
    }
}

/// Answers a question that [`crate::query::check`] has passed.
pub(super) fn search(connection: &Connection, query: &TextQuery) -> rusqlite::Result<Vec<Vec<u8>>> {
    let Some(phrases) = words::phrases(&query.words) else {
        return Ok(Vec::new());
    };
    if query.limit == 0 || query.labels.iter().any(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let shift_max: i64 = connection
        .prepare_cached("SELECT max(shift) FROM document WHERE shift > 0")?
        .query_row([], |row| Ok(row.get::<_, Option<i64>>(0)?.unwrap_or(0)))?;
    let from = as_id(query.after.unwrap_or(0));
    let to = as_id(query.before.unwrap_or(u64::MAX)).saturating_add(shift_max);
    let question = match_expression(&phrases, &query.labels);
    if question.is_empty() {
        let mut statement = connection.prepare_cached(
            "SELECT id, shift, key FROM document WHERE id >= ?1 AND id <= ?2 ORDER BY id DESC",
        )?;
        return newest(statement.query((from, to))?, query);
    }
    let mut statement = connection.prepare_cached(
        "SELECT document.id, shift, key FROM text CROSS JOIN document ON document.id = text.rowid
         WHERE text MATCH ?3 AND text.rowid >= ?1 AND text.rowid <= ?2 ORDER BY text.rowid DESC",
    )?;
    newest(statement.query((from, to, question))?, query)
}

/// Reads keys by falling order value, then key, from rows by falling id.
///
/// A row's order value is at most its id, so once a row with a smaller id than a held order value comes, nothing can come
/// before the held one any more.
fn newest(mut rows: Rows<'_>, query: &TextQuery) -> rusqlite::Result<Vec<Vec<u8>>> {
    let mut held: BinaryHeap<(i64, Vec<u8>)> = BinaryHeap::new();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, shift): (i64, i64) = (row.get(0)?, row.get(1)?);
        release(&mut held, &mut found, id, query.limit);
        if found.len() >= query.limit {
            return Ok(found);
        }
        let order = id - shift;
        if in_window(query, order.unsigned_abs()) {
            held.push((order, row.get_ref(2)?.as_blob()?.to_vec()));
        }
    }
    release(&mut held, &mut found, i64::MIN, query.limit);
    Ok(found)
}

fn release(held: &mut BinaryHeap<(i64, Vec<u8>)>, found: &mut Vec<Vec<u8>>, id: i64, limit: usize) {
    while found.len() < limit && held.peek().is_some_and(|(order, _)| *order > id) {
        found.extend(held.pop().map(|(_, key)| key));
    }
}

/// Row number and shift of a document.
fn find(connection: &Connection, key: &[u8]) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT id, shift FROM document WHERE key = ?1")?
        .query_row((key,), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn remove(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM text WHERE rowid = ?1",
        "DELETE FROM document WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute((id,))?;
    }
    Ok(())
}

/// Gives a document its row number.
fn add(connection: &Connection, key: &[u8], order: u64) -> rusqlite::Result<i64> {
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO document(id, key, shift) VALUES(?1, ?2, ?3)")?;
    let mut draws = blake3::Hasher::new().update(key).finalize_xof();
    for width in 0..TRIES_MAX {
        let mut draw = [0; 8];
        draws.fill(&mut draw);
        let shift = as_id(u64::from_le_bytes(draw) & ((1 << width) - 1));
        let id = as_id(order) + shift;
        if insert.execute((id, key, shift))? == 1 {
            return Ok(id);
        }
    }
    Err(rusqlite::Error::StatementChangedRows(0))
}

/// Order values and shifts stay below 2^62 and fit.
fn as_id(order: u64) -> i64 {
    i64::try_from(order.min(ORDER_MAX)).unwrap_or(i64::MAX)
}

/// Writes the question in the language of FTS5. Words hold letters and digits only and stand in quotes: nothing that a
/// person types is an operator.
fn match_expression(phrases: &[Phrase], labels: &[Vec<String>]) -> String {
    let mut out = String::new();
    for phrase in phrases {
        let star = if phrase.prefix { "*" } else { "" };
        let joint = if out.is_empty() { "" } else { " AND " };
        // Writing to a string cannot fail.
        let _ = write!(out, "{joint}word:\"{}\"{star}", phrase.words.join(" "));
    }
    for group in labels {
        out.push_str(if out.is_empty() {
            "label:("
        } else {
            " AND label:("
        });
        for (at, label) in group.iter().enumerate() {
            out.push_str(if at == 0 { "\"" } else { " OR \"" });
            push_label(&mut out, label);
            out.push('"');
        }
        out.push(')');
    }
    out
}

/// Writes a label as one word of the tokenizer, reversibly: a letter so that it is never empty, then small letters and digits
/// as they are and any other byte as the character U+0100 above it.
fn push_label(out: &mut String, label: &str) {
    out.push('l');
    out.extend(label.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'0'..=b'9' => char::from(byte),
        _ => char::from_u32(0x100 + u32::from(byte)).unwrap_or('\u{fffd}'),
    }));
}
