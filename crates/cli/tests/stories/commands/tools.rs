//! Moderators' tools, "why?", and the audit log's filters.

use serde_json::Value;

use super::{REFUSED, Town, eventually, list, text};

pub(super) fn run(town: &Town, server: &str) {
    let why = town.ben(&["why", "Harbour", "ben", "send", "general"]);
    assert_eq!(why["allowed"], true, "{why}");
    assert_eq!(why["steps"][0]["kind"], "role", "{why}");
    let why = town.ada(&["why", "Harbour", "ben", "ban", "--target", "ada"]);
    assert_eq!(why["allowed"], false, "{why}");

    town.terminal
        .fail(&town.ben, &["lockdown", "Harbour"], REFUSED);
    town.ada(&["lockdown", "Harbour", "--reason", "a raid"]);
    town.terminal
        .fail(&town.ada, &["invite", "create", "Harbour"], REFUSED);
    town.ada(&["lockdown", "Harbour", "--lift"]);
    town.ada(&["invite", "create", "Harbour"]);

    reports(town, server);
    checkpoints(town);

    assert_eq!(town.ada(&["prune", "Harbour"])["count"], 0);
    town.terminal
        .fail(&town.ben, &["prune", "Harbour", "--yes"], REFUSED);
    assert_eq!(town.ada(&["prune", "Harbour", "--yes"])["count"], 0);

    let ada = town.ada.id.clone();
    let filtered = [
        "audit",
        "Harbour",
        "--actor",
        &ada,
        "--since",
        "1h",
        "--effective",
    ];
    let entries = list(&town.ada(&filtered), "entries");
    assert!(
        entries.len() > 10
            && entries
                .iter()
                .all(|entry| entry["actor_id"] == ada.as_str()),
        "{entries:?}"
    );
    let raids = list(
        &town.ada(&[
            "audit",
            "Harbour",
            "--action",
            "server_update",
            "--limit",
            "2",
        ]),
        "entries",
    );
    assert_eq!(raids[1]["reason"], "a raid", "{raids:?}");
    let lost = list(
        &town.ada(&["audit", "Harbour", "--lost", "--seen"]),
        "entries",
    );
    assert!(lost.is_empty(), "{lost:?}");

    town.terminal
        .fail(&town.ben, &["ban-many", "Harbour", "ada"], REFUSED);
    let banned = town.ada(&["ban-many", "Harbour", "ben", "--reason", "a raid"]);
    assert_eq!(banned["count"], 1);
    town.ben.comes_to_be(server, "removed");
    town.ada(&["unban", "Harbour", "ben"]);
    town.let_ben_in();
}

/// Ben tells Ada of Dora. Of Ada herself he can tell nobody.
fn reports(town: &Town, server: &str) {
    let dora = town.world.person("dora");
    let link = text(&town.ada(&["invite", "create", "Harbour"]), "url");
    dora.join(&link);
    town.ben.knows(server, &dora);
    let channels = list(&town.ada.get(&format!("/servers/{server}")), "channels");
    let general = channels.iter().find(|channel| channel["name"] == "general");
    let general = text(general.unwrap(), "id");
    let message = dora.say(&general, "who wants a boat?");
    town.ben.sees(&general, "who wants a boat?");
    town.ada.sees(&general, "who wants a boat?");
    let about = |member, reason| ["report", "send", "Harbour", member, "--reason", reason];
    town.terminal
        .fail(&town.ben, &about("ada", "never sleeps"), REFUSED);
    let about = [
        &about(&dora.id, "sells boats")[..],
        &["--message", &message],
    ]
    .concat();
    assert_eq!(town.ben(&about)["devices"], 1);
    let report = eventually("the report is there", || {
        list(&town.ada(&["report", "list", "Harbour"]), "reports").pop()
    });
    assert_eq!(report["reason"], "sells boats");
    assert_eq!(report["about"]["id"], dora.id.as_str());
    assert_eq!(report["quote"]["copy"], "same", "{report}");
    let number = report["number"].to_string();
    town.ada(&["report", "dismiss", "Harbour", &number]);
    let left = list(&town.ada(&["report", "list", "Harbour"]), "reports");
    assert!(left.is_empty(), "{left:?}");
    dora.post(&format!("/servers/{server}/leave"), Value::Null);
    for person in [&town.ada, &town.ben] {
        eventually("Dora is gone", || {
            let members = list(
                &person.get(&format!("/servers/{server}/members")),
                "members",
            );
            (members.len() == 2).then_some(())
        });
    }
}

/// The owner of a small server is its notary.
fn checkpoints(town: &Town) {
    let make = ["checkpoint", "make", "Harbour"];
    town.terminal.fail(&town.ben, &make, REFUSED);
    let made = list(&town.ada(&make), "checkpoints");
    let newest = made
        .iter()
        .find(|checkpoint| checkpoint["canonical"] == true);
    let id = text(newest.unwrap(), "id");
    let shown = town.ada(&["checkpoint", "show", "Harbour"]);
    assert_eq!(text(&shown, "id"), id);
    eventually("Ben knows of it", || {
        let listed = list(&town.ben(&["checkpoint", "list", "Harbour"]), "checkpoints");
        listed
            .iter()
            .any(|checkpoint| checkpoint["id"] == id.as_str())
            .then_some(())
    });
}
