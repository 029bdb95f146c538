//! The stories, simulated: several people, no server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use conclave_core::event::{Overwrite, Subject};
use conclave_core::id::{ChannelId, ServerId};
use conclave_core::permissions::Bits;
use conclave_engine::command::{ChannelDraft, Command, CommandError, Reply, RoleDraft};
use conclave_engine::model::Connection;
use conclave_testkit::attacker::Attacker;
use conclave_testkit::sim::{Node, Sim};

fn pair(seed: u64) -> (Sim, Node, Node, ServerId, ChannelId) {
    let mut sim = Sim::new(seed);
    let (ada, ben) = (sim.person("Ada"), sim.person("Ben"));
    let (server, general) = sim.found(ada, "Harbour");
    let link = sim.invite(ada, server, true);
    sim.join(ben, &link);
    (sim, ada, ben, server, general)
}

#[test]
fn two_people_meet_and_talk() {
    let (mut sim, ada, ben, server, general) = pair(1);
    sim.say(ada, general, "hello Ben");
    sim.sees(ben, general, "hello Ben");
    sim.say(ben, general, "hello Ada");
    sim.sees(ada, general, "hello Ada");
    sim.converge(&[ada, ben], server, 60_000);
}

/// A and B talk while C is offline; A leaves; C returns and gets everything from B; all leave; nothing is lost, the chat is
/// paused, and resumes when any one returns.
#[test]
fn three_friends() {
    let (mut sim, ada, ben, server, general) = pair(2);
    let cem = sim.person("Cem");
    let link = sim.invite(ben, server, true);
    sim.join(cem, &link);
    sim.say(cem, general, "I am off");
    sim.sees(ada, general, "I am off");
    sim.sees(ben, general, "I am off");
    sim.crash(cem);
    for index in 0..20 {
        sim.say(ada, general, &format!("ada {index}"));
        sim.say(ben, general, &format!("ben {index}"));
    }
    sim.sees(ben, general, "ada 19");
    sim.crash(ada);
    sim.restart(cem);
    sim.sees(cem, general, "ada 19");
    sim.sees(cem, general, "ben 19");
    assert_eq!(sim.texts(cem, general), sim.texts(ben, general));
    sim.crash(ben);
    assert!(sim.run_until(60_000, |sim| sim.connection(cem, server)
        == Some(Connection::Paused)));
    sim.say(cem, general, "anybody?");
    sim.crash(cem);
    sim.restart(ada);
    assert_eq!(sim.connection(ada, server), Some(Connection::Paused));
    sim.restart(cem);
    sim.sees(ada, general, "anybody?");
    sim.restart(ben);
    sim.sees(ben, general, "anybody?");
    sim.converge(&[ada, ben, cem], server, 120_000);
    assert_eq!(sim.texts(ada, general).len(), 42);
}

/// A moderator bans somebody who joined through a many-use open link that is still active, while owner and other moderators
/// are offline. The attacker keeps everything and opens nothing that came after.
#[test]
fn a_ban_holds_with_no_admin_online() {
    let mut sim = Sim::new(3);
    let [owner, moderator, mallory, late] =
        ["Owner", "Moderator", "Mallory", "Late"].map(|name| sim.person(name));
    let (server, general) = sim.found(owner, "Harbour");
    let link = sim.invite(owner, server, true);
    for node in [moderator, mallory, late] {
        sim.join(node, &link);
    }
    grant(&mut sim, owner, server, moderator, Bits::BAN_MEMBERS);
    sim.say(owner, general, "before the ban");
    for node in [moderator, mallory, late] {
        sim.sees(node, general, "before the ban");
    }
    sim.crash(owner);
    sim.crash(late);
    let thief = sim.identity(mallory);
    // Positive control: without the permission the same act is refused.
    let refused = sim.command(
        mallory,
        Command::Ban {
            server,
            member: sim.identity(moderator),
            reason: None,
            delete_ms: None,
        },
    );
    assert!(
        matches!(refused, Some(Err(CommandError::Forbidden { .. }))),
        "{refused:?}"
    );
    sim.must(
        moderator,
        Command::Ban {
            server,
            member: thief,
            reason: Some("spam".into()),
            delete_ms: None,
        },
    );
    assert!(sim.run_until(60_000, |sim| sim.connection(mallory, server)
        == Some(Connection::Removed)));
    for index in 0..10 {
        sim.say(moderator, general, &format!("after the ban {index}"));
    }
    // What the banned one says now goes nowhere, not even from their own node.
    let said = Command::Send {
        channel: general,
        text: "still here".into(),
        reply_to: None,
        attachments: vec![],
        nonce: None,
    };
    assert!(matches!(
        sim.command(mallory, said),
        Some(Err(CommandError::Forbidden { .. }))
    ));
    sim.restart(late);
    sim.sees(late, general, "after the ban 9");
    sim.restart(owner);
    sim.converge(&[owner, moderator, late], server, 120_000);
    // Somebody new still gets in through the same link, and reads.
    let newcomer = sim.person("Newcomer");
    sim.join(newcomer, &link);
    sim.sees(newcomer, general, "after the ban 9");

    let (own, keys) = sim.steal(mallory);
    let mut attacker = Attacker::new(server, &keys, &[&link]);
    attacker.copy(&own);
    attacker.copy(&sim.steal(moderator).0);
    attacker.copy(&sim.steal(newcomer).0);
    attacker.open_epochs();
    let read = attacker.read(general);
    let after = sim
        .texts(moderator, general)
        .iter()
        .filter(|text| text.starts_with("after"))
        .count();
    let opened = read
        .values()
        .filter(|text| text.starts_with("after"))
        .count();
    println!(
        "the attacker holds {} envelopes and reads {opened} of {after} later messages",
        attacker.hoard()
    );
    assert!(
        read.values().any(|text| text == "before the ban"),
        "it keeps what it had: {read:?}"
    );
    assert!(after > 0 && opened == 0, "{read:?}");
}

fn grant(
    sim: &mut Sim,
    owner: Node,
    server: ServerId,
    member: Node,
    permissions: Bits,
) -> conclave_core::id::RoleId {
    let draft = RoleDraft {
        server,
        name: "Crew".into(),
        color: None,
        hoist: true,
        mentionable: true,
        permissions,
    };
    let Reply::Role(role) = sim.must(owner, Command::CreateRole(draft)) else {
        panic!("a role has an id")
    };
    let member_id = sim.identity(member);
    sim.must(
        owner,
        Command::GrantRole {
            server,
            role,
            member: member_id,
        },
    );
    let granted = sim.run_until(60_000, |sim| {
        sim.read(member, |reader| {
            reader
                .server(server)
                .unwrap()
                .unwrap()
                .my_roles
                .contains(&role)
        })
    });
    assert!(granted);
    role
}

/// A private channel's ciphertext is carried by members who cannot read it, and is useless to them.
#[test]
fn a_private_channel_is_ciphertext_to_others() {
    let (mut sim, ada, ben, server, _) = pair(4);
    let cem = sim.person("Cem");
    let link = sim.invite(ada, server, true);
    sim.join(cem, &link);
    let role = grant(&mut sim, ada, server, cem, Bits::NONE);
    let draft = ChannelDraft {
        server,
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
    let Reply::Channel(crew) = sim.must(ada, Command::CreateChannel(draft)) else {
        panic!()
    };
    sim.say(ada, crew, "for the crew alone");
    sim.sees(cem, crew, "for the crew alone");
    sim.converge(&[ada, cem], server, 60_000);
    assert!(sim.read(ben, |reader| reader.channel(crew).unwrap().is_none()));
    let (store, keys) = sim.steal(ben);
    let mut attacker = Attacker::new(server, &keys, &[&link]);
    attacker.copy(&store);
    attacker.copy(&sim.steal(ada).0);
    attacker.open_epochs();
    assert!(attacker.read(crew).is_empty());
    // Positive control: the same program with the keys of somebody who has the role reads it.
    let (store, keys) = sim.steal(cem);
    let mut reader = Attacker::new(server, &keys, &[]);
    reader.copy(&store);
    reader.open_epochs();
    assert!(
        reader
            .read(crew)
            .values()
            .any(|text| text == "for the crew alone")
    );
    // Given the role, Ben reads it too, from then on and before.
    let ben_id = sim.identity(ben);
    sim.must(
        ada,
        Command::GrantRole {
            server,
            role,
            member: ben_id,
        },
    );
    sim.sees(ben, crew, "for the crew alone");
}

/// Somebody who joined while others were away is unknown to them; they are told what makes the newcomer known, by the newcomer
/// alone if need be.
#[test]
fn a_newcomer_makes_themselves_known() {
    let (mut sim, ada, ben, server, general) = pair(5);
    let link = sim.invite(ben, server, true);
    sim.run_for(5_000);
    sim.crash(ada);
    let cem = sim.person("Cem");
    sim.join(cem, &link);
    sim.say(cem, general, "I am new");
    sim.sees(ben, general, "I am new");
    sim.crash(ben);
    sim.restart(ada);
    sim.sees(ada, general, "I am new");
    sim.converge(&[ada, cem], server, 120_000);
}

/// What a strict channel holds comes with the role, not with the next round of comparing: twice within one round's time.
#[test]
fn a_role_opens_its_channels_at_once() {
    let (mut sim, ada, ben, server, _) = pair(5);
    for name in ["lighthouse", "cellar"] {
        let draft = RoleDraft {
            server,
            name: name.into(),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: Bits::NONE,
        };
        let Reply::Role(role) = sim.must(ada, Command::CreateRole(draft)) else {
            panic!()
        };
        let draft = ChannelDraft {
            server,
            name: name.into(),
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
        let Reply::Channel(channel) = sim.must(ada, Command::CreateChannel(draft)) else {
            panic!()
        };
        sim.say(ada, channel, "who has the key?");
        sim.run_for(10_000);
        assert_eq!(sim.texts(ben, channel), Vec::<String>::new());
        let member = sim.identity(ben);
        let grant = Command::GrantRole {
            server,
            role,
            member,
        };
        sim.must(ada, grant);
        let read = sim.run_until(5_000, |sim| sim.texts(ben, channel).len() == 1);
        assert!(read, "{name}");
    }
}
