//! Successors of a server that its members have announced: kept with the server, checked against its log.

use conclave_core::codec;
use conclave_core::event::{Body, Descent, Event};
use conclave_core::id::{IdentityId, Millis, ServerId};
use conclave_core::invite::InviteLink;
use conclave_core::log::Log;
use conclave_core::member;
use conclave_core::signed::Unverified;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox::Verdict;
use crate::room::{Room, Wait, decode_row};

/// Most successors that are kept of one server; later ones are dropped, so that nobody can bury those that came first.
pub const SUCCESSORS_MAX: usize = 64;

/// Most of one founder.
const OF_FOUNDER_MAX: usize = 4;

/// Prefix of rows in [`Table::Meta`]; the server's id and the successor's follow.
const PREFIX: &[u8] = b"successor/";

/// A successor that was announced.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id.
    pub id: ServerId,
    /// Who founded it, and said so.
    pub founder: IdentityId,
    /// Its first name.
    pub name: String,
    /// When it was founded, as its founder claims.
    pub founded: Millis,
    /// From where it descends.
    pub descent: Descent,
    /// The link into it.
    pub link: String,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Row {
    #[n(0)]
    founder: IdentityId,
    #[n(1)]
    name: String,
    #[n(2)]
    founded: Millis,
    #[n(3)]
    descent: Descent,
    #[n(4)]
    link: String,
}

/// Takes word of a successor: its genesis is signed by the sender's own device, names this server, and the link leads to it.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    sender: IdentityId,
    successor: &member::Successor,
) -> Result<Verdict, ViewError> {
    let refuse = |reason: &str| Ok(Verdict::Refuse(reason.to_owned()));
    let Ok(unverified) = Unverified::<Event>::decode(&successor.genesis) else {
        return refuse("a successor's genesis does not decode");
    };
    let hint = unverified.hint();
    if hint.author != sender || hint.server.is_some() {
        return refuse("a successor that the sender has not founded");
    }
    let Some(identity) = room.identities.get(&sender) else {
        return Ok(Verdict::Wait(Wait::Identity(sender)));
    };
    let Some(key) = identity.device_key_at(&hint.identity_head, &hint.device) else {
        return Ok(if identity.contains(&hint.identity_head) {
            Verdict::Refuse("the founder's identity log does not certify the device".to_owned())
        } else {
            Verdict::Wait(Wait::Identity(sender))
        });
    };
    let Ok(genesis) = unverified.verify(&key) else {
        return refuse("a successor's genesis is not signed");
    };
    let id = ServerId(genesis.event_id().0);
    // Its own limits, too: a log takes nothing that breaks them.
    let sound = Log::new(id).insert(genesis.clone(), conclave_core::log::AuthorProof::Founder);
    let Ok(Body::Genesis(body)) = genesis.decode_body() else {
        return refuse("a successor without a genesis");
    };
    let descent = body.descent.filter(|descent| descent.server == room.id);
    let (Some(descent), Ok(_)) = (descent, sound) else {
        return refuse("it does not descend from this server");
    };
    if !InviteLink::parse(&successor.link).is_ok_and(|link| link.server == id) {
        return refuse("the link leads elsewhere");
    }
    let known = of(&ctx.txn, room.id)?;
    let own = known.iter().filter(|known| known.founder == sender).count();
    let full = known.len() >= SUCCESSORS_MAX || own >= OF_FOUNDER_MAX;
    if full || known.iter().any(|known| known.id == id) {
        return Ok(Verdict::Done);
    }
    let row = Row {
        founder: sender,
        name: body.name,
        founded: genesis.time,
        descent,
        link: successor.link.clone(),
    };
    let key = [PREFIX, room.id.as_bytes(), id.as_bytes()].concat();
    ctx.txn.put(Table::Meta, key, codec::encode(&row));
    ctx.out.notice(Notice::Successors(room.id));
    Ok(Verdict::Done)
}

/// The successors of a server that are known here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn of(view: &dyn View, server: ServerId) -> Result<Vec<Known>, ViewError> {
    let prefix = [PREFIX, server.as_bytes()].concat();
    let range = KeyRange::prefix(&prefix);
    let rows = view.range(Table::Meta, &range, Direction::Forward, SUCCESSORS_MAX)?;
    let mut known = Vec::new();
    for (key, value) in rows {
        let Some(id) = ServerId::from_slice(&key[prefix.len()..]) else {
            continue;
        };
        let row: Row = decode_row(&value)?;
        known.push(Known {
            id,
            founder: row.founder,
            name: row.name,
            founded: row.founded,
            descent: row.descent,
            link: row.link,
        });
    }
    Ok(known)
}

/// Whether a descent is true: the heads are events of this server's log, and the state there is the one that it names.
/// Nothing while a head is not known here.
#[must_use]
pub fn descends(log: &mut Log, descent: &Descent) -> Option<bool> {
    if !descent.heads.iter().all(|head| log.contains(head)) {
        return None;
    }
    let state = log.resolve(&descent.heads);
    Some(state.is_ok_and(|state| state.digest() == descent.state))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
