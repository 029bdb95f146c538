//! Time from sending over the local API to the event on another process's WebSocket, on loopback.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use conclave_rivals::process::{Events, Node, build, text};
use conclave_rivals::{Samples, Single, Texts, print};
use serde_json::json;

/// Messages that count; a tenth as many before them do not.
const MESSAGES: usize = 1_000;

/// How long one message may take before the measurement gives up.
const DEADLINE: Duration = Duration::from_secs(30);

/// Syncs beside it.
const SYNCS: usize = 200;

/// Bytes that a sync beside it makes durable: some pages of a transaction.
const SYNC_BYTES: usize = 16 * 4096;

fn main() -> Result<()> {
    let program = build()?;
    let directory = tempfile::tempdir()?;
    let ada = Node::start(&program, &directory.path().join("ada"))?;
    let ben = Node::start(&program, &directory.path().join("ben"))?;
    ada.name("Ada")?;
    ben.name("Ben")?;
    let (server, general) = ada.found("Harbour")?;
    ada.admit(&server, &ben)?;
    let arrivals = listen(ben.events()?);
    let path = format!("/channels/{general}/messages");
    let (mut sent, mut accepted) = (Vec::new(), Vec::new());
    for (index, content) in Texts::new(42).take(MESSAGES + MESSAGES / 10).enumerate() {
        let begin = Instant::now();
        let id = text(&ada.post(&path, &json!({ "content": content }))?, "id")?;
        let answered = Instant::now();
        let (at, arrived) = arrivals.recv_timeout(DEADLINE)?;
        ensure!(arrived == id, "another message came");
        if index >= MESSAGES / 10 {
            sent.push(millis(at.saturating_duration_since(begin)));
            accepted.push(millis(at.saturating_duration_since(answered)));
        }
    }
    let sync = Samples::new(syncs(directory.path())?);
    let (sent, accepted) = (Samples::new(sent), Samples::new(accepted));
    let wall = |what, measures, goal| Single {
        what,
        measures,
        unit: "ms",
        n: MESSAGES as u64,
        goal,
    };
    print(&wall("message, request to event", "wall clock, p50", Some(3.0)).quantile(&sent, 0.5));
    print(&wall("message, request to event", "wall clock, p99", Some(12.0)).quantile(&sent, 0.99));
    print(
        &wall(
            "message, answer to event",
            "wall clock, p50; 0: the event was first",
            None,
        )
        .quantile(&accepted, 0.5),
    );
    print(&wall("message, answer to event", "wall clock, p99", None).quantile(&accepted, 0.99));
    print(&wall("sync of 64 KiB appended", "wall clock, p50", None).quantile(&sync, 0.5));
    print(&wall("sync of 64 KiB appended", "wall clock, p99", None).quantile(&sync, 0.99));
    ben.stop()?;
    ada.stop()
}

/// Reads a stream of events on a thread of its own, so that each is timed when it comes; gives the ids of new messages.
fn listen(mut events: Events) -> Receiver<(Instant, String)> {
    let (sender, arrivals) = channel();
    std::thread::spawn(move || {
        while let Ok((at, event)) = events.next_event() {
            let id = event["data"]["id"].as_str().unwrap_or_default().to_owned();
            if event["type"] == "message.created" && sender.send((at, id)).is_err() {
                return;
            }
        }
    });
    arrivals
}

/// What making bytes durable costs on this disk at this time: each message waits for it twice, once on either side.
fn syncs(directory: &Path) -> Result<Vec<f64>> {
    let mut file = File::create(directory.join("sync"))?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&[0; SYNC_BYTES])?;
        let begin = Instant::now();
        file.sync_data()?;
        times.push(millis(begin.elapsed()));
    }
    Ok(times)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
