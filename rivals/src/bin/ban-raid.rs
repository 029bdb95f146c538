//! A raid of 1,000 among 100,000 banned in one epoch: those who came together, and those who are scattered; beside one ban.

use anyhow::{Context, Result};
use conclave_core::keys::{Growth, Suite};
use conclave_rivals::keytree::Community;
use conclave_rivals::{Comparison, micros_each, print};

/// Rounds that count.
const ROUNDS: usize = 5;

/// How many come.
const RAID: usize = 1_000;

fn main() -> Result<()> {
    let people = std::env::var("CONCLAVE_PEOPLE").ok();
    let people: usize = people.and_then(|most| most.parse().ok()).unwrap_or(100_000);
    for suite in [Suite::X25519, Suite::XWing] {
        let mut community = Community::new(suite, Growth::default(), people)?;
        let block: Vec<usize> = (people / 2..people / 2 + RAID).collect();
        let scattered: Vec<usize> = (0..RAID).map(|at| at * (people / RAID)).collect();
        for (name, raid, goal) in [("one block", block, 3.0), ("scattered", scattered, 300.0)] {
            let (mut many, mut one) = (Vec::new(), Vec::new());
            let (mut many_bytes, mut one_bytes) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                for (banned, times, bytes) in [
                    (&raid[..], &mut many, &mut many_bytes),
                    (&raid[..1], &mut one, &mut one_bytes),
                ] {
                    let mut tree = community.tree.clone();
                    let banned: Vec<_> = banned.iter().map(|at| community.leaves[*at]).collect();
                    let mut made = None;
                    times.push(micros_each(1, || {
                        for leaf in &banned {
                            tree.remove(leaf);
                        }
                        made = Some(community.next_epoch(&tree));
                    }));
                    let epoch = made.context("an epoch was made")??;
                    let record = conclave_core::keys::KeyRecord::Epoch(epoch.record);
                    bytes.push(record.encode().len() as f64);
                }
            }
            let comparison = |what, rival| Comparison {
                what,
                n: RAID as u64,
                rounds: ROUNDS,
                rival,
                goal: Some(goal),
            };
            let what = format!("a raid of {RAID}, {name}, {suite:?}");
            print(&comparison(&what, "one ban").judge(many, one));
            let what = format!("its bytes, {name}, {suite:?}, not microseconds");
            print(&comparison(&what, "the bytes of one ban").judge(many_bytes, one_bytes));
        }
    }
    Ok(())
}
