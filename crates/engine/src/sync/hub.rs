//! A member's side of the talk with a hub: fetch what lacks, newest page first; bring what it lacks; keep its receipts.

mod fetch;
mod session;
mod upload;

use conclave_core::id::{Millis, NodeId, ServerTag};
use conclave_core::member::Reach;
use conclave_core::policy::{HostingManifest, Receipt, hosting_id};
use conclave_core::signed::{Unverified, Verified};
use conclave_core::view::{Table, View, ViewError};
use minicbor::bytes::ByteVec;

pub use session::Session;
pub(super) use upload::{blob_have, refused, stored};

use super::{Links, Rooms, Sub, Who, proof, send};
use crate::ctx::Ctx;
use crate::effect::{ConnId, Notice};
use crate::inbox;
use crate::room::{Room, Wait};
use crate::timeline;
use crate::wire::{Frame, HubState};

/// Acts on a frame of a hub.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(super) fn frame(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    frame: Frame,
) -> Result<(), ViewError> {
    match frame {
        Frame::HubState(state) => take_state(rooms, links, ctx, conn, &state),
        Frame::HubEnvelopes(page) => envelopes(rooms, links, ctx, conn, &page),
        Frame::HubReceipts { server, receipts } => {
            take_receipts(rooms, links, ctx, conn, server, &receipts)
        }
        Frame::HubRefused {
            server,
            refusals,
            retry_ms,
        } => refused(rooms, links, ctx, conn, server, &refusals, retry_ms),
        Frame::HubManifest { server, manifest } => {
            take_manifest_of(rooms, links, ctx, conn, server, &manifest)
        }
        Frame::HubBlobHave(have) => blob_have(rooms, links, ctx, conn, &have),
        // For hubs, or between members.
        _ => Ok(()),
    }
}

/// Takes a hub's answer to our subscription.
fn take_state(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    state: &HubState,
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == state.server) else {
        return Ok(());
    };
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    take_manifest(room, ctx, &state.manifest);
    let node = link.node;
    // Only a hub that the server's own manifest names is believed to be one.
    if !room.hosting.is_hub(&node) {
        return Ok(());
    }
    let session = link.hubs.entry(room.id).or_default();
    if session.listed || session.incarnation != state.incarnation {
        *session = Session::default();
        session.incarnation = state.incarnation;
    }
    session.may_write = state.may_write;
    for topic in &state.topics {
        session.logs.insert(topic.topic, (topic.first, topic.last));
    }
    if state.more {
        return Ok(());
    }
    session.listed = true;
    let who = Who::Hub { node };
    match link.subs.get_mut(&room.id) {
        Some(sub) => sub.who = who,
        None => {
            link.subs.insert(room.id, Sub::new(who));
        }
    }
    let theirs = Unverified::<HostingManifest>::decode(&state.manifest).ok();
    let theirs = theirs.and_then(|manifest| {
        let key = manifest.hint();
        manifest.verify(&key).ok().map(|manifest| manifest.seq)
    });
    if let Some(manifest) = &room.hosting.manifest
        && theirs.is_none_or(|seq| seq < manifest.seq)
    {
        let (server, manifest) = (room.tag, manifest.bytes().encode().into());
        send(ctx, conn, &Frame::HubManifest { server, manifest });
    }
    if upload::hub_lacks(room, node, session) && state.may_write {
        let (server, topics) = (room.tag, Vec::new());
        send(ctx, conn, &Frame::HubVectors { server, topics });
    }
    room.hosting.fill &= !state.may_write;
    ctx.out.notice(Notice::ServerState(room.id));
    ctx.out.notice(Notice::Network);
    pump(room, link, ctx, conn)
}

pub(super) use fetch::envelopes;

/// Goes on with both directions of the talk.
pub(super) fn pump(
    room: &mut Room,
    link: &mut super::Link,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
) -> Result<(), ViewError> {
    fetch::ask(room, link, ctx, conn);
    upload::bring(room, link, ctx, conn)
}

/// What time alone asks for: uploads that were put off, and pages that could not be used yet.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn tick(rooms: &mut Rooms, links: &mut Links, ctx: &mut Ctx<'_>) -> Result<(), ViewError> {
    for (conn, link) in links.iter_mut() {
        let servers: Vec<_> = link.hubs.keys().copied().collect();
        for server in servers {
            if let Some(room) = rooms.get_mut(&server) {
                pump(room, link, ctx, *conn)?;
            }
        }
    }
    Ok(())
}

/// Lets every page be asked for again: the state has changed, or a round has come.
pub fn look_again(room: &Room, links: &mut Links) {
    for link in links.values_mut() {
        if let Some(session) = link.hubs.get_mut(&room.id) {
            session.stuck.clear();
        }
    }
}

/// Takes a manifest in: it certifies itself by the hosting root. True if it is new here.
pub(super) fn take_manifest(room: &mut Room, ctx: &mut Ctx<'_>, bytes: &[u8]) -> bool {
    let Ok(unverified) = Unverified::<HostingManifest>::decode(bytes) else {
        return false;
    };
    let key = unverified.hint();
    let Ok(manifest) = unverified.verify(&key) else {
        return false;
    };
    let right_root = room.hosting_id() == Some(hosting_id(&manifest.root));
    if !right_root
        || manifest.server != room.tag
        || manifest.seq <= room.hosting.seq()
        || manifest.check(&manifest.root).is_err()
        || manifest.critical_key().is_some()
    {
        return false;
    }
    room.hosting.adopt(&mut ctx.txn, room.id, manifest);
    ctx.out.notice(Notice::Server(room.id));
    true
}

/// A manifest from a member or a hub.
fn take_manifest_of(
    rooms: &mut Rooms,
    links: &mut Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    bytes: &[u8],
) -> Result<(), ViewError> {
    let Some(room) = rooms.values_mut().find(|room| room.tag == tag) else {
        return Ok(());
    };
    if take_manifest(room, ctx, bytes) {
        tell_manifest(room, links, ctx, Some(conn));
    }
    let Some(link) = links.get_mut(&conn) else {
        return Ok(());
    };
    // A hub that has just taken the manifest can be asked now.
    if room.hosting.is_hub(&link.node) && !link.hubs.contains_key(&room.id) {
        link.proven.remove(&room.id);
        proof::introduce(rooms, links, ctx, conn);
    }
    Ok(())
}

/// Tells every connection that takes part in a server its manifest.
pub fn tell_manifest(room: &Room, links: &Links, ctx: &mut Ctx<'_>, except: Option<ConnId>) {
    let Some(manifest) = &room.hosting.manifest else {
        return;
    };
    let manifest: ByteVec = manifest.bytes().encode().into();
    for (conn, link) in links {
        let takes_part = link
            .subs
            .get(&room.id)
            .is_some_and(|sub| matches!(sub.who, Who::Member { .. } | Who::Hub { .. }));
        if takes_part && except != Some(*conn) {
            let frame = Frame::HubManifest {
                server: room.tag,
                manifest: manifest.clone(),
            };
            send(ctx, *conn, &frame);
        }
    }
}

/// Takes receipts of a hub for envelopes that this node brought.
fn take_receipts(
    rooms: &mut Rooms,
    links: &Links,
    ctx: &mut Ctx<'_>,
    conn: ConnId,
    tag: ServerTag,
    receipts: &[ByteVec],
) -> Result<(), ViewError> {
    let Some(link) = links.get(&conn) else {
        return Ok(());
    };
    let Some(room) = rooms.values_mut().find(|room| room.tag == tag) else {
        return Ok(());
    };
    for receipt in receipts {
        take_receipt(room, ctx, link.node, receipt)?;
    }
    Ok(())
}

/// Checks and keeps one receipt, and looks again at the message that waited for it.
fn take_receipt(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    hub: NodeId,
    bytes: &[u8],
) -> Result<(), ViewError> {
    let Some(receipt) = verified_receipt(room, hub, bytes) else {
        return Ok(());
    };
    let message = receipt.envelope;
    let Some(conclave_core::envelope::Topic::Channel(_, channel)) =
        room.topics.get(&receipt.topic).copied()
    else {
        return Ok(());
    };
    let key = [&message.0[..], &hub.0].concat();
    // The first one stays: a hub that later gives another for the same position is convicted by both.
    if ctx.txn.get(Table::HubReceipt, &key)?.is_some() {
        return Ok(());
    }
    ctx.txn.put(Table::HubReceipt, key, bytes.to_vec());
    inbox::settle_waiting(room, ctx, Wait::Receipts(message))?;
    if timeline::locate(&ctx.txn, &message)?.is_some() {
        ctx.out.notice(Notice::Delivery { channel, message });
    }
    Ok(())
}

fn verified_receipt(room: &Room, hub: NodeId, bytes: &[u8]) -> Option<Verified<Receipt>> {
    let manifest = room.hosting.manifest.as_ref()?;
    let named = manifest.hubs.iter().find(|known| known.node == hub)?;
    let unverified = Unverified::<Receipt>::decode(bytes).ok()?;
    let receipt = unverified.verify(&named.receipt_key).ok()?;
    let right = receipt.hub == hub
        && receipt.receipt_key == named.receipt_key
        && receipt.server == room.tag
        && receipt.position > 0;
    right.then_some(receipt)
}

/// Where a server's hubs are.
pub fn hub_reaches(room: &Room) -> impl Iterator<Item = Reach> + use<'_> {
    let hubs = room
        .hosting
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.hubs);
    hubs.map(|hub| Reach {
        node: hub.node,
        relays: hub.relays.clone(),
        addresses: hub.addresses.clone(),
        time: Millis(0),
    })
}

/// How many hubs of a server are connected and take what this node says.
#[must_use]
pub fn hubs_that_write(room: &Room, links: &Links) -> usize {
    let session = |link: &&super::Link| {
        link.hubs
            .get(&room.id)
            .is_some_and(|session| session.listed && session.may_write)
            && room.hosting.is_hub(&link.node)
    };
    links.values().filter(session).count()
}
