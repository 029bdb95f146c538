//! What changes keys, and what does not: every effect on who reads what comes next, and no more epochs than that takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use conclave_core::envelope::{Envelope, Form};
use conclave_core::event::{Overwrite, Subject};
use conclave_core::id::{ChannelId, EpochId, RoleId, ServerId};
use conclave_core::keys::KeyRecord;
use conclave_core::permissions::Bits;
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View};
use conclave_engine::command::{
    ChannelDraft, Command, History, InviteDraft, Reply, RoleDraft, Template,
};
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::{Node, Sim};

struct World {
    sim: Sim,
    people: Vec<Node>,
    server: ServerId,
    general: ChannelId,
    link: String,
}

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
    /// The epochs that a node has records of.
    fn epochs(&self, node: Node) -> BTreeSet<EpochId> {
        let (store, _) = self.sim.steal(node);
        let all = KeyRange::prefix(&[]);
        let rows = store.range(Table::Envelope, &all, Direction::Forward, usize::MAX);
        rows.unwrap()
            .into_iter()
            .filter_map(|(_, bytes)| Verified::<Envelope>::from_store(&bytes).ok())
            .filter(|envelope| envelope.form == Form::Keys)
            .filter_map(|envelope| KeyRecord::decode(&envelope.sealed).ok())
            .filter_map(|record| match record {
                KeyRecord::Epoch(epoch) => Some(epoch.id()),
                _ => None,
            })
            .collect()
    }

    fn settle(&mut self) {
        let people = self.people.clone();
        self.sim.converge(&people, self.server, 120_000);
    }

    /// How many epochs something brings.
    fn brings<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> usize {
        let watcher = self.people[0];
        let before = self.epochs(watcher).len();
        act(self);
        self.sim.run_for(5_000);
        self.epochs(watcher).len() - before
    }

    fn role(&mut self, name: &str) -> RoleId {
        let draft = RoleDraft {
            server: self.server,
            name: name.into(),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: Bits::NONE,
        };
        let Reply::Role(role) = self.sim.must(self.people[0], Command::CreateRole(draft)) else {
            panic!()
        };
        role
    }

    fn channel(&mut self, name: &str, role: Option<RoleId>) -> ChannelId {
        let draft = ChannelDraft {
            server: self.server,
            name: name.into(),
            kind: 0,
            topic: None,
            parent: None,
            private: role.is_some(),
            overwrites: role
                .map(|role| Overwrite {
                    subject: Subject::Role(role),
                    allow: Bits::VIEW_CHANNEL,
                    deny: Bits::NONE,
                })
                .into_iter()
                .collect(),
            durability: None,
        };
        let Reply::Channel(channel) = self.sim.must(self.people[0], Command::CreateChannel(draft))
        else {
            panic!()
        };
        channel
    }

    fn spied(&self, spy: Node, links: &[&str], channel: ChannelId) -> Vec<String> {
        let (store, keys) = self.sim.steal(spy);
        let mut attacker = Attacker::new(self.server, &keys, links);
        attacker.copy(&store);
        attacker.copy(&self.sim.steal(self.people[0]).0);
        attacker.open_epochs();
        attacker.read(channel).into_values().collect()
    }
}

#[test]
fn a_ban_among_two_hundred_channels_makes_one_epoch_and_the_next_speaker_one_more() {
    let mut world = world(201, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let (server, ben_id) = (world.server, world.sim.identity(ben));
    let mut rooms = Vec::new();
    for audience in 0..39 {
        let role = world.role(&format!("crew {audience}"));
        world.sim.must(
            ada,
            Command::GrantRole {
                server,
                role,
                member: ben_id,
            },
        );
        for number in 0..4 {
            rooms.push(world.channel(&format!("room-{audience}-{number}"), Some(role)));
        }
    }
    for number in 0..43 {
        world.channel(&format!("hall-{number}"), None);
    }
    let seen = world.sim.read(ada, |reader| {
        reader.server(server).unwrap().unwrap().channels.len()
    });
    assert!(seen >= 200, "{seen} channels");
    for room in rooms.iter().step_by(4) {
        world.sim.say(ada, *room, "first words");
    }
    world.sim.sees(ben, rooms[0], "first words");
    world.settle();
    let audiences = world.epochs(ada).len();
    assert!(audiences >= 40, "{audiences} epochs of 40 audiences");
    let cem_id = world.sim.identity(cem);
    let ban = Command::Ban {
        server,
        member: cem_id,
        reason: None,
        delete_ms: None,
    };
    assert_eq!(world.brings(|world| world.sim.must(ada, ban)), 1);
    // Cem read none of the private rooms, so that speaking there needs no new key.
    let private = world.brings(|world| world.sim.say(ada, rooms[0], "after the ban"));
    assert_eq!(private, 0);
    let ban = Command::Ban {
        server,
        member: ben_id,
        reason: None,
        delete_ms: None,
    };
    assert_eq!(world.brings(|world| world.sim.must(ada, ban)), 1);
    let first = world.brings(|world| world.sim.say(ada, rooms[0], "Ben is out"));
    assert_eq!(first, 1, "the audience whose next speaker this is");
    let again = world.brings(|world| world.sim.say(ada, rooms[1], "Ben is out here too"));
    assert_eq!(again, 0, "another channel of the same audience");
    let elsewhere = world.brings(|world| world.sim.say(ada, rooms[4], "and here"));
    assert_eq!(elsewhere, 1, "another audience");
    let read = world.spied(ben, &[], rooms[0]);
    assert!(read.iter().any(|text| text == "after the ban"), "{read:?}");
    assert!(read.iter().all(|text| text != "Ben is out"), "{read:?}");
}

#[test]
fn joining_and_gaining_a_role_bring_no_epoch_and_open_what_they_should() {
    let mut world = world(202, &["Ada", "Ben"]);
    let ada = world.people[0];
    let link = world.link.clone();
    let cem = world.sim.person("Cem");
    let joined = world.brings(|world| world.sim.join(cem, &link));
    assert_eq!(
        joined, 0,
        "joining is a leaf that is there, or a direct slot"
    );
    world.people.push(cem);
    world.sim.sees(cem, world.general, "welcome");
    let role = world.role("crew");
    let crew = world.channel("crew", Some(role));
    world.sim.say(ada, crew, "for the crew");
    let (server, member) = (world.server, world.sim.identity(cem));
    world.sim.run_for(10_000);
    let read = world.spied(cem, &[], crew);
    assert!(read.is_empty(), "not in the crew yet: {read:?}");
    let granted = world.brings(|world| {
        let grant = Command::GrantRole {
            server,
            role,
            member,
        };
        world.sim.must(ada, grant);
    });
    assert_eq!(granted, 0, "a direct slot");
    world.sim.sees(cem, crew, "for the crew");
    let revoked = world.brings(|world| {
        let revoke = Command::RevokeRole {
            server,
            role,
            member,
        };
        world.sim.must(ada, revoke);
    });
    assert_eq!(revoked, 0, "nobody has spoken there yet");
    let spoken = world.brings(|world| world.sim.say(ada, crew, "without Cem"));
    assert_eq!(spoken, 1);
    let general = world.brings(|world| world.sim.say(ada, world.general, "to all"));
    assert_eq!(general, 0, "the role had no part in who reads this");
    let read = world.spied(cem, &[], crew);
    assert!(read.iter().all(|text| text != "without Cem"), "{read:?}");
}

#[test]
fn an_overwrite_that_shuts_somebody_out_changes_one_audience() {
    let mut world = world(203, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let hall = world.channel("hall", None);
    world.sim.say(ada, hall, "an open hall");
    world.sim.sees(cem, hall, "an open hall");
    let subject = Subject::Member(world.sim.identity(cem));
    let overwrite = Overwrite {
        subject,
        allow: Bits::NONE,
        deny: Bits::VIEW_CHANNEL,
    };
    let set = Command::SetOverwrite {
        channel: hall,
        overwrite,
    };
    assert_eq!(world.brings(|world| world.sim.must(ada, set)), 0);
    let spoken = world.brings(|world| world.sim.say(ada, hall, "without Cem"));
    assert_eq!(spoken, 1, "the hall has an audience of its own now");
    world.sim.sees(ben, hall, "without Cem");
    let read = world.spied(cem, &[], hall);
    assert!(read.iter().all(|text| text != "without Cem"), "{read:?}");
    let general = world.brings(|world| world.sim.say(ada, world.general, "to all"));
    assert_eq!(general, 0);
    world.sim.sees(cem, world.general, "to all");
}

#[test]
fn a_link_that_expired_is_left_out_of_the_next_epoch_and_brings_none() {
    let mut world = world(204, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let draft = InviteDraft {
        server: world.server,
        open: true,
        channel: None,
        role: None,
        max_uses: None,
        expires_in_s: Some(3_600),
    };
    let Reply::Invite { link: short, .. } = world.sim.must(ada, Command::CreateInvite(draft))
    else {
        panic!()
    };
    let expired = world.brings(|world| {
        world.sim.run_for(2 * 3_600_000);
        world.sim.say(ada, world.general, "it has expired");
    });
    assert_eq!(expired, 0, "expiry is no removal");
    let server = world.server;
    world.sim.must(cem, Command::LeaveServer { server });
    world.sim.run_for(10_000);
    world.sim.say(ada, world.general, "Cem has left");
    world.sim.sees(ben, world.general, "Cem has left");
    let outsider = world.sim.person("Out");
    let read = world.spied(outsider, &[&short], world.general);
    assert!(read.iter().any(|text| text == "it has expired"), "{read:?}");
    assert!(read.iter().all(|text| text != "Cem has left"), "{read:?}");
    let link = world.link.clone();
    let read = world.spied(outsider, &[&link], world.general);
    assert!(
        read.iter().any(|text| text == "Cem has left"),
        "the other link lives: {read:?}"
    );
}

#[test]
fn where_history_begins_with_joining_a_newcomer_does_not_read_what_older_keys_sealed() {
    let mut sim = Sim::new(205);
    let [ada, ben, cem, dua] = ["Ada", "Ben", "Cem", "Dua"].map(|name| sim.person(name));
    let found = Command::CreateServer {
        name: "Quiet".into(),
        template: Template::Community,
        icon: None,
        history: History::FromJoining,
    };
    let Reply::Server(server) = sim.must(ada, found) else {
        panic!()
    };
    let general = sim.text_channel(ada, server);
    let link = sim.invite(ada, server, false);
    sim.join(ben, &link);
    sim.join(cem, &link);
    sim.say(ada, general, "under the first key");
    sim.sees(ben, general, "under the first key");
    sim.sees(cem, general, "under the first key");
    // Ben is away for two keys, and reads everything that was sealed for him all the same.
    sim.crash(ben);
    let member = sim.identity(cem);
    let kick = Command::Kick {
        server,
        member,
        reason: None,
    };
    sim.must(ada, kick);
    sim.say(ada, general, "under the second key");
    sim.join(dua, &link);
    sim.say(ada, general, "to Dua as well");
    sim.sees(dua, general, "to Dua as well");
    sim.run_for(60_000);
    let texts = sim.texts(dua, general);
    assert!(
        texts.iter().all(|text| text != "under the first key"),
        "{texts:?}"
    );
    let (store, keys) = sim.steal(dua);
    let mut attacker = Attacker::new(server, &keys, &[&link]);
    attacker.copy(&store);
    attacker.copy(&sim.steal(ada).0);
    attacker.open_epochs();
    let read: Vec<String> = attacker.read(general).into_values().collect();
    assert!(
        read.iter().any(|text| text == "under the second key"),
        "{read:?}"
    );
    assert!(
        read.iter().all(|text| text != "under the first key"),
        "{read:?}"
    );
    sim.restart(ben);
    for text in [
        "under the first key",
        "under the second key",
        "to Dua as well",
    ] {
        sim.sees(ben, general, text);
    }
}
