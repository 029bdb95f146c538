//! Messages, one of them at a time, and chats.

use serde_json::{Value, json};

use super::{REFUSED, Town};
use crate::harness::{Process, conclave, eventually, list, text};

pub(super) fn messages(town: &Town, general: &str) {
    let follower = follow(town, general);
    let file = town.world.path().join("chart.txt");
    std::fs::write(&file, "here be dragons").unwrap();
    let file = file.to_str().unwrap();
    let first = text(
        &town.ada(&["send", "general", "ahoi", "--nonce", "one"]),
        "id",
    );
    assert_eq!(
        text(
            &town.ada(&["send", "general", "ahoi", "--nonce", "one"]),
            "id"
        ),
        first
    );
    let chart = town.ada(&[
        "send",
        "Harbour/general",
        "a chart",
        "--reply-to",
        &first,
        "--attach",
        file,
    ]);
    assert_eq!(chart["reply_to"]["id"], first.as_str());
    assert_eq!(chart["attachments"][0]["name"], "chart.txt");
    town.ben.sees(general, "a chart");
    one_message(town, &text(&chart, "id"), general);
    while text(&follower.line().expect("it follows"), "content") != "a chart" {}

    town.terminal
        .fail(&town.ben, &["edit", &first, "mine now"], REFUSED);
    assert_eq!(town.ada(&["edit", &first, "ahoy"])["content"], "ahoy");
    town.ben.sees(general, "ahoy");
    town.ben(&["react", &first, "🎉"]);
    let reactions = |count: usize| {
        eventually("Ada sees the reaction", || {
            let message = town.ada.get(&format!("/messages/{first}"));
            (list(&message, "reactions").len() == count).then_some(())
        });
    };
    reactions(1);
    town.ben(&["react", &first, "🎉", "--remove"]);
    reactions(0);
    let found = list(
        &town.ben(&["search", "ahoy", "--server", "Harbour"]),
        "results",
    );
    assert_eq!(
        found
            .iter()
            .map(|found| text(found, "id"))
            .collect::<Vec<_>>(),
        std::slice::from_ref(&first)
    );
    town.ada(&["delete", &text(&chart, "id")]);
    eventually("Ben sees that it is gone", || {
        (!town.ben.texts(general).contains(&"a chart".to_owned())).then_some(())
    });
    let page = list(
        &town.ben(&["history", "general", "--limit", "200"]),
        "messages",
    );
    assert!(
        page.iter()
            .any(|message| message["content"] == "ahoy" && message["edited_ms"].is_u64())
    );
    assert!(page.iter().all(|message| message["content"] != "a chart"));
}

fn one_message(town: &Town, chart: &str, general: &str) {
    let saved = town.world.path().join("saved");
    std::fs::create_dir(&saved).unwrap();
    let saved_to = saved.to_str().unwrap();
    for name in ["chart.txt", "chart.txt.1"] {
        let files = town.ben(&["message", "save", chart, "--to", saved_to]);
        assert_eq!(
            text(&files["files"][0], "path"),
            saved.join(name).to_str().unwrap()
        );
        assert_eq!(std::fs::read(saved.join(name)).unwrap(), b"here be dragons");
    }
    town.ada(&["message", "pin", chart]);
    eventually("Ben sees the pin", || {
        (town.ben(&["message", "show", chart])["pinned"] == true).then_some(())
    });
    town.ada(&["message", "pin", chart, "--remove"]);
    eventually("Ada's copies", || {
        let copies = list(&town.ada(&["message", "copies", chart]), "devices");
        let mut of_ben = copies
            .iter()
            .filter(|copy| copy["member_id"] == town.ben.id.as_str());
        of_ben.next().map(drop)
    });

    let unread = || town.ben.get(&format!("/channels/{general}"))["unread"] == true;
    town.ben(&["read", "general"]);
    assert!(!unread());
    town.ben(&["read", "general", "--unread-from", chart]);
    assert!(unread());
    town.ben(&["read", "--server", "Harbour"]);
    assert!(!unread());
    town.ben(&["notify", "general", "--level", "none", "--muted", "true"]);
    let channel = town.ben.get(&format!("/channels/{general}"));
    assert_eq!(
        (&channel["level"], &channel["muted"]),
        (&json!("none"), &json!(true))
    );
    town.ben(&["notify", "general", "--level", "all", "--muted", "false"]);
}

/// `conclave tail` of Ben, after it has shown that it listens.
struct Follower(Process);

impl Follower {
    fn line(&self) -> Option<Value> {
        Some(serde_json::from_str(&self.0.line()?).unwrap())
    }
}

fn follow(town: &Town, general: &str) -> Follower {
    town.terminal.used.borrow_mut().insert("tail".to_owned());
    let mut command = conclave();
    command
        .args(["--json", "--profile-dir"])
        .arg(&town.ben.profile)
        .args(["tail", "general"]);
    let process = Process::spawn(command, &town.world.path().join("tail.log"));
    eventually("the follower listens", || {
        town.ada.say(general, "do you hear me?");
        process.line_if_any()
    });
    Follower(process)
}

pub(super) fn chats(town: &Town, server: &str) {
    for accepts in [false, true] {
        town.ada.knows(server, &town.ben);
        let chat = town.ada(&["chat", "start", "Harbour", "ben"]);
        let chat_id = text(&chat, "id");
        assert_eq!(chat["kind"], "chat");
        eventually("Ben is asked", || {
            let requests = list(&town.ben(&["chat", "requests"]), "requests");
            requests
                .iter()
                .find(|request| request["id"] == chat_id.as_str())
                .map(drop)
        });
        let answer = if accepts { "accept" } else { "decline" };
        town.ben(&["chat", answer, "ada"]);
        assert_eq!(list(&town.ben(&["chat", "requests"]), "requests").len(), 0);
        if accepts {
            town.ben.comes_to_be(&chat_id, "online");
            let channel = text(&list(&chat, "channels")[0], "id");
            town.ada(&["send", &channel, "between us"]);
            town.ben.sees(&channel, "between us");
            // Each calls it by the other's name.
            for (person, other) in [(&town.ada, "ben"), (&town.ben, "ada")] {
                let servers = list(&town.terminal.run(person, &["server", "list"]), "servers");
                let chat = servers
                    .iter()
                    .find(|server| server["id"] == chat_id.as_str());
                assert_eq!(chat.unwrap()["name"], other);
            }
        } else {
            assert_eq!(town.ben.connection(&chat_id), "");
        }
    }
}
