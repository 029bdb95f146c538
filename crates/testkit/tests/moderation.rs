//! Coming, going, being thrown out, and who can read what afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::event::{Overwrite, Subject};
use conclave_core::id::{ChannelId, Millis, RoleId, ServerId};
use conclave_core::permissions::Bits;
use conclave_engine::command::{ChannelDraft, Command, CommandError, Reply, RoleDraft};
use conclave_engine::model::Connection;
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::{Node, Sim};

struct World {
    sim: Sim,
    people: Vec<Node>,
    server: ServerId,
    general: ChannelId,
    link: String,
}

/// An owner and others, all in one server through one open link, all caught up.
fn world(seed: u64, names: &[&str]) -> World {
    let mut sim = Sim::new(seed);
    let people: Vec<Node> = names.iter().map(|name| sim.person(name)).collect();
    let (server, general) = sim.found(people[0], "Harbour");
    let link = sim.invite(people[0], server, true);
    for node in &people[1..] {
        sim.join(*node, &link);
    }
    sim.say(people[0], general, "welcome");
    for node in &people {
        sim.sees(*node, general, "welcome");
    }
    sim.converge(&people, server, 120_000);
    World {
        sim,
        people,
        server,
        general,
        link,
    }
}

impl World {
    /// Gives somebody a role of these permissions, and waits until they know.
    fn empower(&mut self, member: Node, permissions: Bits) -> RoleId {
        let draft = RoleDraft {
            server: self.server,
            name: "Crew".into(),
            color: None,
            hoist: false,
            mentionable: false,
            permissions,
        };
        let Reply::Role(role) = self.sim.must(self.people[0], Command::CreateRole(draft)) else {
            panic!()
        };
        let id = self.sim.identity(member);
        self.sim.must(
            self.people[0],
            Command::GrantRole {
                server: self.server,
                role,
                member: id,
            },
        );
        let server = self.server;
        assert!(self.sim.run_until(60_000, |sim| {
            sim.read(member, |reader| {
                reader
                    .server(server)
                    .unwrap()
                    .unwrap()
                    .my_roles
                    .contains(&role)
            })
        }));
        role
    }

    /// What somebody reads in a channel with their own keys, the link, and everything that `witness` stores.
    fn spied(&self, spy: Node, witness: Node, channel: ChannelId) -> Vec<String> {
        let (store, keys) = self.sim.steal(spy);
        let mut attacker = Attacker::new(self.server, &keys, &[&self.link]);
        attacker.copy(&store);
        attacker.copy(&self.sim.steal(witness).0);
        attacker.open_epochs();
        attacker.read(channel).into_values().collect()
    }

    fn ban(&mut self, by: Node, member: Node) -> Option<Result<Reply, CommandError>> {
        let (server, member) = (self.server, self.sim.identity(member));
        self.sim.command(
            by,
            Command::Ban {
                server,
                member,
                reason: None,
                delete_ms: None,
            },
        )
    }
}

fn is_forbidden(result: &Option<Result<Reply, CommandError>>) -> bool {
    matches!(result, Some(Err(CommandError::Forbidden { .. })))
}

#[test]
fn who_left_does_not_read_what_comes_next() {
    let mut world = world(11, &["Ada", "Ben", "Cem", "Dua"]);
    let [ada, ben, cem, dua] = [
        world.people[0],
        world.people[1],
        world.people[2],
        world.people[3],
    ];
    let server = world.server;
    let left = |sim: &mut Sim, count: usize| {
        sim.run_until(60_000, |sim| {
            sim.read(ben, |reader| {
                reader.members(server, "", None, 10).unwrap().unwrap().1 == count
            })
        })
    };
    world.sim.must(dua, Command::LeaveServer { server });
    assert!(left(&mut world.sim, 3));
    world.sim.say(ben, world.general, "Dua is gone");
    world.sim.sees(cem, world.general, "Dua is gone");
    world.sim.must(cem, Command::LeaveServer { server });
    assert!(left(&mut world.sim, 2));
    world.sim.say(ben, world.general, "Cem is gone");
    world.sim.sees(ada, world.general, "Cem is gone");
    // The link is still open and Cem came through it; without it, with own keys alone, nothing later opens.
    let (store, keys) = world.sim.steal(cem);
    let mut attacker = Attacker::new(world.server, &keys, &[]);
    attacker.copy(&store);
    attacker.copy(&world.sim.steal(ben).0);
    attacker.open_epochs();
    let read: Vec<String> = attacker.read(world.general).into_values().collect();
    assert!(read.iter().any(|text| text == "Dua is gone"), "{read:?}");
    assert!(read.iter().all(|text| text != "Cem is gone"), "{read:?}");
}

#[test]
fn who_was_kicked_may_come_back_through_a_link() {
    let mut world = world(12, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let (server, ben_id) = (world.server, world.sim.identity(ben));
    let kick = Command::Kick {
        server,
        member: ben_id,
        reason: Some("cool down".into()),
    };
    assert!(
        is_forbidden(&world.sim.command(cem, kick.clone())),
        "Cem may not kick"
    );
    world.sim.must(ada, kick);
    assert!(
        world
            .sim
            .run_until(60_000, |sim| sim.connection(ben, server)
                == Some(Connection::Removed))
    );
    world.sim.say(ada, world.general, "while Ben was away");
    world.sim.sees(cem, world.general, "while Ben was away");
    let link = world.link.clone();
    world.sim.join(ben, &link);
    world.sim.say(ben, world.general, "back again");
    world.sim.sees(ada, world.general, "back again");
    world.sim.sees(ben, world.general, "while Ben was away");
}

#[test]
fn a_ban_keeps_out_until_it_is_lifted() {
    let mut world = world(13, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let (server, ben_id, link) = (world.server, world.sim.identity(ben), world.link.clone());
    assert!(is_forbidden(&world.ban(cem, ben)), "Cem may not ban");
    assert!(matches!(world.ban(ada, ben), Some(Ok(_))));
    assert!(
        world
            .sim
            .run_until(60_000, |sim| sim.connection(ben, server)
                == Some(Connection::Removed))
    );
    // The link is open still, but not to Ben.
    world.sim.must(ben, Command::Join { link });
    assert!(
        !world
            .sim
            .run_until(120_000, |sim| sim.is_active(ben, server))
    );
    let unban = Command::Unban {
        server,
        member: ben_id,
        reason: None,
    };
    assert!(
        is_forbidden(&world.sim.command(cem, unban.clone())),
        "Cem may not unban"
    );
    world.sim.must(ada, unban);
    // The ban took the old link's keys away, so that Ben cannot learn through it that he may come back: it takes a new one.
    let fresh = world.sim.invite(ada, server, true);
    world.sim.run_for(5_000);
    world.sim.must(ben, Command::Join { link: fresh });
    let back = world
        .sim
        .run_until(600_000, |sim| sim.is_active(ben, server));
    let state = world.sim.read(ben, |reader| reader.server_state(server));
    assert!(back, "Ben may come back: {state:?}");
    world.sim.say(ben, world.general, "thank you");
    world.sim.sees(cem, world.general, "thank you");
}

#[test]
fn who_loses_a_role_does_not_read_its_channel_any_more() {
    let mut world = world(14, &["Ada", "Ben", "Cem"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let role = world.empower(ben, Bits::NONE);
    let draft = ChannelDraft {
        server: world.server,
        name: "crew".into(),
        kind: 0,
        topic: None,
        parent: None,
        private: true,
        overwrites: vec![Overwrite {
            subject: Subject::Role(role),
            allow: Bits::VIEW_CHANNEL,
            deny: Bits::NONE,
        }],
        durability: None,
    };
    let Reply::Channel(crew) = world.sim.must(ada, Command::CreateChannel(draft)) else {
        panic!()
    };
    world.sim.say(ada, crew, "while in the crew");
    world.sim.sees(ben, crew, "while in the crew");
    let (server, ben_id) = (world.server, world.sim.identity(ben));
    world.sim.must(
        ada,
        Command::RevokeRole {
            server,
            role,
            member: ben_id,
        },
    );
    assert!(world.sim.run_until(60_000, |sim| {
        sim.read(ben, |reader| reader.channel(crew).unwrap().is_none())
    }));
    world.sim.say(ada, crew, "after the crew");
    world.sim.run_for(30_000);
    let read = world.spied(ben, ada, crew);
    assert!(
        read.iter().any(|text| text == "while in the crew"),
        "{read:?}"
    );
    assert!(read.iter().all(|text| text != "after the crew"), "{read:?}");
}

#[test]
fn a_closed_link_admits_but_does_not_read() {
    let mut world = world(15, &["Ada", "Ben"]);
    let ada = world.people[0];
    let closed = world.sim.invite(ada, world.server, false);
    world.sim.say(ada, world.general, "for members");
    let stranger = world.sim.person("Stranger");
    let (_, keys) = world.sim.steal(stranger);
    let mut attacker = Attacker::new(world.server, &keys, &[&closed]);
    attacker.copy(&world.sim.steal(ada).0);
    attacker.open_epochs();
    assert!(
        attacker.read(world.general).is_empty(),
        "the link alone reads nothing"
    );
    // Positive control: the open link of the same server reads.
    let mut reader = Attacker::new(world.server, &keys, &[&world.link]);
    reader.copy(&world.sim.steal(ada).0);
    reader.open_epochs();
    assert!(
        reader
            .read(world.general)
            .into_values()
            .any(|text| text == "for members")
    );
    // And whoever joins through the closed link reads once a member has let them in.
    world.sim.join(stranger, &closed);
    world.sim.sees(stranger, world.general, "for members");
}

#[test]
fn a_revoked_link_admits_nobody_and_those_inside_stay() {
    let mut world = world(16, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let spare = world.sim.invite(ada, world.server, true);
    let server = world.server;
    let used = world.sim.read(ada, |reader| {
        let invites = reader.invites(server).unwrap();
        invites
            .into_iter()
            .find(|invite| invite.uses == 1)
            .unwrap()
            .id
    });
    world.sim.must(
        ada,
        Command::RevokeInvite {
            server,
            invite: used,
        },
    );
    world.sim.run_for(10_000);
    let late = world.sim.person("Late");
    let link = world.link.clone();
    world.sim.must(late, Command::Join { link });
    assert!(
        !world
            .sim
            .run_until(120_000, |sim| sim.is_active(late, server))
    );
    let other = world.sim.person("Other");
    world.sim.join(other, &spare);
    world.sim.say(ben, world.general, "I am still here");
    world.sim.sees(other, world.general, "I am still here");
}

/// Two moderators, cut off from each other, ban one member each; when the halves meet, both bans hold and both later rooms
/// are closed to both.
#[test]
fn two_bans_at_once_both_hold() {
    let mut world = world(17, &["Ada", "Ben", "Cem", "Mal", "Nox"]);
    let [ada, ben, cem, mal, nox] = [
        world.people[0],
        world.people[1],
        world.people[2],
        world.people[3],
        world.people[4],
    ];
    world.empower(ben, Bits::BAN_MEMBERS);
    world.empower(cem, Bits::BAN_MEMBERS);
    world.sim.crash(ada);
    for one in [ben, mal] {
        for other in [cem, nox] {
            world.sim.part(one, other);
        }
    }
    assert!(matches!(world.ban(ben, mal), Some(Ok(_))));
    assert!(matches!(world.ban(cem, nox), Some(Ok(_))));
    world.sim.say(ben, world.general, "from Ben's half");
    world.sim.say(cem, world.general, "from Cem's half");
    world.sim.heal();
    world.sim.sees(ben, world.general, "from Cem's half");
    world.sim.sees(cem, world.general, "from Ben's half");
    world.sim.say(ben, world.general, "after both");
    world.sim.sees(cem, world.general, "after both");
    world.sim.restart(ada);
    let (server, honest) = (world.server, [ada, ben, cem]);
    world.sim.converge(&honest, server, 300_000);
    for spy in [mal, nox] {
        let read = world.spied(spy, ben, world.general);
        assert!(read.iter().any(|text| text == "welcome"));
        assert!(read.iter().all(|text| text != "after both"), "{read:?}");
    }
    assert!(
        world
            .spied(mal, ben, world.general)
            .iter()
            .all(|text| text != "from Ben's half")
    );
    assert!(
        world
            .spied(nox, ben, world.general)
            .iter()
            .all(|text| text != "from Cem's half")
    );
}

/// What a member said while cut off, beyond what the ban had seen, is refused everywhere, in whatever order it comes.
#[test]
fn nobody_carries_what_a_banned_member_says() {
    let mut world = world(18, &["Ada", "Ben", "Mal"]);
    let [ada, ben, mal] = [world.people[0], world.people[1], world.people[2]];
    world.sim.say(mal, world.general, "before");
    world.sim.sees(ada, world.general, "before");
    world.sim.sees(ben, world.general, "before");
    world.sim.part(ada, mal);
    world.sim.part(ben, mal);
    world.sim.say(mal, world.general, "unseen");
    assert!(matches!(world.ban(ada, mal), Some(Ok(_))));
    world.sim.say(ada, world.general, "they are gone");
    world.sim.sees(ben, world.general, "they are gone");
    world.sim.heal();
    let server = world.server;
    assert!(
        world
            .sim
            .run_until(300_000, |sim| sim.connection(mal, server)
                == Some(Connection::Removed))
    );
    world.sim.run_for(60_000);
    for node in [ada, ben] {
        let texts = world.sim.texts(node, world.general);
        assert!(texts.iter().any(|text| text == "before"), "{texts:?}");
        assert!(texts.iter().all(|text| text != "unseen"), "{texts:?}");
    }
}

#[test]
fn a_timeout_silences_until_it_ends() {
    let mut world = world(19, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let (server, ben_id, general) = (world.server, world.sim.identity(ben), world.general);
    let until = Some(Millis(world.sim.now().0 + 600_000));
    world.sim.must(
        ada,
        Command::Timeout {
            server,
            member: ben_id,
            until,
            reason: None,
        },
    );
    assert!(world.sim.run_until(60_000, |sim| {
        sim.read(ben, |reader| {
            reader
                .member(server, ben_id)
                .unwrap()
                .unwrap()
                .timeout_until
                .is_some()
        })
    }));
    let send = Command::Send {
        channel: general,
        text: "psst".into(),
        reply_to: None,
        attachments: vec![],
        nonce: None,
    };
    assert!(is_forbidden(&world.sim.command(ben, send)));
    world.sim.say(ada, general, "Ben still reads");
    world.sim.sees(ben, general, "Ben still reads");
    world.sim.run_for(700_000);
    world.sim.say(ben, general, "I may again");
    world.sim.sees(ada, general, "I may again");
}

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
}

#[test]
fn edits_reactions_and_deletions_reach_everybody() {
    let mut world = world(21, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let general = world.general;
    let kept = world.sim.say(ada, general, "frist");
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
