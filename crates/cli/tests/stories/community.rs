//! A community with moderators, private channels and a ban while the owner is away.

use serde_json::json;

use crate::world::{Person, text, wait_for};

#[test]
fn a_moderator_bans_while_the_owner_is_away() {
    let (mut owner, moderator, mut member, guest) = (
        Person::new("Olga"),
        Person::new("Mo"),
        Person::new("Mia"),
        Person::new("Gus"),
    );
    let (server, channel) = owner.found_server("Community");
    let link = owner.invite(&server);
    moderator.join(&link);
    let ban_members = (1_u64 << 2).to_string();
    let role = text(
        &owner.post(
            &format!("/servers/{server}/roles"),
            &json!({ "name": "Moderators", "permissions": ban_members }),
        ),
        "id",
    );
    let view = (1_u64 << 10).to_string();
    let hidden = owner.post(
        &format!("/servers/{server}/channels"),
        &json!({
            "name": "moderators", "kind": "text", "private": true,
            "overwrites": [{ "kind": "role", "id": role, "allow": view, "deny": "0" }],
        }),
    );
    let hidden = text(&hidden, "id");
    owner.put(
        &format!("/servers/{server}/members/{}/roles/{role}", moderator.id()),
        &json!({}),
    );
    owner.say(&hidden, "only for us");
    moderator.wait_to_see(&hidden, "only for us");
    owner.leave();

    member.join(&link);
    guest.join(&link);
    guest.say(&channel, "I am new");
    member.wait_to_see(&channel, "I am new");
    assert_eq!(
        guest
            .call("GET", &format!("/channels/{hidden}"), None)
            .unwrap()
            .0,
        404,
        "a private channel is invisible"
    );
    assert!(guest.sees(&hidden).is_empty());
    let refused = member
        .call(
            "PUT",
            &format!("/servers/{server}/bans/{}", guest.id()),
            Some(&json!({})),
        )
        .unwrap();
    assert_eq!(
        (
            refused.0,
            refused.1["error"]["details"]["permission"].as_str()
        ),
        (403, Some("BAN_MEMBERS"))
    );

    member.leave();
    moderator.put(
        &format!("/servers/{server}/bans/{}", guest.id()),
        &json!({ "reason": "spam" }),
    );
    guest.wait_for_connection(&server, "removed");
    moderator.say(&channel, "after the ban");
    assert_eq!(
        guest
            .call(
                "POST",
                &format!("/channels/{channel}/messages"),
                Some(&json!({ "content": "still here?" }))
            )
            .unwrap()
            .0,
        403
    );

    member.start();
    member.wait_to_see(&channel, "after the ban");
    owner.start();
    owner.wait_to_see(&channel, "after the ban");
    let bans = |person: &Person| {
        person.get(&format!("/servers/{server}/bans"))["bans"]
            .as_array()
            .unwrap()
            .len()
    };
    wait_for("the owner to know of the ban", || {
        (bans(&owner) == 1).then_some(())
    });
    assert!(
        !guest.sees(&channel).contains(&"after the ban".to_owned()),
        "the banned one reads on"
    );
    // The link is active still: joining by it is refused, because the person is banned.
    guest.call("POST", "/invites/join", Some(&json!({ "link": link })));
    moderator.say(&channel, "and later");
    member.wait_to_see(&channel, "and later");
    assert!(
        !guest.sees(&channel).contains(&"and later".to_owned()),
        "the banned one came back"
    );
}
