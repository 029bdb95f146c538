//! Moderators' tools, "why?", and the audit log's filters.

use super::{REFUSED, Town, list};

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
