//! What every back end agrees on about full-text questions.

use conclave_core::view::{TextQuery, ViewError};

/// Highest order value that is told apart; higher ones count as this. It leaves a row number of SQLite room above itself
/// for documents of equal order. As milliseconds with 16 bits of counter it lasts until the year 4199.
pub(crate) const ORDER_MAX: u64 = (1 << 62) - 1;

/// Most parts of a question, and most labels in all its groups: a person types few, a channel list has hundreds.
const PARTS_MAX: usize = 64;
const LABELS_MAX: usize = 8_192;

/// Most bytes of all words of a question.
const WORD_BYTES_MAX: usize = 4_096;

/// Brings an order value into the range that is told apart.
pub(crate) fn clamp_order(order: u64) -> u64 {
    order.min(ORDER_MAX)
}

/// Tells whether a document of this order lies in the window of the question.
pub(crate) fn in_window(query: &TextQuery, order: u64) -> bool {
    query.before.is_none_or(|before| order < before)
        && query.after.is_none_or(|after| order >= after)
}

/// Refuses questions that would cost more than any honest one.
pub(crate) fn check(query: &TextQuery) -> Result<(), ViewError> {
    let labels: usize = query.labels.iter().map(Vec::len).sum();
    let bytes: usize = query.words.iter().map(String::len).sum();
    if query.words.len() > PARTS_MAX || bytes > WORD_BYTES_MAX {
        return Err(ViewError(format!(
            "a question of {} parts and {bytes} bytes is too long",
            query.words.len()
        )));
    }
    if labels > LABELS_MAX || query.labels.len() > LABELS_MAX {
        return Err(ViewError(format!(
            "a question with {labels} labels is too long"
        )));
    }
    Ok(())
}
