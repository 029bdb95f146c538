//! The limits of content.

use super::{
    ATTACHMENTS_MAX, Act, Attachment, CONTENT_HEADS_MAX, CONTENT_PARENTS_MAX, CONTENT_VERSION,
    Content, EMOJI_BYTES_MAX, FILE_NAME_BYTES_MAX, NONCE_BYTES_MAX, Post, TEXT_BYTES_MAX,
    TEXT_CHARS_MAX,
};
use crate::codec::{self, CodecError, Limits};
use crate::envelope::{ENVELOPE_BYTES_MAX, Form};

/// Longest media type of an attachment, in bytes.
const MIME_BYTES_MAX: usize = 128;

/// Length of a blob's key in bytes.
const BLOB_KEY_LEN: usize = 32;

/// Why content was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ContentError {
    /// Malformed.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Of a later format, or with a critical key that this build does not know.
    #[error("content newer than this program: update it")]
    NeedsUpdate,
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
    /// A list that is not ascending, or a value that has no meaning.
    #[error("{0} cannot be right")]
    Value(&'static str),
    /// An act in an envelope of a form that does not carry it.
    #[error("an act that an envelope of form {0:?} does not carry")]
    Form(Form),
}

impl Content {
    /// Decodes opened content and checks its limits, and that the form of its envelope suits it.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn decode(bytes: &[u8], form: Form) -> Result<Self, ContentError> {
        let limits = Limits::bytes(ENVELOPE_BYTES_MAX);
        codec::validate(bytes, limits)?;
        if !codec::critical_keys(bytes).is_empty() {
            return Err(ContentError::NeedsUpdate);
        }
        let content: Self = codec::decode(bytes, limits)?;
        content.check()?;
        let fits = match form {
            Form::Ephemeral => content.act.is_ephemeral(),
            Form::Tombstone => matches!(content.act, Act::Delete(_)),
            Form::Sealed => !content.act.is_ephemeral(),
            Form::Keys => false,
        };
        if fits {
            Ok(content)
        } else {
            Err(ContentError::Form(form))
        }
    }

    /// Checks the limits; for content of one's own before it is sealed.
    ///
    /// # Errors
    /// [`ContentError::Limit`], [`ContentError::Value`] and [`ContentError::NeedsUpdate`].
    pub fn check(&self) -> Result<(), ContentError> {
        if self.version != CONTENT_VERSION {
            return Err(ContentError::NeedsUpdate);
        }
        limit("heads", self.heads.len(), CONTENT_HEADS_MAX)?;
        limit("parents", self.parents.len(), CONTENT_PARENTS_MAX)?;
        value(
            "order of heads",
            self.heads.windows(2).all(|pair| pair[0] < pair[1]),
        )?;
        value(
            "order of parents",
            self.parents.windows(2).all(|pair| pair[0] < pair[1]),
        )?;
        match &self.act {
            Act::Post(post) => post.check(),
            Act::Edit { text, .. } => check_text(text),
            Act::React { emoji, .. } => {
                value("empty emoji", !emoji.is_empty())?;
                limit("emoji", emoji.len(), EMOJI_BYTES_MAX)
            }
            Act::Presence(presence) => value("presence", (1..=4).contains(presence)),
            Act::Delete(_) | Act::Pin { .. } | Act::Typing(_) => Ok(()),
        }
    }
}

impl Act {
    /// Whether the act is never stored: it travels in ephemeral envelopes, and in no others.
    #[must_use]
    pub const fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Typing(_) | Self::Presence(_))
    }
}

impl Post {
    fn check(&self) -> Result<(), ContentError> {
        check_text(&self.text)?;
        value(
            "empty message",
            !self.text.is_empty() || !self.attachments.is_empty(),
        )?;
        limit("attachments", self.attachments.len(), ATTACHMENTS_MAX)?;
        limit(
            "nonce",
            self.nonce.as_ref().map_or(0, |nonce| nonce.len()),
            NONCE_BYTES_MAX,
        )?;
        self.attachments.iter().try_for_each(Attachment::check)
    }
}

impl Attachment {
    fn check(&self) -> Result<(), ContentError> {
        let special = |c: char| matches!(c, '/' | '\\') || c.is_control();
        limit("file name", self.name.len(), FILE_NAME_BYTES_MAX)?;
        value(
            "file name",
            !matches!(&*self.name, "" | "." | "..") && !self.name.contains(special),
        )?;
        limit("media type", self.blob.mime.len(), MIME_BYTES_MAX)?;
        value("blob key", self.blob.key.len() == BLOB_KEY_LEN)
    }
}

fn check_text(text: &str) -> Result<(), ContentError> {
    limit("bytes of text", text.len(), TEXT_BYTES_MAX)?;
    limit("characters of text", text.chars().count(), TEXT_CHARS_MAX)
}

fn limit(what: &'static str, len: usize, max: usize) -> Result<(), ContentError> {
    if len > max {
        Err(ContentError::Limit { what, len, max })
    } else {
        Ok(())
    }
}

fn value(what: &'static str, good: bool) -> Result<(), ContentError> {
    if good {
        Ok(())
    } else {
        Err(ContentError::Value(what))
    }
}
