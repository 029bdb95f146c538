//! The limits of content: the same for what is written here and for what arrives.

use super::{
    ATTACHMENTS_MAX, Act, Attachment, CONTENT_HEADS_MAX, CONTENT_PARENTS_MAX, CONTENT_VERSION,
    Content, EMOJI_BYTES_MAX, FILE_NAME_BYTES_MAX, IMAGE_SIDE_MAX, MIME_BYTES_MAX, NONCE_BYTES_MAX,
    Post, TEXT_BYTES_MAX, TEXT_CHARS_MAX, TIME_MS_MAX,
};
use crate::codec::{self, CodecError, Limits};
use crate::envelope::{ENVELOPE_BYTES_MAX, Form};

/// Length of a blob's key in bytes.
const BLOB_KEY_LEN: usize = 32;

/// Why content was refused, whoever says it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ContentError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("content is newer than this program: update it")]
    NeedsUpdate,
    #[error("an act that an envelope of form {0:?} does not carry")]
    Form(Form),
    #[error("{len} {what}, more than {max}")]
    Limit {
        what: &'static str,
        len: usize,
        max: usize,
    },
    #[error("{0} are not unique and ascending")]
    Order(&'static str),
    #[error("the time {0} lies beyond all calendars")]
    Time(u64),
    #[error("a message needs text or an attachment")]
    Empty,
    #[error("{0:?} is not an emoji")]
    NotEmoji(String),
    #[error(
        "the file name {0:?} is empty, or holds a separator, a control character or a direction mark"
    )]
    FileName(String),
    #[error("the media type {0:?} is not `type/subtype`")]
    Mime(String),
    #[error("the key of an attachment has {0} bytes instead of 32")]
    BlobKey(usize),
    #[error("an image side of {0} pixels")]
    Side(u32),
    #[error("presence {0} is not known")]
    Presence(u8),
}

impl Content {
    /// Decodes opened content and checks its limits, and that the form of its envelope suits it.
    ///
    /// # Errors
    /// [`ContentError`], the first that is found.
    pub fn decode(bytes: &[u8], form: Form) -> Result<Self, ContentError> {
        let limits = Limits::bytes(ENVELOPE_BYTES_MAX);
        codec::validate(bytes, limits)?;
        if !codec::critical_keys(bytes).is_empty() {
            return Err(ContentError::NeedsUpdate);
        }
        let content: Self = codec::decode(bytes, limits)?;
        content.check()?;
        if content.act.fits(form) {
            Ok(content)
        } else {
            Err(ContentError::Form(form))
        }
    }

    /// Checks the limits; for content of one's own, before it is sealed.
    ///
    /// # Errors
    /// [`ContentError`], the first that is found; never of its variants `Codec` and `Form`.
    pub fn check(&self) -> Result<(), ContentError> {
        if self.version != CONTENT_VERSION {
            return Err(ContentError::NeedsUpdate);
        }
        ascending("heads", &self.heads, CONTENT_HEADS_MAX)?;
        ascending("parents", &self.parents, CONTENT_PARENTS_MAX)?;
        time(self.time.0)?;
        match &self.act {
            Act::Post(post) => post.check(),
            Act::Edit { text, .. } => check_text(text),
            Act::React { emoji, .. } if is_emoji(emoji) => Ok(()),
            Act::React { emoji, .. } => {
                Err(ContentError::NotEmoji(emoji.chars().take(32).collect()))
            }
            Act::Typing(until) => time(until.0),
            Act::Presence(1..=4) | Act::Delete(_) | Act::Pin { .. } => Ok(()),
            Act::Presence(other) => Err(ContentError::Presence(*other)),
        }
    }
}

impl Act {
    /// Whether the act is never stored: it travels in ephemeral envelopes, and in no others.
    #[must_use]
    pub const fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Typing(_) | Self::Presence(_))
    }

    const fn fits(&self, form: Form) -> bool {
        match form {
            Form::Sealed => !self.is_ephemeral(),
            Form::Keys => false,
            Form::Tombstone => matches!(self, Self::Delete(_)),
            Form::Ephemeral => self.is_ephemeral(),
        }
    }
}

impl Post {
    fn check(&self) -> Result<(), ContentError> {
        check_text(&self.text)?;
        if self.text.trim().is_empty() && self.attachments.is_empty() {
            return Err(ContentError::Empty);
        }
        limit("attachments", self.attachments.len(), ATTACHMENTS_MAX)?;
        let nonce = self.nonce.as_ref().map_or(0, |nonce| nonce.len());
        limit("bytes of nonce", nonce, NONCE_BYTES_MAX)?;
        self.attachments.iter().try_for_each(Attachment::check)
    }
}

impl Attachment {
    fn check(&self) -> Result<(), ContentError> {
        let name = &self.name;
        limit("bytes of file name", name.len(), FILE_NAME_BYTES_MAX)?;
        let hostile = |c: char| {
            c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}') || is_direction(c)
        };
        if name.trim().is_empty() || name == "." || name == ".." || name.contains(hostile) {
            return Err(ContentError::FileName(name.clone()));
        }
        let mime = &self.blob.mime;
        limit("bytes of media type", mime.len(), MIME_BYTES_MAX)?;
        let halves = mime
            .split_once('/')
            .is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
        if !halves || !mime.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(ContentError::Mime(mime.clone()));
        }
        if self.blob.key.len() != BLOB_KEY_LEN {
            return Err(ContentError::BlobKey(self.blob.key.len()));
        }
        let mut sides = [self.width, self.height].into_iter().flatten();
        sides
            .find(|side| *side > IMAGE_SIDE_MAX)
            .map_or(Ok(()), |side| Err(ContentError::Side(side)))
    }
}

/// Marks that turn the reading direction: with them `gpj.exe` looks like `exe.jpg`.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text is built like one emoji or a sequence of parts of one: symbols, with joiners, selectors, tags and keycaps.
/// Which sequences a font can draw is not ours to say.
fn is_emoji(text: &str) -> bool {
    let keycap = text.contains('\u{20e3}');
    let symbol = |c: char| {
        matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}')
            || (keycap && matches!(c, '0'..='9' | '#' | '*'))
    };
    let helper = |c: char| {
        matches!(
            c,
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}'
        )
    };
    text.len() <= EMOJI_BYTES_MAX
        && text.chars().any(symbol)
        && text.chars().all(|c| symbol(c) || helper(c))
}

fn check_text(text: &str) -> Result<(), ContentError> {
    limit("bytes of text", text.len(), TEXT_BYTES_MAX)?;
    limit("characters of text", text.chars().count(), TEXT_CHARS_MAX)
}

fn time(ms: u64) -> Result<(), ContentError> {
    if ms > TIME_MS_MAX {
        Err(ContentError::Time(ms))
    } else {
        Ok(())
    }
}

fn limit(what: &'static str, len: usize, max: usize) -> Result<(), ContentError> {
    if len > max {
        Err(ContentError::Limit { what, len, max })
    } else {
        Ok(())
    }
}

fn ascending<T: Ord>(what: &'static str, ids: &[T], max: usize) -> Result<(), ContentError> {
    limit(what, ids.len(), max)?;
    if ids.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(())
    } else {
        Err(ContentError::Order(what))
    }
}
