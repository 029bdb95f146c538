//! Full-text search over the engine's maps: complete, and no faster than reading documents newest first. A hub cannot read
//! what it keeps and so indexes nothing; the contract holds all the same.

use conclave_core::view::{Direction, KeyRange, TextQuery, ViewError};

use super::{FjallStore, Name, Writes};
use crate::{query, words};

/// Takes a document in, in place of an older one with this key.
pub(super) fn index(
    store: &FjallStore,
    writes: &mut Writes,
    key: &[u8],
    text: &str,
    labels: &[String],
    order: u64,
) -> Result<(), ViewError> {
    unindex(store, writes, key)?;
    let order = query::clamp_order(order);
    let mut value = order.to_be_bytes().to_vec();
    put_texts(&mut value, &words::words(text));
    put_texts(&mut value, labels);
    writes.insert((Name::Document, key.to_vec()), Some(value));
    writes.insert((Name::Order, order_key(order, key)), Some(Vec::new()));
    Ok(())
}

/// Takes a document out.
pub(super) fn unindex(
    store: &FjallStore,
    writes: &mut Writes,
    key: &[u8],
) -> Result<(), ViewError> {
    let place = (Name::Document, key.to_vec());
    let old = match writes.get(&place) {
        Some(pending) => pending.clone(),
        None => store.read(Name::Document, key)?,
    };
    if let Some(order) = old.as_deref().and_then(order_of) {
        writes.insert((Name::Order, order_key(order, key)), None);
        writes.insert(place, None);
    }
    Ok(())
}

/// Answers a question: every document in the window, newest first, is looked at until there are enough.
pub(super) fn search(store: &FjallStore, question: &TextQuery) -> Result<Vec<Vec<u8>>, ViewError> {
    let Some(phrases) = words::phrases(&question.words) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    if question.limit == 0 {
        return Ok(found);
    }
    let mut fault = None;
    let all = KeyRange::prefix(b"");
    store.scan(Name::Order, &all, Direction::Backward, |(key, _)| {
        let (Some(order), Some(document)) = (order_of(&key), key.get(8..)) else {
            fault = Some(damaged());
            return false;
        };
        if !query::in_window(question, order) {
            return true;
        }
        match store.read(Name::Document, document) {
            Ok(Some(value)) => match texts(&value) {
                Some((words, labels)) => {
                    let fits = phrases.iter().all(|phrase| phrase.matches(&words))
                        && question
                            .labels
                            .iter()
                            .all(|group| group.iter().any(|label| labels.contains(label)));
                    if fits {
                        found.push(document.to_vec());
                    }
                }
                None => fault = Some(damaged()),
            },
            Ok(None) => fault = Some(damaged()),
            Err(error) => fault = Some(error),
        }
        fault.is_none() && found.len() < question.limit
    })?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok(found),
    }
}

fn order_key(order: u64, key: &[u8]) -> Vec<u8> {
    [&order.to_be_bytes()[..], key].concat()
}

fn order_of(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.first_chunk()?))
}

/// Count (4 bytes, big-endian), then each text with its length (4 bytes) before it.
fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
    out.extend_from_slice(&length(texts.len()));
    for text in texts {
        out.extend_from_slice(&length(text.len()));
        out.extend_from_slice(text.as_bytes());
    }
}

/// Words and labels of a stored document.
fn texts(value: &[u8]) -> Option<(Vec<String>, Vec<String>)> {
    let mut rest = value.get(8..)?;
    let words = take_texts(&mut rest)?;
    let labels = take_texts(&mut rest)?;
    rest.is_empty().then_some((words, labels))
}

fn take_texts(rest: &mut &[u8]) -> Option<Vec<String>> {
    let number = |rest: &mut &[u8]| {
        let (head, tail) = rest.split_first_chunk::<4>()?;
        *rest = tail;
        usize::try_from(u32::from_be_bytes(*head)).ok()
    };
    let count = number(rest)?;
    let mut texts = Vec::new();
    for _ in 0..count {
        let length = number(rest)?;
        let (text, tail) = rest.split_at_checked(length)?;
        *rest = tail;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
    }
    Some(texts)
}

fn damaged() -> ViewError {
    ViewError("a stored document is damaged".to_owned())
}
