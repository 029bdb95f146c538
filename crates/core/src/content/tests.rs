#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::codec;
use crate::envelope::Form;
use crate::id::BlobHash;

fn content(act: Act) -> Content {
    Content {
        version: CONTENT_VERSION,
        author: IdentityId([1; 32]),
        channel: ChannelId([2; 32]),
        heads: vec![EventId([3; 32]), EventId([4; 32])],
        parents: vec![EnvelopeId([5; 32])],
        time: Millis(6),
        manifest_version: 0,
        act,
    }
}

fn post(text: String) -> Post {
    Post {
        text,
        ..Post::default()
    }
}

fn check(content: &Content, form: Form) -> Result<(), ContentError> {
    let read = Content::decode(&codec::encode(content), form)?;
    assert_eq!(read, *content);
    Ok(())
}

fn sealed(act: Act) -> Result<(), ContentError> {
    check(&content(act), Form::Sealed)
}

fn too_long(what: &'static str, len: usize, max: usize) -> Result<(), ContentError> {
    Err(ContentError::Limit { what, len, max })
}

#[test]
fn text_is_bounded_in_characters_and_bytes() {
    let target = EnvelopeId([7; 32]);
    for wrap in [
        |text| Act::Post(post(text)),
        |text| Act::Edit {
            target: EnvelopeId([7; 32]),
            text,
        },
    ] {
        assert_eq!(sealed(wrap("😀".repeat(4000))), Ok(()));
        assert_eq!(
            sealed(wrap("a".repeat(4001))),
            too_long("characters of text", 4001, 4000)
        );
        assert_eq!(
            sealed(wrap("😀".repeat(4097))),
            too_long("bytes of text", 16_388, 16_384)
        );
    }
    assert_eq!(
        sealed(Act::Post(post(String::new()))),
        Err(ContentError::Empty)
    );
    assert_eq!(
        sealed(Act::Edit {
            target,
            text: String::new()
        }),
        Ok(())
    );
}

#[test]
fn lists_are_short_and_ascending() {
    let change = |change: &dyn Fn(&mut Content)| {
        let mut content = content(Act::Delete(EnvelopeId([7; 32])));
        change(&mut content);
        check(&content, Form::Sealed)
    };
    assert_eq!(change(&|_| ()), Ok(()));
    assert_eq!(
        change(&|c| c.heads.reverse()),
        Err(ContentError::Order("heads"))
    );
    assert_eq!(
        change(&|c| c.parents.push(c.parents[0])),
        Err(ContentError::Order("parents"))
    );
    assert_eq!(
        change(&|c| c.heads = vec![EventId([0; 32]); 17]),
        too_long("heads", 17, 16)
    );
    assert_eq!(
        change(&|c| c.parents = vec![EnvelopeId([0; 32]); 9]),
        too_long("parents", 9, 8)
    );
    assert_eq!(change(&|c| c.version = 2), Err(ContentError::NeedsUpdate));
}

#[test]
fn attachments_bring_names_without_directories() {
    let blob = BlobRef {
        hash: BlobHash([8; 32]),
        key: vec![9; 32].into(),
        size: 1,
        mime: "image/png".into(),
    };
    let named = |name: &str| Attachment {
        name: name.into(),
        blob: blob.clone(),
        width: None,
        height: None,
    };
    let with = |attachments| {
        sealed(Act::Post(Post {
            attachments,
            ..Post::default()
        }))
    };
    assert_eq!(with(vec![named("cat.png"); 10]), Ok(()));
    assert_eq!(
        with(vec![named("cat.png"); 11]),
        too_long("attachments", 11, 10)
    );
    for name in [
        "",
        ".",
        "..",
        "../cat.png",
        "a/b",
        "a\\b",
        "a\0b",
        "a\nb",
        "gpj\u{202e}.exe",
        " ",
    ] {
        assert_eq!(
            with(vec![named(name)]),
            Err(ContentError::FileName(name.into())),
            "{name:?}"
        );
    }
    assert_eq!(
        with(vec![named(&"n".repeat(256))]),
        too_long("bytes of file name", 256, 255)
    );
    let mut short = named("cat.png");
    short.blob.key = vec![9; 31].into();
    assert_eq!(with(vec![short]), Err(ContentError::BlobKey(31)));
}

#[test]
fn reactions_and_presence_have_their_values() {
    let react = |emoji: &str| {
        sealed(Act::React {
            target: EnvelopeId([7; 32]),
            emoji: emoji.into(),
            on: true,
        })
    };
    assert_eq!(react("👩\u{200d}🚀"), Ok(()));
    assert_eq!(react(""), Err(ContentError::NotEmoji(String::new())));
    assert_eq!(
        react(&"e".repeat(65)),
        Err(ContentError::NotEmoji("e".repeat(32)))
    );
    for (presence, good) in [(0, false), (1, true), (4, true), (5, false)] {
        let verdict = check(&content(Act::Presence(presence)), Form::Ephemeral);
        assert_eq!(verdict.is_ok(), good, "{presence}");
    }
}

#[test]
fn acts_travel_in_the_form_that_suits_them() {
    let acts = [
        (Act::Post(post("a".into())), [true, false, false, false]),
        (Act::Delete(EnvelopeId([7; 32])), [true, false, true, false]),
        (Act::Typing(Millis(1)), [false, false, false, true]),
        (Act::Presence(1), [false, false, false, true]),
    ];
    for (act, fits) in acts {
        for (form, good) in [Form::Sealed, Form::Keys, Form::Tombstone, Form::Ephemeral]
            .into_iter()
            .zip(fits)
        {
            let verdict = check(&content(act.clone()), form);
            assert_eq!(
                verdict,
                if good {
                    Ok(())
                } else {
                    Err(ContentError::Form(form))
                },
                "{act:?}"
            );
        }
    }
}

#[test]
fn a_critical_key_asks_for_an_update() {
    let mut bytes = codec::encode(&content(Act::Typing(Millis(1))));
    bytes[0] += 1;
    bytes.extend([0x18, 0x7f, 0x00]);
    assert!(Content::decode(&bytes, Form::Ephemeral).is_ok());
    let at = bytes.len() - 2;
    bytes[at] = 0x80;
    assert_eq!(
        Content::decode(&bytes, Form::Ephemeral),
        Err(ContentError::NeedsUpdate)
    );
}
