//! What a channel's envelopes say once they are open.

mod check;

pub use check::ContentError;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::event::{BlobRef, PARENTS_MAX};
use crate::id::{ChannelId, EnvelopeId, EventId, IdentityId, Millis};

/// Version of the content format that this build writes.
pub const CONTENT_VERSION: u16 = 1;

/// Most authority heads that content names: as many as an event has parents.
pub const CONTENT_HEADS_MAX: usize = PARENTS_MAX;

/// Most causal parents of a message.
pub const CONTENT_PARENTS_MAX: usize = 8;

/// Longest text of a message, in bytes of UTF-8 (Discord: 2,000 characters, 4,000 for some).
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Longest text of a message, in characters.
pub const TEXT_CHARS_MAX: usize = 4000;

/// Most attachments of a message.
pub const ATTACHMENTS_MAX: usize = 10;

/// Longest reaction in bytes: the longest emoji sequences stay below it.
pub const EMOJI_BYTES_MAX: usize = 64;

/// Longest file name of an attachment, in bytes (what file systems take).
pub const FILE_NAME_BYTES_MAX: usize = 255;

/// Longest name that a client gives a message, in bytes.
pub const NONCE_BYTES_MAX: usize = 32;

/// Longest media type of an attachment, in bytes (RFC 6838, 4.2: 127 for each half).
pub const MIME_BYTES_MAX: usize = 255;

/// Most pixels of a side of an image.
pub const IMAGE_SIDE_MAX: u32 = 1 << 20;

/// Latest claimed time; every JSON reader keeps it exactly.
pub const TIME_MS_MAX: u64 = 1 << 48;

/// The opened content of a channel's envelope.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Content {
    /// Format version, [`CONTENT_VERSION`].
    #[n(0)]
    pub version: u16,
    /// Who speaks; must be the identity of the envelope's pseudonym.
    #[n(1)]
    pub author: IdentityId,
    /// The channel, which must be that of the envelope's topic.
    #[n(2)]
    pub channel: ChannelId,
    /// Authority heads at which the author was allowed to; ascending.
    #[n(3)]
    pub heads: Vec<EventId>,
    /// The newest messages of the channel that the author had: ascending, at most [`CONTENT_PARENTS_MAX`].
    #[n(4)]
    pub parents: Vec<EnvelopeId>,
    /// When, as the author's clock claims.
    #[n(5)]
    pub time: Millis,
    /// Version of the hosting manifest that the author knew; 0: none.
    #[n(6)]
    pub manifest_version: u64,
    /// What happens.
    #[n(7)]
    pub act: Act,
}

/// What the content does.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Act {
    /// Says something; the message's id is the envelope's.
    #[n(0)]
    Post(#[n(0)] Post),
    /// Replaces the text of one's own message.
    #[n(1)]
    Edit {
        /// The message.
        #[n(0)]
        target: EnvelopeId,
        /// The new text, within the limits of a post.
        #[n(1)]
        text: String,
    },
    /// Deletes a message: one's own, or with MANAGE_MESSAGES anybody's. Beats every edit.
    #[n(2)]
    Delete(#[n(0)] EnvelopeId),
    /// Adds or takes back a reaction; of two by one author the causally later counts, of concurrent ones the removal.
    #[n(3)]
    React {
        /// The message.
        #[n(0)]
        target: EnvelopeId,
        /// One emoji, at most [`EMOJI_BYTES_MAX`] bytes.
        #[n(1)]
        emoji: String,
        /// True: adds. False: takes back.
        #[n(2)]
        on: bool,
    },
    /// Pins or unpins a message.
    #[n(4)]
    Pin {
        /// The message.
        #[n(0)]
        target: EnvelopeId,
        /// True: adds. False: takes back.
        #[n(1)]
        on: bool,
    },
    /// Is typing until a moment; only in ephemeral envelopes.
    #[n(5)]
    Typing(#[n(0)] Millis),
    /// Presence: 1 online, 2 idle, 3 do not disturb, 4 invisible; only in ephemeral envelopes.
    #[n(6)]
    Presence(#[n(0)] u8),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
pub struct Post {
    /// Markdown; mentions stand in it as `<@member>`, `<@&role>`, `<#channel>` (64 hex digits), `@everyone`, `@here`.
    #[n(0)]
    pub text: String,
    /// The message that this one answers.
    #[n(1)]
    pub reply_to: Option<EnvelopeId>,
    /// At most [`ATTACHMENTS_MAX`].
    #[n(2)]
    pub attachments: Vec<Attachment>,
    /// What the author's client called the message, so that a repeated request is recognised: at most 32 bytes.
    #[n(3)]
    pub nonce: Option<ByteVec>,
}

/// A file that a message carries.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Attachment {
    /// File name without directories, at most 255 bytes.
    #[n(0)]
    pub name: String,
    /// Where the file is and how it opens.
    #[n(1)]
    pub blob: BlobRef,
    /// Pixels.
    #[n(2)]
    pub width: Option<u32>,
    /// Pixels.
    #[n(3)]
    pub height: Option<u32>,
}

#[cfg(test)]
mod tests;
