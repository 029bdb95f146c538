//! Two members of 100,000 banned at once by moderators who do not know of each other: both epochs, and the one that heals.

use anyhow::{Context, Result, ensure};
use conclave_core::keys::{Growth, Suite};
use conclave_rivals::keytree::Community;
use conclave_rivals::{Comparison, micros_each, print};

/// Rounds that count.
const ROUNDS: usize = 9;

fn main() -> Result<()> {
    let people = std::env::var("CONCLAVE_PEOPLE").ok();
    let people: usize = people.and_then(|most| most.parse().ok()).unwrap_or(100_000);
    for suite in [Suite::X25519, Suite::XWing] {
        let mut community = Community::new(suite, Growth::default(), people)?;
        let (mut together, mut alone, mut bytes, mut bytes_alone) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let first = community.leaves[people / 3 + 40 * round];
            let second = community.leaves[2 * people / 3 + 40 * round];
            let parent = community.parent();
            let [mut one, mut two] = [community.tree.clone(), community.tree.clone()];
            let mut both = community.tree.clone();
            let mut made = None;
            alone.push(micros_each(1, || {
                one.remove(&first);
                made = Some(community.rotate(&one, parent.clone()));
            }));
            let (left, wire) = made.context("an epoch was made")??;
            bytes_alone.push(wire.len() as f64);
            let (mut right, mut heal) = (None, None);
            let rest = micros_each(1, || {
                two.remove(&second);
                right = Some(community.rotate(&two, parent));
            });
            let (right, second_wire) = right.context("an epoch was made")??;
            let parents = vec![
                (left.id, left.secret.keys()),
                (right.id, right.secret.keys()),
            ];
            let healing = micros_each(1, || {
                both.remove(&first);
                both.remove(&second);
                heal = Some(community.rotate(&both, parents));
            });
            let (healed, third_wire) = heal.context("an epoch was made")??;
            ensure!(
                healed.record.header().parents.len() == 2,
                "both are followed"
            );
            let one = alone.last().copied().unwrap_or(f64::NAN);
            together.push(one + rest + healing);
            bytes.push((wire.len() + second_wire.len() + third_wire.len()) as f64);
        }
        let comparison = |what, rival| Comparison {
            what,
            n: people as u64,
            rounds: ROUNDS,
            rival,
            goal: Some(3.0),
        };
        let name = format!("two bans at once and the heal, {suite:?}");
        print(&comparison(&name, "one ban").judge(together, alone));
        let name = format!("their bytes, {suite:?}, not microseconds");
        print(&comparison(&name, "the bytes of one ban").judge(bytes, bytes_alone));
    }
    Ok(())
}
