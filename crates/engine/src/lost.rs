//! What did not survive: events that had counted on this node, or that this person made, and that a merge took away.
//!
//! *Which* events do not count, the log says, and every node agrees on it. This keeps beside it what only this node knows: when
//! it noticed, whether the event had counted here until then, and whether its author has been told. Rows are written in the
//! transaction that takes the merge in, once, and go if the event counts again.

use conclave_core::codec::{self, Limits};
use conclave_core::id::{EventId, IdentityId, Millis, ServerId};
use conclave_core::state::Community;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::room::Room;

/// Longest row in bytes.
const ROW_BYTES_MAX: usize = 256;

/// A row in [`Table::Lost`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct LostRow {
    /// Format version, 1.
    #[n(0)]
    pub version: u8,
    /// When this node noticed.
    #[n(1)]
    pub noticed: Millis,
    /// Whether it had counted here until then.
    #[n(2)]
    pub counted: bool,
    /// Whether this person made it.
    #[n(3)]
    pub own: bool,
    /// Whether this person has said that they know.
    #[n(4)]
    pub acknowledged: bool,
}

fn key(server: ServerId, event: &EventId) -> Vec<u8> {
    [server.as_bytes().as_slice(), event.as_bytes()].concat()
}

fn decode(bytes: &[u8]) -> Result<LostRow, ViewError> {
    codec::decode(bytes, Limits::bytes(ROW_BYTES_MAX))
        .map_err(|error| ViewError(format!("a row of what did not survive is damaged: {error}")))
}

/// Notes what a merge took away or gave back, and tells this person of their own.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn follow(
    room: &Room,
    ctx: &mut Ctx<'_>,
    before: Option<&Community>,
    after: &Community,
) -> Result<(), ViewError> {
    let Some(before) = before else {
        // The server is new here: nothing has counted yet.
        return Ok(());
    };
    let me = ctx.identity();
    let changed = after.overrulings_since(before);
    for event in changed.fallen {
        let own = author(room, &event) == Some(me);
        let counted = before.knows(&event);
        let key = key(room.id, &event);
        if (own || counted) && ctx.txn.get(Table::Lost, &key)?.is_none() {
            let row = LostRow {
                version: 1,
                noticed: ctx.now,
                counted,
                own,
                acknowledged: false,
            };
            ctx.txn.put(Table::Lost, key, codec::encode(&row));
            ctx.out.notice(Notice::Lost {
                server: room.id,
                event,
            });
        }
    }
    for event in changed.risen {
        let key = key(room.id, &event);
        if ctx.txn.get(Table::Lost, &key)?.is_some() {
            ctx.txn.delete(Table::Lost, key);
            ctx.out.notice(Notice::Lost {
                server: room.id,
                event,
            });
        }
    }
    Ok(())
}

fn author(room: &Room, event: &EventId) -> Option<IdentityId> {
    room.log.get(event).map(|event| event.author)
}

/// What this node noted of an event.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn noted(
    view: &dyn View,
    server: ServerId,
    event: &EventId,
) -> Result<Option<LostRow>, ViewError> {
    view.get(Table::Lost, &key(server, event))?
        .map(|bytes| decode(&bytes))
        .transpose()
}

/// Own events of a server that did not survive, and that this person does not know of yet.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn unacknowledged(view: &dyn View, server: ServerId) -> Result<Vec<EventId>, ViewError> {
    let range = KeyRange::prefix(server.as_bytes());
    let mut events = Vec::new();
    for (key, value) in view.range(Table::Lost, &range, Direction::Forward, usize::MAX)? {
        let row = decode(&value)?;
        if let Some(event) = EventId::from_slice(&key[ServerId::LEN..])
            && row.own
            && !row.acknowledged
        {
            events.push(event);
        }
    }
    Ok(events)
}

/// Notes that this person knows of all that did not survive.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn acknowledge(room: &Room, ctx: &mut Ctx<'_>) -> Result<(), ViewError> {
    for event in unacknowledged(&ctx.txn, room.id)? {
        if let Some(row) = noted(&ctx.txn, room.id, &event)? {
            let row = LostRow {
                acknowledged: true,
                ..row
            };
            ctx.txn
                .put(Table::Lost, key(room.id, &event), codec::encode(&row));
        }
    }
    ctx.out.notice(Notice::Server(room.id));
    Ok(())
}
