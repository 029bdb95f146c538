//! Reports from members to moderators. Each moderator's device gets one sealed to it and keeps it until that person dismisses it:
//! there is no list that all of them share, and nothing of a report stands in the log.

use conclave_core::codec::{self, Limits};
use conclave_core::id::{IdentityId, Millis, ServerId};
use conclave_core::member::{Quote, Report};
use conclave_core::permissions::{self, Bits};
use conclave_core::state::Community;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox::Verdict;
use crate::room::Room;

/// Reports of one server that wait at once; more are dropped until some are dismissed.
pub const REPORTS_MAX: usize = 500;

/// Of these, most from one member, so that nobody can bury the others'.
pub const OF_REPORTER_MAX: usize = 20;

/// Devices that a report is sealed to at most, of the highest moderators: the largest servers have a few dozen.
pub const DEVICES_MAX: usize = 64;

/// Whoever may do one of these in the whole server is a moderator.
pub const MODERATES: Bits = Bits::KICK_MEMBERS
    .with(Bits::BAN_MEMBERS)
    .with(Bits::MODERATE_MEMBERS)
    .with(Bits::MANAGE_MESSAGES);

/// Longest row in bytes: a quote, a reason and some ids.
const ROW_BYTES_MAX: usize = 16 * 1024;

/// Prefix of rows in [`Table::Meta`]; the server's id and the report's number (8, big-endian) follow.
const PREFIX: &[u8] = b"report/";

/// Prefix of rows in [`Table::Meta`]: the server's id follows. The number of the report that came last (8, big-endian), so that
/// none is given twice, also after those before it were dismissed.
const LAST: &[u8] = b"report-last/";

/// A report that waits.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Waiting {
    /// Who reports.
    #[n(0)]
    pub from: IdentityId,
    /// When it came.
    #[n(1)]
    pub time: Millis,
    /// Whom it is about.
    #[n(2)]
    pub about: IdentityId,
    /// Why.
    #[n(3)]
    pub reason: String,
    /// A message of theirs, as the reporter saw it.
    #[n(4)]
    pub quote: Option<Quote>,
}

/// Whether a member moderates a server.
#[must_use]
pub fn moderates(room: &Room, community: &Community, member: &IdentityId) -> bool {
    room.roster.is_member(community, member)
        && !(permissions::base(community, room.actor(community, member)) & MODERATES).is_empty()
}

/// Those whom a report reaches: the moderators, the highest first, without whom it is about and who reports.
#[must_use]
pub fn recipients(room: &Room, community: &Community, about: &IdentityId) -> Vec<IdentityId> {
    let mut found: Vec<_> = room
        .roster
        .members(community)
        .map(|member| member.identity())
        .filter(|id| id != about && *id != room.me && moderates(room, community, id))
        .map(|id| (permissions::rank(community, room.actor(community, &id)), id))
        .collect();
    found.sort_by(|(a, x), (b, y)| b.cmp(a).then(x.cmp(y)));
    found.into_iter().map(|(_, id)| id).collect()
}

/// Takes a report, if this account moderates the server.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn accept(
    room: &Room,
    ctx: &mut Ctx<'_>,
    from: IdentityId,
    report: Report,
) -> Result<Verdict, ViewError> {
    let community = room.community.as_ref();
    let for_me = community.is_some_and(|community| moderates(room, community, &ctx.identity()));
    if !for_me || report.about == ctx.identity() {
        return Ok(Verdict::Done);
    }
    let waiting = all(&ctx.txn, room.id)?;
    let own = waiting.iter().filter(|(_, report)| report.from == from);
    if waiting.len() >= REPORTS_MAX || own.count() >= OF_REPORTER_MAX {
        return Ok(Verdict::Done);
    }
    let counter = [LAST, room.id.as_bytes()].concat();
    let last = ctx.txn.get(Table::Meta, &counter)?;
    let last = last.and_then(|last| Some(u64::from_be_bytes(*last.first_chunk::<8>()?)));
    let number = last.unwrap_or(0).saturating_add(1);
    ctx.txn.put(Table::Meta, counter, number.to_be_bytes());
    let row = Waiting {
        from,
        time: ctx.now,
        about: report.about,
        reason: report.reason,
        quote: report.quote,
    };
    ctx.txn
        .put(Table::Meta, key(&room.id, number), codec::encode(&row));
    ctx.out.notice(Notice::Report {
        server: room.id,
        number,
    });
    Ok(Verdict::Done)
}

/// How many reports of a server wait.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn count(view: &dyn View, server: ServerId) -> Result<usize, ViewError> {
    Ok(rows(view, server)?.len())
}

/// The reports of a server that wait, oldest first, by their numbers.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn all(view: &dyn View, server: ServerId) -> Result<Vec<(u64, Waiting)>, ViewError> {
    let read = |(key, value): Row| {
        let number = key
            .last_chunk::<8>()
            .map(|number| u64::from_be_bytes(*number));
        let row = codec::decode(&value, Limits::bytes(ROW_BYTES_MAX));
        let damaged = |error| ViewError(format!("a row of a report is damaged: {error}"));
        Ok((number.unwrap_or_default(), row.map_err(damaged)?))
    };
    rows(view, server)?.into_iter().map(read).collect()
}

/// A key and its value.
type Row = (Vec<u8>, Vec<u8>);

fn rows(view: &dyn View, server: ServerId) -> Result<Vec<Row>, ViewError> {
    let prefix = [PREFIX, server.as_bytes()].concat();
    let range = KeyRange::prefix(&prefix);
    view.range(Table::Meta, &range, Direction::Forward, REPORTS_MAX)
}

/// Forgets a report; tells whether there was one.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn dismiss(ctx: &mut Ctx<'_>, server: ServerId, number: u64) -> Result<bool, ViewError> {
    let key = key(&server, number);
    if ctx.txn.get(Table::Meta, &key)?.is_none() {
        return Ok(false);
    }
    ctx.txn.delete(Table::Meta, key);
    ctx.out.notice(Notice::Report { server, number });
    Ok(true)
}

fn key(server: &ServerId, number: u64) -> Vec<u8> {
    [PREFIX, server.as_bytes(), &number.to_be_bytes()].concat()
}
