//! Moderators' tools: many bans at once, lockdown, prune, and the chain behind a permission.

use conclave_core::id::{ChannelId, IdentityId};
use conclave_core::permissions::Bits;
use conclave_core::view::Table;
use conclave_engine::command::{ChannelChange, Command, CommandError, InviteDraft, Reply};
use conclave_engine::model::{Connection, PageAt, Why};
use conclave_engine::reader::WhyQuery;
use conclave_testkit::sim::Node;

use crate::{World, is_forbidden, world};

fn epochs(world: &World, node: Node) -> usize {
    let (store, _) = world.sim.steal(node);
    let all = conclave_core::view::KeyRange::prefix(world.server.as_bytes());
    let table = conclave_core::view::Table::Epoch;
    let forward = conclave_core::view::Direction::Forward;
    conclave_core::view::View::range(&store, table, &all, forward, usize::MAX)
        .unwrap()
        .len()
}

/// One command bans three raiders: three bans in the log, one new epoch, and none of them reads what comes next. Ben, who may ban
/// but not manage the server, may ban one by one and not many at once.
#[test]
fn many_are_banned_with_one_change_of_keys() {
    let mut world = world(41, &["Ada", "Ben", "Mal", "Nox", "Oto"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let raiders = world.people[2..].to_vec();
    world.empower(ben, Bits::BAN_MEMBERS);
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    let members: Vec<IdentityId> = raiders
        .iter()
        .map(|node| world.sim.identity(*node))
        .collect();
    let many = Command::BanMany {
        server: world.server,
        members: members.clone(),
        delete_ms: None,
    };
    assert!(
        is_forbidden(&world.sim.command(ben, many.clone())),
        "MANAGE_GUILD is missing"
    );
    let before = epochs(&world, ada);
    let reply = world.sim.must(ada, many.because(Some("a raid".into())));
    assert!(matches!(reply, Reply::Count(3)), "{reply:?}");
    assert_eq!(
        epochs(&world, ada),
        before + 1,
        "one change of keys for all"
    );
    world.sim.say(ada, world.general, "they are gone");
    world.sim.sees(ben, world.general, "they are gone");
    let server = world.server;
    for raider in raiders {
        assert!(world.sim.run_until(300_000, |sim| {
            sim.connection(raider, server) == Some(Connection::Removed)
        }));
        let read = world.spied(raider, ben, world.general);
        assert!(read.iter().any(|text| text == "welcome"), "{read:?}");
        assert!(read.iter().all(|text| text != "they are gone"), "{read:?}");
    }
    let reasons: Vec<Option<String>> = world.sim.read(ben, |reader| {
        let bans = reader.bans(server).unwrap();
        bans.into_iter().map(|ban| ban.reason).collect()
    });
    assert_eq!(reasons, vec![Some("a raid".to_owned()); 3]);
}

fn draft(world: &World) -> Command {
    Command::CreateInvite(InviteDraft {
        server: world.server,
        open: true,
        channel: None,
        role: None,
        max_uses: None,
        expires_in_s: None,
    })
}

fn lockdown(world: &World, on: bool) -> Command {
    Command::UpdateServer {
        server: world.server,
        name: None,
        description: None,
        icon: None,
        joins_paused: Some(on),
    }
}

/// While joins are paused nobody comes in by a link that was open before, whoever holds it does not read on, and nobody makes a
/// new link. Once it is lifted, all of it goes on.
#[test]
fn lockdown_pauses_joins_and_invites_and_shuts_links_until_it_is_lifted() {
    let mut world = world(42, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let (server, link) = (world.server, world.link.clone());
    assert!(
        is_forbidden(&world.sim.command(ben, lockdown(&world, true))),
        "Ben may not"
    );
    world.sim.must(ada, draft(&world));
    world.sim.must(ada, lockdown(&world, true));
    assert!(is_forbidden(&world.sim.command(ada, draft(&world))));
    world.sim.say(ada, world.general, "behind closed doors");
    world.sim.sees(ben, world.general, "behind closed doors");
    // Whoever holds the link alone, and all that anybody stores, reads what was said before and nothing of this.
    let mal = world.sim.person("Mal");
    let read = world.spied(mal, ben, world.general);
    assert!(read.iter().any(|text| text == "welcome"), "{read:?}");
    assert!(
        read.iter().all(|text| text != "behind closed doors"),
        "{read:?}"
    );
    world.sim.must(mal, Command::Join { link: link.clone() });
    assert!(
        !world
            .sim
            .run_until(120_000, |sim| sim.is_active(mal, server))
    );
    world.sim.must(ada, lockdown(&world, false));
    let fresh = world.sim.invite(ada, server, true);
    let eve = world.sim.person("Eve");
    world.sim.join(eve, &fresh);
    world.sim.say(eve, world.general, "I am in");
    world.sim.sees(ben, world.general, "I am in");
}

/// Who said something lately, holds a role or has just come is not pruned; who gave no sign for a day is, once somebody may.
#[test]
fn prune_kicks_who_gave_no_sign_and_holds_no_role() {
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    let mut world = world(43, &["Ada", "Ben", "Cem", "Dua"]);
    let [ada, ben, cem, dua] = [
        world.people[0],
        world.people[1],
        world.people[2],
        world.people[3],
    ];
    let server = world.server;
    let listed = |world: &World, days: u32| -> Result<Vec<IdentityId>, CommandError> {
        let prune = world.sim.read(ada, |reader| reader.prune(server, days))?;
        Ok(prune.members.into_iter().map(|(id, _)| id).collect())
    };
    let dua_id = world.sim.identity(dua);
    assert_eq!(listed(&world, 1), Ok(vec![]), "all have just come");
    world.empower(ben, Bits::KICK_MEMBERS);
    for node in [ben, cem, dua] {
        world.sim.crash(node);
    }
    world.sim.run_for(2 * DAY_MS);
    world.sim.restart(cem);
    world.sim.say(cem, world.general, "still here");
    world.sim.sees(ada, world.general, "still here");
    assert_eq!(listed(&world, 1), Ok(vec![dua_id]));
    assert!(matches!(
        listed(&world, 31),
        Err(CommandError::Invalid { .. })
    ));
    world.sim.restart(ben);
    assert!(is_forbidden(
        &world.sim.command(ben, Command::Prune { server, days: 1 })
    ));
    let reply = world.sim.must(ada, Command::Prune { server, days: 1 });
    assert!(matches!(reply, Reply::Count(1)), "{reply:?}");
    assert!(world.sim.run_until(60_000, |sim| {
        sim.read(cem, |reader| {
            reader.member(server, dua_id).unwrap().is_none()
        })
    }));
}

fn why(
    world: &World,
    asker: Node,
    member: Node,
    action: &str,
    channel: Option<ChannelId>,
    target: Option<Node>,
) -> Why {
    let query = WhyQuery {
        member: world.sim.identity(member),
        action: action.into(),
        channel,
        target: target.map(|node| world.sim.identity(node)),
        role: None,
    };
    world
        .sim
        .read(asker, |reader| reader.why(world.server, &query))
        .unwrap()
}

fn kinds(why: &Why) -> Vec<&'static str> {
    why.steps.iter().map(|step| step.kind).collect()
}

/// The chain names the role that supplies a permission, who gave it and who made it so, the rank that stands in the way, and the
/// timeout or ban that takes everything.
#[test]
fn why_names_what_gives_what_takes_and_who_made_it_so() {
    let mut world = world(44, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let general = world.general;
    let role = world.empower(ben, Bits::BAN_MEMBERS | Bits::MODERATE_MEMBERS);
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);

    let may = why(&world, cem, ben, "ban", None, Some(cem));
    assert!(may.allowed, "{may:?}");
    let gives = may.steps.iter().find(|step| step.kind == "role").unwrap();
    assert_eq!(gives.role.as_ref().unwrap().0, role);
    let actions: Vec<_> = gives.events.iter().map(|event| event.action).collect();
    assert_eq!(actions, ["role_grant", "role_create"]);
    assert!(
        gives
            .events
            .iter()
            .all(|event| event.actor == world.sim.identity(ada))
    );
    assert_eq!(kinds(&may).last(), Some(&"above"));

    let not = why(&world, cem, cem, "ban", None, Some(ben));
    assert!(!not.allowed);
    assert_eq!(kinds(&not), ["lacks"]);
    let owner = why(&world, cem, ben, "ban", None, Some(ada));
    assert!(!owner.allowed);
    assert_eq!(kinds(&owner).last(), Some(&"refused"));

    assert!(why(&world, ada, cem, "send", Some(general), None).allowed);
    let server = world.server;
    let until = conclave_core::id::Millis(world.sim.now().0 + 600_000);
    let member = world.sim.identity(cem);
    world.sim.must(
        ben,
        Command::Timeout {
            server,
            member,
            until: Some(until),
            reason: Some("calm down".into()),
        },
    );
    let silenced = why(&world, ben, cem, "send", Some(general), None);
    assert!(!silenced.allowed);
    let step = &silenced.steps[0];
    assert_eq!((step.kind, step.gives), ("timed_out", Some(false)));
    assert_eq!(step.events[0].actor, world.sim.identity(ben));
    assert_eq!(step.events[0].reason.as_deref(), Some("calm down"));
    assert!(why(&world, ben, cem, "view", Some(general), None).allowed);

    assert!(matches!(world.ban(ben, cem), Some(Ok(_))));
    let banned = why(&world, ben, cem, "view", Some(general), None);
    assert!(!banned.allowed);
    assert_eq!(kinds(&banned), ["banned"]);
    assert_eq!(banned.steps[0].events[0].action, "member_ban");
}

/// Slow mode binds the sender's own program, also after a restart, and every receiver: what a changed program sends too soon is kept
/// and shown to nobody else, online or later. What comes far enough apart is shown, and whoever manages messages is exempt.
#[test]
fn slow_mode_binds_a_changed_program_too_and_exempts_moderators() {
    let mut world = world(45, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let (server, general) = (world.server, world.general);
    world.empower(cem, Bits::MANAGE_MESSAGES);
    world.sim.must(ada, slow_mode(general, 600));
    let people = world.people.clone();
    world.sim.converge(&people, server, 120_000);
    world.sim.must(ben, send(general, "one"));
    world.sim.crash(ben);
    world.sim.restart(ben);
    let soon = world.sim.command(ben, send(general, "too soon"));
    assert!(
        matches!(soon, Some(Err(CommandError::TooFast { .. }))),
        "{soon:?}"
    );
    // A program that forgets what it sent sends on.
    for text in ["too soon", "and again"] {
        world.sim.crash(ben);
        world.sim.wipe(ben, Table::Pace);
        world.sim.restart(ben);
        world.sim.must(ben, send(general, text));
    }
    world.sim.must(cem, send(general, "moderators"));
    world.sim.must(cem, send(general, "may go on"));
    world.sim.run_for(610_000);
    world.sim.must(ben, send(general, "far enough"));
    // Ben alone sees what is held.
    world.sim.sees(ada, general, "far enough");
    world.sim.converge(&[ada, cem], server, 120_000);
    for node in [ada, cem] {
        for text in ["one", "moderators", "may go on", "far enough"] {
            world.sim.sees(node, general, text);
        }
        let shown = shown(&world, node);
        assert!(
            !shown
                .iter()
                .any(|text| text == "too soon" || text == "and again"),
            "{shown:?}"
        );
    }
    let held = world.spied(ada, ada, general);
    assert!(held.iter().any(|text| text == "too soon"), "kept: {held:?}");
    // Whoever was not there judges alike, in the order in which things come then.
    let late = world.sim.person("Dag");
    let link = world.link.clone();
    world.sim.join(late, &link);
    world.sim.sees(late, general, "far enough");
    world.sim.converge(&[ada, late], server, 120_000);
    assert_eq!(shown(&world, late), shown(&world, ada));
}

/// When slow mode is lifted, what was sent in quick succession since is shown.
#[test]
fn lifted_slow_mode_binds_nobody() {
    let mut world = world(46, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    let (server, general) = (world.server, world.general);
    let people = world.people.clone();
    for seconds in [600, 0] {
        world.sim.must(ada, slow_mode(general, seconds));
        world.sim.converge(&people, server, 120_000);
    }
    for text in ["one", "two", "three"] {
        world.sim.must(ben, send(general, text));
        world.sim.sees(ada, general, text);
    }
}

fn slow_mode(channel: ChannelId, seconds: u32) -> Command {
    Command::UpdateChannel(ChannelChange {
        channel,
        name: None,
        topic: None,
        parent: None,
        place: None,
        slow_mode_s: Some(seconds),
        durability: None,
        ttl_ms: None,
    })
}

fn send(channel: ChannelId, text: &str) -> Command {
    Command::Send {
        channel,
        text: text.into(),
        reply_to: None,
        attachments: vec![],
        nonce: None,
    }
}

/// The texts that somebody is shown, in order.
fn shown(world: &World, node: Node) -> Vec<String> {
    world.sim.read(node, |reader| {
        let page = reader.messages(world.general, PageAt::Newest, 100).unwrap();
        page.unwrap()
            .messages
            .into_iter()
            .map(|message| message.text)
            .collect()
    })
}
