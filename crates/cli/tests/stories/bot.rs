//! The example bot, as its own words say how to run it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::world::{Person, wait_for};

#[test]
fn the_example_bot_answers_with_a_token_that_can_do_nothing_else() {
    let alice = Person::new("Alice");
    let (_, channel) = alice.found_server("Home");
    let token = alice.cli(&[
        "token",
        "create",
        "pingbot",
        "--server",
        "Home",
        "--action",
        "messages:read",
        "--action",
        "messages:write",
    ]);
    assert!(
        token.status.success(),
        "{}",
        String::from_utf8_lossy(&token.stderr)
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &token.stdout).unwrap();
    let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bot/bot.py");
    let mut bot = Command::new("python3")
        .arg(bot)
        .args([alice.url(), &channel])
        .arg(file.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(bot.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    alice.say(&channel, "hello");
    alice.say(&channel, "!ping");
    wait_for("the bot's answer", || {
        (alice
            .sees(&channel)
            .iter()
            .filter(|seen| *seen == "pong")
            .count()
            == 1)
            .then_some(())
    });
    alice.say(&channel, "!ping");
    wait_for("the second answer", || {
        (alice
            .sees(&channel)
            .iter()
            .filter(|seen| *seen == "pong")
            .count()
            == 2)
            .then_some(())
    });
    bot.kill().unwrap();
    bot.wait().unwrap();
    assert_eq!(
        alice.sees(&channel).len(),
        5,
        "nothing but the two answers was written"
    );
}
