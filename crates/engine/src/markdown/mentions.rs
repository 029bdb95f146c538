//! Whom a text calls.

use conclave_core::id::{IdentityId, RoleId};

use super::{MdNode, MentionTarget, NoNames, parse};

/// Whom a text calls, whether or not its author may.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RawMentions {
    /// `@everyone`.
    pub everyone: bool,
    /// `@here`.
    pub here: bool,
    /// Each member once, ascending.
    pub members: Vec<IdentityId>,
    /// Each role once, ascending.
    pub roles: Vec<RoleId>,
}

/// Finds the mentions of a text; what stands in code calls nobody.
#[must_use]
pub fn mentions(text: &str) -> RawMentions {
    let mut found = RawMentions::default();
    // Most texts call nobody, and every arriving message is asked.
    if !["<@", "@everyone", "@here"]
        .iter()
        .any(|sign| text.contains(sign))
    {
        return found;
    }
    collect(&parse(text, &NoNames), &mut found);
    found.members.sort_unstable();
    found.members.dedup();
    found.roles.sort_unstable();
    found.roles.dedup();
    found
}

/// Recursion is bounded by [`super::DEPTH_MAX`].
fn collect(nodes: &[MdNode], found: &mut RawMentions) {
    for node in nodes {
        match node {
            MdNode::Mention { target, .. } => match target {
                MentionTarget::Member(id) => found.members.push(*id),
                MentionTarget::Role(id) => found.roles.push(*id),
                MentionTarget::Everyone => found.everyone = true,
                MentionTarget::Here => found.here = true,
                MentionTarget::Channel(_) => {}
            },
            MdNode::Bold(children)
            | MdNode::Italic(children)
            | MdNode::Strike(children)
            | MdNode::Underline(children)
            | MdNode::Spoiler(children)
            | MdNode::Quote(children)
            | MdNode::Paragraph(children)
            | MdNode::Heading { children, .. }
            | MdNode::Link { children, .. } => collect(children, found),
            MdNode::List { items, .. } => {
                for item in items {
                    collect(item, found);
                }
            }
            MdNode::Text(_)
            | MdNode::Code(_)
            | MdNode::CodeBlock { .. }
            | MdNode::Break
            | MdNode::Emoji { .. } => {}
        }
    }
}
