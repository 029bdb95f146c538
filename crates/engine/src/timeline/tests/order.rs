//! The order on screen.

use super::*;

#[test]
fn time_orders_what_nothing_else_does_and_ids_break_ties() {
    let node = Node::with(&[
        post(3, ADA, "c").time(at(-1)),
        post(2, BOB, "b").time(at(-1)),
        post(1, ADA, "a"),
    ]);
    assert_eq!(node.order(), ids(&[2, 3, 1]));
}

#[test]
fn an_answer_stands_after_what_it_cites_whatever_its_clock_claims() {
    let slow_clock = post(2, BOB, "yes").time(at(-60)).after(&[1]);
    let node = Node::with(&[post(1, ADA, "really?"), slow_clock]);
    assert_eq!(node.order(), ids(&[1, 2]));
    assert_eq!(node.message(2).time, Millis(NOON.0 + 1));
}

#[test]
fn a_parent_that_comes_late_lifts_its_children_and_theirs() {
    let all = [
        post(1, ADA, "one"),
        post(2, BOB, "two").time(at(-30)).after(&[1]),
        post(3, ADA, "three").time(at(-20)).after(&[2]),
        post(4, BOB, "unrelated").time(at(-10)),
    ];
    let mut node = Node::with(&[all[3].clone(), all[2].clone(), all[1].clone()]);
    assert_eq!(node.order(), ids(&[2, 3, 4]));
    let notices = node.hear(&all[0]);
    assert_eq!(node.order(), ids(&[4, 1, 2, 3]));
    for moved in [2, 3] {
        assert!(notices.contains(&Notice::MessageUpdated {
            channel: GENERAL,
            message: id(moved)
        }));
    }
}

#[test]
fn a_clock_that_runs_ahead_is_believed_for_two_minutes() {
    let node = Node::with(&[
        post(1, ADA, "from the future").time(at(600)),
        post(2, BOB, "now").time(at(3)).now(at(3)),
    ]);
    assert_eq!(node.order(), ids(&[1, 2]));
    assert_eq!(node.message(1).time, Millis(NOON.0 + AHEAD_MS_MAX));
    // Positive control: within the two minutes the claim stands.
    let node = Node::with(&[post(1, ADA, "slightly ahead").time(at(1))]);
    assert_eq!(node.message(1).time, at(1));
}

#[test]
fn a_parent_in_another_channel_lifts_nothing() {
    let node = Node::with(&[
        post(1, ADA, "elsewhere").in_channel(OTHER),
        post(2, BOB, "here").time(at(-5)).after(&[1]),
    ]);
    assert_eq!(node.message(2).time, at(-5));
}

#[test]
fn what_slips_in_among_old_messages_is_marked_late() {
    let mut node = Node::with(&[
        post(1, ADA, "a").time(at(-60)).now(at(-60)),
        post(2, ADA, "b").time(at(-40)).now(at(-40)),
    ]);
    node.hear(&post(3, BOB, "was offline").time(at(-50)));
    assert_eq!(node.order(), ids(&[1, 3, 2]));
    assert!(node.message(3).late);
    // Somebody who returns after a day finds the end of the conversation, which is in its place, not late.
    node.hear(&post(4, BOB, "an hour old, and the newest").time(at(-30)));
    assert!(!node.message(4).late);
    let mut old = post(5, BOB, "old history").time(at(-55));
    old.catching_up = true;
    node.hear(&old);
    assert!(!node.message(5).late);
}

#[test]
fn the_newest_that_nobody_cites_are_cited_next() {
    let mut node = Node::with(&[
        post(1, ADA, "a"),
        post(2, BOB, "b").after(&[1]),
        post(3, ADA, "c").after(&[1]),
    ]);
    assert_eq!(newest(&node.store, GENERAL, 8).unwrap(), ids(&[3, 2]));
    node.hear(&post(4, BOB, "d").after(&[2, 3]));
    assert_eq!(newest(&node.store, GENERAL, 8).unwrap(), ids(&[4]));
    assert_eq!(newest(&node.store, OTHER, 8).unwrap(), []);
}

#[test]
fn pages_meet_without_gap_or_overlap() {
    let all: Vec<Said> = (1..=25)
        .map(|n| post(n, ADA, "x").time(at(i64::from(n) - 30)))
        .collect();
    let node = Node::with(&all);
    let read = |at| {
        let page = page(&node.store, GENERAL, at, 10, &Friends).unwrap();
        let ids: Vec<EnvelopeId> = page.messages.iter().map(|message| message.id).collect();
        (ids, page.has_before, page.has_after)
    };
    let range = |from: u16, to: u16| (from..=to).map(id).collect::<Vec<_>>();
    assert_eq!(read(PageAt::Newest), (range(16, 25), true, false));
    assert_eq!(read(PageAt::Before(id(16))), (range(6, 15), true, true));
    assert_eq!(read(PageAt::Before(id(6))), (range(1, 5), false, true));
    assert_eq!(read(PageAt::After(id(5))), (range(6, 15), true, true));
    assert_eq!(read(PageAt::After(id(20))), (range(21, 25), true, false));
    assert_eq!(read(PageAt::Around(id(12))), (range(7, 16), true, true));
    let sorts: Vec<String> = node
        .page()
        .messages
        .iter()
        .map(|message| message.sort.clone())
        .collect();
    assert!(sorts.is_sorted());
}

#[test]
fn a_live_message_costs_few_changes() {
    let mut node = Node::with(&[post(1, ADA, "hello")]);
    let (_, changes) = node.hear_counted(&post(2, BOB, "hi").after(&[1]));
    let puts = changes
        .iter()
        .filter(|change| matches!(change, Change::Put { .. }))
        .count();
    let indexed = changes
        .iter()
        .filter(|change| matches!(change, Change::Index { .. }))
        .count();
    // Timeline, message, position, read state.
    assert_eq!((puts, indexed, changes.len()), (4, 1, 5));
    assert_eq!(
        node.hear_counted(&post(2, BOB, "hi").after(&[1])),
        (Vec::new(), Vec::new()),
        "heard twice"
    );
}

#[test]
fn a_chain_of_messages_that_all_claim_one_moment_comes_out_in_order_from_its_end() {
    let chain = (1..=150).map(|n| match n {
        1 => post(n, ADA, "x"),
        _ => post(n, ADA, "x").after(&[n - 1]),
    });
    let mut backwards: Vec<Said> = chain.collect();
    backwards.reverse();
    let node = Node::with(&backwards);
    let expected: Vec<u16> = (51..=150).collect();
    assert_eq!(node.order(), ids(&expected));
    assert_eq!(node.message(150).time, Millis(NOON.0 + 149));
}
