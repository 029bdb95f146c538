//! What pulldown-cmark does not know: mentions, `:emoji:`, bare links, spoilers.

use conclave_core::id::{ChannelId, IdentityId, RoleId};

use super::{MdNode, MentionTarget, Names};

/// A piece of a level before its text is read.
pub(super) enum Item {
    Node(MdNode),
    /// Literal text was escaped, or stands where nothing is read.
    Text {
        text: String,
        literal: bool,
    },
}

/// Nodes that may still be made.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub fn new(nodes: usize) -> Self {
        Self { left: nodes }
    }

    pub fn spend(&mut self, nodes: usize) {
        self.left = self.left.saturating_sub(nodes);
    }

    pub fn is_spent(&self) -> bool {
        self.left < 2
    }
}

/// A piece of a level while its spoilers are matched.
enum Token {
    Node(MdNode),
    Text(String),
    Bars,
}

/// Reads the text of a level and pairs its spoilers.
pub(super) fn finish(items: Vec<Item>, names: &dyn Names, budget: &mut Budget) -> Vec<MdNode> {
    let mut tokens = Vec::new();
    let mut run = String::new();
    for item in items {
        match item {
            Item::Text {
                text,
                literal: false,
            } => run.push_str(&text),
            Item::Text {
                text,
                literal: true,
            } => {
                scan(&core::mem::take(&mut run), names, budget, &mut tokens);
                text_token(&mut tokens, &text);
            }
            Item::Node(node) => {
                scan(&core::mem::take(&mut run), names, budget, &mut tokens);
                tokens.push(Token::Node(node));
            }
        }
    }
    scan(&run, names, budget, &mut tokens);
    pair(tokens)
}

/// The text of items that hold nothing else.
pub(super) fn literal(items: Vec<Item>) -> String {
    let texts = items.into_iter().filter_map(|item| match item {
        Item::Text { text, .. } => Some(text),
        Item::Node(_) => None,
    });
    texts.collect()
}

/// Whether this is an address that a browser may open, with nothing in it that hides where it leads.
pub(super) fn is_web(url: &str) -> bool {
    let scheme = ["http://", "https://"].into_iter().find(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let host = scheme.and_then(|scheme| url[scheme.len()..].chars().next());
    host.is_some_and(|c| c.is_alphanumeric() || c == '[') && !url.contains(hides)
}

fn hides(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn text_token(tokens: &mut Vec<Token>, text: &str) {
    match tokens.last_mut() {
        _ if text.is_empty() => {}
        Some(Token::Text(before)) => before.push_str(text),
        _ => tokens.push(Token::Text(text.to_owned())),
    }
}

/// Finds what stands in running text.
fn scan(text: &str, names: &dyn Names, budget: &mut Budget, tokens: &mut Vec<Token>) {
    let mut start = 0;
    let mut at = 0;
    let mut before = None;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let found = match c {
            '<' => mention(rest, names),
            '@' if !before.is_some_and(char::is_alphanumeric) => everyone(rest),
            ':' => emoji(rest),
            'h' | 'H' if !before.is_some_and(char::is_alphanumeric) => link(rest),
            '|' if rest.starts_with("||") => Some((Token::Bars, 2)),
            _ => None,
        };
        match found {
            Some((token, len)) if !budget.is_spent() => {
                // The node, and the text that may follow it.
                budget.spend(2);
                text_token(tokens, &text[start..at]);
                tokens.push(token);
                before = text[..at + len].chars().next_back();
                at += len;
                start = at;
            }
            _ => {
                before = Some(c);
                at += c.len_utf8();
            }
        }
    }
    text_token(tokens, &text[start..]);
}

/// `<@member>`, `<@&role>`, `<#channel>`, each with 64 hex digits.
fn mention(rest: &str, names: &dyn Names) -> Option<(Token, usize)> {
    let (kind, after) = ["<@&", "<@", "<#"]
        .into_iter()
        .find_map(|kind| Some((kind, rest.strip_prefix(kind)?)))?;
    let hex = after.get(..64).filter(|_| after[64..].starts_with('>'))?;
    let (target, label) = match kind {
        "<@&" => {
            let id = RoleId::from_hex(hex)?;
            (MentionTarget::Role(id), names.role(id))
        }
        "<@" => {
            let id = IdentityId::from_hex(hex)?;
            (MentionTarget::Member(id), names.member(id))
        }
        _ => {
            let id = ChannelId::from_hex(hex)?;
            (MentionTarget::Channel(id), names.channel(id))
        }
    };
    // Nothing better is known than the beginning of the id.
    let label = label.unwrap_or_else(|| hex[..8].to_owned());
    Some((
        Token::Node(MdNode::Mention { target, label }),
        kind.len() + 65,
    ))
}

fn everyone(rest: &str) -> Option<(Token, usize)> {
    let (target, word) = [
        (MentionTarget::Everyone, "everyone"),
        (MentionTarget::Here, "here"),
    ]
    .into_iter()
    .find(|(_, word)| rest[1..].starts_with(word))?;
    let len = 1 + word.len();
    let ends = !rest[len..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    ends.then(|| {
        (
            Token::Node(MdNode::Mention {
                target,
                label: word.to_owned(),
            }),
            len,
        )
    })
}

/// `:name:` of 2 to 32 letters, digits and `_`, with at least one letter: `10:30:15` is a time.
fn emoji(rest: &str) -> Option<(Token, usize)> {
    let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let name = &rest[1..=end];
    let fits =
        (2..=32).contains(&name.len()) && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    (fits && rest[1 + end..].starts_with(':')).then(|| {
        (
            Token::Node(MdNode::Emoji {
                name: name.to_owned(),
            }),
            end + 2,
        )
    })
}

/// An address in running text, without the punctuation that ends its sentence.
fn link(rest: &str) -> Option<(Token, usize)> {
    if !["http://", "https://"]
        .iter()
        .any(|scheme| rest.starts_with(scheme))
    {
        return None;
    }
    let end = rest
        .find(|c: char| hides(c) || matches!(c, '<' | '>' | '"' | '`'))
        .unwrap_or(rest.len());
    let end = rest[..end].find("||").unwrap_or(end);
    let mut url = &rest[..end];
    while let Some(last) = url.chars().next_back() {
        let closes = |open: char, close: char| {
            last == close && url.matches(close).count() > url.matches(open).count()
        };
        if !(".,:;!?'*_~".contains(last) || closes('(', ')') || closes('[', ']')) {
            break;
        }
        url = &url[..url.len() - 1];
    }
    is_web(url).then(|| {
        let children = vec![MdNode::Text(url.to_owned())];
        (
            Token::Node(MdNode::Link {
                url: url.to_owned(),
                children,
            }),
            url.len(),
        )
    })
}

/// Makes spoilers of what stands between two `||`; one that has no partner stays text.
fn pair(tokens: Vec<Token>) -> Vec<MdNode> {
    let bars = tokens
        .iter()
        .filter(|token| matches!(token, Token::Bars))
        .count();
    let mut pairs = bars / 2;
    let mut nodes = Vec::new();
    let mut hidden: Option<Vec<MdNode>> = None;
    for token in tokens {
        let level = hidden.as_mut().unwrap_or(&mut nodes);
        match token {
            Token::Node(node) => level.push(node),
            Token::Text(text) => push_text(level, &text),
            Token::Bars => match hidden.take() {
                Some(children) if children.is_empty() => push_text(&mut nodes, "||||"),
                Some(children) => nodes.push(MdNode::Spoiler(children)),
                None if pairs > 0 => {
                    pairs -= 1;
                    hidden = Some(Vec::new());
                }
                None => push_text(&mut nodes, "||"),
            },
        }
    }
    nodes
}

fn push_text(level: &mut Vec<MdNode>, text: &str) {
    match level.last_mut() {
        Some(MdNode::Text(before)) => before.push_str(text),
        _ => level.push(MdNode::Text(text.to_owned())),
    }
}
