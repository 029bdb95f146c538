//! Encrypted files: kept here, fetched from and served to members, part by part.
//!
//! A blob is its ciphertext, addressed by its hash. Parts are stored as they come, so that a fetch goes on after a restart; the
//! whole is checked against the hash before it counts.

pub mod keep;

use conclave_core::blob::{self, BlobError, Verifier};
use conclave_core::codec::{self, Limits};
use conclave_core::event::BlobRef;
use conclave_core::id::{BlobHash, ServerTag};
use conclave_core::view::{Table, View, ViewError};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::model::BlobState;
use crate::sync::send;
use crate::wire::{BLOB_PART_BYTES, Frame};

/// Largest ciphertext that this node stores: 25 MiB of file, and what chunks add.
pub const CIPHERTEXT_BYTES_MAX: u64 = 26 * 1024 * 1024;

/// What is here of a blob.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
struct Row {
    /// Length of the ciphertext; 0 while nobody has said it.
    #[n(0)]
    total: u64,
    /// Bytes here, from the start.
    #[n(1)]
    have: u64,
    /// The hash was checked.
    #[n(2)]
    whole: bool,
    /// It was fetched unasked, and counts towards what such files may take.
    #[n(3)]
    kept: Option<bool>,
}

/// What happened to a file in one call, for [`keep::Keeper`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Something new is wanted.
    Wanted,
    /// A part came.
    Part(ConnId, BlobHash),
    /// A member has not got it, or what they sent was something else.
    Absent(ConnId, BlobHash),
    /// It is here.
    Whole(BlobHash),
}

/// A part from the network.
pub struct Part {
    /// Where it belongs.
    pub server: ServerTag,
    /// Which blob.
    pub hash: BlobHash,
    /// Where it begins.
    pub offset: u64,
    /// Length of the whole ciphertext.
    pub total: u64,
    /// The bytes; none: not there.
    pub bytes: Vec<u8>,
}

fn row(view: &dyn View, hash: &BlobHash) -> Result<Option<Row>, ViewError> {
    let bytes = view.get(Table::Blob, hash.as_bytes())?;
    Ok(bytes.and_then(|bytes| codec::decode(&bytes, Limits::bytes(256)).ok()))
}

fn put_row(ctx: &mut Ctx<'_>, hash: &BlobHash, row: &Row) {
    ctx.txn
        .put(Table::Blob, *hash.as_bytes(), codec::encode(row));
}

fn part_key(hash: &BlobHash, offset: u64) -> Vec<u8> {
    let index = u32::try_from(offset / BLOB_PART_BYTES as u64).unwrap_or(u32::MAX);
    [hash.as_bytes().as_slice(), &index.to_be_bytes()].concat()
}

/// Encrypts and stores a file of this account's.
///
/// # Errors
/// [`BlobError`] if it is too long.
pub fn store(ctx: &mut Ctx<'_>, mime: &str, plaintext: &[u8]) -> Result<BlobRef, BlobError> {
    let (ciphertext, reference) = blob::encrypt(plaintext, mime, ctx.rng)?;
    for (index, part) in ciphertext.chunks(BLOB_PART_BYTES).enumerate() {
        let offset = (index * BLOB_PART_BYTES) as u64;
        ctx.txn
            .put(Table::BlobChunk, part_key(&reference.hash, offset), part);
    }
    let total = ciphertext.len() as u64;
    put_row(
        ctx,
        &reference.hash,
        &Row {
            total,
            have: total,
            whole: true,
            kept: None,
        },
    );
    Ok(reference)
}

/// Whether a blob can be opened here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn state(view: &dyn View, hash: &BlobHash) -> Result<BlobState, ViewError> {
    Ok(match row(view, hash)? {
        Some(row) if row.whole => BlobState::Ready,
        Some(row) if row.have > 0 => BlobState::Fetching,
        // Asked for, and nobody has answered.
        Some(_) | None => BlobState::Missing,
    })
}

/// Opens a blob that is here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn read(view: &dyn View, reference: &BlobRef) -> Result<Option<Zeroizing<Vec<u8>>>, ViewError> {
    let Some(row) = row(view, &reference.hash)?.filter(|row| row.whole) else {
        return Ok(None);
    };
    let mut ciphertext = Vec::new();
    let mut offset = 0;
    while offset < row.total {
        match view.get(Table::BlobChunk, &part_key(&reference.hash, offset))? {
            Some(part) if !part.is_empty() => ciphertext.extend_from_slice(&part),
            _ => return Ok(None),
        }
        offset += BLOB_PART_BYTES as u64;
    }
    Ok(blob::decrypt(reference, &ciphertext).ok())
}

/// Asks a node for the next part of a blob that is not whole here.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn want(
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    server: ServerTag,
    hash: BlobHash,
) -> Result<(), ViewError> {
    let known = row(&ctx.txn, &hash)?;
    if known.is_some_and(|row| row.whole) {
        return Ok(());
    }
    let row = known.unwrap_or(Row {
        total: 0,
        have: 0,
        whole: false,
        kept: None,
    });
    put_row(ctx, &hash, &row);
    send(
        ctx,
        conn,
        &Frame::BlobWant {
            server,
            hash,
            offset: row.have,
        },
    );
    Ok(())
}

/// A part of a blob that is whole here, with the length of the whole; nothing if it is not.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn part(
    view: &dyn View,
    hash: &BlobHash,
    offset: u64,
) -> Result<Option<(u64, Vec<u8>)>, ViewError> {
    let Some(row) = row(view, hash)?.filter(|row| row.whole && offset < row.total) else {
        return Ok(None);
    };
    let bytes = view.get(Table::BlobChunk, &part_key(hash, offset))?;
    Ok(bytes.map(|bytes| (row.total, bytes)))
}

/// Answers a request for a part.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn serve(
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    server: ServerTag,
    hash: BlobHash,
    offset: u64,
) -> Result<(), ViewError> {
    let whole = row(&ctx.txn, &hash)?.filter(|row| row.whole);
    let aligned = offset.is_multiple_of(BLOB_PART_BYTES as u64);
    let part = match whole {
        Some(row) if offset < row.total && aligned => ctx
            .txn
            .get(Table::BlobChunk, &part_key(&hash, offset))?
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let total = whole.map_or(0, |row| row.total);
    send(
        ctx,
        conn,
        &Frame::BlobPart {
            server,
            hash,
            offset,
            total,
            bytes: part.into(),
        },
    );
    Ok(())
}

/// Takes a part that we asked for; asks for the next one, or checks the whole.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn receive(ctx: &mut Ctx<'_>, conn: ConnId, part: Part) -> Result<(), ViewError> {
    let Some(mut row) = row(&ctx.txn, &part.hash)?.filter(|row| !row.whole) else {
        return Ok(());
    };
    let end = part.offset.saturating_add(part.bytes.len() as u64);
    let fits = part.offset == row.have
        && !part.bytes.is_empty()
        && part.total <= CIPHERTEXT_BYTES_MAX
        && end <= part.total
        && (row.total == 0 || row.total == part.total)
        && (part.bytes.len() == BLOB_PART_BYTES || end == part.total);
    if !fits {
        // A late answer to a question that somebody else has answered is nothing to hold against them.
        if part.bytes.is_empty() || part.offset == row.have {
            ctx.files.push(Progress::Absent(conn, part.hash));
        }
        return Ok(());
    }
    ctx.txn.put(
        Table::BlobChunk,
        part_key(&part.hash, part.offset),
        part.bytes,
    );
    row.total = part.total;
    row.have = end;
    if row.have < row.total {
        ctx.files.push(Progress::Part(conn, part.hash));
        put_row(ctx, &part.hash, &row);
        send(
            ctx,
            conn,
            &Frame::BlobWant {
                server: part.server,
                hash: part.hash,
                offset: row.have,
            },
        );
        return Ok(());
    }
    finish(ctx, conn, &part.hash, row)
}

/// Checks the whole ciphertext against its hash; a false one is thrown away.
fn finish(ctx: &mut Ctx<'_>, conn: ConnId, hash: &BlobHash, mut row: Row) -> Result<(), ViewError> {
    let mut verifier = Verifier::default();
    let mut offset = 0;
    while offset < row.total {
        if let Some(part) = ctx.txn.get(Table::BlobChunk, &part_key(hash, offset))? {
            verifier.push(&part);
        }
        offset += BLOB_PART_BYTES as u64;
    }
    if verifier.finish(hash).is_ok() {
        row.whole = true;
        row.kept = keep::arrived(&mut ctx.txn, hash, row.total)?.then_some(true);
        ctx.files.push(Progress::Whole(*hash));
        put_row(ctx, hash, &row);
        ctx.out.notice(Notice::Blob { hash: *hash });
        return Ok(());
    }
    let mut offset = 0;
    while offset < row.total {
        ctx.txn.delete(Table::BlobChunk, part_key(hash, offset));
        offset += BLOB_PART_BYTES as u64;
    }
    ctx.txn.delete(Table::Blob, *hash.as_bytes());
    ctx.files.push(Progress::Absent(conn, *hash));
    Ok(())
}
