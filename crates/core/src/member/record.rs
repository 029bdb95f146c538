//! What travels in the topic `members`: registers, personal text, reach, notes to one device.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::codec::{self, CodecError, Limits};
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::event::BlobRef;
use crate::hash::{Label, hash};
use crate::id::{Commitment, IdentityId, Millis, NodeId, Pseudonym};
use crate::identity::ENTRIES_MAX;

/// Longest member record in bytes: whatever an envelope holds.
pub const MEMBER_RECORD_BYTES_MAX: usize = ENVELOPE_BYTES_MAX;

/// Length of the salt of personal text, in bytes.
pub const SALT_LEN: usize = 16;

/// Longest nickname in characters (Discord's).
pub const NICKNAME_CHARS_MAX: usize = 32;

/// Longest display name in characters (Discord: 32; room for names that take more).
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;

/// Longest text about a person, in bytes.
pub const BIO_BYTES_MAX: usize = 4096;

/// Longest status in bytes.
pub const STATUS_BYTES_MAX: usize = 512;

/// Most relays, and most addresses, of a node: every network that a laptop is on.
pub const REACH_PLACES_MAX: usize = 16;

/// Longest relay URL or address in bytes.
const PLACE_BYTES_MAX: usize = 256;

/// Longest note to one device, in bytes of ciphertext.
const DIRECT_BYTES_MAX: usize = 16 * 1024;

/// Longest genesis that is announced, in bytes: it holds a few keys and a name.
const GENESIS_BYTES_MAX: usize = 16 * 1024;

/// Longest link that is announced, in bytes.
const LINK_BYTES_MAX: usize = 8 * 1024;

/// An identity log is a list of strings: its own limit bounds the items.
const RECORD_LIMITS: Limits = Limits::bytes(MEMBER_RECORD_BYTES_MAX).items(ENTRIES_MAX + 64);

/// What an envelope of the topic `members` brings.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum MemberRecord {
    /// A register with the identity log that certifies its device, oldest entry first, all in wire form.
    #[n(0)]
    Register {
        /// [`crate::signed::SignedBytes`] of the [`super::Register`].
        #[n(0)]
        register: ByteVec,
        /// [`crate::signed::SignedBytes`] of identity entries.
        #[n(1)]
        identity_log: Vec<ByteVec>,
    },
    /// Personal text that a commitment stands for.
    #[n(1)]
    Personal(#[n(0)] Personal),
    /// How to reach the sender's node.
    #[n(2)]
    Reach(#[n(0)] Reach),
    /// Something for one device alone.
    #[n(3)]
    Direct(#[n(0)] Direct),
    /// The sender has founded a successor of this server.
    #[n(4)]
    Successor(#[n(0)] Successor),
}

/// Word of a server that descends from this one, from its founder.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Successor {
    /// [`crate::signed::SignedBytes`] of its genesis, whose descent names this server.
    #[n(0)]
    pub genesis: ByteVec,
    /// A link into it.
    #[n(1)]
    pub link: String,
}

/// A note sealed to one device's leaf: an invitation to a chat, or a [`Note`](super::Note).
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Direct {
    /// For whom.
    #[n(0)]
    pub to: Pseudonym,
    /// HPKE (RFC 9180, base mode) to the device's leaf key of the server's suite: encapsulated key.
    #[n(1)]
    pub encapsulated: ByteVec,
    /// And ciphertext.
    #[n(2)]
    pub ciphertext: ByteVec,
}

impl MemberRecord {
    /// Decodes a record and checks its limits. What it says is checked by whoever takes it up: a register by its signature
    /// and identity log, personal text by the commitment, reach by the envelope's pseudonym.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = codec::decode(bytes, RECORD_LIMITS)?;
        match &record {
            Self::Register { identity_log, .. } => {
                limit("identity entries", identity_log.len(), ENTRIES_MAX)?
            }
            Self::Personal(personal) => personal.check()?,
            Self::Reach(reach) => reach.check()?,
            Self::Direct(direct) => {
                limit("direct note", direct.ciphertext.len(), DIRECT_BYTES_MAX)?
            }
            Self::Successor(successor) => {
                limit("genesis", successor.genesis.len(), GENESIS_BYTES_MAX)?;
                limit("link", successor.link.len(), LINK_BYTES_MAX)?;
            }
        }
        Ok(record)
    }
}

/// Why a member record was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordError {
    /// Malformed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A salt of a wrong length.
    #[error("a salt of {0} bytes, not {SALT_LEN}")]
    Salt(usize),
    /// Something is too long.
    #[error("{what}: {len}, more than {max}")]
    Limit {
        /// What it is.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
}

pub(super) fn limit(what: &'static str, len: usize, max: usize) -> Result<(), RecordError> {
    if len > max {
        Err(RecordError::Limit { what, len, max })
    } else {
        Ok(())
    }
}

/// Opens a [`Commitment`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Personal {
    /// Whose.
    #[n(0)]
    pub subject: IdentityId,
    /// [`SALT_LEN`] random bytes.
    #[n(1)]
    pub salt: ByteVec,
    /// What the commitment stands for.
    #[n(2)]
    pub text: PersonalText,
}

impl Personal {
    fn check(&self) -> Result<(), RecordError> {
        if self.salt.len() != SALT_LEN {
            return Err(RecordError::Salt(self.salt.len()));
        }
        match &self.text {
            PersonalText::Nickname(name) => {
                limit("nickname", name.chars().count(), NICKNAME_CHARS_MAX)
            }
            PersonalText::Profile(profile) => profile.check(),
        }
    }

    /// The commitment that this opens.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        Commitment(hash(Label::Commitment, &[&crate::codec::encode(self)]).0)
    }
}

/// Personal text.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum PersonalText {
    /// A nickname, at most [`NICKNAME_CHARS_MAX`] characters.
    #[n(0)]
    Nickname(#[n(0)] String),
    /// A profile.
    #[n(1)]
    Profile(#[n(0)] Profile),
}

/// A person's profile: signed through the register's commitment, replaceable, never authority.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Profile {
    /// Name as shown, at most [`DISPLAY_NAME_CHARS_MAX`] characters.
    #[n(0)]
    pub display_name: String,
    /// About the person, at most [`BIO_BYTES_MAX`] bytes.
    #[n(1)]
    pub bio: Option<String>,
    /// Encrypted picture.
    #[n(2)]
    pub avatar: Option<BlobRef>,
    /// What they are about, at most [`STATUS_BYTES_MAX`] bytes.
    #[n(3)]
    pub status_text: Option<String>,
}

impl Profile {
    fn check(&self) -> Result<(), RecordError> {
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        limit(
            "display name",
            self.display_name.chars().count(),
            DISPLAY_NAME_CHARS_MAX,
        )?;
        limit("bio", len(&self.bio), BIO_BYTES_MAX)?;
        limit("status", len(&self.status_text), STATUS_BYTES_MAX)
    }
}

/// Where a member's node may be found; the highest sequence wins.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Reach {
    /// The node's transport key.
    #[n(0)]
    pub node: NodeId,
    /// URLs of its relays, at most [`REACH_PLACES_MAX`].
    #[n(1)]
    pub relays: Vec<String>,
    /// Socket addresses as text, at most [`REACH_PLACES_MAX`].
    #[n(2)]
    pub addresses: Vec<String>,
    /// Claimed time of writing; also the order.
    #[n(3)]
    pub time: Millis,
}

impl Reach {
    fn check(&self) -> Result<(), RecordError> {
        limit("relays", self.relays.len(), REACH_PLACES_MAX)?;
        limit("addresses", self.addresses.len(), REACH_PLACES_MAX)?;
        let longest = self
            .relays
            .iter()
            .chain(&self.addresses)
            .map(String::len)
            .max();
        limit("relay or address", longest.unwrap_or(0), PLACE_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests;
