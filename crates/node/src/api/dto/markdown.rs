//! A message's text as a tree, so that no client ever handles markup.

use conclave_engine::markdown::{self, MentionTarget};
use schemars::JsonSchema;
use serde::Serialize;

/// One node of the tree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "t", rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MdNode {
    Text {
        v: String,
    },
    Bold {
        c: Vec<MdNode>,
    },
    Italic {
        c: Vec<MdNode>,
    },
    Strike {
        c: Vec<MdNode>,
    },
    Underline {
        c: Vec<MdNode>,
    },
    Spoiler {
        c: Vec<MdNode>,
    },
    Quote {
        c: Vec<MdNode>,
    },
    Paragraph {
        c: Vec<MdNode>,
    },
    Heading {
        level: u8,
        c: Vec<MdNode>,
    },
    Code {
        v: String,
    },
    CodeBlock {
        lang: Option<String>,
        v: String,
    },
    Link {
        url: String,
        c: Vec<MdNode>,
    },
    List {
        ordered: bool,
        start: u64,
        items: Vec<Vec<MdNode>>,
    },
    Break,
    Mention {
        kind: MentionKind,
        id: Option<String>,
        label: String,
    },
    Emoji {
        name: String,
    },
}

/// What a mention names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MentionKind {
    Member,
    Role,
    Channel,
    Everyone,
    Here,
}

fn all(nodes: Vec<markdown::MdNode>) -> Vec<MdNode> {
    nodes.into_iter().map(MdNode::from).collect()
}

impl From<markdown::MdNode> for MdNode {
    fn from(node: markdown::MdNode) -> Self {
        use markdown::MdNode as Md;
        match node {
            Md::Text(v) => Self::Text { v },
            Md::Bold(c) => Self::Bold { c: all(c) },
            Md::Italic(c) => Self::Italic { c: all(c) },
            Md::Strike(c) => Self::Strike { c: all(c) },
            Md::Underline(c) => Self::Underline { c: all(c) },
            Md::Spoiler(c) => Self::Spoiler { c: all(c) },
            Md::Quote(c) => Self::Quote { c: all(c) },
            Md::Paragraph(c) => Self::Paragraph { c: all(c) },
            Md::Heading { level, children } => Self::Heading {
                level,
                c: all(children),
            },
            Md::Code(v) => Self::Code { v },
            Md::CodeBlock { lang, text } => Self::CodeBlock { lang, v: text },
            Md::Link { url, children } => Self::Link {
                url,
                c: all(children),
            },
            Md::List {
                ordered,
                start,
                items,
            } => Self::List {
                ordered,
                start,
                items: items.into_iter().map(all).collect(),
            },
            Md::Break => Self::Break,
            Md::Mention { target, label } => mention(target, label),
            Md::Emoji { name } => Self::Emoji { name },
        }
    }
}

fn mention(target: MentionTarget, label: String) -> MdNode {
    let (kind, id) = match target {
        MentionTarget::Member(id) => (MentionKind::Member, Some(id.to_string())),
        MentionTarget::Role(id) => (MentionKind::Role, Some(id.to_string())),
        MentionTarget::Channel(id) => (MentionKind::Channel, Some(id.to_string())),
        MentionTarget::Everyone => (MentionKind::Everyone, None),
        MentionTarget::Here => (MentionKind::Here, None),
    };
    MdNode::Mention { kind, id, label }
}
