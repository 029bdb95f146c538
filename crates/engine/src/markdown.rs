//! Markdown as people write it in chats: what a message's text becomes on screen.
//!
//! A small, closed tree that any watcher can draw without ever handling markup: no raw HTML, no images, links to `http` and
//! `https` alone. Depth and number of nodes are bounded, whatever the text.

mod inline;
mod mentions;
mod parse;
mod plain;
#[cfg(test)]
mod tests;

use conclave_core::id::{ChannelId, IdentityId, RoleId};

pub use mentions::{RawMentions, mentions};
pub use parse::parse;
pub use plain::plain;

/// Deepest nesting; what is nested deeper joins the level above.
pub const DEPTH_MAX: usize = 16;

/// Most nodes of one tree; what follows is plain text.
pub const NODES_MAX: usize = 2000;

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MdNode {
    Text(String),
    Bold(Vec<MdNode>),
    Italic(Vec<MdNode>),
    Strike(Vec<MdNode>),
    Underline(Vec<MdNode>),
    Spoiler(Vec<MdNode>),
    Quote(Vec<MdNode>),
    Paragraph(Vec<MdNode>),
    /// Level 1 to 3; deeper headings are shown as 3.
    Heading {
        level: u8,
        children: Vec<MdNode>,
    },
    Code(String),
    CodeBlock {
        lang: Option<String>,
        text: String,
    },
    /// `http` or `https`, never anything else.
    Link {
        url: String,
        children: Vec<MdNode>,
    },
    List {
        ordered: bool,
        start: u64,
        items: Vec<Vec<MdNode>>,
    },
    Break,
    Mention {
        target: MentionTarget,
        label: String,
    },
    /// A `:name:`, of letters, digits and `_`; not every name is an emoji.
    Emoji {
        name: String,
    },
}

/// Whom or what a mention names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum MentionTarget {
    Member(IdentityId),
    Role(RoleId),
    Channel(ChannelId),
    Everyone,
    Here,
}

/// What mentioned things are called here; nothing for what is not known.
pub trait Names {
    /// A member's name in this server.
    fn member(&self, id: IdentityId) -> Option<String>;
    /// A role's name.
    fn role(&self, id: RoleId) -> Option<String>;
    /// A channel's name.
    fn channel(&self, id: ChannelId) -> Option<String>;
}

/// Knows no names.
pub(crate) struct NoNames;

impl Names for NoNames {
    fn member(&self, _: IdentityId) -> Option<String> {
        None
    }

    fn role(&self, _: RoleId) -> Option<String> {
        None
    }

    fn channel(&self, _: ChannelId) -> Option<String> {
        None
    }
}
