//! Time from exec to the first page of the last channel, on a profile with 100,000 messages; resident memory after it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use conclave_rivals::process::{Node, build};
use conclave_rivals::{Samples, Single, Texts, print};
use serde_json::json;

/// Messages in the profile.
const MESSAGES: usize = 100_000;

/// Channels that they are spread over.
const CHANNELS: usize = 10;

/// Starts that count; one before them does not.
const STARTS: usize = 9;

/// Where a profile is made, if it is there: memory has no disk to wait for.
const MEMORY: &str = "/dev/shm";

/// Messages on a page.
const PAGE: usize = 50;

fn main() -> Result<()> {
    let program = build()?;
    let directory = tempfile::tempdir()?;
    let profile = directory.path().join("profile");
    let channel = fill(&program, &profile)?;
    let (mut ready, mut served, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=STARTS {
        let begin = Instant::now();
        let node = Node::start(&program, &profile)?;
        let started = begin.elapsed().as_secs_f64();
        let page = node.get(&format!("/channels/{channel}/messages?limit={PAGE}"))?;
        let shown = begin.elapsed().as_secs_f64();
        ensure!(
            page["messages"]
                .as_array()
                .is_some_and(|messages| messages.len() == PAGE),
            "a full page"
        );
        if round > 0 {
            ready.push(started);
            served.push(shown);
            resident.push(node.resident_mb()?);
        }
        node.stop()?;
    }
    let n = MESSAGES as u64;
    let wall = "wall clock, the file in the page cache, median";
    let start = |what, goal| Single {
        what,
        measures: wall,
        unit: "s",
        n,
        goal,
    };
    print(
        &start("start, exec to first page of the last channel", Some(0.5))
            .quantile(&Samples::new(served), 0.5),
    );
    print(&start("start, exec to ready", None).quantile(&Samples::new(ready), 0.5));
    let memory = Single {
        what: "memory after the first page",
        measures: "VmRSS, median",
        unit: "MB",
        n,
        goal: Some(80.0),
    };
    print(&memory.quantile(&Samples::new(resident), 0.5));
    Ok(())
}

/// Makes a profile as a person would, message by message over the API; gives the channel that was written to last.
fn fill(program: &Path, profile: &Path) -> Result<String> {
    let memory = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir())?;
    let made = memory.path().join("profile");
    let node = Node::start(program, &made)?;
    node.name("Ada")?;
    let (server, general) = node.found("Harbour")?;
    let mut channels = vec![general];
    while channels.len() < CHANNELS {
        let draft = json!({ "name": format!("channel-{}", channels.len()), "kind": "text" });
        let channel = node.post(&format!("/servers/{server}/channels"), &draft)?;
        channels.push(conclave_rivals::process::text(&channel, "id")?);
    }
    for (index, content) in Texts::new(42).take(MESSAGES).enumerate() {
        let channel = &channels[index % CHANNELS];
        node.post(
            &format!("/channels/{channel}/messages"),
            &json!({ "content": content }),
        )?;
        if index % 10_000 == 0 {
            eprintln!("{index} of {MESSAGES} messages written");
        }
    }
    node.stop()?;
    let copied = Command::new("cp")
        .arg("-a")
        .arg(&made)
        .arg(profile)
        .status()?;
    ensure!(copied.success(), "the profile was not copied");
    channels.pop().context("a channel")
}
