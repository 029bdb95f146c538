//! The hosting manifest: what blind hubs go by.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::durability::{Durability, Standing, may_store};
use crate::hash::{Label, hash};
use crate::id::{Digest, Millis, NodeId, Pseudonym, ServerTag, TopicTag, VerifyKey};
use crate::member::Closing;
use crate::signed::{Signable, SignedError, Verified, verify_bytes};

/// Version of the manifest format that this build writes.
pub const MANIFEST_VERSION: u16 = 1;

/// Longest manifest payload in bytes: all of its lists at their limits fit.
pub const MANIFEST_BYTES_MAX: usize = 512 * 1024;

/// Most hubs of one server.
pub const HUBS_MAX: usize = 32;

/// Most topics with a rule of their own: Discord's 500 channels, twice.
pub const MANIFEST_TOPICS_MAX: usize = 1024;

/// Most closings that a manifest lists; older ones are in manifests before it.
pub const MANIFEST_REVOKED_MAX: usize = 4096;

/// Most pseudonyms that may add revocations.
const CAPABILITIES_MAX: usize = 64;

/// Most relays or addresses of a hub.
const HUB_PLACES_MAX: usize = 8;

/// Longest relay URL or address of a hub, in bytes.
const PLACE_BYTES_MAX: usize = 128;

/// What a server's hubs must know, and all they know: hubs, topics, admission. One writer, a chain of versions.
///
/// Signed by the manifest key, to which the hosting root key delegates. Layout: CBOR map, keys 0–12; at most
/// [`MANIFEST_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct HostingManifest {
    /// Format version, [`MANIFEST_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server, as carriers know it.
    #[n(1)]
    pub server: ServerTag,
    /// The hosting root key, whose hash is the hosting id.
    #[n(2)]
    pub root: VerifyKey,
    /// From the root to the key that signs this.
    #[n(3)]
    pub delegation: Delegation,
    /// Position in the chain of manifests, from 1.
    #[n(4)]
    pub seq: u64,
    /// Hash of the manifest before this one; absent in the first alone.
    #[n(5)]
    pub prev: Option<Digest>,
    /// The hubs, ascending by node, at most [`HUBS_MAX`].
    #[n(6)]
    pub hubs: Vec<Hub>,
    /// Rules of topics, ascending by tag, at most [`MANIFEST_TOPICS_MAX`]; other topics follow `default_topic`.
    #[n(7)]
    pub topics: Vec<TopicPolicy>,
    /// The rule of every topic that `topics` leaves out; its tag is zero.
    #[n(8)]
    pub default_topic: TopicPolicy,
    /// Keys of invites through which pseudonyms are admitted, ascending. An admission outlives its invite.
    #[n(9)]
    pub invites: Vec<VerifyKey>,
    /// Where removed pseudonyms end: ascending by pseudonym and topic, at most [`MANIFEST_REVOKED_MAX`].
    #[n(10)]
    pub revoked: Vec<Closing>,
    /// Who may add revocations without the writer, ascending by pseudonym.
    #[n(11)]
    pub may_revoke: Vec<RevocationCapability>,
    /// When, as the writer's clock claims. Advisory.
    #[n(12)]
    pub time: Millis,
}

/// The hosting root's word that a key may write manifests from a version on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Delegation {
    /// The manifest key.
    #[n(0)]
    pub key: VerifyKey,
    /// First manifest that it may sign. Of two delegations the one with the higher number replaces the other.
    #[n(1)]
    pub from_seq: u64,
    /// 64-byte signature of the root over [`delegation_payload`] under [`Label::ManifestDelegation`].
    #[n(2)]
    pub signature: ByteVec,
}

/// A hub.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Hub {
    /// Its transport key.
    #[n(0)]
    pub node: NodeId,
    /// The key that signs its receipts.
    #[n(1)]
    pub receipt_key: VerifyKey,
    /// URLs of relays.
    #[n(2)]
    pub relays: Vec<String>,
    /// Socket addresses as text.
    #[n(3)]
    pub addresses: Vec<String>,
}

/// How a topic is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct TopicPolicy {
    /// The topic.
    #[n(0)]
    pub topic: TopicTag,
    /// Number of a [`Durability`].
    #[n(1)]
    pub durability: u8,
    /// Receipts that a guaranteed message needs.
    #[n(2)]
    pub quorum: u16,
    /// Hubs drop envelopes after so many milliseconds; absent: never.
    #[n(3)]
    pub retention_ms: Option<u64>,
    /// Bytes that the topic may take on a hub; absent: the hub's own limit.
    #[n(4)]
    pub quota_bytes: Option<u64>,
    /// Which hubs are named for the topic: bit *i* stands for the hub at place *i* of the manifest's list. Absent: all of them,
    /// and none for a strict topic.
    #[n(5)]
    pub hubs: Option<u32>,
}

/// Lets a moderator add revocations for a while, so that a ban needs no owner online.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RevocationCapability {
    /// Whose.
    #[n(0)]
    pub pseudonym: Pseudonym,
    /// Until when, by the hub's clock.
    #[n(1)]
    pub until: Millis,
}

/// Why a manifest does not count, though its signature verifies.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ManifestError {
    /// Another hosting root than the server's genesis names.
    #[error("the manifest is of hosting root {0:?}")]
    OtherRoot(VerifyKey),
    /// The delegation does not verify.
    #[error("the delegation of the manifest key: {0}")]
    Delegation(SignedError),
    /// The key writes before its delegation begins.
    #[error("manifest {seq} is before its key's first, {from_seq}")]
    Early {
        /// The manifest's number.
        seq: u64,
        /// The delegation's first.
        from_seq: u64,
    },
    /// Number and predecessor contradict each other.
    #[error("manifest {0} has a predecessor that it should not have, or lacks one")]
    Chain(u64),
    /// A list is too long, or out of order.
    #[error("the manifest's {0} are too many or not in ascending order")]
    List(&'static str),
    /// A durability that this build does not know.
    #[error("durability {0} is newer than this program: update it")]
    Durability(u8),
}

/// Gives the hosting id: the hash of the hosting root key.
#[must_use]
pub fn hosting_id(root: &VerifyKey) -> Digest {
    hash(Label::HostingId, &[&root.0])
}

/// What the hosting root signs to delegate: server tag, key, and first manifest as 8 bytes, big-endian; 56 bytes.
#[must_use]
pub fn delegation_payload(server: &ServerTag, key: &VerifyKey, from_seq: u64) -> Vec<u8> {
    [&server.0[..], &key.0, &from_seq.to_be_bytes()].concat()
}

impl Signable for HostingManifest {
    const SIGN: Label = Label::ManifestSign;
    const ID: Label = Label::ManifestId;
    const BYTES_MAX: usize = MANIFEST_BYTES_MAX;
    /// The manifest key, which the delegation must then justify.
    type Hint = VerifyKey;

    fn hint(&self) -> VerifyKey {
        self.delegation.key
    }
}

impl HostingManifest {
    /// The rule of a topic.
    #[must_use]
    pub fn topic(&self, topic: &TopicTag) -> &TopicPolicy {
        match self.topics.binary_search_by(|rule| rule.topic.cmp(topic)) {
            Ok(at) => self.topics.get(at).unwrap_or(&self.default_topic),
            Err(_) => &self.default_topic,
        }
    }

    /// Whether a topic's rule names a hub by itself.
    #[must_use]
    pub fn names_for(&self, node: &NodeId, topic: &TopicTag) -> bool {
        let place = self.hubs.iter().position(|hub| hub.node == *node);
        let named = self.topic(topic).hubs.zip(place);
        named.is_some_and(|(mask, place)| place < HUBS_MAX && mask >> place & 1 == 1)
    }

    /// Whether a hub may store and serve a topic.
    #[must_use]
    pub fn hub_may_store(&self, node: &NodeId, topic: &TopicTag) -> bool {
        let rule = self.topic(topic);
        let Some(mode) = Durability::from_number(rule.durability) else {
            return false;
        };
        let is_named_hub = match rule.hubs {
            Some(_) => self.names_for(node, topic),
            None => mode != Durability::Strict && self.hubs.iter().any(|hub| hub.node == *node),
        };
        let standing = Standing {
            is_named_hub,
            ..Standing::default()
        };
        may_store(mode, standing)
    }

    fn check_lists(&self) -> Result<(), ManifestError> {
        let places = |hub: &Hub| {
            [&hub.relays, &hub.addresses].into_iter().all(|list| {
                list.len() <= HUB_PLACES_MAX
                    && list.iter().all(|place| place.len() <= PLACE_BYTES_MAX)
            })
        };
        let closing_key = |closing: &Closing| (closing.pseudonym, closing.topic);
        let lists = [
            (
                "hubs",
                ascending(&self.hubs, HUBS_MAX, |hub| hub.node) && self.hubs.iter().all(places),
            ),
            (
                "topics",
                ascending(&self.topics, MANIFEST_TOPICS_MAX, |rule| rule.topic),
            ),
            (
                "invites",
                ascending(&self.invites, MANIFEST_TOPICS_MAX, |key| *key),
            ),
            (
                "revoked",
                ascending(&self.revoked, MANIFEST_REVOKED_MAX, closing_key),
            ),
            (
                "capabilities",
                ascending(&self.may_revoke, CAPABILITIES_MAX, |one| one.pseudonym),
            ),
        ];
        match lists.into_iter().find(|(_, good)| !good) {
            Some((name, _)) => Err(ManifestError::List(name)),
            None => Ok(()),
        }
    }
}

impl Verified<HostingManifest> {
    /// Checks what the signature does not: the delegation from the server's hosting root, and the limits.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn check(&self, root: &VerifyKey) -> Result<(), ManifestError> {
        if self.root != *root {
            return Err(ManifestError::OtherRoot(self.root));
        }
        let Delegation {
            key,
            from_seq,
            signature,
        } = &self.delegation;
        let payload = delegation_payload(&self.server, key, *from_seq);
        verify_bytes(Label::ManifestDelegation, root, &payload, signature)
            .map_err(ManifestError::Delegation)?;
        if self.seq < *from_seq {
            return Err(ManifestError::Early {
                seq: self.seq,
                from_seq: *from_seq,
            });
        }
        if self.seq == 0 || (self.seq == 1) != self.prev.is_none() {
            return Err(ManifestError::Chain(self.seq));
        }
        self.check_lists()?;
        let rules = self.topics.iter().chain([&self.default_topic]);
        match rules
            .map(|rule| rule.durability)
            .find(|mode| Durability::from_number(*mode).is_none())
        {
            Some(unknown) => Err(ManifestError::Durability(unknown)),
            None => Ok(()),
        }
    }
}

/// Whether a list is strictly ascending by a key, and at most `max` long.
fn ascending<T, K: Ord>(list: &[T], max: usize, key: impl Fn(&T) -> K) -> bool {
    list.len() <= max && list.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
}
