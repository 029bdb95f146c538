//! What a note to one device holds, besides an invitation to a chat.

use minicbor::{Decode, Encode};

use super::record::{RecordError, limit};
use crate::codec::{self, Limits};
use crate::id::{ChannelId, EnvelopeId, IdentityId};

/// Longest reason of a report, in bytes.
pub const REPORT_REASON_BYTES_MAX: usize = 1024;

/// Longest text that a report quotes, in bytes: half of what fits into a sealed note.
pub const REPORT_QUOTE_BYTES_MAX: usize = 8 * 1024;

/// Longest note, in bytes.
const NOTE_BYTES_MAX: usize = 12 * 1024;

/// The plaintext of a [`Direct`](super::Direct) note in CBOR. An invitation to a chat is not one of these: it is the text of a
/// link, which begins with a letter, and CBOR of these begins with the byte 0x82.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Note {
    /// A member asks a moderator to look at somebody.
    #[n(1)]
    Report(#[n(0)] Report),
}

/// A member's report.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Report {
    /// Whom it is about.
    #[n(0)]
    pub about: IdentityId,
    /// Why; at most 1,024 bytes.
    #[n(1)]
    pub reason: String,
    /// A message of theirs.
    #[n(2)]
    pub quote: Option<Quote>,
}

/// A message as the reporter saw it. Nothing proves it to whoever does not have the message.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Quote {
    /// Where it stands.
    #[n(0)]
    pub channel: ChannelId,
    /// Its id.
    #[n(1)]
    pub message: EnvelopeId,
    /// Its text; at most 8 KiB.
    #[n(2)]
    pub text: String,
}

impl Note {
    /// Decodes a note and checks its limits.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let note: Self = codec::decode(bytes, Limits::bytes(NOTE_BYTES_MAX))?;
        let Self::Report(report) = &note;
        limit("reason", report.reason.len(), REPORT_REASON_BYTES_MAX)?;
        if let Some(quote) = &report.quote {
            limit("quote", quote.text.len(), REPORT_QUOTE_BYTES_MAX)?;
        }
        Ok(note)
    }
}
