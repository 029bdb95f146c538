//! Durability: who may store, who must acknowledge, and the signed records of hosting, discovery and checkpoints.
//!
//! [`Durability`], [`may_store`], [`HostingManifest`], [`Admission`], [`Revocation`] and [`Receipt`] are what members and hubs go
//! by. [`DiscoveryRecord`] and [`Checkpoint`] are formats: they are written, bounded, signed and verified here, and acted on by
//! later work (chapter `policy`).

mod admission;
mod checkpoint;
mod discovery;
mod durability;
mod manifest;
mod receipt;

pub use admission::{
    Admission, AdmissionError, REVOCATION_BYTES_MAX, REVOCATION_CLOSINGS_MAX, REVOCATION_VERSION,
    Revocation, RevocationError, admission_payload,
};
pub use checkpoint::{
    CHECKPOINT_BYTES_MAX, CHECKPOINT_VERSION, COSIGNED_BYTES_MAX, Checkpoint, CheckpointError,
    Cosigned, FRONTIER_MAX, NOTARIES_MAX,
};
pub use discovery::{
    CERTIFICATE_BYTES_MAX, Capabilities, DISCOVERY_ADDRESSES_MAX, DISCOVERY_BYTES_MAX,
    DISCOVERY_LIFETIME_MS_MAX, DISCOVERY_PROTOCOLS_MAX, DISCOVERY_RELAYS_MAX, DISCOVERY_VERSION,
    DiscoveryError, DiscoveryRecord,
};
pub use durability::{Durability, Standing, may_store, receipts_needed};
pub use manifest::{
    Delegation, HUBS_MAX, HostingManifest, Hub, MANIFEST_BYTES_MAX, MANIFEST_REVOKED_MAX,
    MANIFEST_TOPICS_MAX, MANIFEST_VERSION, ManifestError, RevocationCapability, TopicPolicy,
    delegation_payload, hosting_id,
};
pub use receipt::{RECEIPT_BYTES_MAX, RECEIPT_VERSION, Receipt, log_head};

#[cfg(test)]
mod tests;
