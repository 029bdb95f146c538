//! Who can read what: audiences, epochs, key trees, links (chapter `keys`).
//!
//! An [`audience`] is one distinct rule of who may view. An *epoch* is a secret of an audience, sealed to its leaves: devices
//! and invites, alone or through inner nodes ([`make_epoch`], [`EpochRecord::open`]). From its secret derive a state key and a
//! content key, and from that one a key for each channel. Epochs form a graph and are additive: an old key still opens what
//! it once sealed. The authority log alone decides who is in; [`rules`] says which epochs may be used.

pub mod audience;
mod cover;
mod direct;
mod error;
mod header;
mod leaf;
mod merkle;
mod node;
mod note;
mod open;
mod plan;
mod record;
pub mod rules;
mod secret;
mod slot;
mod suite;
mod tree;
mod wrap;

pub use cover::{Cover, Growth, Shape, is_beneath};
pub use direct::{Complaint, DirectSlot, direct_slot, open_direct};
pub use error::KeysError;
pub use header::{
    DEPTH_MAX, EPOCH_HEADER_BYTES_MAX, EPOCH_PARENTS_MAX, EPOCH_VERSION, EpochHeader, EpochHint,
    LINK_LEN, Link, PUBLIC_BYTES_MAX, PublicHeader, Reason, Removed, SLOTS_MAX,
};
pub use leaf::{Leaf, LeafSecret, leaf_list};
pub use merkle::{slot_proof, slot_proven, slot_root};
pub use node::{
    ARITY_MAX, NODE_HEADER_BYTES_MAX, NewNode, NodeHeader, NodeHint, NodePlan, NodePublic,
    NodeRecord, TreeNode, make_node,
};
pub use note::{NOTE_BYTES_MAX, open_note, seal_note};
pub use open::OpenedEpoch;
pub use plan::{EpochPlan, NewEpoch, SLOTS_MIN, make_epoch};
pub use record::{EpochRecord, KeyRecord, RecordError, SlotPart};
pub use secret::{ChannelKey, ContentKey, EpochKeys, EpochSecret, NodeSeed, Share, StateKey};
pub use slot::{SEED_CIPHERTEXT_LEN, SHARE_CIPHERTEXT_LEN, Slot};
pub use suite::Suite;
pub use tree::{Group, Tree};

#[cfg(test)]
mod tests;
