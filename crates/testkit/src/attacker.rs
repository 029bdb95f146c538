//! Somebody who was thrown out and keeps everything: their keys, every wrap, the link's secret, and all ciphertext.
//!
//! Not a peer: it follows no rule, and tries every key on every envelope.

use std::collections::BTreeMap;

use conclave_core::codec::{self, Limits};
use conclave_core::content::{Act, Content};
use conclave_core::envelope::{ENVELOPE_BYTES_MAX, Envelope, Form};
use conclave_core::id::{ChannelId, EnvelopeId, EpochId, LeafId, ServerId};
use conclave_core::identity::AccountKeys;
use conclave_core::invite::InviteLink;
use conclave_core::keys::{
    EpochKeys, EpochRecord, KeyRecord, LeafSecret, NodeRecord, SlotPart, Suite, open_direct,
};
use conclave_core::message;
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View};

/// The attacker's hoard.
pub struct Attacker {
    /// Leaves in both suites, and nodes whose seeds have opened.
    held: BTreeMap<LeafId, LeafSecret>,
    envelopes: Vec<Verified<Envelope>>,
    keys: BTreeMap<EpochId, EpochKeys>,
}

impl Attacker {
    /// Takes a member's keys and the links that they knew.
    ///
    /// # Panics
    /// If a link does not parse.
    #[must_use]
    pub fn new(server: ServerId, keys: &AccountKeys, links: &[&str]) -> Self {
        let own = LeafSecret::from_seed(&keys.leaf_seed(server));
        let links = links.iter().map(|link| {
            let link = InviteLink::parse(link).expect("a link of this test");
            LeafSecret::from_seed(&link.secret.leaf_seed())
        });
        let leaves: Vec<LeafSecret> = core::iter::once(own).chain(links).collect();
        let suites = [Suite::X25519, Suite::XWing];
        let held = leaves
            .iter()
            .flat_map(|leaf| suites.map(|suite| (leaf.public(suite).id(), leaf.clone())))
            .collect();
        Self {
            held,
            envelopes: Vec::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Copies every envelope that a store holds.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub fn copy(&mut self, store: &dyn View) {
        let all = KeyRange::prefix(&[]);
        let rows = store
            .range(Table::Envelope, &all, Direction::Forward, usize::MAX)
            .expect("readable");
        for (_, bytes) in rows {
            if let Ok(envelope) = Verified::<Envelope>::from_store(&bytes)
                && !self
                    .envelopes
                    .iter()
                    .any(|known| known.envelope_id() == envelope.envelope_id())
            {
                self.envelopes.push(envelope);
            }
        }
    }

    /// How many envelopes it holds.
    #[must_use]
    pub fn hoard(&self) -> usize {
        self.envelopes.len()
    }

    /// Opens every epoch that slots, direct slots and links give away, over and over until nothing more opens.
    pub fn open_epochs(&mut self) {
        let records: Vec<KeyRecord> = self
            .envelopes
            .iter()
            .filter(|envelope| envelope.form == Form::Keys)
            .filter_map(|envelope| KeyRecord::decode(&envelope.sealed).ok())
            .collect();
        loop {
            let before = (self.widths(), self.held.len());
            for record in &records {
                match record {
                    KeyRecord::Epoch(epoch) => self.open_epoch(epoch),
                    KeyRecord::Direct(direct) => {
                        let share = self
                            .held
                            .iter()
                            .find_map(|(id, leaf)| open_direct(direct, leaf, *id).ok());
                        if let Some(share) = share {
                            self.learn(direct.epoch, share.keys());
                        }
                    }
                    KeyRecord::Node(node) => self.open_node(node),
                    KeyRecord::Slots(part) => self.open_part(part, &records),
                    KeyRecord::Complaint(_) => {}
                }
            }
            if (self.widths(), self.held.len()) == before {
                return;
            }
        }
    }

    fn open_node(&mut self, node: &NodeRecord) {
        let opened = self
            .held
            .iter()
            .find_map(|(id, leaf)| node.open_seed(leaf, *id).ok());
        if let (Some(seed), Ok(suite)) = (opened, node.suite()) {
            let secret = seed.leaf_secret();
            self.held.insert(secret.public(suite).id(), secret);
        }
    }

    fn open_part(&mut self, part: &SlotPart, records: &[KeyRecord]) {
        let epoch = records.iter().find_map(|record| match record {
            KeyRecord::Epoch(epoch) if epoch.id() == part.epoch => Some(epoch),
            _ => None,
        });
        let opened = epoch.and_then(|epoch| {
            self.held.iter().find_map(|(id, leaf)| {
                let slot = epoch.slot_in(part, id)?;
                epoch.open_slot(slot, leaf, *id).ok()
            })
        });
        if let Some(opened) = opened {
            self.learn(part.epoch, opened.keys);
        }
    }

    fn open_epoch(&mut self, epoch: &EpochRecord) {
        let opened = self
            .held
            .iter()
            .find_map(|(id, leaf)| epoch.open(leaf, *id).ok());
        if let Some(opened) = opened {
            self.learn(epoch.id(), opened.keys);
        }
        if let Some(keys) = self.keys.get(&epoch.id()).cloned() {
            for (parent, keys) in epoch.unlink(&keys) {
                self.learn(parent, keys);
            }
        }
    }

    fn learn(&mut self, epoch: EpochId, keys: EpochKeys) {
        let known = self.keys.entry(epoch).or_insert_with(|| keys.clone());
        if known.content.is_none() {
            *known = keys;
        }
    }

    fn widths(&self) -> Vec<bool> {
        self.keys
            .values()
            .map(|keys| keys.content.is_some())
            .collect()
    }

    /// Tries every content key on every message of a channel: what opens, by envelope.
    #[must_use]
    pub fn read(&self, channel: ChannelId) -> BTreeMap<EnvelopeId, String> {
        let mut opened = BTreeMap::new();
        for envelope in self
            .envelopes
            .iter()
            .filter(|envelope| envelope.form == Form::Sealed)
        {
            for content in self.keys.values().filter_map(|keys| keys.content.as_ref()) {
                let key = content.channel(&channel);
                let Ok(plain) = message::open(envelope, key.as_bytes()) else {
                    continue;
                };
                let content = codec::decode::<Content>(&plain, Limits::bytes(ENVELOPE_BYTES_MAX));
                if let Ok(Content {
                    act: Act::Post(post),
                    ..
                }) = content
                {
                    opened.insert(envelope.envelope_id(), post.text);
                }
            }
        }
        opened
    }
}
