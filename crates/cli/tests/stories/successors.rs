//! A hostile owner, and a server that its members found instead.

use serde_json::{Value, json};

use crate::harness::{Person, World, eventually, list, text};

fn successors(person: &Person, server: &str) -> Vec<Value> {
    list(
        &person.get(&format!("/servers/{server}/successors")),
        "successors",
    )
}

/// Ben founds a successor and Ada, the owner, throws him out; Cem sees the word of it, checked, and follows by one call.
#[test]
fn members_follow_a_successor_when_the_owner_is_hostile() {
    let world = World::new();
    let [ada, ben, cem] = ["ada", "ben", "cem"].map(|name| world.person(name));
    let (server, _) = ada.found("Harbour");
    let link = ada.invite(&server);
    for person in [&ben, &cem] {
        person.join(&link);
        ada.knows(&server, person);
    }
    let role = ada.empower(&server, &cem, 0);
    ada.private_channel(&server, "crew", &role);
    eventually("Ben knows the role", || {
        let roles = list(&ben.get(&format!("/servers/{server}")), "roles");
        (roles.len() == 2).then_some(())
    });
    cem.knows(&server, &ben);
    let body = json!({ "name": "Free Harbour", "with_members_roles": true });
    let founded = ben.post(&format!("/servers/{server}/successors"), body);
    let successor = text(&founded, "id");
    eventually("Cem hears of it", || {
        let known = successors(&cem, &server);
        let known = known
            .iter()
            .find(|known| known["id"] == successor.as_str())?;
        assert_eq!(known["founder"]["id"], ben.id);
        (known["descent"] == "verified").then_some(())
    });
    ada.ban(&server, &ben).unwrap();
    ben.comes_to_be(&server, "removed");
    cem.post(
        &format!("/servers/{server}/successors/{successor}/follow"),
        json!({}),
    );
    cem.comes_to_be(&successor, "online");
    eventually("Cem finds the same place", || {
        let known = successors(&cem, &server);
        (known[0]["joined"] == true && known[0]["same_structure"] == true).then_some(())
    });
    let there = cem.get(&format!("/servers/{successor}"));
    let channels = list(&there, "channels");
    let general = channels.iter().find(|channel| channel["name"] == "general");
    let general = text(general.unwrap(), "id");
    ben.say(&general, "welcome to the free harbour");
    cem.sees(&general, "welcome to the free harbour");
    let unknown = "00".repeat(32);
    let path = format!("/servers/{server}/successors/{unknown}/follow");
    assert!(cem.api().post(&path, json!({})).is_err());
}
