//! Edits, deletions, reactions, pins, and forgetting them.

use super::*;

fn counted(node: &Node, number: u16) -> Vec<(String, usize, bool)> {
    let reactions = node.message(number).reactions;
    reactions
        .into_iter()
        .map(|reaction| (reaction.emoji, reaction.count, reaction.me))
        .collect()
}

#[test]
fn only_the_author_edits() {
    let mut node = Node::with(&[post(1, ADA, "helo")]);
    node.hear(&edit(2, BOB, 1, "forged").moderator());
    assert_eq!(
        (node.message(1).text.as_str(), node.message(1).edited),
        ("helo", None)
    );
    let notices = node.hear(&edit(3, ADA, 1, "hello").time(at(1)));
    assert_eq!(
        notices,
        [Notice::MessageUpdated {
            channel: GENERAL,
            message: id(1)
        }]
    );
    assert_eq!(
        (node.message(1).text.as_str(), node.message(1).edited),
        ("hello", Some(at(1)))
    );
}

#[test]
fn the_last_edit_of_a_device_counts_whatever_its_clock_claims() {
    let node = Node::with(&[
        post(1, ADA, "a"),
        edit(2, ADA, 1, "b"),
        edit(3, ADA, 1, "c").time(at(-9)),
    ]);
    assert_eq!(node.message(1).text, "c");
    // Of two devices, the later claim, unless one cites the other.
    let node = Node::with(&[
        post(1, ADA, "a"),
        edit(2, ADA, 1, "b"),
        edit(3, ADA, 1, "c").time(at(-9)).device(1),
    ]);
    assert_eq!(node.message(1).text, "b");
    let cites = edit(3, ADA, 1, "c").time(at(-9)).device(1).after(&[2]);
    let node = Node::with(&[post(1, ADA, "a"), edit(2, ADA, 1, "b"), cites.clone()]);
    assert_eq!(node.message(1).text, "c");
    let seen = Node::with(&[post(1, ADA, "a"), edit(2, ADA, 1, "b")]);
    assert_eq!(
        earlier(&seen.store, GENERAL, ADA, &cites.act, 8).unwrap(),
        ids(&[2])
    );
}

#[test]
fn a_deletion_beats_every_edit_and_erases_the_text() {
    let mut node = Node::with(&[
        post(1, ADA, "secret plan"),
        edit(2, ADA, 1, "secret plan B"),
    ]);
    let notices = node.hear(&delete(3, ADA, 1));
    assert!(notices.contains(&Notice::MessageDeleted {
        channel: GENERAL,
        message: id(1)
    }));
    node.hear(&edit(4, ADA, 1, "secret plan C"));
    let message = node.message(1);
    assert!(message.deleted && message.text.is_empty() && message.tree.is_empty());
    for table in [Table::Message, Table::MessageAct, Table::Timeline] {
        let planted = node
            .rows(table)
            .iter()
            .any(|(_, value)| value.windows(6).any(|part| part == b"secret"));
        assert!(!planted, "the text is still in {table:?}");
    }
    // Positive control: the planted text is found where it was not deleted.
    let node = Node::with(&[post(1, ADA, "secret plan")]);
    assert!(
        node.rows(Table::Message)
            .iter()
            .any(|(_, value)| value.windows(6).any(|part| part == b"secret"))
    );
}

#[test]
fn others_delete_only_with_the_permission_and_only_in_their_channel() {
    let mut node = Node::with(&[post(1, ADA, "spam")]);
    node.hear(&delete(2, BOB, 1));
    assert!(!node.message(1).deleted);
    node.hear(&delete(3, BOB, 1).moderator().in_channel(OTHER));
    assert!(!node.message(1).deleted);
    node.hear(&delete(4, BOB, 1).moderator());
    assert!(node.message(1).deleted);
}

#[test]
fn a_refused_moderator_takes_their_deletions_with_them() {
    let mut node = Node::with(&[post(1, ADA, "stays"), delete(2, BOB, 1).moderator()]);
    assert!(node.message(1).deleted);
    let notices = node.change(|txn| forget_after(txn, SERVER, GENERAL, device(BOB, 0), 1));
    assert!(notices.contains(&Notice::MessageUpdated {
        channel: GENERAL,
        message: id(1)
    }));
    assert_eq!(
        (node.message(1).deleted, node.message(1).text.as_str()),
        (false, "stays")
    );
}

#[test]
fn acts_wait_for_their_message() {
    let node = Node::with(&[
        react(5, BOB, 1, "👍", true),
        edit(4, ADA, 1, "better"),
        pin(3, BOB, 1, true),
        delete(2, ADA, 7),
        post(1, ADA, "good"),
        post(7, ADA, "gone"),
    ]);
    let message = node.message(1);
    assert_eq!(
        (message.text.as_str(), message.pinned, message.deleted),
        ("better", true, false)
    );
    assert_eq!(counted(&node, 1), [("👍".to_owned(), 1, false)]);
    assert!(node.message(7).deleted);
}

#[test]
fn reactions_count_people_not_acts() {
    let mut node = Node::with(&[post(1, ADA, "x")]);
    node.hear(&react(2, BOB, 1, "👍", true).time(at(-3)));
    node.hear(&react(3, BOB, 1, "👍", true));
    node.hear(&react(4, ME, 1, "👍", true));
    node.hear(&react(5, ME, 1, "🎉", true).time(at(-1)));
    assert_eq!(
        counted(&node, 1),
        [("👍".to_owned(), 2, true), ("🎉".to_owned(), 1, true)]
    );
    node.hear(&react(6, ME, 1, "👍", false));
    assert_eq!(
        counted(&node, 1),
        [("👍".to_owned(), 1, false), ("🎉".to_owned(), 1, true)]
    );
    assert_eq!(node.message(1).reactions[0].members, [BOB]);
}

#[test]
fn of_two_devices_the_removal_wins_unless_the_other_came_after_it() {
    let on = react(2, BOB, 1, "👍", true).time(at(1));
    let off = react(3, BOB, 1, "👍", false).device(1);
    let node = Node::with(&[post(1, ADA, "x"), on.clone(), off.clone()]);
    assert_eq!(counted(&node, 1), []);
    let again = react(4, BOB, 1, "👍", true).after(&[3]);
    let node = Node::with(&[post(1, ADA, "x"), on, off, again]);
    assert_eq!(counted(&node, 1), [("👍".to_owned(), 1, false)]);
}

#[test]
fn the_first_twenty_members_are_listed_and_others_move_up() {
    let mut node = Node::with(&[post(1, ADA, "x")]);
    for n in 0..30_u16 {
        let member = person(u8::try_from(n).unwrap() + 10);
        node.hear(&react(100 + n, member, 1, "👍", true).time(at(i64::from(n) - 60)));
    }
    let listed = |node: &Node| node.message(1).reactions[0].members.clone();
    assert_eq!(listed(&node), (10..30).map(person).collect::<Vec<_>>());
    node.hear(&react(200, person(10), 1, "👍", false));
    assert_eq!(listed(&node), (11..31).map(person).collect::<Vec<_>>());
    assert_eq!(node.message(1).reactions[0].count, 29);
}

#[test]
fn pins_are_the_last_word_of_those_who_may() {
    let mut node = Node::with(&[post(1, ADA, "rules")]);
    node.hear(&Said::new(
        2,
        BOB,
        Act::Pin {
            target: id(1),
            on: true,
        },
    ));
    assert!(!node.message(1).pinned);
    node.hear(&pin(3, BOB, 1, true));
    assert!(node.message(1).pinned);
    node.hear(&pin(4, ADA, 1, false).time(at(1)));
    assert!(!node.message(1).pinned);
}

#[test]
fn one_device_cannot_pile_up_acts_on_one_thing() {
    let mut node = Node::with(&[post(1, ADA, "x")]);
    for n in 2..202 {
        node.hear(&edit(n, ADA, 1, &format!("edit {n}")));
        node.hear(&react(n + 500, ADA, 1, "👍", n % 2 == 0));
    }
    assert_eq!(node.message(1).text, "edit 201");
    assert_eq!(node.rows(Table::MessageAct).len(), 16);
}

#[test]
fn a_reply_shows_what_it_answers() {
    let long = "word ".repeat(100);
    let mut node = Node::with(&[
        post(1, ADA, &long),
        reply(2, BOB, "no", 1),
        reply(3, BOB, "what?", 77),
    ]);
    let preview = node.message(2).reply_to.unwrap();
    assert_eq!(
        (
            preview.author,
            preview.author_name.as_str(),
            preview.deleted
        ),
        (Some(ADA), "Ada", false)
    );
    assert!(preview.excerpt.starts_with("word word") && preview.excerpt.chars().count() == 121);
    assert_eq!(node.message(3).reply_to.unwrap().author, None);
    node.hear(&delete(4, ADA, 1));
    let preview = node.message(2).reply_to.unwrap();
    assert!(preview.deleted && preview.excerpt.is_empty());
}

#[test]
fn hiding_takes_what_one_person_said_since_a_time() {
    let mut node = Node::with(&[
        post(1, ADA, "old").time(at(-90)),
        post(2, ADA, "new").time(at(-30)),
        post(3, BOB, "other").time(at(-20)),
        post(4, ADA, "newest").time(at(-10)),
    ]);
    let notices = node.change(|txn| hide_since(txn, SERVER, GENERAL, ADA, at(-60)));
    assert_eq!(node.order(), ids(&[1, 3]));
    assert_eq!(
        notices.last(),
        Some(&Notice::Unread {
            server: SERVER,
            channel: GENERAL
        })
    );
    assert_eq!(node.unread(), (true, 0));
}

#[test]
fn a_dropped_channel_leaves_nothing() {
    let said = [
        post(1, ADA, "a"),
        react(2, BOB, 1, "👍", true),
        edit(3, ADA, 1, "b"),
        post(4, ME, "c"),
    ];
    let mut node = Node::with(&said);
    node.hear(&post(9, ADA, "kept").in_channel(OTHER));
    node.change(|txn| note_copy(txn, GENERAL, device(ME, 0), 4, device(ADA, 0), NOON));
    node.change(|txn| set_draft(txn, GENERAL, "half a thou"));
    node.change(|txn| drop_channel(txn, GENERAL));
    let alone = Node::with(&[post(9, ADA, "kept").in_channel(OTHER)]);
    for table in Table::ALL {
        assert_eq!(node.rows(table), alone.rows(table), "{table:?}");
    }
}

#[test]
fn copies_are_proofs_of_other_devices() {
    let mut node = Node::with(&[post(1, ME, "mine"), post(2, ADA, "hers")]);
    let state = |node: &Node, number| {
        let delivery = node.message(number).delivery;
        (delivery.state, delivery.devices)
    };
    use crate::model::DeliveryState::{Local, WithPeers};
    assert_eq!(
        (state(&node, 1), state(&node, 2)),
        ((Local, 0), (WithPeers, 1))
    );
    let note = |node: &mut Node, by| {
        node.change(|txn| note_copy(txn, GENERAL, device(ME, 0), 1, by, NOON))
    };
    assert_eq!(
        note(&mut node, device(ME, 0)),
        None,
        "one's own device proves nothing"
    );
    let told = note(&mut node, device(ADA, 0));
    assert_eq!(
        told,
        Some(Notice::Delivery {
            channel: GENERAL,
            message: id(1)
        })
    );
    assert_eq!(note(&mut node, device(ADA, 0)), None, "known already");
    note(&mut node, device(BOB, 0));
    assert_eq!(state(&node, 1), (WithPeers, 2));
    assert_eq!(
        copies(&node.store, id(1)).unwrap(),
        [(device(ADA, 0), NOON), (device(BOB, 0), NOON)]
    );
}
