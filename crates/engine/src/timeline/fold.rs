//! A message and the acts on it become the message as it stands.

use conclave_core::id::EnvelopeId;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::act::{self, WEIGHED_MAX, kind, kind_prefix};
use super::row::{Edit, MessageRow, flag, position_key};
use crate::blobs::keep;
use crate::txn::Txn;

/// Works out edit, deletion and pin anew. A deletion beats every edit; one by the author erases the text for good, one by
/// somebody else hides it for as long as that act stands.
pub(super) fn fold(
    txn: &mut Txn<'_>,
    id: &EnvelopeId,
    row: &mut MessageRow,
) -> Result<(), ViewError> {
    let author = *row.author.as_bytes();
    let channel = row.channel;
    let some = |txn: &Txn<'_>, kind: u8, rest: &[u8]| -> Result<bool, ViewError> {
        let range = KeyRange::prefix(&kind_prefix(id, &channel, kind, rest));
        Ok(!txn
            .range(Table::MessageAct, &range, Direction::Forward, 1)?
            .is_empty())
    };
    let edits = kind_prefix(id, &channel, kind::EDIT, &author);
    let withdrawn =
        row.post.is_none() || some(txn, kind::DELETE, &author)? || own_managed(txn, id, row)?;
    let deleted = withdrawn || some(txn, kind::MANAGE, &[])?;
    row.flags = if deleted {
        row.flags | flag::DELETED
    } else {
        row.flags & !flag::DELETED
    };
    if withdrawn {
        if let Some(post) = row.post.take() {
            keep::release(txn, id, &post)?;
        }
        row.edit = None;
        let range = KeyRange::prefix(&edits);
        for edit in txn.range(Table::MessageAct, &range, Direction::Forward, WEIGHED_MAX)? {
            let place = act::placed(&edit)?;
            txn.delete(
                Table::Message,
                position_key(&channel, &place.pseudonym, place.seq),
            );
            txn.delete(Table::MessageAct, edit.0);
        }
    } else {
        let edits = act::acts(txn, &edits, WEIGHED_MAX)?;
        row.edit = act::latest(&edits).map(|edit| Edit {
            time: edit.time,
            text: edit.text.clone().unwrap_or_default(),
            everyone: edit.everyone,
        });
    }
    let pins = act::acts(txn, &kind_prefix(id, &channel, kind::PIN, &[]), WEIGHED_MAX)?;
    row.pinned = !deleted && act::latest(&pins).is_some_and(|pin| pin.on);
    Ok(())
}

/// Whether an author who may delete others' messages deleted their own.
fn own_managed(txn: &Txn<'_>, id: &EnvelopeId, row: &MessageRow) -> Result<bool, ViewError> {
    let managed = act::acts(
        txn,
        &kind_prefix(id, &row.channel, kind::MANAGE, &[]),
        WEIGHED_MAX,
    )?;
    Ok(managed.iter().any(|act| act.row.author == row.author))
}
