//! Vectors of chapter `content`: one of every act.

use conclave_core::content::*;
use conclave_core::event::BlobRef;
use conclave_core::id::*;
use serde_json::json;

use crate::support::{NOW, check, plain};

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
    check(
        "content",
        &json!({ "chapter": "content", "version": 1, "cases": cases }),
    );
}
