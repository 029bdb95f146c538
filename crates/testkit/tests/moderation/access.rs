//! Who reads what: roles and links.

use conclave_core::event::{Overwrite, Subject};
use conclave_core::permissions::Bits;
use conclave_engine::command::{ChannelDraft, Command, Reply};
use conclave_testkit::attacker::Attacker;

use crate::world;

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
