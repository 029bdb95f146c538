//! Friends talk, come and go, and lose nothing.

use crate::world::Person;

#[test]
fn two_people_join_and_talk_both_ways() {
    let (alice, bob) = (Person::new("Alice"), Person::new("Bob"));
    let (server, channel) = alice.found_server("Home");
    alice.say(&channel, "before you came");
    bob.join(&alice.invite(&server));
    bob.wait_to_see(&channel, "before you came");
    bob.say(&channel, "hello Alice");
    alice.wait_to_see(&channel, "hello Alice");
    alice.say(&channel, "hello Bob");
    bob.wait_to_see(&channel, "hello Bob");
    assert_eq!(alice.sees(&channel), bob.sees(&channel));
}

#[test]
fn three_friends_lose_nothing_whoever_is_away() {
    let (mut alice, mut bob, mut carol) = (
        Person::new("Alice"),
        Person::new("Bob"),
        Person::new("Carol"),
    );
    let (server, channel) = alice.found_server("Friends");
    let link = alice.invite(&server);
    bob.join(&link);
    carol.join(&link);
    carol.say(&channel, "I must go");
    alice.wait_to_see(&channel, "I must go");

    carol.leave();
    alice.say(&channel, "Carol is away");
    bob.wait_to_see(&channel, "Carol is away");
    bob.say(&channel, "she will read this from me");
    alice.wait_to_see(&channel, "she will read this from me");

    alice.leave();
    bob.wait_for_connection(&server, "paused");
    carol.start();
    carol.wait_to_see(&channel, "she will read this from me");
    carol.wait_to_see(&channel, "Carol is away");

    bob.leave();
    carol.wait_for_connection(&server, "paused");
    carol.say(&channel, "alone, and it is kept");
    carol.leave();

    bob.start();
    carol.start();
    bob.wait_to_see(&channel, "alone, and it is kept");
    bob.leave();
    alice.start();
    alice.wait_to_see(&channel, "alone, and it is kept");
    bob.start();
    alice.wait_for_connection(&server, "online");

    let expected = [
        "I must go",
        "Carol is away",
        "she will read this from me",
        "alone, and it is kept",
    ];
    for person in [&alice, &bob, &carol] {
        assert_eq!(person.sees(&channel), expected, "{}", person.name);
    }
}
