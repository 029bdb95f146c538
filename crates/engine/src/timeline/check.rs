//! Limits of what may be said at all, the same for what is written here and for what arrives.

use conclave_core::content::{
    ATTACHMENTS_MAX, Act, Attachment, CONTENT_PARENTS_MAX, CONTENT_VERSION, Content,
    EMOJI_BYTES_MAX, Post, TEXT_BYTES_MAX, TEXT_CHARS_MAX,
};
use conclave_core::event::PARENTS_MAX;

/// Longest file name in bytes: what every common file system takes.
const NAME_BYTES_MAX: usize = 255;

/// Longest media type in bytes (RFC 6838, 4.2: 127 for each half).
const MIME_BYTES_MAX: usize = 255;

/// Longest nonce in bytes.
const NONCE_BYTES_MAX: usize = 32;

/// Most pixels of a side.
const SIDE_MAX: u32 = 1 << 20;

/// Latest time: the largest number of milliseconds that every JSON reader keeps exactly is far above it.
const TIME_MS_MAX: u64 = 1 << 48;

/// Why content is not acceptable, whoever says it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ContentError {
    #[error("content version {0} is newer than this program")]
    Version(u16),
    #[error("{count} {what} are more than {max}")]
    TooMany {
        what: &'static str,
        count: usize,
        max: usize,
    },
    #[error("{what} are not unique and ascending")]
    Order { what: &'static str },
    #[error("{len} {unit} of {what} are more than {max}")]
    TooLong {
        what: &'static str,
        unit: &'static str,
        len: usize,
        max: usize,
    },
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
    Key(usize),
    #[error("an image side of {0} pixels")]
    Side(u32),
    #[error("presence {0} is not known")]
    Presence(u8),
}

/// Checks content against its limits.
///
/// # Errors
/// [`ContentError`], the first that is found.
pub fn check(content: &Content) -> Result<(), ContentError> {
    if content.version != CONTENT_VERSION {
        return Err(ContentError::Version(content.version));
    }
    ascending("heads", &content.heads, PARENTS_MAX)?;
    ascending("parents", &content.parents, CONTENT_PARENTS_MAX)?;
    time(content.time.0)?;
    match &content.act {
        Act::Post(said) => post(said),
        Act::Edit { text, .. } => text_length(text),
        Act::React { emoji, .. } => is_emoji(emoji)
            .then_some(())
            .ok_or_else(|| ContentError::NotEmoji(shortened(emoji))),
        Act::Typing(until) => time(until.0),
        Act::Presence(1..=4) | Act::Delete(_) | Act::Pin { .. } => Ok(()),
        Act::Presence(other) => Err(ContentError::Presence(*other)),
    }
}

fn ascending<T: Ord>(what: &'static str, ids: &[T], max: usize) -> Result<(), ContentError> {
    if ids.len() > max {
        return Err(ContentError::TooMany {
            what,
            count: ids.len(),
            max,
        });
    }
    let ordered = ids.windows(2).all(|pair| pair[0] < pair[1]);
    ordered.then_some(()).ok_or(ContentError::Order { what })
}

fn time(ms: u64) -> Result<(), ContentError> {
    (ms <= TIME_MS_MAX)
        .then_some(())
        .ok_or(ContentError::Time(ms))
}

fn post(post: &Post) -> Result<(), ContentError> {
    text_length(&post.text)?;
    if post.text.trim().is_empty() && post.attachments.is_empty() {
        return Err(ContentError::Empty);
    }
    let count = post.attachments.len();
    if count > ATTACHMENTS_MAX {
        return Err(ContentError::TooMany {
            what: "attachments",
            count,
            max: ATTACHMENTS_MAX,
        });
    }
    let nonce = post.nonce.as_ref().map_or(0, |nonce| nonce.len());
    length("a nonce", "bytes", nonce, NONCE_BYTES_MAX)?;
    post.attachments.iter().try_for_each(attachment)
}

fn text_length(text: &str) -> Result<(), ContentError> {
    length("text", "bytes", text.len(), TEXT_BYTES_MAX)?;
    length("text", "characters", text.chars().count(), TEXT_CHARS_MAX)
}

fn length(
    what: &'static str,
    unit: &'static str,
    len: usize,
    max: usize,
) -> Result<(), ContentError> {
    (len <= max).then_some(()).ok_or(ContentError::TooLong {
        what,
        unit,
        len,
        max,
    })
}

fn attachment(attachment: &Attachment) -> Result<(), ContentError> {
    let name = &attachment.name;
    length("a file name", "bytes", name.len(), NAME_BYTES_MAX)?;
    let hostile = |c: char| {
        c.is_control() || matches!(c, '/' | '\\' | '\u{2028}' | '\u{2029}') || is_direction(c)
    };
    if name.trim().is_empty() || name == "." || name == ".." || name.chars().any(hostile) {
        return Err(ContentError::FileName(name.clone()));
    }
    let mime = &attachment.blob.mime;
    length("a media type", "bytes", mime.len(), MIME_BYTES_MAX)?;
    let halves = mime
        .split_once('/')
        .is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if !halves || !mime.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(ContentError::Mime(mime.clone()));
    }
    if attachment.blob.key.len() != 32 {
        return Err(ContentError::Key(attachment.blob.key.len()));
    }
    let sides = [attachment.width, attachment.height];
    match sides.into_iter().flatten().find(|side| *side > SIDE_MAX) {
        Some(side) => Err(ContentError::Side(side)),
        None => Ok(()),
    }
}

/// Marks that turn the reading direction: with them `gpj.exe` looks like `exe.jpg`.
fn is_direction(c: char) -> bool {
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

fn shortened(text: &str) -> String {
    text.chars().take(32).collect()
}
