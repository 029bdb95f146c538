//! Unread and mentions.

use super::*;
use crate::command::NotifyLevel;

fn mark(node: &mut Node, number: u16) -> Vec<Notice> {
    node.change(|txn| mark_read(txn, SERVER, GENERAL, id(number)))
}

#[test]
fn messages_make_unread_and_own_ones_edits_and_reactions_do_not() {
    let mut node = Node::with(&[post(1, ME, "mine")]);
    assert_eq!(node.unread(), (false, 0));
    node.hear(&post(2, ADA, "hers").after(&[1]));
    assert_eq!(node.unread(), (true, 0));
    let told = mark(&mut node, 2);
    assert_eq!(
        told,
        [Notice::Unread {
            server: SERVER,
            channel: GENERAL
        }]
    );
    assert_eq!(node.unread(), (false, 0));
    node.hear(&edit(3, ADA, 2, &format!("changed, <@{ME}>")));
    node.hear(&react(4, ADA, 2, "👍", true));
    node.hear(&react(5, ADA, 1, "👍", true));
    assert_eq!(node.unread(), (false, 0));
    assert!(
        node.message(2).mentions.me,
        "the edit is shown as calling, though it does not notify"
    );
}

#[test]
fn mentions_are_counted_for_whom_they_call() {
    let mut node = Node::default();
    node.hear(&post(1, ADA, &format!("<@{ADA}> and <@{BOB}>")));
    assert_eq!(node.unread(), (true, 0));
    node.hear(&post(2, ADA, &format!("hi <@{ME}>")));
    node.hear(&post(3, ADA, &format!("hi <@&{}>", RoleId([7; 32]))));
    node.hear(&post(4, ADA, "@everyone come").moderator());
    node.hear(&post(5, ADA, "@everyone, says somebody who may not"));
    assert_eq!(node.unread(), (true, 3));
    assert!(node.message(4).mentions.everyone && !node.message(5).mentions.everyone);
    node.hear(&delete(6, ADA, 2));
    assert_eq!(node.unread(), (true, 2));
}

#[test]
fn an_answer_calls_whom_it_answers_in_whatever_order_they_come() {
    let mine = post(1, ME, "question");
    let answer = reply(2, ADA, "answer", 1);
    let one = Node::with(&[mine.clone(), answer.clone()]);
    let other = Node::with(&[answer, mine]);
    assert_eq!((one.unread(), other.unread()), ((true, 1), (true, 1)));
}

#[test]
fn levels_and_mute_show_what_they_promise() {
    let mut node = Node::with(&[post(1, ADA, &format!("<@{ME}>")), post(2, ADA, "x")]);
    let set = |node: &mut Node, muted, level| {
        node.change(|txn| set_level(txn, SERVER, GENERAL, Some(muted), Some(level)));
        node.unread()
    };
    assert_eq!(set(&mut node, false, NotifyLevel::All), (true, 1));
    assert_eq!(set(&mut node, false, NotifyLevel::Mentions), (true, 1));
    assert_eq!(set(&mut node, false, NotifyLevel::None), (false, 0));
    assert_eq!(set(&mut node, true, NotifyLevel::All), (false, 1));
    let summary = read_summary(&node.store, GENERAL).unwrap();
    assert!(summary.muted && summary.level == NotifyLevel::All);
}

#[test]
fn reading_goes_forward_and_unreading_goes_back() {
    let all: Vec<Said> = (1..=4)
        .map(|n| post(n, ADA, "x").time(at(i64::from(n) - 10)))
        .collect();
    let mut node = Node::with(&all);
    mark(&mut node, 3);
    assert_eq!(node.page().first_unread, Some(id(4)));
    assert_eq!(
        mark(&mut node, 1),
        [],
        "an older message does not take the marker back"
    );
    assert_eq!(
        read_summary(&node.store, GENERAL).unwrap().last_read,
        Some(id(3))
    );
    node.change(|txn| mark_unread(txn, SERVER, GENERAL, id(2)));
    assert_eq!(node.page().first_unread, Some(id(2)));
    assert_eq!(
        read_summary(&node.store, GENERAL).unwrap().last_read,
        Some(id(1))
    );
    node.change(|txn| mark_unread(txn, SERVER, GENERAL, id(1)));
    assert_eq!(read_summary(&node.store, GENERAL).unwrap().last_read, None);
    node.change(|txn| mark_server_read(txn, SERVER, &[OTHER, GENERAL]));
    assert_eq!(
        (node.unread(), node.page().first_unread),
        ((false, 0), None)
    );
}

#[test]
fn what_slips_in_before_the_marker_is_unread_until_somebody_comes_by() {
    let mut node = Node::with(&[
        post(1, ADA, "a").time(at(-60)),
        post(2, ADA, "b").time(at(-10)),
    ]);
    mark(&mut node, 2);
    node.hear(&post(3, BOB, &format!("was offline, <@{ME}>")).time(at(-30)));
    assert_eq!(
        (node.unread(), node.page().first_unread),
        ((true, 1), Some(id(3)))
    );
    // History that is fetched long after does not count.
    let mut old = post(4, BOB, "history").time(at(-50));
    old.catching_up = true;
    node.hear(&old);
    assert_eq!(
        read::kept_and_counted(&node.store, GENERAL).unwrap(),
        [(1, 1), (1, 1)]
    );
    mark(&mut node, 2);
    assert_eq!(node.unread(), (false, 0));
}

#[test]
fn a_draft_is_kept_per_channel() {
    let mut node = Node::default();
    node.change(|txn| set_draft(txn, GENERAL, "half a thou"));
    assert_eq!(
        read_summary(&node.store, GENERAL).unwrap().draft,
        "half a thou"
    );
    assert_eq!(draft(&node.store, OTHER).unwrap(), "");
    node.change(|txn| set_draft(txn, GENERAL, ""));
    assert_eq!(node.rows(Table::ReadState), []);
}
