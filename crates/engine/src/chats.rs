//! Chats among equals: the invitation travels sealed to each one's device, through a server that both sides are in.
//!
//! Nobody is put into a chat unasked: an invitation waits as a request until the person answers it.

use conclave_core::codec::{self, Limits};
use conclave_core::id::{IdentityId, Millis, ServerId};
use conclave_core::invite::InviteLink;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox::Verdict;
use crate::room::{Room, decode_row};

/// Requests that wait at once; more are dropped, oldest kept, so that nobody can bury a person in them.
pub const REQUESTS_MAX: usize = 100;

/// Prefix of request rows in [`Table::Meta`]; the chat's id follows.
const PREFIX: &[u8] = b"chat-request/";

/// A request that waits for an answer.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Request {
    /// Who asks.
    #[n(0)]
    pub from: IdentityId,
    /// The shared server that it came through.
    #[n(1)]
    pub via: ServerId,
    /// The link to join with, secret and all.
    #[n(2)]
    pub link: String,
    /// When it came.
    #[n(3)]
    pub time: Millis,
}

/// Takes an invitation from somebody in a shared server.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn accept(
    room: &Room,
    ctx: &mut Ctx<'_>,
    from: IdentityId,
    note: &[u8],
) -> Result<Verdict, ViewError> {
    let Some(link) = core::str::from_utf8(note).ok() else {
        return Ok(Verdict::Refuse("a sealed note is not text".to_owned()));
    };
    let Ok(parsed) = InviteLink::parse(link) else {
        return Ok(Verdict::Refuse("a sealed note is no link".to_owned()));
    };
    if requests(&ctx.txn)?.len() >= REQUESTS_MAX {
        return Ok(Verdict::Done);
    }
    let request = Request {
        from,
        via: room.id,
        link: link.to_owned(),
        time: ctx.now,
    };
    ctx.txn
        .put(Table::Meta, key(&parsed.server), codec::encode(&request));
    ctx.out.notice(Notice::ChatRequest {
        server: parsed.server,
    });
    Ok(Verdict::Done)
}

/// All requests that wait.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn requests(view: &dyn View) -> Result<Vec<(ServerId, Request)>, ViewError> {
    let rows = view.range(
        Table::Meta,
        &KeyRange::prefix(PREFIX),
        Direction::Forward,
        REQUESTS_MAX,
    )?;
    let mut requests = Vec::new();
    for (key, value) in rows {
        if let Some(server) = ServerId::from_slice(&key[PREFIX.len()..]) {
            requests.push((server, decode_row(&value)?));
        }
    }
    Ok(requests)
}

/// Takes one request out.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn take(ctx: &mut Ctx<'_>, server: &ServerId) -> Result<Option<Request>, ViewError> {
    let Some(bytes) = ctx.txn.get(Table::Meta, &key(server))? else {
        return Ok(None);
    };
    ctx.txn.delete(Table::Meta, key(server));
    Ok(codec::decode(&bytes, Limits::bytes(4096)).ok())
}

fn key(server: &ServerId) -> Vec<u8> {
    [PREFIX, server.as_bytes()].concat()
}
