//! What may be said at all.

use conclave_core::content::{Attachment, TEXT_CHARS_MAX};
use conclave_core::event::BlobRef;

use super::*;

fn content(act: Act) -> Content {
    Content {
        version: CONTENT_VERSION,
        author: ADA,
        channel: GENERAL,
        heads: Vec::new(),
        parents: Vec::new(),
        time: NOON,
        manifest_version: 0,
        act,
    }
}

fn file(name: &str, mime: &str) -> Act {
    let blob = BlobRef {
        hash: BlobHash([3; 32]),
        key: vec![0; 32].into(),
        size: 1,
        mime: mime.to_owned(),
    };
    let attachments = vec![Attachment {
        name: name.to_owned(),
        blob,
        width: Some(3),
        height: None,
    }];
    Act::Post(Post {
        attachments,
        ..Post::default()
    })
}

fn text(text: &str) -> Act {
    Act::Post(Post {
        text: text.to_owned(),
        ..Post::default()
    })
}

fn emoji(emoji: &str) -> Act {
    Act::React {
        target: id(1),
        emoji: emoji.to_owned(),
        on: true,
    }
}

#[test]
fn texts_have_a_beginning_and_an_end() {
    assert_eq!(check(&content(text(&"é".repeat(TEXT_CHARS_MAX)))), Ok(()));
    let long = text(&"é".repeat(TEXT_CHARS_MAX + 1));
    assert!(matches!(
        check(&content(long)),
        Err(ContentError::TooLong {
            unit: "characters",
            ..
        })
    ));
    assert_eq!(check(&content(text(" \n"))), Err(ContentError::Empty));
    let edit = Act::Edit {
        target: id(1),
        text: "x".repeat(TEXT_CHARS_MAX + 1),
    };
    assert!(matches!(
        check(&content(edit)),
        Err(ContentError::TooLong { .. })
    ));
}

#[test]
fn file_names_name_files_and_nothing_else() {
    for name in [
        "report.pdf",
        "данные.csv",
        "a b (1).tar.gz",
        ".hidden",
        "图.png",
    ] {
        assert_eq!(check(&content(file(name, "image/png"))), Ok(()), "{name}");
    }
    for name in [
        "",
        " ",
        ".",
        "..",
        "../x",
        "a\\b",
        "a/b",
        "a\0b",
        "a\nb",
        "exe.\u{202e}gpj",
        "a\u{2066}b",
        "a\u{200f}",
    ] {
        assert!(
            matches!(
                check(&content(file(name, "image/png"))),
                Err(ContentError::FileName(_))
            ),
            "{name:?}"
        );
    }
    let long = "x".repeat(256);
    assert!(matches!(
        check(&content(file(&long, "image/png"))),
        Err(ContentError::TooLong { .. })
    ));
    for mime in ["", "image", "/png", "image/", "image/png\n", "imäge/png"] {
        assert!(
            matches!(
                check(&content(file("a.png", mime))),
                Err(ContentError::Mime(_))
            ),
            "{mime:?}"
        );
    }
}

#[test]
fn reactions_are_emoji() {
    for good in ["👍", "❤️", "👍🏽", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "🇩🇪", "☕"]
    {
        assert_eq!(check(&content(emoji(good))), Ok(()), "{good}");
    }
    for bad in [
        "",
        "a",
        "1",
        "<b>",
        "👍👍 ",
        "\u{200d}",
        "\u{fe0f}",
        "👍\u{202e}",
        &"👍".repeat(17),
    ] {
        assert!(
            matches!(check(&content(emoji(bad))), Err(ContentError::NotEmoji(_))),
            "{bad:?}"
        );
    }
}

#[test]
fn lists_are_short_ascending_and_unique() {
    let with = |numbers: &[u16]| Content {
        parents: ids(numbers),
        ..content(text("x"))
    };
    assert_eq!(check(&with(&[1, 2, 3, 4, 5, 6, 7, 8])), Ok(()));
    assert_eq!(
        check(&with(&[2, 1])),
        Err(ContentError::Order { what: "parents" })
    );
    assert_eq!(
        check(&with(&[1, 1])),
        Err(ContentError::Order { what: "parents" })
    );
    let many = check(&with(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
    assert_eq!(
        many,
        Err(ContentError::TooMany {
            what: "parents",
            count: 9,
            max: 8
        })
    );
    assert_eq!(
        check(&Content {
            version: 2,
            ..content(text("x"))
        }),
        Err(ContentError::Version(2))
    );
    assert!(matches!(
        check(&Content {
            time: Millis(u64::MAX),
            ..content(text("x"))
        }),
        Err(ContentError::Time(_))
    ));
}
