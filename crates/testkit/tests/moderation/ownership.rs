//! A server passes to somebody else: by its owner's will, or because the owner is lost.

use conclave_core::event::Succession;
use conclave_core::id::EventId;
use conclave_engine::command::{ChannelDraft, Command, CommandError, OwnershipCommand, Reply};
use conclave_engine::effect::Notice;
use conclave_engine::model::{Began, Ownership};
use conclave_testkit::sim::Node;

use crate::{World, is_forbidden, world};

/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

impl World {
    fn ownership(&self, node: Node) -> Ownership {
        let server = self.server;
        let read = self.sim.read(node, |reader| reader.ownership(server));
        read.unwrap().unwrap()
    }

    fn owned(&mut self, node: Node, command: OwnershipCommand) -> EventId {
        let Reply::Event(event) = self.sim.must(node, Command::Ownership(command)) else {
            panic!()
        };
        event
    }

    fn try_owned(
        &mut self,
        node: Node,
        command: OwnershipCommand,
    ) -> Option<Result<Reply, CommandError>> {
        self.sim.command(node, Command::Ownership(command))
    }

    /// Waits until nodes see an owner.
    fn comes_to_own(&mut self, owner: Node, nodes: &[Node]) {
        let id = self.sim.identity(owner);
        let server = self.server;
        for node in nodes {
            let seen = self.sim.run_until(120_000, |sim| {
                sim.read(*node, |reader| {
                    let seen = reader.ownership(server).unwrap().unwrap();
                    seen.owner.id == id
                })
            });
            assert!(seen, "{} does not see it", self.sim.name(*node));
        }
    }

    /// A private channel that nobody but owner and administrators see.
    fn vault(&mut self, owner: Node) -> conclave_core::id::ChannelId {
        let draft = ChannelDraft {
            server: self.server,
            name: "vault".into(),
            kind: 0,
            topic: None,
            parent: None,
            private: true,
            overwrites: vec![],
            durability: None,
        };
        let Reply::Channel(vault) = self.sim.must(owner, Command::CreateChannel(draft)) else {
            panic!()
        };
        vault
    }

    /// Ada names Ben as her successor, with Cem and Dora as the council that must both confirm after a day.
    fn settle_succession(&mut self) {
        let [ada, ben, cem, dora] = self.four();
        let terms = Succession {
            successors: vec![self.sim.identity(ben)],
            recovery_keys: vec![],
            council: vec![self.sim.identity(cem), self.sim.identity(dora)],
            quorum: 2,
            delay_days: 1,
        };
        let server = self.server;
        self.owned(ada, OwnershipCommand::SetSuccession { server, terms });
        for node in [ben, cem, dora] {
            let told = self.sim.run_until(60_000, |sim| {
                sim.read(node, |reader| {
                    let seen = reader.ownership(server).unwrap().unwrap();
                    seen.succession.is_some()
                })
            });
            assert!(told);
        }
    }

    fn four(&self) -> [Node; 4] {
        [0, 1, 2, 3].map(|index| self.people[index])
    }

    /// Ben claims, and the council knows.
    fn claimed(&mut self) -> EventId {
        let [_, ben, cem, dora] = self.four();
        let server = self.server;
        let claim = OwnershipCommand::Claim {
            server,
            heir: None,
            recovery: None,
        };
        let claim = self.owned(ben, claim);
        for node in [cem, dora] {
            let told = self.sim.run_until(60_000, |sim| {
                sim.read(node, |reader| {
                    !reader.ownership(server).unwrap().unwrap().claims.is_empty()
                })
            });
            assert!(told);
        }
        claim
    }
}

/// The new owner reads what only the owner could read, and goes on there; the old one reads no more of it, and can leave.
#[test]
fn a_transfer_hands_over_the_owners_channels_and_closes_them_to_the_old_owner() {
    let mut world = world(31, &["Ada", "Ben", "Cem"]);
    let [ada, ben, cem] = [world.people[0], world.people[1], world.people[2]];
    let vault = world.vault(ada);
    world.sim.say(ada, vault, "for the owner");
    world.sim.run_for(10_000);
    assert!(!world.sim.shows(ben, vault, "for the owner"));
    let (server, to) = (world.server, world.sim.identity(ben));
    let steal = OwnershipCommand::Transfer {
        server,
        to: world.sim.identity(cem),
    };
    assert!(is_forbidden(&world.try_owned(cem, steal)));
    world.owned(ada, OwnershipCommand::Transfer { server, to });
    world.comes_to_own(ben, &[ada, ben, cem]);
    let (seen, old) = (world.ownership(ben), world.ownership(ada));
    assert!(seen.mine && !old.mine && seen.began == Began::Transfer);
    world.sim.sees(ben, vault, "for the owner");
    world.sim.say(ben, vault, "for the new owner");
    world.sim.run_for(30_000);
    assert!(!world.sim.shows(ada, vault, "for the new owner"));
    let read = world.spied(ada, ben, vault);
    assert!(read.iter().any(|text| text == "for the owner"), "{read:?}");
    assert!(
        read.iter().all(|text| text != "for the new owner"),
        "{read:?}"
    );
    // An ordinary member, who may be thrown out, or go.
    let leave = |world: &mut World, node| world.sim.command(node, Command::LeaveServer { server });
    assert!(matches!(
        leave(&mut world, ben),
        Some(Err(CommandError::Conflict(_)))
    ));
    assert!(matches!(leave(&mut world, ada), Some(Ok(_))));
    world.sim.say(cem, world.general, "life goes on");
    world.sim.sees(ben, world.general, "life goes on");
}

/// The owner is gone: the successor claims, the council attests a day each by its own clock, and the server has an owner
/// again, with the old one's powers.
#[test]
fn a_council_hands_the_server_to_the_successor_of_a_lost_owner() {
    let mut world = world(32, &["Ada", "Ben", "Cem", "Dora"]);
    let [ada, ben, cem, dora] = world.four();
    world.settle_succession();
    world
        .sim
        .converge(&[ada, ben, cem, dora], world.server, 120_000);
    world.sim.crash(ada);
    let claim = world.claimed();
    let server = world.server;
    let confirm = OwnershipCommand::Confirm { server, claim };
    let take = OwnershipCommand::Take { server, claim };
    // Nobody attests what their clock does not say, and nobody takes over early.
    assert!(is_forbidden(&world.try_owned(cem, confirm.clone())));
    assert!(is_forbidden(&world.try_owned(ben, take.clone())));
    world.sim.run_for(DAY + 60_000);
    world.owned(cem, confirm.clone());
    assert!(is_forbidden(&world.try_owned(ben, take.clone())));
    world.owned(dora, confirm);
    let ready = world.sim.run_until(60_000, |sim| {
        sim.read(ben, |reader| {
            let seen = reader.ownership(server).unwrap().unwrap();
            seen.claims.iter().any(|claim| claim.may_take)
        })
    });
    assert!(ready);
    world.owned(ben, take);
    world.comes_to_own(ben, &[ben, cem, dora]);
    assert_eq!(world.ownership(cem).began, Began::Succession);
    assert!(world.ownership(cem).succession.is_none());
    let member = world.sim.identity(dora);
    let rename = Command::UpdateServer {
        server,
        name: Some("New Harbour".into()),
        description: None,
        icon: None,
        joins_paused: None,
    };
    assert!(is_forbidden(&world.sim.command(dora, rename.clone())));
    world.sim.must(ben, rename);
    // The old owner comes back, an ordinary member.
    world.sim.restart(ada);
    world.comes_to_own(ben, &[ada]);
    let kick = Command::Kick {
        server,
        member,
        reason: None,
    };
    assert!(is_forbidden(&world.sim.command(ada, kick)));
}

/// The owner who is only away is told of a claim when they come back, and ends it.
#[test]
fn an_owner_who_comes_back_in_time_is_told_and_vetoes() {
    let mut world = world(33, &["Ada", "Ben", "Cem", "Dora"]);
    let [ada, ben, cem, dora] = world.four();
    world.settle_succession();
    world
        .sim
        .converge(&[ada, ben, cem, dora], world.server, 120_000);
    world.sim.crash(ada);
    let claim = world.claimed();
    let server = world.server;
    world.sim.notices(ada);
    world.sim.restart(ada);
    let told = world.sim.run_until(120_000, |sim| {
        sim.notices(ada).contains(&Notice::Ownership(server))
    });
    assert!(told, "the owner is told");
    let seen = world.ownership(ada);
    assert!(seen.claims.iter().all(|claim| claim.may_veto), "{seen:?}");
    assert!(is_forbidden(
        &world.try_owned(cem, OwnershipCommand::Veto { server, claim })
    ));
    world.owned(ada, OwnershipCommand::Veto { server, claim });
    let ended = world.sim.run_until(60_000, |sim| {
        sim.read(cem, |reader| {
            reader.ownership(server).unwrap().unwrap().claims.is_empty()
        })
    });
    assert!(ended);
    world.sim.run_for(DAY + 60_000);
    let confirm = OwnershipCommand::Confirm { server, claim };
    assert!(is_forbidden(&world.try_owned(cem, confirm)));
    assert_eq!(world.ownership(ben).owner.id, world.sim.identity(ada));
}
