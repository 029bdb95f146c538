//! A hub keeps a community going while its members come and go.

use conclave_core::policy::Durability;
use conclave_engine::command::{ChannelChange, Command, CommandError};
use conclave_engine::hub::HubLimits;
use conclave_engine::model::DeliveryState;
use conclave_testkit::faults::Faults;
use conclave_testkit::sim::{Node, Sim};

/// A owns a server with a hub, B is a member. The hub has everything.
fn community(
    seed: u64,
) -> (
    Sim,
    [Node; 2],
    Node,
    conclave_core::id::ServerId,
    conclave_core::id::ChannelId,
) {
    let mut sim = Sim::new(seed);
    let (a, b) = (sim.person("Ada"), sim.person("Bob"));
    let hub = sim.hub("hub", HubLimits::default());
    let (server, channel) = sim.found(a, "Garden");
    let link = sim.invite(a, server, true);
    sim.join(b, &link);
    sim.add_hub(a, server, hub);
    sim.run_for(90_000);
    (sim, [a, b], hub, server, channel)
}

/// A says something and leaves before B returns; B has it from the hub.
#[test]
fn what_was_said_comes_from_the_hub_while_its_author_is_away() {
    let (mut sim, [a, b], hub, _, channel) = community(11);
    sim.crash(b);
    let message = sim.say(a, channel, "gone fishing");
    let on_hub = sim.run_until(60_000, |sim| delivery(sim, a, channel, message).1 == 1);
    assert!(on_hub, "{:?}", delivery(&sim, a, channel, message));
    assert_eq!(delivery(&sim, a, channel, message).0, DeliveryState::OnHub);
    sim.crash(a);
    sim.restart(b);
    sim.sees(b, channel, "gone fishing");
    let appended = sim.look(hub, |hub, _| hub.counters().appended);
    assert!(appended > 0, "{appended}");
}

/// The link names the hub: a newcomer joins, reads and speaks while every member is away.
#[test]
fn a_newcomer_joins_and_reads_while_every_member_is_offline() {
    let (mut sim, [a, b], _, server, channel) = community(12);
    sim.say(a, channel, "welcome, whoever comes");
    let link = sim.invite(a, server, true);
    sim.run_for(90_000);
    sim.crash(a);
    sim.crash(b);
    let c = sim.person("Cem");
    sim.join(c, &link);
    sim.sees(c, channel, "welcome, whoever comes");
    sim.say(c, channel, "hello, empty room");
    sim.run_for(60_000);
    sim.crash(c);
    sim.restart(a);
    sim.sees(a, channel, "hello, empty room");
}

/// Nobody shows a guaranteed message before a hub has it on its disk, and none is accepted without a hub.
#[test]
fn a_guaranteed_message_needs_a_receipt() {
    let (mut sim, [a, b], hub, _, channel) = community(13);
    set_durability(&mut sim, a, channel, Durability::Guaranteed);
    sim.run_for(90_000);
    let message = sim.say(a, channel, "on the record");
    sim.sees(b, channel, "on the record");
    assert_eq!(delivery(&sim, a, channel, message).0, DeliveryState::OnHub);

    sim.crash(hub);
    let refused = sim.command(
        a,
        Command::Send {
            channel,
            text: "off the record".to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            nonce: None,
        },
    );
    assert!(
        matches!(refused, Some(Err(CommandError::NoHub))),
        "{refused:?}"
    );

    // Said while the hub was there, and the hub died before it was on its disk.
    sim.restart(hub);
    let ready = sim.run_until(120_000, |sim| hubs(sim, a) == 1);
    assert!(ready);
    let message = sim.say(a, channel, "between two worlds");
    sim.crash(hub);
    sim.run_for(120_000);
    assert_eq!(
        delivery(&sim, a, channel, message).0,
        DeliveryState::AwaitingHub
    );
    assert!(!sim.shows(b, channel, "between two worlds"));
    sim.restart(hub);
    sim.sees(b, channel, "between two worlds");
}

/// A strict channel never leaves those who may read it; an ephemeral one is kept by no hub.
#[test]
fn strict_and_ephemeral_channels_stay_off_the_hub() {
    let (mut sim, [a, b], hub, _, channel) = community(14);
    for mode in [Durability::Strict, Durability::Ephemeral] {
        set_durability(&mut sim, a, channel, mode);
        sim.run_for(90_000);
        let before = stored(&sim, hub, channel, a);
        let text = format!("{mode:?} words");
        let message = sim.say(a, channel, &text);
        sim.sees(b, channel, &text);
        sim.run_for(120_000);
        assert_eq!(stored(&sim, hub, channel, a), before, "{mode:?}");
        assert_eq!(
            delivery(&sim, a, channel, message).0,
            DeliveryState::WithPeers
        );
    }
    // The same channel, replicated: it does go there.
    set_durability(&mut sim, a, channel, Durability::Replicated);
    sim.run_for(90_000);
    let before = stored(&sim, hub, channel, a);
    sim.say(a, channel, "for everybody");
    sim.run_for(60_000);
    assert!(stored(&sim, hub, channel, a) > before);
}

/// A hub that lost its disk is given everything again, by whoever is there.
#[test]
fn a_wiped_hub_is_filled_again_from_the_members() {
    let (mut sim, [a, b], hub, _, channel) = community(15);
    sim.say(a, channel, "before the fire");
    sim.run_for(60_000);
    sim.wipe(hub);
    sim.restart(hub);
    sim.run_for(240_000);
    sim.crash(a);
    sim.crash(b);
    let c = sim.person("Cem");
    let (server, link) = {
        sim.restart(a);
        let server = sim.read(a, |reader| reader.servers().unwrap()[0].id);
        let link = sim.invite(a, server, true);
        sim.run_for(90_000);
        sim.crash(a);
        (server, link)
    };
    assert_eq!(sim.join(c, &link), server);
    sim.sees(c, channel, "before the fire");
}

/// Frames are lost, doubled and late, and everybody crashes: each message is there once, for everybody.
#[test]
fn nothing_acknowledged_is_lost_and_nothing_comes_twice() {
    for seed in 0..6 {
        let (mut sim, [a, b], hub, _, channel) = community(100 + seed);
        sim.faults = Faults {
            lose: 100,
            double: 200,
            reorder: 200,
            cut: 20,
            crash_before_commit: 20,
            crash_after_commit: 20,
            delay_ms_min: 1,
            delay_ms_max: 400,
        };
        let mut said = Vec::new();
        for n in 0..30 {
            let (speaker, text) = (if n % 2 == 0 { a } else { b }, format!("message {n}"));
            if sim.is_up(speaker) {
                let command = Command::Send {
                    channel,
                    text: text.clone(),
                    reply_to: None,
                    attachments: Vec::new(),
                    nonce: None,
                };
                if matches!(sim.command(speaker, command), Some(Ok(_))) {
                    said.push(text);
                }
            }
            let pause = sim.below(8_000);
            sim.run_for(pause);
        }
        sim.faults = Faults::NONE;
        for node in [a, b, hub] {
            sim.restart(node);
        }
        let agreed = sim.run_until(900_000, |sim| {
            [a, b]
                .iter()
                .all(|node| said.iter().all(|text| sim.shows(*node, channel, text)))
        });
        assert!(agreed, "seed {seed}: {said:?}");
        for node in [a, b] {
            let mut texts = sim.texts(node, channel);
            texts.sort();
            let count = texts.len();
            texts.dedup();
            assert_eq!(texts.len(), count, "seed {seed}: a message twice");
        }
    }
}

fn set_durability(
    sim: &mut Sim,
    node: Node,
    channel: conclave_core::id::ChannelId,
    mode: Durability,
) {
    sim.must(
        node,
        Command::UpdateChannel(ChannelChange {
            channel,
            name: None,
            topic: None,
            parent: None,
            place: None,
            slow_mode_s: None,
            durability: Some(mode.number()),
            ttl_ms: None,
        }),
    );
}

fn delivery(
    sim: &Sim,
    node: Node,
    channel: conclave_core::id::ChannelId,
    message: conclave_core::id::EnvelopeId,
) -> (DeliveryState, usize) {
    let all = sim.all_messages(node, channel);
    let found = all
        .iter()
        .find(|one| one.id == message)
        .expect("it is here");
    (found.delivery.state, found.delivery.hubs)
}

/// Connected hubs of the only server of a node.
fn hubs(sim: &Sim, node: Node) -> usize {
    sim.read(node, |reader| {
        let server = reader.servers().unwrap()[0].id;
        reader.server_state(server).unwrap().hubs
    })
}

/// Envelopes of a channel that a hub has.
fn stored(sim: &Sim, hub: Node, channel: conclave_core::id::ChannelId, member: Node) -> usize {
    use conclave_core::envelope::Topic;
    use conclave_core::view::{Direction, KeyRange, Table, View};
    let server = sim.read(member, |reader| reader.servers().unwrap()[0].id);
    let topic = Topic::Channel(server, channel).tag();
    let key = [&1_u32.to_be_bytes()[..], topic.as_bytes()].concat();
    sim.look(hub, |_, store| {
        let range = KeyRange::prefix(&key);
        store
            .range(Table::HubLog, &range, Direction::Forward, usize::MAX)
            .unwrap()
            .len()
    })
}
