//! What a member of a community holds of its keys: one who only reads, and one who rotates; in bytes, for one audience.

use anyhow::{Context, Result};
use conclave_core::codec;
use conclave_core::keys::{Growth, KeyRecord, Share, Suite};
use conclave_rivals::keytree::Community;
use conclave_rivals::{Samples, Single, print};

const MEASURES: &str = "encoded length of what the store keeps";

fn main() -> Result<()> {
    let most = std::env::var("CONCLAVE_PEOPLE").ok();
    let most: usize = most.and_then(|most| most.parse().ok()).unwrap_or(100_000);
    for people in [100, 1_000, 10_000, 100_000]
        .into_iter()
        .filter(|people| *people <= most)
    {
        for suite in [Suite::X25519, Suite::XWing] {
            state(suite, people)?;
        }
    }
    Ok(())
}

fn state(suite: Suite, people: usize) -> Result<()> {
    let mut community = Community::new(suite, Growth::default(), people)?;
    let tree = community.tree.clone();
    let (epoch, _) = community.rotate(&tree, community.parent())?;
    let tell = |what: &str, bytes: usize, goal| {
        let what = format!("{what}, {suite:?}, {people}");
        let single = Single {
            what: &what,
            measures: MEASURES,
            unit: "bytes",
            n: people as u64,
            goal,
        };
        print(&single.quantile(&Samples::new(vec![bytes as f64]), 0.5));
    };
    // The record without its slots, the author's word once verified, the share, both keys, and a seed and id a level.
    let record = KeyRecord::Epoch(epoch.record.without_slots())
        .encode()
        .len();
    let share = Share::Full(epoch.secret.clone());
    let opened = epoch.record.open_with(&share)?;
    let header = opened.header.verify(&community.signer().public())?;
    let path = community.climb(people / 2)?.len() - 1;
    let reader = record + header.bytes().encode().len() + Share::LEN + 64 + path * (32 + 32);
    let big = people == 100_000;
    tell("held by a reading member", reader, big.then_some(4_096.0));
    // Our nodes hold the whole member plane and every node's record: no light rotator is built yet.
    let leaves: usize = tree
        .leaves()
        .map(|leaf| codec::encode(&leaf.keys).len() + 32)
        .sum();
    let nodes: usize = community
        .nodes
        .values()
        .map(|(_, header)| header.payload().len())
        .sum();
    tell("held by one who rotates: leaf keys", leaves, None);
    tell("held by one who rotates: headers of nodes", nodes, None);
    tell(
        "held by one who rotates, together",
        leaves + nodes,
        big.then_some(1_000_000.0),
    );
    // What of it one ban needs: the keys that take a slot, and the headers on the banned one's path.
    let mut after = tree.clone();
    let banned = community.leaves[people / 3];
    let path: usize = tree
        .path(&banned)
        .iter()
        .filter_map(|node| community.nodes.get(&node.id))
        .map(|(_, header)| header.payload().len())
        .sum();
    after.remove(&banned);
    let key = codec::encode(&tree.leaf(&banned).context("a leaf")?.keys).len();
    let needed = path + after.cover_len() * key;
    tell("of which one ban needs", needed, None);
    Ok(())
}
