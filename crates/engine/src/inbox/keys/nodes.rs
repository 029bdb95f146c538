//! Inner nodes of key trees: kept, opened from beneath, verified before they are sealed to.

use conclave_core::id::{Digest, EpochId, LeafId};
use conclave_core::keys::{DEPTH_MAX, LeafSecret, NewNode, NodeHeader, NodeRecord, Share};
use conclave_core::signed::Verified;

use super::open_with_share;
use crate::ctx::Ctx;
use crate::inbox::{Fault, Verdict};
use crate::room::{Entry, NODES_MAX, NodeEntry, Room, Stage, Wait};
use crate::wire::Position;

/// Takes a node record: opens its seed if this node stands beneath it, and verifies its header once the epoch is open.
pub(super) fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    record: NodeRecord,
) -> Result<Verdict, Fault> {
    let id = record.id();
    if room.nodes.get(&id).is_none() {
        if room.nodes.iter().len() >= NODES_MAX {
            return Ok(Verdict::Refuse("too many nodes of key trees".to_owned()));
        }
        hold_own(room, ctx);
        let entry = NodeEntry {
            record,
            position: *position,
            header: None,
            seed: None,
        };
        room.nodes.put(&mut ctx.txn, room.id, id, entry);
        let beneath: Vec<LeafId> = room.nodes.held().map(|(leaf, _)| *leaf).collect();
        for leaf in beneath {
            if let Some(node) = open_seed(room, ctx, &id, &leaf) {
                open_more(room, ctx, vec![node])?;
                break;
            }
        }
    }
    verify(room, ctx, &id)
}

/// Keeps a node that this device has made.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn keep_node(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: Position,
    node: NewNode,
) -> Result<(), Fault> {
    let id = node.record.id();
    let leaf = node.node.id;
    let entry = NodeEntry {
        record: node.record,
        position,
        header: None,
        seed: Some(node.seed),
    };
    room.nodes.put(&mut ctx.txn, room.id, id, entry);
    open_more(room, ctx, vec![leaf])?;
    verify(room, ctx, &id).map(drop)
}

/// Verifies a node's header: signed by the device that its author's identity log certifies.
fn verify(room: &mut Room, ctx: &mut Ctx<'_>, id: &Digest) -> Result<Verdict, Fault> {
    let Some(entry) = room.nodes.get(id).filter(|entry| entry.header.is_none()) else {
        return Ok(Verdict::Done);
    };
    let epoch = entry.record.public().epoch;
    let Some(keys) = room.epochs.keys(&epoch) else {
        return Ok(Verdict::Wait(Wait::Epoch(epoch)));
    };
    let Ok(unverified) = entry.record.open_header(&keys.state) else {
        return Ok(refuse(room, ctx, id, "the node's header does not open"));
    };
    let hint = unverified.hint();
    let known = room
        .identities
        .get(&hint.author)
        .and_then(|log| log.device_key_at(&hint.identity_head, &hint.device));
    let Some(key) = known else {
        return Ok(Verdict::Wait(Wait::Identity(hint.author)));
    };
    let header = match unverified.verify(&key) {
        Ok(header) if is_well_formed(&header, room) => header,
        Ok(_) => return Ok(refuse(room, ctx, id, "the node is malformed")),
        Err(error) => return Ok(refuse(room, ctx, id, &error.to_string())),
    };
    if let Some(mut entry) = room.nodes.take(id) {
        entry.header = Some(header);
        room.nodes.put(&mut ctx.txn, room.id, *id, entry);
    }
    Ok(Verdict::Done)
}

fn is_well_formed(header: &Verified<NodeHeader>, room: &Room) -> bool {
    header.server == room.id
        && (1..DEPTH_MAX).contains(&header.level)
        && !header.children.is_empty()
        && header.children.is_sorted_by(|a, b| a < b)
}

fn refuse(room: &mut Room, ctx: &mut Ctx<'_>, id: &Digest, why: &str) -> Verdict {
    room.nodes.forget(&mut ctx.txn, room.id, id);
    Verdict::Refuse(why.to_owned())
}

/// Opens a node's seed with one of the secrets held; the node as a leaf to what is above it.
fn open_seed(room: &mut Room, ctx: &mut Ctx<'_>, id: &Digest, leaf: &LeafId) -> Option<LeafId> {
    let entry = room.nodes.get(id).filter(|entry| entry.seed.is_none())?;
    let seed = entry
        .record
        .open_seed(room.nodes.secret(leaf)?, *leaf)
        .ok()?;
    let suite = entry.record.suite().ok()?;
    let node = seed.leaf_secret().public(suite).id();
    let mut entry = room.nodes.take(id)?;
    entry.seed = Some(seed);
    room.nodes.put(&mut ctx.txn, room.id, *id, entry);
    Some(node)
}

/// Tries new secrets on every node and epoch that is still sealed here, and whatever they open in turn.
pub(super) fn open_more(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    mut new: Vec<LeafId>,
) -> Result<(), Fault> {
    while let Some(leaf) = new.pop() {
        let sealed = room
            .nodes
            .iter()
            .filter(|(_, entry)| entry.seed.is_none())
            .map(|(id, _)| *id);
        let sealed: Vec<Digest> = sealed.collect();
        for id in sealed {
            new.extend(open_seed(room, ctx, &id, &leaf));
        }
        let shares = match room.nodes.secret(&leaf) {
            Some(secret) => shares_for(room, secret, leaf),
            None => Vec::new(),
        };
        for (id, share) in shares {
            open_with_share(room, ctx, id, share)?;
        }
    }
    let apart = |entry: &Entry| entry.stage == Stage::Sealed && entry.record.slots().is_none();
    if room.epochs.iter().any(|(_, entry)| apart(entry)) {
        super::open_apart(room, ctx)?;
    }
    Ok(())
}

/// What a secret opens of the epochs that lack a share here.
fn shares_for(room: &Room, secret: &LeafSecret, leaf: LeafId) -> Vec<(EpochId, Share)> {
    room.epochs
        .iter()
        .filter(|(_, entry)| entry.share.is_none() && entry.stage != Stage::Void)
        .filter_map(|(id, entry)| {
            let opened = entry.record.open(secret, leaf).ok()?;
            Some((*id, super::share_of(opened)))
        })
        .collect()
}

/// Makes sure that the secrets of the device and of the links that it holds are at hand; the ids of those that are new.
pub(super) fn hold_own(room: &mut Room, ctx: &Ctx<'_>) -> Vec<LeafId> {
    let links = &room.local.secrets;
    let server = room.id;
    room.nodes.hold_own(1 + links.len(), || {
        let links = links.iter().filter_map(|secret| {
            let secret: [u8; 32] = secret.as_slice().try_into().ok()?;
            let secret = conclave_core::invite::Secret::from_bytes(secret);
            Some(LeafSecret::from_seed(&secret.leaf_seed()))
        });
        core::iter::once(ctx.me.leaf(server)).chain(links).collect()
    })
}
