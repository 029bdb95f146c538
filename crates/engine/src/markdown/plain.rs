//! The tree as plain text, for excerpts and notifications.

use super::{MdNode, MentionTarget};

/// What stands for a spoiler.
const HIDDEN: &str = "▮▮▮";

/// Gives the text on one line, without markup; spoilers stay hidden.
#[must_use]
pub fn plain(nodes: &[MdNode]) -> String {
    let mut out = String::new();
    write(nodes, &mut out);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Recursion is bounded by [`super::DEPTH_MAX`].
fn write(nodes: &[MdNode], out: &mut String) {
    for node in nodes {
        match node {
            MdNode::Text(text) | MdNode::Code(text) | MdNode::CodeBlock { text, .. } => {
                out.push_str(text)
            }
            MdNode::Bold(children)
            | MdNode::Italic(children)
            | MdNode::Strike(children)
            | MdNode::Underline(children)
            | MdNode::Link { children, .. } => write(children, out),
            MdNode::Quote(children)
            | MdNode::Paragraph(children)
            | MdNode::Heading { children, .. } => {
                write(children, out);
                out.push('\n');
            }
            MdNode::Spoiler(_) => out.push_str(HIDDEN),
            MdNode::List { items, .. } => {
                for item in items {
                    write(item, out);
                    out.push('\n');
                }
            }
            MdNode::Break => out.push('\n'),
            MdNode::Mention { target, label } => {
                out.push(if matches!(target, MentionTarget::Channel(_)) {
                    '#'
                } else {
                    '@'
                });
                out.push_str(label);
            }
            MdNode::Emoji { name } => {
                out.push(':');
                out.push_str(name);
                out.push(':');
            }
        }
    }
}
