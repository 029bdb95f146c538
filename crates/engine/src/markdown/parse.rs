//! From text to tree: CommonMark as chats bend it, by way of pulldown-cmark.
//!
//! What differs: one `_`-pair less makes italic, two underline (`__so__`); a line break is a break; `~~` strikes and `~` does not;
//! only `#` makes a heading; nothing is hidden: HTML, rules, entities, reference definitions, indented code are shown as written.

use core::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag};

use super::inline::{self, Budget, Item};
use super::{DEPTH_MAX, MdNode, NODES_MAX, Names};

/// Open constructs that become nodes of their own. Each may hold a spoiler, which is a level too.
const OPEN_MAX: usize = DEPTH_MAX / 2;

/// Parses a message's text.
#[must_use]
pub fn parse(text: &str, names: &dyn Names) -> Vec<MdNode> {
    let mut builder = Builder {
        text,
        names,
        open: Vec::new(),
        done: Vec::new(),
        // The paragraph for the rest of the text, and its text.
        budget: Budget::new(NODES_MAX - 2),
        reached: 0,
    };
    let mut events = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH).into_offset_iter();
    let mut hidden: Vec<Range<usize>> = events
        .reference_definitions()
        .iter()
        .map(|(_, definition)| definition.span.clone())
        .collect();
    hidden.sort_by_key(|span| span.start);
    let mut full = false;
    for (event, range) in &mut events {
        if builder.budget.is_spent() {
            full = true;
            break;
        }
        builder.take(event, range);
    }
    if full {
        hidden.retain(|span| span.end <= builder.reached);
        hidden.push(builder.reached..text.len());
    }
    builder.finish(hidden)
}

/// A construct that is not closed yet.
struct Open<'t> {
    kind: Kind<'t>,
    range: Range<usize>,
    items: Vec<Item>,
    /// Of a list: its items so far.
    entries: Vec<Vec<MdNode>>,
}

enum Kind<'t> {
    Paragraph,
    Heading(u8),
    /// A heading by underlining, which is none here.
    Underlined,
    Quote,
    Code(Option<String>),
    /// Indented code or HTML: text like any other.
    Raw,
    List(Option<u64>),
    Item,
    Bold,
    Underline,
    Italic,
    Strike,
    Link(CowStr<'t>),
    /// No node of its own; what is inside stands in the level above, between these.
    Through(&'static str),
}

impl Kind<'_> {
    fn is_node(&self) -> bool {
        !matches!(self, Self::Item | Self::Through(_))
    }

    fn is_block(&self) -> bool {
        use Kind::{Bold, Italic, Link, Strike, Through, Underline};
        !matches!(
            self,
            Bold | Underline | Italic | Strike | Link(_) | Through(_)
        )
    }
}

struct Builder<'t, 'n> {
    text: &'t str,
    names: &'n dyn Names,
    open: Vec<Open<'t>>,
    /// Top-level nodes with where they begin.
    done: Vec<(usize, MdNode)>,
    budget: Budget,
    /// Everything before this is in the tree.
    reached: usize,
}

impl<'t> Builder<'t, '_> {
    fn source(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn take(&mut self, event: Event<'t>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text, &range),
            Event::Code(code) => self.leaf(Item::Node(MdNode::Code(code.into_string())), &range),
            Event::SoftBreak | Event::HardBreak => self.leaf(Item::Node(MdNode::Break), &range),
            Event::Rule => {
                let rule = self.source(&range).trim().to_owned();
                self.budget.spend(2);
                self.reached = self.reached.max(range.end);
                self.put(range.start, MdNode::Paragraph(vec![MdNode::Text(rule)]));
            }
            _ => {
                let text = self.source(&range).to_owned();
                self.leaf(
                    Item::Text {
                        text,
                        literal: false,
                    },
                    &range,
                );
            }
        }
    }

    fn start(&mut self, tag: Tag<'t>, range: Range<usize>) {
        let source = self.source(&range);
        let mut kind = match tag {
            Tag::Paragraph => Kind::Paragraph,
            Tag::Heading { level, .. } if source.starts_with('#') => {
                Kind::Heading((level as u8).min(3))
            }
            Tag::Heading { .. } => Kind::Underlined,
            Tag::BlockQuote(_) => Kind::Quote,
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Kind::Code(language(&info)),
            Tag::CodeBlock(CodeBlockKind::Indented) | Tag::HtmlBlock => Kind::Raw,
            Tag::List(start) => Kind::List(start),
            Tag::Item => Kind::Item,
            Tag::Strong if source.starts_with("__") => Kind::Underline,
            Tag::Strong => Kind::Bold,
            Tag::Emphasis => Kind::Italic,
            Tag::Strikethrough if source.starts_with("~~") => Kind::Strike,
            Tag::Strikethrough => Kind::Through("~"),
            Tag::Link {
                link_type: LinkType::Email,
                ..
            } => Kind::Link("".into()),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => Kind::Link(dest_url),
            _ => Kind::Through(""),
        };
        let deep = self.open.iter().filter(|open| open.kind.is_node()).count();
        let has_list = matches!(kind, Kind::Item)
            && self
                .open
                .last()
                .is_some_and(|open| matches!(open.kind, Kind::List(_)));
        if kind.is_node() && deep >= OPEN_MAX {
            kind = Kind::Through(if kind.is_block() { "\n" } else { "" });
        } else if matches!(kind, Kind::Item) && !has_list {
            kind = Kind::Through("\n");
        }
        // Also where no node comes of it, so that the stack of what is open stays short.
        self.budget.spend(1);
        self.open.push(Open {
            kind,
            range,
            items: Vec::new(),
            entries: Vec::new(),
        });
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        let source = self.source(range);
        let in_link = self
            .open
            .iter()
            .any(|open| matches!(open.kind, Kind::Link(_)));
        if matches!(
            self.open.last(),
            Some(Open {
                kind: Kind::Code(_),
                ..
            })
        ) {
            return self.leaf(
                Item::Text {
                    text: text.to_owned(),
                    literal: true,
                },
                range,
            );
        }
        let escaped = range.start > 0 && self.text.as_bytes().get(range.start - 1) == Some(&b'\\');
        let first = text.chars().next().map_or(0, char::len_utf8);
        match text.split_at_checked(first) {
            Some((first, rest)) if escaped && !in_link => {
                self.leaf(
                    Item::Text {
                        text: first.to_owned(),
                        literal: true,
                    },
                    range,
                );
                self.leaf(
                    Item::Text {
                        text: rest.to_owned(),
                        literal: false,
                    },
                    range,
                );
            }
            // An entity is shown as it was written.
            _ if source.starts_with('&') && source.ends_with(';') && source != text => {
                self.leaf(
                    Item::Text {
                        text: source.to_owned(),
                        literal: true,
                    },
                    range,
                );
            }
            _ => self.leaf(
                Item::Text {
                    text: text.to_owned(),
                    literal: in_link,
                },
                range,
            ),
        }
    }

    fn leaf(&mut self, item: Item, range: &Range<usize>) {
        self.budget.spend(1);
        self.reached = self.reached.max(range.end);
        match self.open.last_mut() {
            Some(open) => open.items.push(item),
            None => {
                let nodes = inline::finish(vec![item], self.names, &mut self.budget);
                self.done
                    .extend(nodes.into_iter().map(|node| (range.start, node)));
            }
        }
    }

    fn put(&mut self, at: usize, node: MdNode) {
        match self.open.last_mut() {
            Some(open) => open.items.push(Item::Node(node)),
            None => self.done.push((at, node)),
        }
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.pop() else {
            return;
        };
        let at = open.range.start;
        if let Kind::Through(edge) = open.kind {
            return self.pass_through(edge, at, open.items);
        }
        if let Kind::Code(lang) = open.kind {
            let text = inline::literal(open.items);
            let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
            return self.put(at, MdNode::CodeBlock { lang, text });
        }
        if matches!(open.kind, Kind::Underlined) {
            let underline = self
                .source(&open.range)
                .trim_end()
                .rsplit('\n')
                .next()
                .unwrap_or_default();
            self.budget.spend(2);
            open.items.push(Item::Node(MdNode::Break));
            open.items.push(Item::Text {
                text: underline.to_owned(),
                literal: true,
            });
        }
        let children = inline::finish(open.items, self.names, &mut self.budget);
        let node = match open.kind {
            Kind::Paragraph | Kind::Underlined | Kind::Raw => MdNode::Paragraph(children),
            Kind::Heading(level) => MdNode::Heading { level, children },
            Kind::Quote => MdNode::Quote(children),
            Kind::Bold => MdNode::Bold(children),
            Kind::Underline => MdNode::Underline(children),
            Kind::Italic => MdNode::Italic(children),
            Kind::Strike => MdNode::Strike(children),
            Kind::Link(url) => return self.link(&url, children, &open.range),
            Kind::List(start) => MdNode::List {
                ordered: start.is_some(),
                start: start.unwrap_or(1),
                items: open.entries,
            },
            Kind::Item => {
                if let Some(list) = self.open.last_mut() {
                    list.entries.push(children);
                }
                return;
            }
            Kind::Code(_) | Kind::Through(_) => return,
        };
        self.put(at, node);
    }

    fn pass_through(&mut self, edge: &'static str, at: usize, items: Vec<Item>) {
        let edge = || Item::Text {
            text: edge.to_owned(),
            literal: true,
        };
        let around = core::iter::once(edge()).chain(items).chain([edge()]);
        match self.open.last_mut() {
            Some(open) => open.items.extend(around),
            None => {
                let nodes = inline::finish(around.collect(), self.names, &mut self.budget);
                self.done.push((at, MdNode::Paragraph(nodes)));
            }
        }
    }

    /// A link, or, where it leads nowhere good, what was written.
    fn link(&mut self, url: &str, children: Vec<MdNode>, range: &Range<usize>) {
        let label = super::plain(&children);
        // A label that looks like another address than the one behind it deceives.
        let deceives = label.contains("://") && label != url;
        if inline::is_web(url) && !deceives {
            let shown = if children.is_empty() {
                vec![MdNode::Text(url.to_owned())]
            } else {
                children
            };
            return self.put(
                range.start,
                MdNode::Link {
                    url: url.to_owned(),
                    children: shown,
                },
            );
        }
        let text = self.source(range).to_owned();
        if let Some(open) = self.open.last_mut() {
            open.items.push(Item::Text {
                text,
                literal: true,
            });
        }
    }

    /// Closes what is open, and shows in their places what the parser took out of the text or did not come to.
    fn finish(mut self, hidden: Vec<Range<usize>>) -> Vec<MdNode> {
        while !self.open.is_empty() {
            self.close();
        }
        for range in hidden {
            let text = self.source(&range).trim();
            if !text.is_empty() {
                self.done.push((
                    range.start,
                    MdNode::Paragraph(vec![MdNode::Text(text.to_owned())]),
                ));
            }
        }
        self.done.sort_by_key(|(at, _)| *at);
        self.done.into_iter().map(|(_, node)| node).collect()
    }
}

/// The language of a fenced block: a word of at most 32 characters.
fn language(info: &str) -> Option<String> {
    let word = info.split_whitespace().next()?;
    let plain = word.len() <= 32
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-_#.".contains(c));
    plain.then(|| word.to_owned())
}
