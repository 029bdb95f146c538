//! Members found another server when the owner of theirs is gone or hostile.

use conclave_core::event::{Overwrite, Subject};
use conclave_core::id::ServerId;
use conclave_core::permissions::Bits;
use conclave_core::state::ChannelKind;
use conclave_engine::command::{ChannelDraft, Command, OwnershipCommand, Reply};
use conclave_engine::model::{Lineage, SuccessorView};
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::Node;

use crate::{World, world};

impl World {
    fn lineage(&self, node: Node, server: ServerId) -> Lineage {
        let read = self.sim.read(node, |reader| reader.lineage(server));
        read.unwrap().unwrap()
    }

    fn fork(&mut self, node: Node, name: &str) -> ServerId {
        let fork = OwnershipCommand::Fork {
            server: self.server,
            name: Some(name.into()),
            with_members_roles: true,
        };
        let Reply::Server(id) = self.sim.must(node, Command::Ownership(fork)) else {
            panic!()
        };
        id
    }

    fn knows_successors(&mut self, node: Node, count: usize) -> Vec<SuccessorView> {
        let server = self.server;
        let told = self.sim.run_until(120_000, |sim| {
            sim.read(node, |reader| {
                reader.lineage(server).unwrap().unwrap().successors.len() == count
            })
        });
        assert!(told, "{} knows of {count}", self.sim.name(node));
        self.lineage(node, server).successors
    }
}

/// Two members found one each. Others see both, with proof; one follows, and finds roles, channels and their own role there,
/// and who is in the new one alone reads nothing of the old.
#[test]
fn members_found_successors_with_proof_and_others_follow() {
    let mut world = world(41, &["Ada", "Ben", "Cem", "Dora"]);
    let [ada, ben, cem, dora] = [0, 1, 2, 3].map(|index| world.people[index]);
    let role = world.empower(cem, Bits::KICK_MEMBERS);
    let draft = ChannelDraft {
        server: world.server,
        name: "crew".into(),
        kind: 0,
        topic: Some("plans".into()),
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
    world.sim.say(ada, crew, "secret of the old crew");
    world.sim.sees(cem, crew, "secret of the old crew");
    for alike in [[ada, cem], [ben, dora]] {
        world.sim.converge(&alike, world.server, 120_000);
    }
    world.sim.crash(ada);
    let server = world.server;
    let first = world.fork(ben, "New Harbour");
    world.knows_successors(dora, 1);
    let second = world.fork(dora, "Other Harbour");
    let known = world.knows_successors(cem, 2);
    for one in &known {
        assert_eq!(one.descends, Some(true), "{one:?}");
        assert!(!one.joined && one.same_structure.is_none());
    }
    let founders: Vec<_> = known.iter().map(|one| (one.id, one.founder.id)).collect();
    assert!(founders.contains(&(first, world.sim.identity(ben))));
    assert!(founders.contains(&(second, world.sim.identity(dora))));

    let follow = OwnershipCommand::Follow {
        server,
        successor: first,
    };
    world.sim.must(cem, Command::Ownership(follow));
    assert!(
        world
            .sim
            .run_until(600_000, |sim| sim.is_active(cem, first))
    );
    world.sim.converge(&[ben, cem], first, 120_000);
    let known = world.knows_successors(cem, 2);
    let joined = known.iter().find(|one| one.id == first).unwrap();
    assert!(joined.joined && joined.same_structure == Some(true));
    let parent = world.lineage(cem, first).parent;
    let parent = parent.unwrap();
    assert_eq!((parent.id, parent.descends), (server, Some(true)));
    let detail = |world: &World, node, server| {
        let read = world.sim.read(node, |reader| reader.server(server));
        read.unwrap().unwrap()
    };
    let there = detail(&world, cem, first);
    assert_eq!(there.summary.owner, world.sim.identity(ben));
    assert_eq!(there.my_roles.len(), 1, "the role that Cem held");
    let new_crew = there.channels.iter().find(|channel| channel.name == "crew");
    let new_crew = new_crew.unwrap().id;
    world.sim.say(ben, new_crew, "here we go on");
    world.sim.sees(cem, new_crew, "here we go on");

    // Somebody who comes to the new one alone: with all that Ben stores they open nothing of the old.
    let stranger = world.sim.person("Stranger");
    let link = world.sim.invite(ben, first, true);
    world.sim.join(stranger, &link);
    let (_, keys) = world.sim.steal(stranger);
    let mut spy = Attacker::new(server, &keys, &[&link]);
    spy.copy(&world.sim.steal(ben).0);
    spy.copy(&world.sim.steal(stranger).0);
    spy.open_epochs();
    assert!(spy.read(crew).is_empty() && spy.read(world.general).is_empty());
    // Control: a member of the old one does.
    let read = world.spied(cem, ben, crew);
    assert!(
        read.iter().any(|text| text == "secret of the old crew"),
        "{read:?}"
    );
}

/// Whoever was thrown out has the log still, and founds a successor that is nobody's to forbid; nothing of it is announced in
/// a server that they are not in.
#[test]
fn a_banned_member_can_still_found_a_successor() {
    let mut world = world(42, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [0, 1, 2].map(|index| world.people[index]);
    assert!(matches!(world.ban(ada, ben), Some(Ok(_))));
    let server = world.server;
    let out = world
        .sim
        .run_until(60_000, |sim| !sim.is_active(ben, server));
    assert!(out);
    let successor = world.fork(ben, "Free Harbour");
    world.sim.run_for(60_000);
    assert!(world.lineage(cem, server).successors.is_empty());
    let link = world.sim.invite(ben, successor, false);
    world.sim.join(cem, &link);
    let parent = world.lineage(cem, successor).parent;
    assert_eq!(parent.unwrap().descends, Some(true));
}

/// A channel keeps what its deleted category left it, in a successor as well: there nobody comes in whom the old one kept out.
#[test]
fn a_channel_without_its_private_category_stays_private_in_a_successor() {
    let mut world = world(43, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [0, 1, 2].map(|index| world.people[index]);
    let role = world.empower(cem, Bits::KICK_MEMBERS);
    let server = world.server;
    let draft = |name: &str, kind, parent, overwrites: Vec<Overwrite>| ChannelDraft {
        server,
        name: name.into(),
        kind,
        topic: None,
        parent,
        private: !overwrites.is_empty(),
        overwrites,
        durability: None,
    };
    let crew = vec![Overwrite {
        subject: Subject::Role(role),
        allow: Bits::VIEW_CHANNEL,
        deny: Bits::NONE,
    }];
    let category = ChannelKind::Category.number();
    let mut make = |draft| {
        let Reply::Channel(id) = world.sim.must(ada, Command::CreateChannel(draft)) else {
            panic!()
        };
        id
    };
    let area = make(draft("area", category, None, crew));
    make(draft("den", 0, Some(area), Vec::new()));
    let delete = Command::DeleteChannel { channel: area };
    world.sim.must(ada, delete);
    world.sim.converge(&[ada, cem], server, 120_000);
    let den = |world: &World, server| {
        let read = world.sim.read(cem, |reader| reader.server(server));
        let channels = read.unwrap().unwrap().channels;
        channels.into_iter().find(|channel| channel.name == "den")
    };
    let old = den(&world, server).expect("Cem sees it");
    assert!(old.private && !old.synced, "{old:?}");

    let successor = world.fork(cem, "New Harbour");
    let new = den(&world, successor).expect("Cem sees it");
    assert!(new.private && !new.synced, "{new:?}");
    let link = world.sim.invite(cem, successor, true);
    world.sim.join(ben, &link);
    world.sim.converge(&[ben, cem], successor, 120_000);
    let read = world.sim.read(ben, |reader| reader.server(successor));
    let names: Vec<String> = read
        .unwrap()
        .unwrap()
        .channels
        .into_iter()
        .map(|channel| channel.name)
        .collect();
    assert!(!names.contains(&"den".into()), "{names:?}");
    assert!(names.contains(&"general".into()), "{names:?}");
    let successors = world.lineage(cem, server).successors;
    assert_eq!(successors[0].same_structure, Some(true));
}
