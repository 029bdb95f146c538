//! Slow mode on the timeline: a function of the messages alone.

use super::*;

fn slow(number: u16, author: IdentityId, second: u64, slow_s: u64) -> Said {
    let mut said =
        post(number, author, &format!("at {second}")).time(Millis(NOON.0 + second * 1000));
    said.now = Millis(NOON.0 + 3_600_000);
    said.allowed.slow_ms = slow_s * 1000;
    said
}

fn shown(said: &[Said]) -> Vec<String> {
    let mut texts: Vec<String> = Node::with(said)
        .page()
        .messages
        .into_iter()
        .map(|message| message.text)
        .collect();
    texts.sort();
    texts
}

/// Every order of arrival shows the same: what came less than ten seconds after another message of its author is held, whoever else
/// speaks, and what is exempt is not.
#[test]
fn what_comes_too_soon_is_held_in_every_order_of_arrival() {
    let said = [
        slow(1, ADA, 0, 10),
        slow(2, ADA, 5, 10),
        slow(3, ADA, 14, 10),
        slow(4, ADA, 24, 10),
        slow(5, BOB, 1, 10),
        slow(6, BOB, 2, 0),
    ];
    let mut orders = vec![vec![]];
    for n in 0..said.len() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, n);
                    order
                })
            })
            .collect();
    }
    assert_eq!(orders.len(), 720);
    for order in orders {
        let said: Vec<Said> = order.iter().map(|n| said[*n].clone()).collect();
        assert_eq!(shown(&said), ["at 0", "at 1", "at 2", "at 24"], "{order:?}");
    }
}

/// Claiming times to come gains nothing: such a message is shown when its time has come.
#[test]
fn a_time_to_come_is_shown_when_it_has_come() {
    let mut ahead = slow(1, ADA, 3 * 24 * 3600, 10);
    ahead.now = NOON;
    assert_eq!(shown(&[ahead]), [""; 0]);
    let mut past = slow(2, ADA, 60, 10);
    past.now = NOON;
    assert_eq!(shown(&[past]), ["at 60"]);
}
