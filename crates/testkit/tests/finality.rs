//! Stories of finality: checkpoints are made by themselves, everybody has them, and nobody's honest work is lost by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::id::ServerId;
use conclave_core::permissions::Bits;
use conclave_engine::command::{ChannelDraft, Command, CommandError, Reply, RoleDraft};
use conclave_engine::model::Finality;
use conclave_engine::notary::{DUE_EVENTS, DUE_MS, GAP_MS};
use conclave_testkit::sim::{Node, Sim};

/// A server of an owner and a moderator who may make channels.
fn server(seed: u64) -> (Sim, Node, Node, ServerId) {
    let mut sim = Sim::new(seed);
    let (owner, moderator) = (sim.person("Owner"), sim.person("Moderator"));
    let (server, _) = sim.found(owner, "Harbour");
    let link = sim.invite(owner, server, true);
    sim.join(moderator, &link);
    sim.converge(&[owner, moderator], server, 60_000);
    let draft = RoleDraft {
        server,
        name: "Crew".into(),
        color: None,
        hoist: false,
        mentionable: false,
        permissions: Bits::MANAGE_CHANNELS,
    };
    let Reply::Role(role) = sim.must(owner, Command::CreateRole(draft)) else {
        panic!("a role has an id")
    };
    let member = sim.identity(moderator);
    sim.must(
        owner,
        Command::GrantRole {
            server,
            role,
            member,
        },
    );
    sim.converge(&[owner, moderator], server, 60_000);
    (sim, owner, moderator, server)
}

fn finality(sim: &Sim, node: Node, server: ServerId) -> Finality {
    sim.read(node, |reader| reader.finality(server)).unwrap()
}

/// Numbers of the checkpoints that count, the newest first.
fn numbers(sim: &Sim, node: Node, server: ServerId) -> Vec<u64> {
    let checkpoints = finality(sim, node, server).checkpoints;
    let counting = checkpoints.iter().filter(|line| line.canonical);
    counting.map(|line| line.epoch).collect()
}

fn make_channel(sim: &mut Sim, node: Node, server: ServerId, name: &str) {
    sim.must(node, Command::CreateChannel(draft(server, name)));
}

fn draft(server: ServerId, name: &str) -> ChannelDraft {
    ChannelDraft {
        server,
        kind: 0,
        name: name.into(),
        topic: None,
        parent: None,
        private: false,
        overwrites: vec![],
        durability: None,
    }
}

fn has_channel(sim: &Sim, node: Node, server: ServerId, name: &str) -> bool {
    sim.read(node, |reader| {
        let server = reader.server(server).unwrap().unwrap();
        server.channels.iter().any(|channel| channel.name == name)
    })
}

fn make(sim: &mut Sim, node: Node, server: ServerId) {
    sim.must(node, Command::MakeCheckpoint { server });
}

#[test]
fn the_owner_s_node_makes_checkpoints_by_itself_and_everybody_has_them() {
    let (mut sim, owner, moderator, server) = server(101);
    for index in 0..DUE_EVENTS {
        make_channel(&mut sim, owner, server, &format!("room {index}"));
    }
    sim.run_for(60_000);
    assert!(
        numbers(&sim, owner, server).is_empty(),
        "not within an hour"
    );
    sim.run_for(GAP_MS + 60_000);
    assert_eq!(numbers(&sim, owner, server), [1]);
    sim.converge(&[owner, moderator], server, 60_000);
    assert_eq!(numbers(&sim, moderator, server), [1]);
    assert!(
        finality(&sim, moderator, server).unfrozen <= 2,
        "only its post is newer"
    );
    // It survives a crash, and a newcomer has it.
    sim.crash(moderator);
    sim.restart(moderator);
    assert_eq!(numbers(&sim, moderator, server), [1]);
    let late = sim.person("Late");
    let link = sim.invite(owner, server, true);
    sim.join(late, &link);
    sim.converge(&[owner, moderator, late], server, 120_000);
    assert_eq!(numbers(&sim, late, server), [1]);
}

#[test]
fn a_few_events_wait_a_day_and_none_wait_for_ever() {
    let mut sim = Sim::new(104);
    let owner = sim.person("Owner");
    let (server, _) = sim.found(owner, "Harbour");
    sim.run_for(GAP_MS * 2);
    assert!(numbers(&sim, owner, server).is_empty());
    sim.run_for(DUE_MS);
    assert_eq!(numbers(&sim, owner, server), [1]);
    sim.run_for(DUE_MS + GAP_MS);
    assert_eq!(
        numbers(&sim, owner, server),
        [1],
        "nothing has happened since"
    );
}

#[test]
fn only_a_notary_makes_a_checkpoint_and_only_if_something_has_happened() {
    let (mut sim, owner, moderator, server) = server(102);
    let refused = sim.command(moderator, Command::MakeCheckpoint { server });
    assert!(matches!(refused, Some(Err(CommandError::Forbidden { .. }))));
    make(&mut sim, owner, server);
    assert_eq!(numbers(&sim, owner, server), [1]);
    let again = sim.command(owner, Command::MakeCheckpoint { server });
    assert!(matches!(again, Some(Err(CommandError::Conflict(_)))));
    make_channel(&mut sim, moderator, server, "news");
    sim.converge(&[owner, moderator], server, 60_000);
    make(&mut sim, owner, server);
    assert_eq!(numbers(&sim, owner, server), [2, 1]);
    let shown = finality(&sim, owner, server);
    assert_eq!((shown.quorum, shown.notaries.len()), (1, 1));
    assert!(shown.notaries[0].me && shown.notaries[0].name.as_deref() == Some("Owner"));
    assert!(shown.forks.is_empty() && shown.signing.is_empty());
}

/// A moderator is cut off while one checkpoint is made: what they did counts. While two are made: their own app does it again.
#[test]
fn what_was_done_while_cut_off_counts_or_is_done_again() {
    for checkpoints in [1, 2] {
        let (mut sim, owner, moderator, server) = server(110 + checkpoints);
        sim.part(owner, moderator);
        make_channel(&mut sim, moderator, server, "apart");
        for index in 0..checkpoints {
            make_channel(&mut sim, owner, server, &format!("owner {index}"));
            make(&mut sim, owner, server);
        }
        assert!(!has_channel(&sim, owner, server, "apart"));
        sim.heal();
        let both = [owner, moderator];
        assert!(
            sim.run_until(300_000, |sim| both
                .iter()
                .all(|node| has_channel(sim, *node, server, "apart"))),
            "after {checkpoints} checkpoints"
        );
        sim.converge(&both, server, 120_000);
        let lost = sim.read(owner, |reader| {
            let query = conclave_engine::reader::AuditQuery {
                limit: 100,
                ..Default::default()
            };
            let entries = reader.audit(server, &query).unwrap().unwrap().entries;
            entries.iter().filter(|entry| !entry.effective()).count()
        });
        let expected = usize::from(checkpoints == 2);
        assert_eq!(
            lost, expected,
            "the event that was issued anew stays in the audit log"
        );
    }
}
