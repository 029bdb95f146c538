//! Leaving, kicks, bans and timeouts.

use conclave_core::id::Millis;
use conclave_core::log::DROPPED_LEAVES_MAX;
use conclave_core::permissions::Bits;
use conclave_engine::command::{Command, InviteDraft, Reply};
use conclave_engine::model::Connection;
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::Sim;

use crate::{is_forbidden, world};

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

/// A ban lists the links that its target could hold. Whoever makes more of them than it can list is banned all the same. (That many
/// links take a minute, so only a soak makes them; otherwise it is a handful.)
#[test]
fn nobody_escapes_a_ban_by_making_links() {
    let mut world = world(22, &["Ada", "Mal"]);
    let [ada, mal] = [world.people[0], world.people[1]];
    let server = world.server;
    let draft = InviteDraft {
        server,
        open: true,
        channel: None,
        role: None,
        max_uses: None,
        expires_in_s: None,
    };
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some_and(|value| value == "1");
    let links = if soak { DROPPED_LEAVES_MAX + 1 } else { 20 };
    for _ in 0..links {
        let made = world.sim.must(mal, Command::CreateInvite(draft.clone()));
        let Reply::Invite { invite, .. } = made else {
            panic!()
        };
        let revoke = Command::RevokeInvite { server, invite };
        world.sim.must(mal, revoke);
    }
    world.sim.converge(&[ada, mal], server, 600_000);
    assert!(matches!(world.ban(ada, mal), Some(Ok(_))));
    world.sim.say(ada, world.general, "at last");
    let read = world.spied(mal, ada, world.general);
    assert!(read.iter().any(|text| text == "welcome"), "{read:?}");
    assert!(read.iter().all(|text| text != "at last"), "{read:?}");
}

/// Somebody leaves, and nobody has said anything since, when another one is banned: they are told all the same, at once or when they
/// come back.
#[test]
fn a_ban_right_after_somebody_left_is_told_to_whom_it_bans() {
    for is_away in [false, true] {
        let mut world = world(63, &["Ada", "Ben", "Dora"]);
        let [ada, ben, dora] = [0, 1, 2].map(|index| world.people[index]);
        let server = world.server;
        world.sim.must(dora, Command::LeaveServer { server });
        let left = world.sim.run_until(60_000, |sim| {
            let count =
                |node| sim.read(node, |reader| reader.members(server, "", None, 10).unwrap());
            [ada, ben].iter().all(|node| count(*node).unwrap().1 == 2)
        });
        assert!(left, "Dora is gone");
        let ban = Command::Ban {
            server,
            member: world.sim.identity(ben),
            reason: None,
            delete_ms: None,
        };
        if is_away {
            world.sim.crash(ben);
        }
        world.sim.must(ada, ban);
        world.sim.run_for(5_000);
        if is_away {
            world.sim.restart(ben);
        }
        let told = world
            .sim
            .run_until(120_000, |sim| !sim.is_active(ben, server));
        assert!(told, "Ben knows, away: {is_away}");
        // And nothing else: what is said now he does not read.
        let general = world.general;
        world.sim.say(ada, general, "without Ben");
        world.sim.run_for(60_000);
        let read = world.spied(ben, ada, general);
        assert!(!read.contains(&"without Ben".to_owned()), "{read:?}");
    }
}
