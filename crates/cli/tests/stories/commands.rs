//! Every command of the command line, once and with `--json`, between people whose nodes run.

mod talk;
mod terminal;
mod tools;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::terminal::{Terminal, commands};
use crate::api::{Api, Failure};
use crate::harness::{Person, World, conclave, eventually, list, text};

/// Exit codes, as the help lists them.
const REFUSED: i32 = 1;
const USAGE: i32 = 2;
const NO_NODE: i32 = 3;
const NO_SUCH_NAME: i32 = 4;

struct Town {
    terminal: Terminal,
    world: World,
    ada: Person,
    ben: Person,
}

impl Town {
    fn ada(&self, args: &[&str]) -> Value {
        self.terminal.run(&self.ada, args)
    }

    fn ben(&self, args: &[&str]) -> Value {
        self.terminal.run(&self.ben, args)
    }

    /// Joins Ben by the newest kind of link.
    fn let_ben_in(&self) -> String {
        let link = text(&self.ada(&["invite", "create", "Harbour"]), "url");
        let server = self.ben(&["join", &link]);
        self.ben.comes_to_be(&text(&server, "id"), "online");
        link
    }
}

#[test]
fn every_command_does_what_it_says() {
    let world = World::new();
    let [ada, ben] = ["ada", "ben"].map(|name| world.person(name));
    let town = Town {
        terminal: Terminal::default(),
        world,
        ada,
        ben,
    };
    accounts(&town);
    let server = servers(&town);
    let general = channels(&town);
    talk::messages(&town, &general);
    roles(&town);
    members(&town, &server);
    talk::chats(&town, &server);
    moderation(&town, &server);
    ownership(&town, &server);
    the_node(&town);
    tools::run(&town, &server);
    successors(&town, &server);
    failures(&town);
    leaving(&town, &server);

    let mut known = BTreeSet::new();
    for name in commands(&[]) {
        let inner = commands(&[&name]);
        known.extend(inner.iter().map(|inner| format!("{name} {inner}")));
        known.insert(name);
    }
    // These have stories of their own.
    for name in ["demo", "relay"] {
        assert!(known.remove(name), "{name}");
    }
    let used = town.terminal.used.take();
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(
        known.len() > 40 && unused.is_empty(),
        "never run: {unused:?}"
    );
}

fn accounts(town: &Town) {
    let profile = town.world.path().join("cem");
    let mut command = conclave();
    command
        .args([
            "--json",
            "--port",
            "0",
            "--bind",
            "127.0.0.1:0",
            "--profile-dir",
        ])
        .arg(&profile)
        .args(["init", "cem"]);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let me: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&me["display_name"], &me["created"]),
        (&json!("cem"), &json!(true))
    );
    // Who has an account gets no second one.
    let words = town.terminal.fail(&town.ada, &["init", "another"], REFUSED);
    assert!(words.contains("already"), "{words}");

    town.ada(&[
        "profile",
        "set",
        "--bio",
        "keeps the lighthouse",
        "--status",
        "awake",
    ]);
    let me = town.ada(&["profile", "show"]);
    assert_eq!(me["bio"], "keeps the lighthouse");
    assert_eq!(me["identity_id"], town.ada.id.as_str());
}

fn servers(town: &Town) -> String {
    let server = text(&town.ada(&["server", "create", "Harbour"]), "id");
    town.ada(&["server", "edit", "Harbour", "--description", "by the sea"]);
    assert_eq!(
        town.ada(&["server", "show", "Harbour"])["description"],
        "by the sea"
    );
    assert_eq!(list(&town.ada(&["server", "list"]), "servers").len(), 1);
    let link = town.let_ben_in();
    let said = town.ben(&["invite", "inspect", &link]);
    assert_eq!(
        (&said["server_name"], &said["already_member"]),
        (&json!("Harbour"), &json!(true))
    );
    let invites = list(&town.ada(&["invite", "list", "Harbour"]), "invites");
    assert_eq!(invites.len(), 1);
    let spare = town.ada(&["invite", "create", "Harbour", "--closed", "--max-uses", "1"]);
    assert_eq!(
        (&spare["kind"], &spare["max_uses"]),
        (&json!("closed"), &json!(1))
    );
    town.ada(&["invite", "revoke", "Harbour", &text(&spare, "id")]);
    let invites = list(&town.ada(&["invite", "list", "Harbour"]), "invites");
    let spare = invites.iter().find(|invite| invite["id"] == spare["id"]);
    assert!(
        spare.is_none_or(|spare| spare["revoked"] == true),
        "{spare:?}"
    );
    server
}

fn channels(town: &Town) -> String {
    let plans = town.ada(&[
        "channel",
        "create",
        "Harbour",
        "plans",
        "--topic",
        "what next",
    ]);
    assert_eq!(plans["topic"], "what next");
    let edited = town.ada(&["channel", "edit", "plans", "--name", "schemes"]);
    assert_eq!(
        (&edited["name"], &edited["id"]),
        (&json!("schemes"), &plans["id"])
    );
    let channels = town.ada(&["channel", "list", "Harbour"]);
    let names: Vec<String> = channels
        .as_array()
        .unwrap()
        .iter()
        .map(|channel| text(channel, "name"))
        .collect();
    assert!(names.contains(&"schemes".to_owned()) && names.contains(&"general".to_owned()));
    let plans = text(&plans, "id");
    town.ada.say(&plans, "hush");
    town.ben.sees(&plans, "hush");

    // @everyone has the server's id.
    let everyone = text(&edited, "server_id");
    let overwrite = ["channel", "overwrite", "schemes", "role", &everyone];
    town.ada(&[&overwrite[..], &["--deny", "SEND_MESSAGES"]].concat());
    eventually("Ben may not write", || {
        matches!(
            town.ben.try_say(&plans, "may I"),
            Err(Failure::Refused { status: 403, .. })
        )
        .then_some(())
    });
    town.terminal
        .fail(&town.ben, &["send", "schemes", "may I"], REFUSED);
    town.ada(&overwrite);
    eventually("Ben may write", || town.ben.try_say(&plans, "I may").ok());
    town.ada.sees(&plans, "I may");
    town.ada(&["channel", "delete", "schemes"]);
    town.terminal
        .fail(&town.ada, &["history", "schemes"], NO_SUCH_NAME);
    let general = channels
        .as_array()
        .unwrap()
        .iter()
        .find(|channel| channel["name"] == "general");
    text(general.unwrap(), "id")
}

fn roles(town: &Town) {
    let crew = town.ada(&[
        "role", "create", "Harbour", "Crew", "--color", "3fa45b", "--hoist", "true",
    ]);
    assert_eq!(crew["color"], 0x003f_a45b);
    let edited = town.ada(&[
        "role",
        "edit",
        "Harbour",
        "Crew",
        "--permissions",
        "KICK_MEMBERS",
    ]);
    assert_eq!(edited["permissions"], "2");
    let hold = [
        "channel",
        "create",
        "Harbour",
        "hold",
        "--private",
        "--allow-role",
        "Crew",
    ];
    let hold = text(&town.ada(&hold), "id");
    town.ada.say(&hold, "barrels");
    town.ada(&["role", "grant", "Harbour", "Crew", "ben"]);
    town.ben.sees(&hold, "barrels");
    let readers = |keys: &Value| list(keys, "readers").len();
    assert_eq!(readers(&town.ada(&["keys", "hold"])), 2);
    town.ada(&["role", "revoke", "Harbour", "Crew", "ben"]);
    eventually("Ben has no role any more", || {
        (town.ben.api().get(&format!("/channels/{hold}/messages")))
            .is_err()
            .then_some(())
    });
    assert_eq!(readers(&town.ada(&["keys", "hold"])), 1);
    town.ada(&["role", "delete", "Harbour", "Crew"]);
    let roles = list(&town.ada(&["server", "show", "Harbour"]), "roles");
    assert!(roles.iter().all(|role| role["name"] != "Crew"));
}

fn members(town: &Town, server: &str) {
    town.ada(&["nick", "Harbour", "ben", "Benny"]);
    eventually("Ben knows his nickname", || {
        let path = format!("/servers/{server}/members/{}", town.ben.id);
        (town.ben.get(&path)["nick"] == "Benny").then_some(())
    });
    let found = list(
        &town.ada(&["member", "list", "Harbour", "--query", "benn"]),
        "members",
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        town.ada(&["member", "show", "Harbour", "Benny"])["id"],
        town.ben.id.as_str()
    );
    assert_eq!(town.ada(&["nick", "Harbour", "Benny"])["nick"], Value::Null);
}

fn moderation(town: &Town, server: &str) {
    let timed_out = |is: bool| {
        eventually("Ben hears of the timeout", || {
            let member = town
                .ben
                .get(&format!("/servers/{server}/members/{}", town.ben.id));
            (member["timeout_until_ms"].is_u64() == is).then_some(())
        });
    };
    town.ada(&["timeout", "Harbour", "ben", "10", "--reason", "cool down"]);
    timed_out(true);
    town.terminal
        .fail(&town.ben, &["send", "general", "psst"], REFUSED);
    town.ada(&["timeout", "Harbour", "ben", "0"]);
    timed_out(false);
    town.ben(&["send", "general", "psst"]);

    town.terminal
        .fail(&town.ben, &["kick", "Harbour", "ada"], REFUSED);
    town.ada(&["kick", "Harbour", "ben"]);
    town.ben.comes_to_be(server, "removed");
    town.let_ben_in();
    town.terminal
        .fail(&town.ben, &["ban", "Harbour", "ada"], REFUSED);
    town.ada(&["ban", "Harbour", "ben", "--reason", "spam"]);
    town.ben.comes_to_be(server, "removed");
    // Whoever is outside sees no channels any more.
    let send = ["send", "general", "still here"];
    town.terminal.fail(&town.ben, &send, NO_SUCH_NAME);
    let banned = list(&town.ada(&["bans", "Harbour"]), "bans");
    assert_eq!(
        banned.iter().map(|ban| text(ban, "id")).collect::<Vec<_>>(),
        [town.ben.id.as_str()]
    );
    town.ada(&["unban", "Harbour", "ben"]);
    assert_eq!(list(&town.ada(&["bans", "Harbour"]), "bans").len(), 0);
    town.let_ben_in();
    let bans = list(
        &town.ada(&["audit", "Harbour", "--action", "member_ban"]),
        "entries",
    );
    let [ban] = &bans[..] else { panic!("{bans:?}") };
    assert_eq!(
        (&ban["reason"], &ban["target_id"]),
        (&json!("spam"), &json!(town.ben.id))
    );
    let all = list(&town.ada(&["audit", "Harbour"]), "entries");
    assert!(all.len() > 10, "{}", all.len());
}

fn ownership(town: &Town, server: &str) {
    let made = town.ada(&["succession", "recovery-key"]);
    town.ada.knows(server, &town.ben);
    let set = [
        "succession",
        "set",
        "Harbour",
        "--successor",
        "ben",
        "--recovery-key",
        &text(&made, "key"),
        "--council",
        "ada",
        "--delay-days",
        "0",
    ];
    town.terminal.fail(&town.ben, &set, REFUSED);
    let terms = town.ada(&set)["succession"].clone();
    assert_eq!(terms["needed"], 1);
    assert_eq!(terms["delay_trustworthy"], false);
    eventually("Ben may claim", || {
        let shown = town.ben(&["succession", "show", "Harbour"]);
        (shown["succession"]["may_claim"] == true).then_some(())
    });
    let told = |person: &Person, field: &str| {
        eventually(field, || {
            let shown = person.get(&format!("/servers/{server}/ownership"));
            let claims = list(&shown, "claims");
            claims
                .iter()
                .any(|claim| claim[field] == true)
                .then_some(())
        });
    };
    town.ben(&["succession", "claim", "Harbour"]);
    told(&town.ada, "may_veto");
    town.terminal
        .fail(&town.ben, &["succession", "veto", "Harbour"], REFUSED);
    town.ada(&["succession", "veto", "Harbour"]);
    eventually("the claim is gone", || {
        let shown = town.ben(&["succession", "show", "Harbour"]);
        list(&shown, "claims").is_empty().then_some(())
    });
    town.ben(&["succession", "claim", "Harbour"]);
    told(&town.ada, "may_confirm");
    town.terminal
        .fail(&town.ben, &["succession", "take", "Harbour"], REFUSED);
    town.ada(&["succession", "confirm", "Harbour"]);
    told(&town.ben, "may_take");
    let taken = town.ben(&["succession", "take", "Harbour"]);
    assert_eq!(taken["owner"]["id"], town.ben.id);
    assert_eq!(taken["began"], "succession");
    // What cannot be undone is asked for, and nobody is at a terminal here.
    let transfer = ["server", "transfer", "Harbour", "ada"];
    town.terminal.fail(&town.ben, &transfer, USAGE);
    let transferred = town.ben(&["server", "transfer", "Harbour", "ada", "--yes"]);
    assert_eq!(transferred["owner"]["id"], town.ada.id);
    eventually("Ada owns it again", || {
        let shown = town.ada(&["succession", "show", "Harbour"]);
        (shown["mine"] == true).then_some(())
    });
}

fn successors(town: &Town, server: &str) {
    let founded = town.ben(&[
        "server",
        "fork",
        "Harbour",
        "--name",
        "New Harbour",
        "--with-roles",
    ]);
    let id = text(&founded, "id");
    eventually("Ada hears of it", || {
        let known = list(&town.ada(&["server", "forks", "Harbour"]), "successors");
        (known.len() == 1 && known[0]["descent"] == "verified").then_some(())
    });
    town.terminal.fail(
        &town.ada,
        &["server", "follow", "Harbour", "Nowhere"],
        NO_SUCH_NAME,
    );
    let followed = town.ada(&["server", "follow", "Harbour", "New Harbour"]);
    assert_eq!(text(&followed, "id"), id);
    town.ada.comes_to_be(&id, "online");
    town.ada(&["server", "leave", "New Harbour"]);
    assert_ne!(id, server);
}

fn the_node(town: &Town) {
    let peers = list(&town.ada(&["network"]), "peers");
    assert_eq!(peers.len(), 1);
    assert_eq!(peers[0]["path"], "direct");
    let checks = list(&town.ada(&["doctor"]), "checks");
    assert!(
        !checks.is_empty() && checks.iter().all(|check| check["status"] != "fail"),
        "{checks:?}"
    );

    let create = [
        "token",
        "create",
        "reader",
        "--server",
        "Harbour",
        "--action",
        "messages:read",
    ];
    let token = town.ada(&create);
    let reader = Api::new(town.ada.api().url(), &text(&token, "token"));
    let channel = text(&town.ada(&["channel", "list", "Harbour"])[1], "id");
    let path = format!("/channels/{channel}/messages");
    reader.get(&path).unwrap();
    for refused in [
        reader.post(&path, json!({ "content": "no" })),
        reader.get("/tokens"),
    ] {
        assert!(
            matches!(refused, Err(Failure::Refused { status: 403, .. })),
            "{refused:?}"
        );
    }
    let listed = town.ada(&["token", "list"]);
    assert_eq!(list(&listed, "tokens").len(), 1);
    assert!(!listed.to_string().contains(&text(&token, "token")));
    town.ada(&["token", "revoke", &text(&token, "id")]);
    let refused = reader.get(&path);
    assert!(
        matches!(refused, Err(Failure::Refused { status: 401, .. })),
        "{refused:?}"
    );
}

fn failures(town: &Town) {
    town.terminal
        .fail(&town.ada, &["server", "show", "Atlantis"], NO_SUCH_NAME);
    town.terminal.fail(&town.ada, &["send", "general"], USAGE);
    let (code, _, words) = town
        .terminal
        .output(&town.world.path().join("nobody"), &["server", "list"]);
    assert_eq!(code, Some(NO_NODE), "{words}");
}

fn leaving(town: &Town, server: &str) {
    town.ben(&["server", "leave", "Harbour"]);
    eventually("Ada is alone", || {
        let members = list(&town.ada(&["member", "list", "Harbour"]), "members");
        (members.len() == 1).then_some(())
    });
    assert_ne!(town.ben.connection(server), "online");
}
