//! Invite links: what somebody needs to find, check and join a server while its owner is offline.
//!
//! A link carries a [`Secret`], from which the key that admits a joiner and the keys of the invite's leaf derive. Everything
//! else in it is what its maker says: it is shown before any network use, and checked against the log after it (chapter
//! `invite`).

mod link;
mod secret;
mod text;

pub use link::{
    HINT_ADDRESSES_MAX, HINT_RELAYS_MAX, HINTS_MAX, INVITER_NAME_BYTES_MAX, InviteLink,
    LINK_HEADS_MAX, LINK_VERSION, LinkKind, NodeHint, RELAY_URL_BYTES_MAX, SERVER_NAME_BYTES_MAX,
    Summary,
};
pub use secret::Secret;
pub use text::{HOST_BYTES_MAX, LINK_PAYLOAD_MAX, LINK_SCHEME, LINK_TEXT_MAX, LinkError};

#[cfg(test)]
mod tests;
