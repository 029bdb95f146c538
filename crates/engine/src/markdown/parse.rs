//! From text to tree.

use super::{MdNode, Names};

/// Parses a message's text.
#[must_use]
pub fn parse(text: &str, names: &dyn Names) -> Vec<MdNode> {
    let _ = names;
    vec![MdNode::Paragraph(vec![MdNode::Text(text.to_owned())])]
}
