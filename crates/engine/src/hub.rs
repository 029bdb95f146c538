//! A hub: it stores and serves sealed envelopes for servers that it knows nothing of but a manifest.
//!
//! [`Hub::handle`] takes a group of inputs and is one transaction, whatever their number: so one sync of the disk serves
//! everybody who sent meanwhile, and what was appended goes out in one frame per server, encoded once. Every sender is
//! admitted by a chain of signatures that is checked offline, every envelope judged by the manifest's durability, and every
//! byte counted against its sender, its topic and its server.

mod admit;
mod append;
mod blobs;
mod conn;
mod evict;
mod ledger;
pub mod limits;
mod rows;
mod serve;
mod space;
mod throttle;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{Digest, Millis, NodeId, ServerTag, VerifyKey};
use conclave_core::signed::SigningKey;
use conclave_core::view::{Change, Table, View, ViewError};
use rand_core::CryptoRng;

use crate::effect::ConnId;
use crate::txn::Txn;
use crate::wire::Frame;
use conn::Conn;
pub use limits::HubLimits;
use space::Space;
pub use space::SpaceStatus;
use throttle::Throttle;

/// What reaches a hub.
#[derive(Debug)]
pub enum HubInput {
    /// A connection came up; the node is authenticated by the transport.
    Connected {
        /// Its number.
        conn: ConnId,
        /// The other side.
        node: NodeId,
    },
    /// A frame arrived.
    Frame(ConnId, Vec<u8>),
    /// A connection is gone.
    Disconnected(ConnId),
    /// The operator drops a server with all that it stored, and refuses it from then on, or lets it come back.
    Drop {
        /// Its hosting id.
        hosting: Digest,
        /// Refused, or allowed again.
        refuse: bool,
    },
    /// Time passed.
    Tick,
}

/// Everything that one call wants: the changes are committed in one transaction, and only then anything leaves.
#[derive(Debug, Default)]
pub struct HubEffects {
    /// Changes of the store, in order.
    pub changes: Vec<Change>,
    /// Frames, in order; each goes to all of its connections.
    pub sends: Vec<HubSend>,
    /// Connections to close, with a reason for the log.
    pub hangups: Vec<(ConnId, &'static str)>,
    /// When the hub next wants a tick, at the latest.
    pub wake: Option<Millis>,
}

/// One frame, encoded once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HubSend {
    /// For whom.
    pub to: Vec<ConnId>,
    /// The frame.
    pub frame: Vec<u8>,
}

/// What a hub is started with.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Its transport key, as manifests name it.
    pub node: NodeId,
    /// The key that signs its receipts.
    pub receipt_key: SigningKey,
    /// Bounds.
    pub limits: HubLimits,
    /// Hosting ids that it serves; absent: every server that names it.
    pub only: Option<BTreeSet<Digest>>,
}

/// Counters since the start; none names a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HubCounters {
    /// Envelopes appended.
    pub appended: u64,
    /// Their bytes.
    pub appended_bytes: u64,
    /// Envelopes that were there already.
    pub repeated: u64,
    /// Receipts signed.
    pub receipts: u64,
    /// Envelopes refused, by [`crate::wire::HubWhy`] minus 1.
    pub refused: [u64; 11],
    /// Frames handed to subscribers as news.
    pub fanned_out: u64,
    /// Pages served.
    pub pages: u64,
    /// Envelopes dropped by retention or closings.
    pub evicted: u64,
    /// Bytes of blobs stored.
    pub blob_bytes: u64,
}

/// A hub.
pub struct Hub {
    config: HubConfig,
    spaces: BTreeMap<Digest, Space>,
    /// Hosting ids that the operator refuses.
    refused: BTreeSet<Digest>,
    conns: BTreeMap<ConnId, Conn>,
    throttle: Throttle,
    counters: HubCounters,
    next_number: u32,
    restores: u64,
}

/// What one call carries through the rooms of the hub.
pub(super) struct HubCtx<'a> {
    txn: Txn<'a>,
    now: Millis,
    rng: &'a mut dyn CryptoRng,
    sends: Vec<HubSend>,
    hangups: Vec<(ConnId, &'static str)>,
}

/// Where the store keeps how often it was restored from a backup, as 8 bytes; absent: never. Each restoring begins a new life
/// of the logs, so that nobody takes its positions for those of the old one.
pub const RESTORES: &[u8] = b"restores";

/// How often a hub wants to be woken to evict, in milliseconds.
const TICK_MS: u64 = 10_000;

impl Hub {
    /// Opens a hub from its store.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or is damaged.
    pub fn open(config: HubConfig, view: &dyn View) -> Result<Self, ViewError> {
        let restores = view.get(Table::Meta, RESTORES)?;
        let restores = restores.and_then(|row| Some(u64::from_be_bytes(row.try_into().ok()?)));
        let restores = restores.unwrap_or(0);
        let (spaces, refused) = space::load(view, restores)?;
        let next_number = spaces.values().map(|space| space.row.number + 1).max();
        Ok(Self {
            config,
            spaces,
            refused,
            conns: BTreeMap::new(),
            throttle: Throttle::default(),
            counters: HubCounters::default(),
            next_number: next_number.unwrap_or(1),
            restores,
        })
    }

    /// Takes a group of inputs in one transaction.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read: then nothing must be committed or sent, and the hub opened anew.
    pub fn handle(
        &mut self,
        inputs: Vec<HubInput>,
        now: Millis,
        rng: &mut dyn CryptoRng,
        view: &dyn View,
    ) -> Result<HubEffects, ViewError> {
        let mut ctx = HubCtx {
            txn: Txn::new(view),
            now,
            rng,
            sends: Vec::new(),
            hangups: Vec::new(),
        };
        for input in inputs {
            self.one(input, &mut ctx)?;
        }
        self.tell_news(&mut ctx);
        space::save_changed(&mut self.spaces, &mut ctx.txn);
        Ok(HubEffects {
            changes: ctx.txn.into_changes(),
            sends: ctx.sends,
            hangups: ctx.hangups,
            wake: Some(Millis(now.0 + TICK_MS)),
        })
    }

    fn one(&mut self, input: HubInput, ctx: &mut HubCtx<'_>) -> Result<(), ViewError> {
        match input {
            HubInput::Connected { conn, node } => {
                let fresh = Conn::greet(node, ctx.rng);
                let nonce = fresh.our_nonce.to_vec().into();
                self.conns.insert(conn, fresh);
                ctx.send(conn, &Frame::Greet { nonce });
            }
            HubInput::Disconnected(conn) => self.forget(conn),
            HubInput::Frame(conn, bytes) => self.frame(conn, &bytes, ctx)?,
            HubInput::Drop { hosting, refuse } => self.drop_server(hosting, refuse, ctx)?,
            HubInput::Tick => {
                self.throttle.tick(ctx.now);
                for conn in self.conns.values_mut() {
                    conn.costly = 0;
                }
                self.evict(ctx)?;
            }
        }
        Ok(())
    }

    fn frame(&mut self, conn: ConnId, bytes: &[u8], ctx: &mut HubCtx<'_>) -> Result<(), ViewError> {
        if !self.conns.contains_key(&conn) {
            return Ok(());
        }
        let Ok(frame) = Frame::decode(bytes) else {
            ctx.hangups.push((conn, "a frame that is not canonical"));
            return Ok(());
        };
        if self.asks_too_much(conn, &frame) {
            ctx.hangups.push((conn, "it asks too much at once"));
            return Ok(());
        }
        match frame {
            // The other side's nonce is for proofs that a hub never makes.
            Frame::Greet { .. } => {}
            Frame::Subscribe(subscribe) => self.subscribe(conn, &subscribe, ctx)?,
            Frame::HubManifest { manifest, .. } => self.manifest(conn, &manifest, ctx)?,
            Frame::HubRevoke { server, revocation } => {
                self.revoke(conn, server, &revocation, ctx)?;
            }
            Frame::Envelopes {
                server, envelopes, ..
            } => self.append(conn, server, &envelopes, ctx)?,
            Frame::HubWant(want) => self.serve(conn, &want, ctx)?,
            Frame::HubVectors { server, topics } => self.vectors(conn, server, &topics, ctx)?,
            Frame::Ephemeral { server, envelope } => {
                self.pass_on(conn, server, &envelope, ctx);
            }
            Frame::HubBlobPut(put) => self.blob_put(conn, put, ctx)?,
            Frame::BlobWant {
                server,
                hash,
                offset,
            } => self.blob_serve(conn, server, hash, offset, ctx)?,
            // Between members alone; a hub has no part in them.
            Frame::Have(_)
            | Frame::Stored { .. }
            | Frame::KeyWant { .. }
            | Frame::BlobPart { .. }
            | Frame::Refused { .. }
            | Frame::HubState(_)
            | Frame::HubEnvelopes(_)
            | Frame::HubReceipts { .. }
            | Frame::HubRefused { .. }
            | Frame::HubBlobHave(_) => {}
        }
        Ok(())
    }

    /// Counts what costs the hub much, whoever asks for it.
    fn asks_too_much(&mut self, conn: ConnId, frame: &Frame) -> bool {
        let cost = match frame {
            Frame::Subscribe(_) | Frame::HubManifest { .. } | Frame::HubRevoke { .. } => 1,
            Frame::HubVectors { .. } => limits::VECTORS_COST,
            _ => return false,
        };
        self.conns.get_mut(&conn).is_some_and(|conn| {
            conn.costly = conn.costly.saturating_add(cost);
            conn.costly > limits::COSTLY_MAX
        })
    }

    /// Counters since the start.
    #[must_use]
    pub fn counters(&self) -> HubCounters {
        self.counters
    }

    /// Connections now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.conns.len()
    }

    /// Subscriptions now, over all servers.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.spaces
            .values()
            .map(|space| space.subscribers.len())
            .sum()
    }

    /// How every server stands, by hosting id.
    #[must_use]
    pub fn status(&self) -> Vec<(Digest, SpaceStatus)> {
        let spaces = self.spaces.iter();
        spaces.map(|(id, space)| (*id, space.status())).collect()
    }

    /// Hosting ids that the operator refuses.
    #[must_use]
    pub fn refused(&self) -> Vec<Digest> {
        self.refused.iter().copied().collect()
    }

    /// The key that signs this hub's receipts.
    #[must_use]
    pub fn receipt_key(&self) -> VerifyKey {
        self.config.receipt_key.public()
    }

    /// The space that a connection has subscribed to under a server's tag.
    fn subscribed(&mut self, conn: ConnId, server: ServerTag) -> Option<(&mut Space, conn::Seat)> {
        let (hosting, seat) = self.conns.get(&conn)?.seats.get(&server).copied()?;
        Some((self.spaces.get_mut(&hosting)?, seat))
    }

    fn forget(&mut self, conn: ConnId) {
        if let Some(gone) = self.conns.remove(&conn) {
            for (hosting, _) in gone.seats.values() {
                if let Some(space) = self.spaces.get_mut(hosting) {
                    space.subscribers.remove(&conn);
                }
            }
        }
    }
}

impl HubCtx<'_> {
    fn send(&mut self, conn: ConnId, frame: &Frame) {
        self.sends.push(HubSend {
            to: vec![conn],
            frame: frame.encode(),
        });
    }
}

#[cfg(test)]
mod tests;
