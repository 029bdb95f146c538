//! What a person sees, in which order: messages, what became of them, unread and mentions.
//!
//! Everything here is a function of the store alone; who may say what was settled before (`inbox`). The rows are a
//! projection: whatever order the same contents arrive in, the same rows come out, except for what is about arrival itself
//! (chapter `timeline`).

mod act;
mod copies;
mod fold;
mod forget;
mod pace;
mod page;
mod place;
mod post;
mod reactions;
mod read;
mod row;
#[cfg(test)]
mod tests;

use conclave_core::content::{Act, Content};
use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis, Pseudonym, RoleId, ServerId};
use conclave_core::view::{View, ViewError};

use crate::effect::Notice;
use crate::txn::Txn;

pub use act::earlier;
pub use copies::{copies, note_copy};
pub use forget::{drop_channel, forget, forget_after, forget_at, hide_since};
pub use pace::{SLOW_MS_MAX, last_sent};
pub use page::{AuthorView, Context, message, page};
pub(crate) use page::{entry_of, order_from, order_value};
pub use place::{authors_since, newest};
pub use read::{
    draft, mark_read, mark_server_read, mark_unread, read_summary, set_draft, set_level,
};
pub(crate) use row::author_tag as author_mark;

/// How far a claimed time may lie ahead of the arrival: what clocks that set themselves over a network differ by, with room.
pub const AHEAD_MS_MAX: u64 = 2 * 60 * 1000;

/// A message that arrives among others that have been here for longer than this is marked late.
pub const LATE_MS: u64 = 10 * 60 * 1000;

/// What the state that the content names lets its author do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the names of the permissions")]
pub struct Allowed {
    pub mention_everyone: bool,
    pub manage_messages: bool,
    pub attach: bool,
    pub pin: bool,
    /// Milliseconds that the author must leave between two messages; 0: no slow mode, or exempt from it.
    pub slow_ms: u64,
}

/// Content of a channel that was opened and judged.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Its server.
    pub server: ServerId,
    /// Its channel; the content names the same.
    pub channel: ChannelId,
    /// The envelope that brought it.
    pub envelope: EnvelopeId,
    /// The envelope's sender.
    pub pseudonym: Pseudonym,
    /// The envelope's sequence.
    pub seq: u64,
    /// What it says; passed [`Content::check`].
    pub content: &'a Content,
    /// When.
    pub now: Millis,
    /// What its author may do.
    pub allowed: Allowed,
    /// This person.
    pub me: IdentityId,
    /// The roles of this person that call them when somebody mentions one.
    pub my_roles: &'a [RoleId],
    /// Whether this person wrote it, here or on another device.
    pub own: bool,
    /// While this device fetches what is old: nothing is marked late then, and nothing that lies before what was read counts
    /// as unread.
    pub catching_up: bool,
}

/// Puts content on the timeline. The same content again changes nothing.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn apply(txn: &mut Txn<'_>, arrival: &Arrival<'_>) -> Result<Vec<Notice>, ViewError> {
    match &arrival.content.act {
        Act::Post(post) => post::apply(txn, arrival, post),
        Act::Edit { .. } | Act::Delete(_) | Act::Pin { .. } => act::apply(txn, arrival),
        Act::React { target, emoji, on } => reactions::apply(txn, arrival, *target, emoji, *on),
        Act::Typing(_) | Act::Presence(_) => Ok(Vec::new()),
    }
}

/// Where a message stands in its server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Located {
    pub server: ServerId,
    pub channel: ChannelId,
    pub author: IdentityId,
    pub pseudonym: Pseudonym,
    pub seq: u64,
    pub deleted: bool,
}

/// Finds a message.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn locate(view: &dyn View, message: &EnvelopeId) -> Result<Option<Located>, ViewError> {
    Ok(row::load(view, message)?.map(|row| Located {
        server: row.server,
        channel: row.channel,
        author: row.author,
        pseudonym: row.pseudonym,
        seq: row.seq,
        deleted: row.is_deleted(),
    }))
}
