//! Vectors of chapter `content`: one of every act.

use conclave_core::codec;
use conclave_core::content::*;
use conclave_core::envelope::Form;
use conclave_core::event::BlobRef;
use conclave_core::id::*;
use serde_json::{Value, json};

use crate::support::{NOW, check, error_kind, plain};

fn content(act: Act) -> Content {
    Content {
        version: CONTENT_VERSION,
        author: IdentityId([1; 32]),
        channel: ChannelId([2; 32]),
        heads: vec![EventId([3; 32])],
        parents: vec![EnvelopeId([4; 32]), EnvelopeId([5; 32])],
        time: Millis(NOW),
        manifest_version: 0,
        act,
    }
}

/// Content that is canonical and refused.
fn refusals() -> Vec<Value> {
    let post = |text: &str| {
        Act::Post(Post {
            text: text.into(),
            ..Post::default()
        })
    };
    let react = |emoji: &str| Act::React {
        target: EnvelopeId([6; 32]),
        emoji: emoji.into(),
        on: true,
    };
    let attach = |name: &str, mime: &str| {
        let blob = BlobRef {
            hash: BlobHash([7; 32]),
            key: vec![8; 32].into(),
            size: 1,
            mime: mime.into(),
        };
        let attachments = vec![Attachment {
            name: name.into(),
            blob,
            width: None,
            height: None,
        }];
        Act::Post(Post {
            attachments,
            ..Post::default()
        })
    };
    let cases = [
        ("an empty post", post(" \n"), Form::Sealed),
        (
            "a post of 4,001 characters",
            post(&"a".repeat(4001)),
            Form::Sealed,
        ),
        (
            "a post in an ephemeral envelope",
            post("Hello"),
            Form::Ephemeral,
        ),
        (
            "typing in a stored envelope",
            Act::Typing(Millis(NOW)),
            Form::Sealed,
        ),
        ("a reaction with a word", react("yes"), Form::Sealed),
        ("a reaction with a digit", react("1"), Form::Sealed),
        ("presence 5", Act::Presence(5), Form::Ephemeral),
        (
            "a file name with a directory",
            attach("../cat.png", "image/png"),
            Form::Sealed,
        ),
        (
            "a file name that is turned round",
            attach("gpj.\u{202e}exe", "image/png"),
            Form::Sealed,
        ),
        (
            "a media type without a slash",
            attach("cat.png", "image"),
            Form::Sealed,
        ),
    ];
    let case = |(name, act, form): (&str, Act, Form)| {
        let bytes = codec::encode(&content(act));
        let error = Content::decode(&bytes, form).unwrap_err();
        json!({
            "name": name,
            "verdict": "reject",
            "bytes": hex::encode(&bytes),
            "form": codec::encode(&form)[0],
            "error": error_kind(&error),
        })
    };
    cases.into_iter().map(case).collect()
}

#[test]
fn content_acts() {
    let target = EnvelopeId([6; 32]);
    let blob = BlobRef {
        hash: BlobHash([7; 32]),
        key: vec![8; 32].into(),
        size: 1234,
        mime: "image/png".into(),
    };
    let full = Post {
        text: "**Hello** <@everyone>".into(),
        reply_to: Some(target),
        attachments: vec![Attachment {
            name: "cat.png".into(),
            blob,
            width: Some(640),
            height: Some(480),
        }],
        nonce: Some(vec![9; 8].into()),
    };
    let cases = [
        (
            "post",
            Act::Post(Post {
                text: "Hello".into(),
                ..Post::default()
            }),
        ),
        ("post with everything", Act::Post(full)),
        (
            "edit",
            Act::Edit {
                target,
                text: "Goodbye".into(),
            },
        ),
        ("delete", Act::Delete(target)),
        (
            "react",
            Act::React {
                target,
                emoji: "🎉".into(),
                on: true,
            },
        ),
        ("unpin", Act::Pin { target, on: false }),
        ("typing", Act::Typing(Millis(NOW + 10_000))),
        ("presence", Act::Presence(2)),
    ]
    .map(|(name, act)| plain(name, &content(act)));
    let cases = [&cases[..], &refusals()].concat();
    check(
        "content",
        &json!({ "chapter": "content", "version": 1, "cases": cases }),
    );
}
