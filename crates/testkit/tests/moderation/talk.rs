//! Chats, and what happens to a message after it was sent.

use conclave_engine::command::{Command, Reply};

use crate::{is_forbidden, world};

#[test]
fn a_chat_begins_with_a_request() {
    let mut world = world(20, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let members = vec![world.sim.identity(ben)];
    let Reply::Server(chat) = world.sim.must(
        ada,
        Command::CreateChat {
            from: world.server,
            members,
        },
    ) else {
        panic!()
    };
    assert!(world.sim.run_until(60_000, |sim| {
        sim.read(ben, |reader| {
            reader
                .chat_requests()
                .unwrap()
                .iter()
                .any(|request| request.server == chat)
        })
    }));
    assert_eq!(
        world.sim.connection(ben, chat),
        None,
        "nobody is put into a chat unasked"
    );
    world.sim.must(
        ben,
        Command::AnswerChatRequest {
            server: chat,
            accept: true,
        },
    );
    assert!(world.sim.run_until(600_000, |sim| sim.is_active(ben, chat)));
    let channel = world.sim.text_channel(ben, chat);
    world.sim.say(ben, channel, "only the two of us");
    world.sim.sees(ada, channel, "only the two of us");
    for (person, other) in [(ada, "Ben"), (ben, "Ada")] {
        let named = world.sim.run_until(60_000, |sim| {
            let chat = sim.read(person, |reader| reader.server(chat).unwrap().unwrap());
            chat.summary.name == other
        });
        assert!(named, "each sees it by the other's name");
    }
    // A name that somebody gives it is the same for all.
    let rename = Command::UpdateServer {
        server: chat,
        name: Some("Stargazers".into()),
        description: None,
        icon: None,
        joins_paused: None,
    };
    world.sim.must(ada, rename);
    let renamed = world.sim.run_until(60_000, |sim| {
        let chat = sim.read(ben, |reader| reader.server(chat).unwrap().unwrap());
        chat.summary.name == "Stargazers"
    });
    assert!(renamed);
}

#[test]
fn edits_reactions_and_deletions_reach_everybody() {
    let mut world = world(21, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let general = world.general;
    let kept = world.sim.say(ada, general, "second");
    let gone = world.sim.say(ada, general, "never mind");
    world.sim.sees(ben, general, "never mind");
    let edit = Command::Edit {
        message: kept,
        text: "first".into(),
    };
    assert!(
        is_forbidden(&world.sim.command(ben, edit.clone())),
        "only authors edit"
    );
    world.sim.must(ada, edit);
    assert!(
        is_forbidden(&world.sim.command(ben, Command::Delete { message: gone })),
        "Ben manages nothing"
    );
    world.sim.must(ada, Command::Delete { message: gone });
    world.sim.must(
        ben,
        Command::React {
            message: kept,
            emoji: "🎉".into(),
            on: true,
        },
    );
    let done = world.sim.run_until(60_000, |sim| {
        sim.read(cem, |reader| {
            let kept = reader.message(kept).unwrap().unwrap();
            let gone = reader.message(gone).unwrap();
            kept.text == "first"
                && kept.reactions.len() == 1
                && gone.is_none_or(|gone| gone.deleted && gone.text.is_empty())
        })
    });
    assert!(done);
    world.sim.converge(&[ada, ben, cem], world.server, 60_000);
}
