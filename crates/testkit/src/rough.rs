//! An hour in a rough world: random commands under random faults, then calm, then everybody must agree.

use std::collections::BTreeMap;

use conclave_core::id::{ChannelId, EnvelopeId, ServerId};
use conclave_core::permissions::Bits;
use conclave_engine::command::{Command, CommandError, Reply, RoleDraft};

use crate::faults::Faults;
use crate::sim::{Node, Sim};

/// Milliseconds of an hour.
const HOUR_MS: u64 = 60 * 60 * 1000;

/// What one run did.
pub struct Outcome {
    /// The world at its end.
    pub sim: Sim,
    /// Messages that a node acknowledged.
    pub acknowledged: usize,
}

/// People of one run.
const NAMES: [&str; 4] = ["Ada", "Ben", "Cem", "Dua"];

/// Runs one seed: founds a server, lets everybody in, lets an hour of commands and faults pass, calms down, and checks that
/// all agree and that every acknowledged message is there exactly once, on everybody.
///
/// # Panics
/// With the seed, if something that must hold does not.
#[must_use]
pub fn hour(seed: u64) -> Outcome {
    let mut sim = Sim::new(seed);
    let nodes: Vec<Node> = NAMES.map(|name| sim.person(name)).to_vec();
    let (server, general) = sim.found(nodes[0], "Rough");
    let link = sim.invite(nodes[0], server, true);
    for node in &nodes[1..] {
        sim.join(*node, &link);
    }
    let skew = i64::try_from(sim.below(20 * 60_000)).unwrap_or(0) - 10 * 60_000;
    sim.skew(nodes[3], skew);
    sim.faults = Faults::ROUGH;
    let mut acknowledged: BTreeMap<EnvelopeId, String> = BTreeMap::new();
    let end = sim.now().0 + HOUR_MS;
    let mut count = 0;
    while sim.now().0 < end {
        let pause = sim.below(16_000);
        sim.run_for(pause);
        disturb(&mut sim, &nodes);
        let node = nodes[usize::try_from(sim.below(nodes.len() as u64)).unwrap_or(0)];
        if sim.is_active(node, server) {
            count += 1;
            act(&mut sim, node, server, general, count, &mut acknowledged);
        }
    }
    sim.faults = Faults::NONE;
    sim.heal();
    for node in &nodes {
        sim.restart(*node);
    }
    sim.converge(&nodes, server, HOUR_MS / 4);
    for node in &nodes {
        let mut texts: BTreeMap<String, usize> = BTreeMap::new();
        for text in sim.texts(*node, general) {
            *texts.entry(text).or_default() += 1;
        }
        for text in acknowledged.values() {
            let times = texts.get(text).copied().unwrap_or(0);
            assert_eq!(
                times,
                1,
                "seed {seed}: {} shows {text:?} {times} times",
                sim.name(*node)
            );
        }
    }
    Outcome {
        sim,
        acknowledged: acknowledged.len(),
    }
}

/// Parts, heals, crashes and wakes nodes now and then.
fn disturb(sim: &mut Sim, nodes: &[Node]) {
    let pick = |sim: &mut Sim| nodes[usize::try_from(sim.below(nodes.len() as u64)).unwrap_or(0)];
    match sim.below(60) {
        0 | 1 => {
            let (a, b) = (pick(sim), pick(sim));
            sim.part(a, b);
        }
        2..=4 => sim.heal(),
        5 => {
            let node = pick(sim);
            sim.crash(node);
        }
        6..=9 => {
            let node = pick(sim);
            sim.restart(node);
        }
        _ => {}
    }
}

fn act(
    sim: &mut Sim,
    node: Node,
    server: ServerId,
    channel: ChannelId,
    count: usize,
    acknowledged: &mut BTreeMap<EnvelopeId, String>,
) {
    let text = format!("message {count}");
    let command = match sim.below(12) {
        0 => Command::CreateRole(RoleDraft {
            server,
            name: format!("role {count}"),
            color: None,
            hoist: false,
            mentionable: false,
            permissions: Bits::NONE,
        }),
        1 => Command::SetNickname {
            server,
            member: sim.identity(node),
            nickname: Some(format!("nick {count}")),
        },
        2 => match acknowledged.keys().next_back().copied() {
            Some(message) => Command::React {
                message,
                emoji: "👍".to_owned(),
                on: true,
            },
            None => return,
        },
        _ => Command::Send {
            channel,
            text: text.clone(),
            reply_to: None,
            attachments: Vec::new(),
            nonce: None,
        },
    };
    let result = sim.command(node, command);
    match result {
        Some(Ok(Reply::Message(message))) => {
            acknowledged.insert(message, text);
        }
        // A crash, a missing permission, a message that is not here yet, a key on its way: all may be.
        None
        | Some(
            Ok(_)
            | Err(
                CommandError::Forbidden { .. }
                | CommandError::NotFound { .. }
                | CommandError::NoKey,
            ),
        ) => {}
        Some(Err(error)) => panic!("seed {}: {}: {error}", sim.seed(), sim.name(node)),
    }
}
