//! One message from bytes to committed, sent and received, beside its bare cryptography and rows.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use conclave_core::view::{Change, Table};
use conclave_engine::effect::Input;
use conclave_rivals::bare::{Crypto, Sizes, store_with};
use conclave_rivals::pair::{Pair, frames};
use conclave_rivals::{CPU_EACH, Comparison, Samples, Single, Texts, micros_each, print};
use conclave_store::Store;

/// Messages of one round.
const MESSAGES: usize = 10_000;

/// Channels that they are spread over.
const CHANNELS: usize = 100;

/// Rounds that count; one before them does not.
const ROUNDS: usize = 5;

/// What ours may cost, as a multiple of the rival.
const GOAL: f64 = 1.5;

const RIVAL_SEND: &str = "bare seal, sign and one transaction of the same rows";
const RIVAL_RECEIVE: &str = "bare strict verify, open and one transaction of the same rows";
/// What nobody may do who answers each message when it is safe; it tells what the transactions cost.
const RIVAL_BATCHED: &str = "the same with all rows in a single transaction";

/// Microseconds for one message, of every round: ours, and the rival with a transaction a message.
#[derive(Default)]
struct Way {
    ours: Vec<f64>,
    rival: Vec<f64>,
    /// The rival with all messages of a round in a single transaction, which answers nobody before the last one.
    rival_batched: Vec<f64>,
}

#[derive(Default)]
struct Times {
    send: Way,
    receive: Way,
    acknowledge: Vec<f64>,
}

fn main() -> Result<()> {
    let rounds = std::env::var("CONCLAVE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let mut times = Times::default();
    for index in 0..=rounds {
        let round = round()?;
        // The first round fills caches and is thrown away.
        if index > 0 || rounds == 0 {
            times.add(round);
        }
    }
    let n = MESSAGES as u64;
    let Times {
        send,
        receive,
        acknowledge,
    } = times;
    for (what, rival, way) in [
        ("send, command to committed", RIVAL_SEND, send),
        ("receive, frame to committed", RIVAL_RECEIVE, receive),
    ] {
        let each = Comparison {
            what,
            n,
            rounds,
            rival,
            goal: Some(GOAL),
        };
        print(&each.judge(way.ours.clone(), way.rival));
        let batched = Comparison {
            what,
            n,
            rounds,
            rival: RIVAL_BATCHED,
            goal: None,
        };
        print(&batched.judge(way.ours, way.rival_batched));
    }
    let alone = Single {
        what: "acknowledgement, frame to committed",
        measures: CPU_EACH,
        unit: "µs",
        n,
        goal: None,
    };
    print(&alone.quantile(&Samples::new(acknowledge), 0.5));
    Ok(())
}

impl Times {
    fn add(&mut self, round: Self) {
        for (all, new) in [
            (&mut self.send, round.send),
            (&mut self.receive, round.receive),
        ] {
            all.ours.extend(new.ours);
            all.rival.extend(new.rival);
            all.rival_batched.extend(new.rival_batched);
        }
        self.acknowledge.extend(round.acknowledge);
    }
}

/// One round in fresh profiles.
fn round() -> Result<Times> {
    let directory = tempfile::tempdir()?;
    let mut pair = Pair::new(directory.path(), CHANNELS)?;
    let texts: Vec<String> = Texts::new(42).take(MESSAGES).collect();
    let before = [0, 1].map(|index| pair.members[index].committed.len());
    let (mut answers, mut times) = (Vec::new(), Times::default());

    let mut sent = Vec::with_capacity(MESSAGES);
    let inputs: Vec<Input> = texts
        .into_iter()
        .enumerate()
        .map(|(index, text)| pair.send(pair.channels[index % CHANNELS], text))
        .collect();
    times.send.ours.push(timed(|| {
        for input in inputs {
            let now = pair.tick();
            let effects = pair.members[0].handle(input, now)?;
            ensure!(
                matches!(effects.reply, Some((_, Ok(_)))),
                "a message was refused: {:?}",
                effects.reply
            );
            sent.extend(frames(effects.sends));
        }
        Ok(())
    })?);
    ensure!(
        sent.len() == MESSAGES,
        "{} frames for {MESSAGES} messages",
        sent.len()
    );
    times.receive.ours.push(timed(|| {
        for input in sent {
            let now = pair.tick();
            answers.extend(frames(pair.members[1].handle(input, now)?.sends));
        }
        Ok(())
    })?);
    let [a, b] = [0, 1].map(|index| pair.members[index].committed.len());
    times.acknowledge.push(timed(|| {
        for input in answers {
            let now = pair.tick();
            pair.members[0].handle(input, now)?;
        }
        Ok(())
    })?);
    let [ada, ben] = &pair.members;
    ensure!(
        (a - before[0], b - before[1]) == (MESSAGES, MESSAGES),
        "one transaction a message on both sides"
    );

    let sizes: Vec<Sizes> = ada.committed[before[0]..a]
        .iter()
        .map(|changes| sizes(changes))
        .collect::<Result<_>>()?;
    let (old, new) = ada.committed[..a].split_at(before[0]);
    rival(
        directory.path(),
        "send",
        old,
        new,
        &sizes,
        false,
        &mut times.send,
    )?;
    let (old, new) = ben.committed[..b].split_at(before[1]);
    rival(
        directory.path(),
        "receive",
        old,
        new,
        &sizes,
        true,
        &mut times.receive,
    )?;
    Ok(times)
}

/// The rival's round, once with a transaction a message and once with all of them in one.
fn rival(
    directory: &Path,
    name: &str,
    before: &[Vec<Change>],
    messages: &[Vec<Change>],
    sizes: &[Sizes],
    reading: bool,
    way: &mut Way,
) -> Result<()> {
    let crypto = Crypto::new();
    let bare = sizes
        .iter()
        .map(|sizes| crypto.write(*sizes))
        .collect::<Result<Vec<_>>>()?;
    let work = |index: usize| {
        if reading {
            crypto.read(&bare[index]).map(drop)
        } else {
            crypto.write(sizes[index]).map(drop)
        }
    };
    let mut single = store_with(&directory.join(format!("{name}-single.db")), before)?;
    way.rival.push(timed(|| {
        for (index, changes) in messages.iter().enumerate() {
            work(index)?;
            single.commit(changes)?;
        }
        Ok(())
    })?);
    let mut batched = store_with(&directory.join(format!("{name}-batched.db")), before)?;
    let all: Vec<Change> = messages.concat();
    way.rival_batched.push(timed(|| {
        (0..messages.len()).try_for_each(work)?;
        Ok(batched.commit(&all)?)
    })?);
    Ok(())
}

/// The sizes of the envelope among a message's rows.
fn sizes(changes: &[Change]) -> Result<Sizes> {
    let envelope = changes.iter().find_map(|change| match change {
        Change::Put {
            table: Table::Envelope,
            value,
            ..
        } => Some(value),
        _ => None,
    });
    Sizes::of(envelope.context("a message has an envelope")?)
}

/// Microseconds of CPU time for one message.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let mut result = Ok(());
    let micros = micros_each(MESSAGES as u64, || result = work());
    result.map(|()| micros)
}
