#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use conclave_core::id::{ChannelId, IdentityId, RoleId};
use proptest::prelude::*;

use super::MdNode::{
    Bold, Break, Code, Italic, Paragraph, Quote, Spoiler, Strike, Text, Underline,
};
use super::*;

struct Known;

impl Names for Known {
    fn member(&self, id: IdentityId) -> Option<String> {
        (id == IdentityId([0xaa; 32])).then(|| "Ada".to_owned())
    }
    fn role(&self, id: RoleId) -> Option<String> {
        (id == RoleId([0xbb; 32])).then(|| "Mods".to_owned())
    }
    fn channel(&self, _: ChannelId) -> Option<String> {
        None
    }
}

fn t(text: &str) -> MdNode {
    Text(text.to_owned())
}

fn link(url: &str, label: &str) -> MdNode {
    MdNode::Link {
        url: url.to_owned(),
        children: vec![t(label)],
    }
}

/// The inside of the one paragraph that a text is.
fn line(text: &str) -> Vec<MdNode> {
    match parse(text, &Known).as_slice() {
        [Paragraph(children)] => children.clone(),
        other => panic!("{text:?} is not one paragraph: {other:?}"),
    }
}

#[test]
fn styles_are_those_of_chats() {
    assert_eq!(line("plain"), [t("plain")]);
    assert_eq!(
        line("**b** *i* _i_ __u__ ~~s~~ `c`"),
        [
            Bold(vec![t("b")]),
            t(" "),
            Italic(vec![t("i")]),
            t(" "),
            Italic(vec![t("i")]),
            t(" "),
            Underline(vec![t("u")]),
            t(" "),
            Strike(vec![t("s")]),
            t(" "),
            Code("c".to_owned()),
        ]
    );
    assert_eq!(line("one\ntwo"), [t("one"), Break, t("two")]);
    assert_eq!(line("a ~b~ c"), [t("a ~b~ c")]);
    assert_eq!(line("***x***"), [Italic(vec![Bold(vec![t("x")])])]);
}

#[test]
fn blocks_are_those_of_chats() {
    assert_eq!(
        parse("# One\n#### Four", &Known),
        [
            MdNode::Heading {
                level: 1,
                children: vec![t("One")]
            },
            MdNode::Heading {
                level: 3,
                children: vec![t("Four")]
            },
        ]
    );
    assert_eq!(
        parse("> said\n> so", &Known),
        [Quote(vec![Paragraph(vec![t("said"), Break, t("so")])])]
    );
    assert_eq!(
        parse("```rust\nlet x;\n\n<@x>\n```", &Known),
        [MdNode::CodeBlock {
            lang: Some("rust".to_owned()),
            text: "let x;\n\n<@x>".to_owned()
        },]
    );
    assert_eq!(
        parse("3. a\n4. b", &Known),
        [MdNode::List {
            ordered: true,
            start: 3,
            items: vec![vec![t("a")], vec![t("b")]]
        },]
    );
}

#[test]
fn nothing_that_was_written_is_hidden() {
    assert_eq!(
        line("<script>alert(1)</script>"),
        [t("<script>alert(1)</script>")]
    );
    assert_eq!(line("a <b>c</b> &amp; &lt;"), [t("a <b>c</b> &amp; &lt;")]);
    assert_eq!(
        parse("[a]: https://x.example", &Known),
        [Paragraph(vec![t("[a]: https://x.example")])]
    );
    assert_eq!(parse("---", &Known), [Paragraph(vec![t("---")])]);
    assert_eq!(
        parse("title\n---", &Known),
        [Paragraph(vec![t("title"), Break, t("---")])]
    );
    assert_eq!(line("    indented"), [t("indented")]);
    assert_eq!(
        line("![pic](https://x.example/p.png)"),
        [link("https://x.example/p.png", "pic")]
    );
}

#[test]
fn links_lead_to_the_web_and_nowhere_else() {
    assert_eq!(
        line("[site](https://x.example)"),
        [link("https://x.example", "site")]
    );
    assert_eq!(
        line("<https://x.example>"),
        [link("https://x.example", "https://x.example")]
    );
    for hostile in [
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](file:///etc/passwd)",
        "[x](//x.example)",
        "<mailto:a@x.example>",
        "[https://bank.example](https://x.example)",
        "[x](https://x.example/\u{202e}gpj)",
        "[x](https:///x)",
    ] {
        assert_eq!(line(hostile), [t(hostile)], "{hostile}");
    }
}

#[test]
fn bare_addresses_are_links_without_the_punctuation_around_them() {
    let url = "https://x.example/a_b(c)?d=e";
    assert_eq!(
        line(&format!("(see {url}).")),
        [t("(see "), link(url, url), t(").")]
    );
    assert_eq!(line("xhttps://x.example"), [t("xhttps://x.example")]);
    assert_eq!(line("https://"), [t("https://")]);
    assert_eq!(
        line("||https://x.example||"),
        [Spoiler(vec![link(
            "https://x.example",
            "https://x.example"
        )])]
    );
}

#[test]
fn spoilers_span_other_styles() {
    assert_eq!(
        line("||a **b** c|| d"),
        [Spoiler(vec![t("a "), Bold(vec![t("b")]), t(" c")]), t(" d")]
    );
    assert_eq!(line("a || b"), [t("a || b")]);
    assert_eq!(line("||||"), [t("||||")]);
    assert_eq!(line("||a|| b || c"), [Spoiler(vec![t("a")]), t(" b || c")]);
    assert_eq!(line("\\||a||"), [t("||a||")]);
}

#[test]
fn mentions_are_found_but_not_in_code_and_not_escaped() {
    let member = format!("<@{}>", "aa".repeat(32));
    let role = format!("<@&{}>", "bb".repeat(32));
    let channel = format!("<#{}>", "cc".repeat(32));
    assert_eq!(
        line(&format!("{member} **{role}** {channel} @here")),
        [
            MdNode::Mention {
                target: MentionTarget::Member(IdentityId([0xaa; 32])),
                label: "Ada".to_owned()
            },
            t(" "),
            Bold(vec![MdNode::Mention {
                target: MentionTarget::Role(RoleId([0xbb; 32])),
                label: "Mods".to_owned()
            }]),
            t(" "),
            MdNode::Mention {
                target: MentionTarget::Channel(ChannelId([0xcc; 32])),
                label: "cccccccc".to_owned()
            },
            t(" "),
            MdNode::Mention {
                target: MentionTarget::Here,
                label: "here".to_owned()
            },
        ]
    );
    let found = mentions(&format!("> ||{member}|| {role} {role}\n\n- @everyone"));
    assert_eq!(
        found,
        RawMentions {
            everyone: true,
            here: false,
            members: vec![IdentityId([0xaa; 32])],
            roles: vec![RoleId([0xbb; 32])],
        }
    );
    for quiet in [
        format!("`{member} @everyone`"),
        format!("```\n{member}\n@here\n```"),
        format!("\\{member} \\@everyone"),
        "me@everyone.example @everyones @hereabouts <@12>".to_owned(),
        format!("<@{}", "aa".repeat(32)),
    ] {
        assert_eq!(mentions(&quiet), RawMentions::default(), "{quiet}");
    }
}

#[test]
fn emoji_are_named_and_times_are_not() {
    let emoji = |name: &str| MdNode::Emoji {
        name: name.to_owned(),
    };
    assert_eq!(
        line(":thumbs_up::tada:"),
        [emoji("thumbs_up"), emoji("tada")]
    );
    assert_eq!(line("10:30:15 :a: :no no:"), [t("10:30:15 :a: :no no:")]);
}

#[test]
fn plain_text_hides_spoilers_and_names_people() {
    let text = format!("**Hi** <@{}>,\n||secret|| `code`", "aa".repeat(32));
    assert_eq!(plain(&parse(&text, &Known)), "Hi @Ada, ▮▮▮ code");
}

/// Depth and number of nodes.
fn size(nodes: &[MdNode]) -> (usize, usize) {
    let mut depth = 0;
    let mut count = nodes.len();
    for node in nodes {
        let inner = match node {
            MdNode::Bold(c)
            | MdNode::Italic(c)
            | MdNode::Strike(c)
            | MdNode::Underline(c)
            | MdNode::Spoiler(c)
            | MdNode::Quote(c)
            | MdNode::Paragraph(c)
            | MdNode::Heading { children: c, .. }
            | MdNode::Link { children: c, .. } => size(c),
            MdNode::List { items, .. } => items
                .iter()
                .map(|item| size(item))
                .fold((0, 0), |a, b| (a.0.max(b.0), a.1 + b.1)),
            _ => (0, 0),
        };
        depth = depth.max(1 + inner.0);
        count += inner.1;
    }
    (depth, count)
}

#[test]
fn hostile_text_stays_within_bounds() {
    for unit in [
        "[", "*", "**a", ">", "> ", "- ", "||", "_", "`", "<", "![", "[](", "~~", "*a_ ", "\\",
        "&", ":a", "@", "# ", "1. ", "||**", "<a ", "[a]: ",
    ] {
        let text = unit.repeat(16 * 1024 / unit.len());
        let begun = std::time::Instant::now();
        let tree = parse(&text, &Known);
        let (depth, count) = size(&tree);
        assert!(
            depth <= DEPTH_MAX && count <= NODES_MAX,
            "{unit:?}: depth {depth}, {count} nodes"
        );
        assert!(
            begun.elapsed().as_secs() < 5,
            "{unit:?} took {:?}",
            begun.elapsed()
        );
    }
}

fn letters(nodes: &[MdNode]) -> BTreeSet<char> {
    format!("{nodes:?}").chars().collect()
}

proptest! {
    #[test]
    fn any_text_parses_within_bounds(text in "[ -~\\n\u{e9}\u{1f600}]{0,400}") {
        let (depth, count) = size(&parse(&text, &Known));
        prop_assert!(depth <= DEPTH_MAX && count <= NODES_MAX);
    }

    #[test]
    fn words_survive_any_markup(parts in prop::collection::vec(
        prop::sample::select(vec!["**", "*", "_", "__", "~~", "||", "> ", "\n", "`", "[", "](", ")", "<", ">", "- ", " ", "#", "\\"]), 0..40)
    ) {
        // Every piece of markup is followed by a letter of its own; none of them may be lost.
        let text: String = parts.iter().zip(('α'..='ω').cycle()).flat_map(|(part, letter)| [(*part).to_owned(), letter.to_string()]).collect();
        let shown = letters(&parse(&text, &Known));
        for letter in text.chars().filter(|c| ('α'..='ω').contains(c)) {
            prop_assert!(shown.contains(&letter), "{letter} of {text:?} is lost");
        }
    }
}
