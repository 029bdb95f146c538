//! Who may use the hub: manifests taken, subscriptions judged, revocations added.

use conclave_core::codec;
use conclave_core::id::{Digest, Pseudonym, ServerTag, VerifyKey};
use conclave_core::policy::{HostingManifest, Revocation, hosting_id};
use conclave_core::signed::{Unverified, Verified};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};

use super::conn::{SEATS_MAX, Seat};
use super::rows::{self, ClosingRow, MemberRow};
use super::space::Space;
use super::{Hub, HubCtx};
use crate::effect::ConnId;
use crate::wire::{Frame, HUB_TOPICS_MAX, HubState, HubTopic, Subscribe};

/// Numbers of `Refused` (chapter `sync`).
const NOT_HERE: u8 = 1;
pub(super) const NOT_A_MEMBER: u8 = 2;
const BAD_PROOF: u8 = 3;
const UNKNOWN: u8 = 4;

impl Hub {
    /// Judges who somebody is in a server, and tells them how far its logs have come.
    pub(super) fn subscribe(
        &mut self,
        conn: ConnId,
        proof: &Subscribe,
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let server = proof.server;
        match self.judge(conn, proof, ctx)? {
            Ok((hosting, seat)) => {
                if let Some(state) = self.conns.get_mut(&conn) {
                    state.seats.insert(server, (hosting, seat));
                }
                if let Some(space) = self.spaces.get_mut(&hosting) {
                    space.subscribers.insert(conn);
                    tell_state(space, seat, conn, ctx);
                }
            }
            Err(why) => ctx.send(conn, &Frame::Refused { server, why }),
        }
        Ok(())
    }

    fn judge(
        &mut self,
        conn: ConnId,
        proof: &Subscribe,
        ctx: &mut HubCtx<'_>,
    ) -> Result<Result<(Digest, Seat), u8>, ViewError> {
        let Some(state) = self.conns.get(&conn) else {
            return Ok(Err(BAD_PROOF));
        };
        let full = state.seats.len() >= SEATS_MAX && !state.seats.contains_key(&proof.server);
        // Without a hosting id no server is looked up: anybody may claim a tag, and nobody another's root.
        let Some(hosting) = proof.hosting.filter(|_| !full) else {
            return Ok(Err(NOT_HERE));
        };
        let Some(space) = self.spaces.get(&hosting) else {
            return Ok(Err(NOT_HERE));
        };
        if space.row.server != proof.server {
            return Ok(Err(NOT_HERE));
        }
        let checked = proof.verify(state.node, self.config.node, &state.our_nonce);
        if checked.is_err() {
            return Ok(Err(BAD_PROOF));
        }
        if proof.invite {
            let listed = space.manifest.invites.binary_search(&proof.key).is_ok();
            return Ok(if listed {
                Ok((hosting, Seat::Reader))
            } else {
                Err(UNKNOWN)
            });
        }
        let pseudonym = Pseudonym(proof.key.0);
        if space.is_closed(&pseudonym) {
            return Ok(Err(NOT_A_MEMBER));
        }
        let key = rows::member_key(space.row.number, &pseudonym);
        if ctx.txn.get(Table::HubMember, &key)?.is_none() {
            let admitted = proof
                .admission
                .as_ref()
                .is_some_and(|admission| admission.verify(&space.manifest, &pseudonym).is_ok());
            if !admitted {
                return Ok(Err(UNKNOWN));
            }
            // Kept: an admission outlives the invite that it came from.
            let row = MemberRow {
                since: ctx.now,
                bytes: 0,
            };
            ctx.txn.put(Table::HubMember, key, codec::encode(&row));
        }
        Ok(Ok((hosting, Seat::Member(pseudonym))))
    }

    /// Takes a manifest: of a server that is new here, or the next of one that is known.
    pub(super) fn manifest(
        &mut self,
        conn: ConnId,
        bytes: &[u8],
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some(manifest) = verified(bytes) else {
            return Ok(());
        };
        let hosting = hosting_id(&manifest.root);
        let barred = self.refused.contains(&hosting)
            || self
                .config
                .only
                .as_ref()
                .is_some_and(|only| !only.contains(&hosting));
        if barred {
            let server = manifest.server;
            let why = NOT_HERE;
            ctx.send(conn, &Frame::Refused { server, why });
            return Ok(());
        }
        match self.spaces.get_mut(&hosting) {
            Some(space) => {
                if manifest.seq <= space.manifest.seq || manifest.server != space.row.server {
                    return Ok(());
                }
                adopt(space, manifest, ctx)?;
            }
            None => {
                let named = manifest.hubs.iter().any(|hub| {
                    hub.node == self.config.node
                        && hub.receipt_key == self.config.receipt_key.public()
                });
                if !named || self.spaces.len() >= self.config.limits.spaces_max {
                    return Ok(());
                }
                let number = self.next_number;
                self.next_number += 1;
                let space = Space::new(number, manifest, self.restores, ctx.now);
                self.spaces.insert(hosting, space);
            }
        }
        self.after_closings(hosting, ctx)?;
        let Some(space) = self.spaces.get(&hosting) else {
            return Ok(());
        };
        let frame = Frame::HubManifest {
            server: space.row.server,
            manifest: bytes.to_vec().into(),
        };
        // Its bearer is told too: so they know that it is in force, and may subscribe.
        let mut to: Vec<ConnId> = space.subscribers.iter().copied().collect();
        if !to.contains(&conn) {
            to.push(conn);
        }
        ctx.sends.push(super::HubSend {
            to,
            frame: frame.encode(),
        });
        Ok(())
    }

    /// Takes closings that a moderator adds.
    pub(super) fn revoke(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        bytes: &[u8],
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let Some((hosting, _)) = self
            .conns
            .get(&conn)
            .and_then(|conn| conn.seats.get(&server).copied())
        else {
            return Ok(());
        };
        let Some(space) = self.spaces.get_mut(&hosting) else {
            return Ok(());
        };
        let Ok(unverified) = Unverified::<Revocation>::decode(bytes) else {
            return Ok(());
        };
        let by = unverified.hint();
        let Ok(revocation) = unverified.verify(&VerifyKey(by.0)) else {
            return Ok(());
        };
        if revocation.check(&space.manifest, ctx.now).is_err() || space.is_closed(&by) {
            return Ok(());
        }
        for closing in &revocation.closings {
            // The writer and those who may revoke end by the writer's word alone.
            if is_spared(&space.manifest, &closing.pseudonym) {
                continue;
            }
            let place = (closing.pseudonym, closing.topic);
            let known = space.closings.get(&place).copied().unwrap_or(u64::MAX);
            let last = closing.last.min(known);
            space.closings.insert(place, last);
            let key = rows::closing_key(space.row.number, &closing.pseudonym, &closing.topic);
            let row = ClosingRow {
                last,
                manifest_seq: space.manifest.seq,
            };
            ctx.txn.put(Table::HubClosing, key, codec::encode(&row));
        }
        self.after_closings(hosting, ctx)
    }

    /// Ends what removed pseudonyms still have: their subscriptions, and what they sent beyond their end.
    fn after_closings(&mut self, hosting: Digest, ctx: &mut HubCtx<'_>) -> Result<(), ViewError> {
        self.turn_out(&hosting, ctx);
        self.drop_beyond_closings(hosting, ctx)
    }
}

/// A manifest in wire form whose signature, delegation and limits hold.
pub(super) fn verified(bytes: &[u8]) -> Option<Verified<HostingManifest>> {
    let unverified = Unverified::<HostingManifest>::decode(bytes).ok()?;
    let key = unverified.hint();
    let manifest = unverified.verify(&key).ok()?;
    let root = manifest.root;
    (manifest.check(&root).is_ok() && manifest.critical_key().is_none()).then_some(manifest)
}

/// Puts a later manifest in force; what moderators added to earlier ones is replaced by it.
fn adopt(
    space: &mut Space,
    manifest: Verified<HostingManifest>,
    ctx: &mut HubCtx<'_>,
) -> Result<(), ViewError> {
    let prefix = KeyRange::prefix(&space.row.number.to_be_bytes());
    for (key, _) in ctx
        .txn
        .range(Table::HubClosing, &prefix, Direction::Forward, usize::MAX)?
    {
        ctx.txn.delete(Table::HubClosing, key);
    }
    space.row.manifest = manifest.bytes().encode().into();
    space.manifest = manifest;
    space.closings.clear();
    space.take_closings();
    space.changed = true;
    Ok(())
}

/// Whether a moderator's revocation says nothing about a pseudonym.
fn is_spared(manifest: &HostingManifest, pseudonym: &Pseudonym) -> bool {
    let mut holders = manifest.may_revoke.iter();
    manifest
        .invites
        .binary_search(&VerifyKey(pseudonym.0))
        .is_ok()
        || holders.any(|holder| holder.pseudonym == *pseudonym)
}

/// Tells a subscriber what the hub goes by and how far its logs have come.
fn tell_state(space: &Space, seat: Seat, conn: ConnId, ctx: &mut HubCtx<'_>) {
    let topics: Vec<HubTopic> = space
        .topics
        .iter()
        .map(|(topic, row)| HubTopic {
            topic: *topic,
            first: row.first,
            last: row.last,
        })
        .collect();
    let mut parts = topics.chunks(HUB_TOPICS_MAX).peekable();
    loop {
        let part: Vec<HubTopic> = parts.next().map(<[HubTopic]>::to_vec).unwrap_or_default();
        let more = parts.peek().is_some();
        let state = HubState {
            server: space.row.server,
            incarnation: space.incarnation(),
            manifest: space.row.manifest.clone(),
            may_write: matches!(seat, Seat::Member(_)),
            topics: part,
            more,
        };
        ctx.send(conn, &Frame::HubState(state));
        if !more {
            return;
        }
    }
}
