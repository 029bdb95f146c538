//! Copies of files: what a message carries is fetched without being asked for, so that it outlives whoever sent it.
//!
//! What is wanted stands in the store, so that a fetch goes on after a restart and with whoever comes next. Whom to ask, and
//! who said that they have not got it, is remembered while the node runs.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::codec::{self, Limits};
use conclave_core::content::Post;
use conclave_core::id::{BlobHash, ChannelId, EnvelopeId, IdentityId, Millis, ServerId};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use super::{Progress, part_key, row};
use crate::ctx::Ctx;
use crate::effect::ConnId;
use crate::room::Room;
use crate::sync::{Links, Rooms, Who};
use crate::txn::Txn;
use crate::wire::BLOB_PART_BYTES;

/// Largest file, in bytes, that is fetched unasked. A larger one comes when somebody opens it.
pub const KEEP_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Bytes of files that are kept unasked, of all servers together: a disk has other uses.
pub const KEPT_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Members who keep a copy of one file unasked, so that a large server does not fetch every file a thousand times from one
/// sender.
pub const COPIES: usize = 16;

/// Files that are fetched at the same time.
const FETCHES_MAX: usize = 4;

/// How long a fetch may stand still before another member is asked.
const PATIENCE_MS: u64 = 20_000;

/// How long nothing is looked for after nobody had any of it.
const REST_MS: u64 = 60_000;

/// Wants that one look goes through.
const LOOK: usize = 64;

/// Answers "not here" that are remembered; beyond it nobody is asked until the next minute.
const LACKS_MAX: usize = 4096;

/// Prefix of the rows in [`Table::Meta`] that say what is wanted; the file's address follows.
const WANT: &[u8] = b"blob-want/";

/// Key in [`Table::Meta`] of the bytes that are kept unasked.
const KEPT: &[u8] = b"blob-kept";

/// A file that is to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
struct Want {
    /// Whose members have it.
    #[n(0)]
    server: ServerId,
    /// Somebody here wants to see it.
    #[n(1)]
    asked: bool,
}

/// A fetch under way.
#[derive(Clone, Copy, Debug)]
struct Fetch {
    from: ConnId,
    moved: Millis,
}

/// Who is asked for what, while the node runs.
#[derive(Debug, Default)]
pub struct Keeper {
    /// The store is known to hold no wants.
    idle: bool,
    /// When to look for wants again.
    due: Millis,
    /// Nobody who is there has any of what is wanted; at [`Self::due`] they are asked again.
    rests: bool,
    /// Where the next look begins.
    next: Vec<u8>,
    active: BTreeMap<BlobHash, Fetch>,
    lacks: BTreeSet<(ConnId, BlobHash)>,
    /// Members who were there at the last look.
    present: BTreeSet<(ConnId, ServerId)>,
}

fn want_key(hash: &BlobHash) -> Vec<u8> {
    [WANT, hash.as_bytes().as_slice()].concat()
}

/// Key of the row that says which message carries a file.
fn use_key(hash: &BlobHash, message: &EnvelopeId) -> Vec<u8> {
    [hash.as_bytes().as_slice(), message.as_bytes()].concat()
}

/// Remembers what a message carries, and wants it here if this node is one of those who keep a copy.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn note(
    room: &Room,
    ctx: &mut Ctx<'_>,
    channel: ChannelId,
    message: &EnvelopeId,
    post: &Post,
) -> Result<(), ViewError> {
    for file in &post.attachments {
        let hash = file.blob.hash;
        ctx.txn.put(Table::Blob, use_key(&hash, message), []);
        if file.blob.size <= KEEP_BYTES_MAX && keeps(room, channel, &hash) {
            want(ctx, room.id, hash, Some(file.blob.size))?;
        }
    }
    Ok(())
}

/// Whether this account is among the [`COPIES`] readers of a channel whose ids are nearest to a file's address.
fn keeps(room: &Room, channel: ChannelId, hash: &BlobHash) -> bool {
    let Some(community) = &room.community else {
        return false;
    };
    let mine = distance(&room.me, hash);
    let members = room.roster.members(community);
    let nearer = members
        .map(|member| member.identity())
        .filter(|other| *other != room.me && distance(other, hash) < mine)
        .filter(|other| room.could_view(community, other, channel));
    nearer.take(COPIES).count() < COPIES
}

/// How far an account is from a file: both are hashes, so that every file has other keepers.
fn distance(identity: &IdentityId, hash: &BlobHash) -> u64 {
    let first = |bytes: &[u8; 32]| {
        bytes
            .first_chunk::<8>()
            .map_or(0, |b| u64::from_be_bytes(*b))
    };
    first(identity.as_bytes()) ^ first(hash.as_bytes())
}

/// Wants a file here: unasked, with its size, or because somebody opened it.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn want(
    ctx: &mut Ctx<'_>,
    server: ServerId,
    hash: BlobHash,
    unasked: Option<u64>,
) -> Result<(), ViewError> {
    let is_here = row(&ctx.txn, &hash)?.is_some_and(|row| row.whole);
    let is_too_much = match unasked {
        Some(size) => kept(&ctx.txn)?.saturating_add(size) > KEPT_BYTES_MAX,
        None => false,
    };
    if is_here || is_too_much {
        return Ok(());
    }
    let asked = unasked.is_none();
    let want = Want { server, asked };
    ctx.txn
        .put(Table::Meta, want_key(&hash), codec::encode(&want));
    ctx.files.push(Progress::Wanted);
    Ok(())
}

/// Bytes that are kept unasked.
fn kept(view: &dyn View) -> Result<u64, ViewError> {
    let bytes = view.get(Table::Meta, KEPT)?.unwrap_or_default();
    Ok(bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes)))
}

/// A file has come: it is wanted no more. Gives whether it counts as kept unasked.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(super) fn arrived(txn: &mut Txn<'_>, hash: &BlobHash, total: u64) -> Result<bool, ViewError> {
    let key = want_key(hash);
    let Some(bytes) = txn.get(Table::Meta, &key)? else {
        return Ok(false);
    };
    txn.delete(Table::Meta, key);
    let unasked = read_want(&bytes).is_some_and(|want| !want.asked);
    if unasked {
        let sum = kept(txn)?.saturating_add(total);
        txn.put(Table::Meta, KEPT, sum.to_be_bytes());
    }
    Ok(unasked)
}

fn read_want(bytes: &[u8]) -> Option<Want> {
    codec::decode(bytes, Limits::bytes(256)).ok()
}

/// A message is gone: what it alone carried goes with it.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn release(
    txn: &mut Txn<'_>,
    message: &EnvelopeId,
    post: &Post,
) -> Result<(), ViewError> {
    for file in &post.attachments {
        let hash = file.blob.hash;
        txn.delete(Table::Blob, use_key(&hash, message));
        // The file's own row, and one more message that carries it, are all that has to be seen.
        let range = KeyRange::prefix(hash.as_bytes());
        let rows = txn.range(Table::Blob, &range, Direction::Forward, 2)?;
        if rows
            .iter()
            .all(|(key, _)| key.len() == hash.as_bytes().len())
        {
            remove(txn, &hash)?;
        }
    }
    Ok(())
}

/// Removes a file, or the part of it that is here.
fn remove(txn: &mut Txn<'_>, hash: &BlobHash) -> Result<(), ViewError> {
    txn.delete(Table::Meta, want_key(hash));
    let Some(row) = row(txn, hash)? else {
        return Ok(());
    };
    let mut offset = 0;
    while offset < row.have {
        txn.delete(Table::BlobChunk, part_key(hash, offset));
        offset += BLOB_PART_BYTES as u64;
    }
    txn.delete(Table::Blob, *hash.as_bytes());
    if row.kept == Some(true) {
        let sum = kept(txn)?.saturating_sub(row.total);
        txn.put(Table::Meta, KEPT, sum.to_be_bytes());
    }
    Ok(())
}

impl Keeper {
    /// Takes in what has just happened, and asks for what is wanted and may be had.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn pump(
        &mut self,
        rooms: &Rooms,
        links: &Links,
        ctx: &mut Ctx<'_>,
    ) -> Result<(), ViewError> {
        self.follow(ctx);
        if self.idle {
            return Ok(());
        }
        let present = members(links);
        if present != self.present {
            self.lacks.retain(|(conn, _)| links.contains_key(conn));
            self.present = present;
            self.wake(ctx.now);
        }
        self.lose_patience(links, ctx.now);
        if ctx.now < self.due || self.active.len() >= FETCHES_MAX || self.present.is_empty() {
            return Ok(());
        }
        if core::mem::take(&mut self.rests) {
            self.lacks.clear();
        }
        self.look(rooms, ctx)
    }

    /// Looks for wants at once.
    fn wake(&mut self, now: Millis) {
        (self.due, self.rests) = (now, false);
    }

    /// Gives up what stands still, and what came from somebody who has gone.
    fn lose_patience(&mut self, links: &Links, now: Millis) {
        let over = Millis(now.0.saturating_sub(PATIENCE_MS));
        let active = self.active.iter();
        let stuck: Vec<(BlobHash, ConnId)> = active
            .filter(|(_, fetch)| fetch.moved <= over || !links.contains_key(&fetch.from))
            .map(|(hash, fetch)| (*hash, fetch.from))
            .collect();
        for (hash, from) in stuck {
            self.absent(from, hash, now);
        }
    }

    /// Asks somebody else, if there is anybody.
    fn absent(&mut self, conn: ConnId, hash: BlobHash, now: Millis) {
        let fetch = self.active.get(&hash);
        if fetch.is_some_and(|fetch| fetch.from == conn) {
            self.active.remove(&hash);
            self.wake(now);
        }
        if self.lacks.len() < LACKS_MAX {
            self.lacks.insert((conn, hash));
        } else {
            // Without a memory of who has not got what, asking goes slowly.
            (self.due, self.rests) = (Millis(now.0.saturating_add(REST_MS)), true);
        }
    }

    fn follow(&mut self, ctx: &mut Ctx<'_>) {
        for progress in core::mem::take(&mut ctx.files) {
            match progress {
                Progress::Wanted => {
                    self.idle = false;
                    self.wake(ctx.now);
                }
                Progress::Part(conn, hash) => {
                    if let Some(fetch) = self.active.get_mut(&hash) {
                        (fetch.from, fetch.moved) = (conn, ctx.now);
                    }
                }
                Progress::Absent(conn, hash) => self.absent(conn, hash, ctx.now),
                Progress::Whole(hash) => {
                    self.active.remove(&hash);
                    self.wake(ctx.now);
                }
            }
        }
    }

    /// Goes through the next wants and asks for those that somebody may have.
    fn look(&mut self, rooms: &Rooms, ctx: &mut Ctx<'_>) -> Result<(), ViewError> {
        let all = KeyRange::prefix(WANT);
        let begins = self.next.is_empty();
        let range = KeyRange {
            from: if begins {
                all.from
            } else {
                core::mem::take(&mut self.next)
            },
            to: all.to,
        };
        let rows = ctx
            .txn
            .range(Table::Meta, &range, Direction::Forward, LOOK)?;
        if rows.is_empty() && begins {
            self.idle = true;
            self.lacks.clear();
            return Ok(());
        }
        for (key, value) in &rows {
            if self.active.len() >= FETCHES_MAX {
                self.next.clone_from(key);
                return Ok(());
            }
            let hash = key.get(WANT.len()..).and_then(BlobHash::from_slice);
            let (Some(hash), Some(want)) = (hash, read_want(value)) else {
                continue;
            };
            self.ask(rooms, ctx, hash, &want)?;
        }
        match rows.last().filter(|_| rows.len() == LOOK) {
            // The next call goes on behind it.
            Some((key, _)) => self.next = [key.as_slice(), &[0]].concat(),
            None => {
                self.due = Millis(ctx.now.0.saturating_add(REST_MS));
                self.rests = true;
            }
        }
        Ok(())
    }

    fn ask(
        &mut self,
        rooms: &Rooms,
        ctx: &mut Ctx<'_>,
        hash: BlobHash,
        want: &Want,
    ) -> Result<(), ViewError> {
        let Some(room) = rooms.get(&want.server) else {
            return Ok(());
        };
        let have = self.present.iter().filter(|(conn, server)| {
            *server == want.server && !self.lacks.contains(&(*conn, hash))
        });
        let have: Vec<ConnId> = have.map(|(conn, _)| *conn).collect();
        // Different files begin with different members.
        let turn = hash.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let Some(from) = have.get(turn % have.len().max(1)).copied() else {
            return Ok(());
        };
        if self.active.contains_key(&hash) {
            return Ok(());
        }
        super::want(ctx, from, room.tag, hash)?;
        let moved = ctx.now;
        self.active.insert(hash, Fetch { from, moved });
        Ok(())
    }
}

/// Connections to members, by server.
fn members(links: &Links) -> BTreeSet<(ConnId, ServerId)> {
    let subs = links.iter().flat_map(|(conn, link)| {
        let subs = link.subs.iter();
        subs.map(move |(server, sub)| (*conn, *server, sub.who))
    });
    subs.filter(|(_, _, who)| matches!(who, Who::Member { .. }))
        .map(|(conn, server, _)| (conn, server))
        .collect()
}
