//! Search, on the store's own index.

use conclave_core::content::Attachment;
use conclave_core::event::BlobRef;

use super::*;
use crate::search::{Scope, search};

fn with_file(number: u16, author: IdentityId, name: &str, mime: &str) -> Said {
    let blob = BlobRef {
        hash: BlobHash([3; 32]),
        key: vec![0; 32].into(),
        size: 1,
        mime: mime.to_owned(),
    };
    let attachments = vec![Attachment {
        name: name.to_owned(),
        blob,
        width: None,
        height: None,
    }];
    Said::new(
        number,
        author,
        Act::Post(Post {
            attachments,
            ..Post::default()
        }),
    )
}

fn found(node: &Node, question: &str) -> Vec<EnvelopeId> {
    let scope = Scope {
        server: Some(SERVER),
        channel: None,
        visible: &|_| true,
    };
    let results = search(&node.store, question, scope, None, 50, &Friends).unwrap();
    results.into_iter().map(|message| message.id).collect()
}

fn conversation() -> Node {
    Node::with(&[
        post(1, ADA, "the green house").time(at(-3 * 24 * 60)),
        post(2, BOB, "a house that is green").time(at(-2 * 24 * 60)),
        post(3, ADA, &format!("look <@{BOB}> https://house.example")).time(at(-60)),
        with_file(4, BOB, "house.jpg", "image/jpeg").time(at(-50)),
        post(5, ADA, "green elsewhere")
            .in_channel(OTHER)
            .time(at(-40)),
        post(6, ADA, "@everyone house meeting")
            .moderator()
            .time(at(-30)),
    ])
}

#[test]
fn words_and_phrases_are_found_newest_first() {
    let node = conversation();
    assert_eq!(found(&node, "house"), ids(&[6, 4, 3, 2, 1]));
    assert_eq!(found(&node, "green house"), ids(&[2, 1]));
    assert_eq!(found(&node, "\"green house\""), ids(&[1]));
    assert_eq!(found(&node, "castle"), []);
    assert_eq!(found(&node, "  "), []);
}

#[test]
fn filters_narrow() {
    let node = conversation();
    assert_eq!(found(&node, "house from:ada"), ids(&[6, 3, 1]));
    assert_eq!(found(&node, "from:@Bob in:#general"), ids(&[4, 2]));
    assert_eq!(found(&node, "from:nobody"), []);
    assert_eq!(found(&node, "has:link"), ids(&[3]));
    assert_eq!(found(&node, "has:image house"), ids(&[4]));
    assert_eq!(found(&node, "mentions:bob"), ids(&[3]));
    assert_eq!(found(&node, "mentions:everyone"), ids(&[6]));
    // 1 800 000 000 s is 2027-01-15, 08:00 UTC.
    assert_eq!(found(&node, "green before:2027-01-13"), ids(&[1]));
    assert_eq!(found(&node, "green after:2027-01-13"), ids(&[5]));
    assert_eq!(found(&node, "green during:2027-01-13"), ids(&[2]));
    assert_eq!(found(&node, "green during:2027-13-13"), []);
}

#[test]
fn results_are_what_stands_now_and_what_may_be_seen() {
    let mut node = conversation();
    node.hear(&edit(7, ADA, 1, "the blue house"));
    node.hear(&delete(8, BOB, 2));
    assert_eq!(found(&node, "green"), ids(&[5]));
    assert_eq!(found(&node, "blue"), ids(&[1]));
    let scope = Scope {
        server: None,
        channel: None,
        visible: &|channel| channel != OTHER,
    };
    assert_eq!(
        search(&node.store, "green", scope, None, 50, &Friends)
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn pages_of_results_meet_also_within_one_millisecond_and_past_hidden_ones() {
    let all: Vec<Said> = (0..60)
        .map(|n| post(n, ADA, "same").in_channel(if n % 3 == 0 { OTHER } else { GENERAL }))
        .collect();
    let node = Node::with(&all);
    let scope = Scope {
        server: None,
        channel: None,
        visible: &|channel| channel == GENERAL,
    };
    let mut seen = Vec::new();
    loop {
        let results = search(
            &node.store,
            "same",
            scope,
            seen.last().copied(),
            7,
            &Friends,
        )
        .unwrap();
        if results.is_empty() {
            break;
        }
        seen.extend(results.into_iter().map(|message| message.id));
    }
    let visible: Vec<EnvelopeId> = (0..60).rev().filter(|n| n % 3 != 0).map(id).collect();
    assert_eq!(seen, visible);
}

#[test]
fn what_is_pinned_is_found_until_it_is_unpinned() {
    let mut node = conversation();
    assert_eq!(found(&node, "has:pin"), ids(&[]));
    node.hear(&pin(7, ADA, 2, true));
    node.hear(&pin(8, ADA, 4, true));
    assert_eq!(found(&node, "has:pin"), ids(&[4, 2]));
    assert_eq!(found(&node, "has:pin green"), ids(&[2]));
    node.hear(&pin(9, ADA, 2, false));
    assert_eq!(found(&node, "has:pin"), ids(&[4]));
}
