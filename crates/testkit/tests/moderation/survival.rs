//! What does not survive a merge, who is told, and the audit log that keeps it all.

use conclave_core::id::{EventId, Millis};
use conclave_core::permissions::Bits;
use conclave_engine::command::{ChannelDraft, Command, Reply};
use conclave_engine::effect::Notice;
use conclave_engine::model::{AuditEntry, LostEntry, WhyNot};
use conclave_engine::reader::AuditQuery;
use conclave_testkit::sim::Node;

use crate::{World, world};

fn channel(world: &World, name: &str) -> Command {
    Command::CreateChannel(ChannelDraft {
        server: world.server,
        name: name.into(),
        kind: 0,
        topic: None,
        parent: None,
        private: false,
        overwrites: Vec::new(),
        durability: None,
    })
}

fn create(world: &mut World, by: Node, name: &str) -> EventId {
    let command = channel(world, name);
    match world.sim.must(by, command) {
        Reply::Channel(id) => EventId(id.0),
        other => panic!("{other:?}"),
    }
}

fn lost(world: &World, node: Node) -> Vec<LostEntry> {
    world
        .sim
        .read(node, |reader| reader.lost(world.server).unwrap().unwrap())
}

fn audit(world: &World, node: Node, query: AuditQuery) -> Option<Vec<AuditEntry>> {
    let page = world
        .sim
        .read(node, |reader| reader.audit(world.server, &query).unwrap());
    page.map(|page| page.entries)
}

fn everything() -> AuditQuery {
    AuditQuery {
        limit: 500,
        ..AuditQuery::default()
    }
}

/// Ben builds a channel while Ada, cut off from him, takes his role away. When they meet, Ben's channel goes; he is told which
/// act of whom took it and why, once, also after a restart, until he says that he knows. What he did before stays.
#[test]
fn who_was_demoted_meanwhile_is_told_what_did_not_survive_and_why() {
    let mut world = world(31, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let role = world.empower(ben, Bits::MANAGE_CHANNELS);
    let kept = create(&mut world, ben, "kept");
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    world.sim.part(ada, ben);
    world.sim.part(ada, cem);
    let plans = create(&mut world, ben, "plans");
    let (server, ben_id) = (world.server, world.sim.identity(ben));
    let revoke = Command::RevokeRole {
        server,
        role,
        member: ben_id,
    };
    world
        .sim
        .must(ada, revoke.because(Some("inactive moderators".into())));
    let shows = |sim: &conclave_testkit::sim::Sim| {
        sim.read(cem, |reader| {
            let server = reader.server(server).unwrap().unwrap();
            server
                .channels
                .iter()
                .any(|channel| channel.name == "plans")
        })
    };
    assert!(
        world.sim.run_until(60_000, |sim| shows(sim)),
        "it counts at Ben's and Cem's"
    );
    assert!(lost(&world, ben).is_empty(), "nothing is lost yet");
    world.sim.notices(ben);
    world.sim.heal();
    world.sim.converge(&people, server, 300_000);
    assert!(!shows(&world.sim), "and does not any more");
    let told = world.sim.notices(ben);
    assert!(
        told.contains(&Notice::Lost {
            server,
            event: plans
        }),
        "{told:?}"
    );

    let own = lost(&world, ben);
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0].entry.id, plans);
    assert!(own[0].own && own[0].counted_here && !own[0].acknowledged);
    let Some(WhyNot::Overruled(by)) = &own[0].entry.why_not else {
        panic!("{own:?}")
    };
    assert_eq!(
        (by.actor, by.action, by.reason.as_deref()),
        (
            world.sim.identity(ada),
            "role_revoke",
            Some("inactive moderators")
        )
    );
    // Ada, who may read the audit log, sees it too; on her node it never counted.
    let seen = lost(&world, ada);
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].own && !seen[0].counted_here && seen[0].noticed.is_none());
    assert!(
        lost(&world, cem).is_empty(),
        "it is not Cem's, who may not read the audit log"
    );
    let counts = audit(&world, ada, everything()).unwrap();
    let kept = counts.iter().find(|entry| entry.id == kept).unwrap();
    assert!(kept.effective(), "what was done before stays");

    world.sim.crash(ben);
    world.sim.restart(ben);
    assert!(
        !lost(&world, ben)[0].acknowledged,
        "not forgotten by a restart"
    );
    let unseen = |world: &World| {
        world
            .sim
            .read(ben, |reader| reader.lost_unseen(server).unwrap())
    };
    assert_eq!(unseen(&world), 1);
    world.sim.must(ben, Command::AcknowledgeLost { server });
    assert_eq!(unseen(&world), 0);
    assert_eq!(lost(&world, ben).len(), 1, "it stays in the list");
    world.sim.run_for(120_000);
    assert_eq!(unseen(&world), 0, "told once");
}

/// Ben bans Cem; beside it Ada demotes Ben, so that the ban falls and Cem's work counts after all. Whatever the order in which
/// the three learn of it, all hold the same list.
#[test]
fn what_falls_with_its_overruler_counts_again() {
    let mut world = world(32, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    world.empower(cem, Bits::MANAGE_CHANNELS);
    let role = world.empower(ben, Bits::BAN_MEMBERS);
    world.sim.must(
        ada,
        Command::UpdateRole(conclave_engine::command::RoleChange {
            server: world.server,
            role,
            name: None,
            color: None,
            hoist: None,
            mentionable: None,
            permissions: None,
            place: Some(conclave_engine::command::Place::After(world.sim.read(
                ada,
                |reader| {
                    let detail = reader.server(world.server).unwrap().unwrap();
                    detail.roles.iter().max_by_key(|role| role.rank).unwrap().id
                },
            ))),
        }),
    );
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    world.sim.part(ada, ben);
    world.sim.part(ada, cem);
    world.sim.part(ben, cem);
    let plans = create(&mut world, cem, "plans");
    assert!(matches!(world.ban(ben, cem), Some(Ok(_))));
    let (server, ben_id) = (world.server, world.sim.identity(ben));
    world.sim.must(
        ada,
        Command::RevokeRole {
            server,
            role,
            member: ben_id,
        },
    );
    world.sim.heal();
    world.sim.converge(&people, server, 600_000);
    for node in people {
        let ids: Vec<EventId> = world.sim.read(node, |reader| {
            let lost = reader.lost(server).unwrap().unwrap();
            lost.iter().map(|lost| lost.entry.id).collect()
        });
        assert!(!ids.contains(&plans), "Cem's channel counts");
    }
    let gone = lost(&world, ada);
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!(gone[0].entry.action, "member_ban");
    assert_eq!(lost(&world, ben).len(), 1, "Ben is told of his ban");
}

/// Filters and pages: the same lines whatever the length of a page, and each filter leaves out what it says.
#[test]
fn the_audit_log_pages_and_filters_and_is_closed_to_others() {
    let mut world = world(33, &["Ada", "Ben"]);
    let [ada, ben] = [world.people[0], world.people[1]];
    world.empower(ben, Bits::MANAGE_CHANNELS);
    for n in 0..7 {
        let command = channel(&world, &format!("room-{n}"));
        world.sim.must(
            ben,
            command.because(Some(format!("room {n} was asked for"))),
        );
        world.sim.run_for(1_000);
    }
    let people = world.people.clone();
    world.sim.converge(&people, world.server, 120_000);
    assert!(
        audit(&world, ben, everything()).is_none(),
        "Ben may not read it"
    );
    let all = audit(&world, ada, everything()).unwrap();
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let query = AuditQuery {
            before,
            limit: 3,
            ..AuditQuery::default()
        };
        let page = world.sim.read(ada, |reader| {
            reader.audit(world.server, &query).unwrap().unwrap()
        });
        paged.extend(page.entries.iter().map(|entry| entry.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let ids: Vec<EventId> = all.iter().map(|entry| entry.id).collect();
    assert_eq!(paged, ids);

    let rooms: Vec<&AuditEntry> = all
        .iter()
        .filter(|entry| {
            entry
                .reason
                .as_deref()
                .is_some_and(|why| why.ends_with("asked for"))
        })
        .collect();
    assert_eq!(rooms.len(), 7, "reasons are kept");
    let by_actor = AuditQuery {
        actor: Some(world.sim.identity(ben)),
        ..everything()
    };
    assert_eq!(audit(&world, ada, by_actor).unwrap().len(), 7);
    let by_kind = AuditQuery {
        action: Some("role_grant".into()),
        ..everything()
    };
    assert_eq!(audit(&world, ada, by_kind).unwrap().len(), 1);
    let by_target = AuditQuery {
        target: Some(rooms[0].id.to_string()),
        ..everything()
    };
    assert_eq!(audit(&world, ada, by_target).unwrap().len(), 1);
    let between = AuditQuery {
        since: Some(rooms[3].time),
        until: Some(Millis(rooms[1].time.0)),
        ..everything()
    };
    let between: Vec<EventId> = audit(&world, ada, between)
        .unwrap()
        .iter()
        .map(|entry| entry.id)
        .collect();
    assert_eq!(between, [rooms[2].id, rooms[3].id]);
    let void = AuditQuery {
        effective: Some(false),
        ..everything()
    };
    assert!(audit(&world, ada, void).unwrap().is_empty());
}
