//! Coming, going, being thrown out, and who can read what afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod ownership;
mod removal;
mod reports;
mod successors;
mod survival;
mod talk;
mod tools;

use conclave_core::id::{ChannelId, RoleId, ServerId};
use conclave_core::permissions::Bits;
use conclave_engine::command::{Command, CommandError, Reply, RoleDraft};
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
