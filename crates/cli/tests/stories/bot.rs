//! The example bot, with a token that can read and write messages of one server and nothing else.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Person, Process, World, eventually, text};

fn pongs(person: &Person, channel: &str) -> Vec<Value> {
    let mut messages = person.messages(channel);
    messages.retain(|message| message["content"] == "pong");
    messages
}

#[test]
fn the_example_bot_answers() {
    let world = World::new();
    let [ada, ben] = ["ada", "ben"].map(|name| world.person(name));
    let (server, general) = ada.found("Harbour");
    ben.join(&ada.invite(&server));
    let actions = json!(["messages:read", "messages:write"]);
    let token = json!({ "name": "pingbot", "server_id": server, "actions": actions });
    let file = world.path().join("token");
    std::fs::write(&file, text(&ada.post("/tokens", token), "token")).unwrap();
    let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bot/bot.py");
    let mut command = Command::new("python3");
    command.arg(bot).args([ada.api().url(), &general]).arg(file);
    let process = Process::spawn(command, &world.path().join("bot.log"));
    assert_eq!(process.line().as_deref(), Some("ready"));
    for count in [1, 2] {
        ben.say(&general, "hello");
        let ping = ben.say(&general, "!ping");
        eventually("the bot answers", || {
            let pongs = pongs(&ben, &general);
            let answers_it = pongs.last()?["reply_to"]["id"] == ping.as_str();
            answers_it.then(|| assert_eq!(pongs.len(), count))
        });
    }
    assert_eq!(ben.messages(&general).len(), 6);
}
