//! What a link says.

use minicbor::{Decode, Encode};

use super::secret::Secret;
use super::text::LinkError;
use crate::id::{ChannelId, EventId, IdentityId, InviteId, Millis, NodeId, RoleId, ServerId};

/// Version of the link format that this build writes.
pub const LINK_VERSION: u16 = 1;

/// Most minimum heads in a link: more than four concurrent heads are rare, and four already prevent an old view.
pub const LINK_HEADS_MAX: usize = 4;

/// Longest server name in a link, in bytes; a longer one is cut, for the log has the whole.
pub const SERVER_NAME_BYTES_MAX: usize = 120;

/// Longest name of an inviter in a link, in bytes; a longer one is cut.
pub const INVITER_NAME_BYTES_MAX: usize = 80;

/// Most node hints in a link; a QR code holds fewer anyway.
pub const HINTS_MAX: usize = 8;

/// Most relays of a hint: the home relay and a spare.
pub const HINT_RELAYS_MAX: usize = 2;

/// Longest relay URL in bytes.
pub const RELAY_URL_BYTES_MAX: usize = 128;

/// Most addresses of a hint: one a protocol and network.
pub const HINT_ADDRESSES_MAX: usize = 4;

/// Longest address in bytes: an IPv6 address with zone and port.
const ADDRESS_BYTES_MAX: usize = 64;

/// An invite link. Layout: CBOR map, keys 0–17 as numbered.
///
/// Its text contains the [`Secret`]: treat both alike.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct InviteLink {
    /// Format version, [`LINK_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server, whose genesis must hash to it.
    #[n(1)]
    pub server: ServerId,
    /// What the maker of the link calls the server; at most [`SERVER_NAME_BYTES_MAX`] bytes.
    #[n(2)]
    pub server_name: String,
    /// Whether the link itself can read.
    #[n(3)]
    pub kind: LinkKind,
    /// The invite: the event that created it.
    #[n(4)]
    pub invite: InviteId,
    /// Who made the link.
    #[n(5)]
    pub inviter: IdentityId,
    /// What they are called there; at most [`INVITER_NAME_BYTES_MAX`] bytes.
    #[n(6)]
    pub inviter_name: String,
    /// Heads that the log must contain, so that nobody is shown an old view: ascending, at most [`LINK_HEADS_MAX`].
    #[n(7)]
    pub heads: Vec<EventId>,
    /// After this moment the link admits nobody.
    #[n(8)]
    pub expires: Option<Millis>,
    /// How often it may be used.
    #[n(9)]
    pub max_uses: Option<u32>,
    /// Role that joiners get.
    #[n(10)]
    pub role: Option<RoleId>,
    /// Channel to show first.
    #[n(11)]
    pub channel: Option<ChannelId>,
    /// How many members there were.
    #[n(12)]
    pub members: u32,
    /// Default durability of the server's channels, by number (chapter `policy`): what a joiner may expect to survive.
    #[n(13)]
    pub durability: Option<u8>,
    /// Nodes that may know the server, freshest first; those at the end give way when the link gets too long.
    #[n(14)]
    pub nodes: Vec<NodeHint>,
    /// Hash of the server's hosting root key: the persistent rendezvous key.
    #[n(15)]
    pub hosting: Option<crate::id::Digest>,
    /// Secret of the member-gated rendezvous key.
    #[n(16)]
    pub rendezvous: Option<Secret>,
    /// What the invite's keys derive from.
    #[n(17)]
    pub secret: Secret,
}

/// Whether a link can read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum LinkKind {
    /// Whoever has the link can read.
    #[n(1)]
    Open,
    /// The link verifies the server's state; content comes from a member who is online.
    #[n(2)]
    Closed,
}

/// Where a node may be found.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct NodeHint {
    /// Its transport key.
    #[n(0)]
    pub node: NodeId,
    /// URLs of its relays, at most [`HINT_RELAYS_MAX`].
    #[n(1)]
    pub relays: Vec<String>,
    /// Socket addresses as text, at most [`HINT_ADDRESSES_MAX`].
    #[n(2)]
    pub addresses: Vec<String>,
}

/// What a person is shown before anything touches the network: the link's own claims, without its secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The server.
    pub server: ServerId,
    /// Its name.
    pub server_name: String,
    /// Who invites.
    pub inviter: IdentityId,
    /// Their name.
    pub inviter_name: String,
    /// Whether the link can read.
    pub kind: LinkKind,
    /// When it lapses.
    pub expires: Option<Millis>,
    /// Whether it has lapsed by the clock of whoever looks.
    pub expired: bool,
    /// How often it may be used.
    pub max_uses: Option<u32>,
    /// How many members there were.
    pub members: u32,
}

impl InviteLink {
    /// Shows the link's claims.
    #[must_use]
    pub fn summary(&self, now: Millis) -> Summary {
        Summary {
            server: self.server,
            server_name: self.server_name.clone(),
            inviter: self.inviter,
            inviter_name: self.inviter_name.clone(),
            kind: self.kind,
            expires: self.expires,
            expired: self.expires.is_some_and(|expires| expires <= now),
            max_uses: self.max_uses,
            members: self.members,
        }
    }

    /// Cuts what may be cut, so that the link is within its limits whatever it was made from.
    pub(super) fn trim(&mut self) {
        cut(&mut self.server_name, SERVER_NAME_BYTES_MAX);
        cut(&mut self.inviter_name, INVITER_NAME_BYTES_MAX);
        self.nodes.truncate(HINTS_MAX);
        for hint in &mut self.nodes {
            hint.relays
                .retain(|relay| relay.len() <= RELAY_URL_BYTES_MAX);
            hint.relays.truncate(HINT_RELAYS_MAX);
            hint.addresses
                .retain(|address| address.len() <= ADDRESS_BYTES_MAX);
            hint.addresses.truncate(HINT_ADDRESSES_MAX);
        }
    }

    /// Checks the limits that the encoding does not.
    pub(super) fn check(&self) -> Result<(), LinkError> {
        let limit = |field, len, max| {
            if len > max {
                Err(LinkError::Limit { field, len, max })
            } else {
                Ok(())
            }
        };
        if self.version != LINK_VERSION {
            return Err(LinkError::Version(self.version));
        }
        limit("server_name", self.server_name.len(), SERVER_NAME_BYTES_MAX)?;
        limit(
            "inviter_name",
            self.inviter_name.len(),
            INVITER_NAME_BYTES_MAX,
        )?;
        limit("heads", self.heads.len(), LINK_HEADS_MAX)?;
        if !self.heads.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err(LinkError::HeadOrder);
        }
        limit("nodes", self.nodes.len(), HINTS_MAX)?;
        for hint in &self.nodes {
            limit("relays", hint.relays.len(), HINT_RELAYS_MAX)?;
            limit("addresses", hint.addresses.len(), HINT_ADDRESSES_MAX)?;
            for relay in &hint.relays {
                limit("relay", relay.len(), RELAY_URL_BYTES_MAX)?;
            }
            for address in &hint.addresses {
                limit("address", address.len(), ADDRESS_BYTES_MAX)?;
            }
        }
        Ok(())
    }
}

/// Cuts a text to at most `max` bytes, never inside a character.
fn cut(text: &mut String, max: usize) {
    if text.len() > max {
        let at = (0..=max)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(at);
    }
}
