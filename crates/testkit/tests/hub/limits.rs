//! What a hub refuses, and whom it cuts off.

use conclave_core::id::{IdentityId, ServerId};
use conclave_core::permissions::Bits;
use conclave_engine::command::{Command, Reply, RoleDraft};
use conclave_engine::hub::HubLimits;
use conclave_engine::wire::HubWhy;
use conclave_testkit::sim::{Node, Sim};

/// A member who floods is throttled; what others say goes through all the same, and in the end so does what was said.
#[test]
fn a_member_who_floods_is_throttled_and_others_are_not() {
    let mut sim = Sim::new(31);
    let (a, b) = (sim.person("Ada"), sim.person("Bob"));
    let limits = HubLimits {
        member_burst_bytes: 2 << 20,
        member_bytes_per_second: 2 << 10,
        ..HubLimits::default()
    };
    let hub = sim.hub("hub", limits);
    let (server, channel) = sim.found(a, "Garden");
    let link = sim.invite(a, server, true);
    sim.join(b, &link);
    sim.add_hub(a, server, hub);
    sim.run_for(120_000);
    sim.part(a, b);
    let flood = "x".repeat(3_900);
    for _ in 0..800 {
        sim.say(b, channel, &flood);
    }
    let refused = |sim: &Sim| {
        sim.look(hub, |hub, _| {
            hub.counters().refused[HubWhy::TooFast as usize - 1]
        })
    };
    let throttled = sim.run_until(60_000, |sim| refused(sim) > 0);
    assert!(throttled);
    let message = sim.say(a, channel, "excuse me");
    let through = sim.run_until(30_000, |sim| {
        let all = sim.all_messages(a, channel);
        all.iter()
            .any(|one| one.id == message && one.delivery.hubs == 1)
    });
    assert!(through, "a throttled member holds up nobody else");
}

/// Whoever was banned gets nothing in and nothing out any more, whoever is online; before the ban they did.
#[test]
fn a_banned_member_is_refused_by_the_hub() {
    let mut sim = Sim::new(32);
    let (a, b, m) = (sim.person("Ada"), sim.person("Bob"), sim.person("Mal"));
    let hub = sim.hub("hub", HubLimits::default());
    let (server, channel) = sim.found(a, "Garden");
    let link = sim.invite(a, server, true);
    sim.join(b, &link);
    sim.join(m, &link);
    sim.add_hub(a, server, hub);
    sim.run_for(120_000);
    // The hub alone connects them.
    for (one, other) in [(a, b), (a, m), (b, m)] {
        sim.part(one, other);
    }
    sim.say(m, channel, "still one of you");
    sim.sees(b, channel, "still one of you");
    let member = sim.identity(m);
    sim.part(m, hub);
    sim.must(
        a,
        Command::Ban {
            server,
            member,
            reason: None,
            delete_ms: None,
        },
    );
    sim.run_for(60_000);
    sim.say(m, channel, "you will never know");
    sim.heal();
    for (one, other) in [(a, b), (a, m), (b, m)] {
        sim.part(one, other);
    }
    sim.say(a, channel, "peace");
    sim.sees(b, channel, "peace");
    sim.run_for(300_000);
    assert!(!sim.shows(b, channel, "you will never know"));
    assert!(!sim.shows(m, channel, "peace"));
    let appended = sim.look(hub, |hub, _| hub.status()[0].1.manifest_seq);
    assert!(appended >= 2, "the manifest says who is out");
}

/// A moderator bans while the owner is away: the hub refuses at once, by the capability that the manifest gave.
#[test]
fn a_moderators_ban_reaches_the_hub_without_the_owner() {
    let mut sim = Sim::new(33);
    let (a, b, m) = (sim.person("Ada"), sim.person("Bob"), sim.person("Mal"));
    let hub = sim.hub("hub", HubLimits::default());
    let (server, channel) = sim.found(a, "Garden");
    let link = sim.invite(a, server, true);
    sim.join(b, &link);
    sim.join(m, &link);
    let moderator = sim.identity(b);
    make_moderator(&mut sim, a, server, moderator);
    sim.add_hub(a, server, hub);
    sim.run_for(120_000);
    sim.crash(a);
    sim.part(b, m);
    sim.say(m, channel, "hello");
    sim.sees(b, channel, "hello");
    let member = sim.identity(m);
    sim.must(
        b,
        Command::Ban {
            server,
            member,
            reason: None,
            delete_ms: None,
        },
    );
    sim.run_for(60_000);
    let before = sim.look(hub, |hub, _| hub.counters().appended);
    sim.say(m, channel, "not any more");
    sim.run_for(120_000);
    let after = sim.look(hub, |hub, _| hub.counters().appended);
    assert_eq!(after, before, "nothing of the banned one is taken");
    assert!(!sim.shows(b, channel, "not any more"));
}

fn make_moderator(sim: &mut Sim, owner: Node, server: ServerId, member: IdentityId) {
    let draft = RoleDraft {
        server,
        name: "moderator".to_owned(),
        color: None,
        hoist: false,
        mentionable: false,
        permissions: Bits::BAN_MEMBERS,
    };
    let Reply::Role(role) = sim.must(owner, Command::CreateRole(draft)) else {
        panic!("a role has an id");
    };
    sim.must(
        owner,
        Command::GrantRole {
            server,
            role,
            member,
        },
    );
}
