//! One member banned from a community that only reads: the next epoch, its bytes, and what a receiver does; beside OpenMLS, BeeKEM and flat HPKE.

use anyhow::{Context, Result, ensure};
use conclave_core::envelope::Envelope;
use conclave_core::id::VerifyKey;
use conclave_core::id::{EpochId, LeafId};
use conclave_core::keys::{
    EpochKeys, EpochRecord, Growth, KeyRecord, Leaf, LeafSecret, Share, Suite, Tree, direct_slot,
};
use conclave_core::signed::Unverified;
use conclave_rivals::bee::Bee;
use conclave_rivals::keytree::{Community, secret};
use conclave_rivals::mls::Mls;
use conclave_rivals::{Samples, Single, micros_each, print};

/// Bans that count at each size; each is of somebody else.
const ROUNDS: usize = 9;

const CPU: &str = "CPU time of the process, median";

fn main() -> Result<()> {
    let most = std::env::var("CONCLAVE_PEOPLE").ok();
    let most: usize = most.and_then(|most| most.parse().ok()).unwrap_or(100_000);
    for people in [100, 1_000, 10_000, 100_000]
        .into_iter()
        .filter(|people| *people <= most)
    {
        for suite in [Suite::X25519, Suite::XWing] {
            ours(suite, people)?;
        }
    }
    for people in [100, 1_000, 10_000]
        .into_iter()
        .filter(|people| *people <= most)
    {
        flat(people)?;
        let name = format!("OpenMLS, {people} members who never committed");
        mls(&name, people, Mls::never_committed(people)?)?;
        bee(people)?;
    }
    for people in [100, 1_000].into_iter().filter(|people| *people <= most) {
        let name = format!("OpenMLS, {people} members who all committed");
        mls(&name, people, Mls::all_committed(people)?)?;
    }
    Ok(())
}

/// Prints the median of some samples.
fn tell(
    what: &str,
    measures: &str,
    unit: &str,
    people: usize,
    samples: Vec<f64>,
    goal: Option<f64>,
) {
    let single = Single {
        what,
        measures,
        unit,
        n: people as u64,
        goal,
    };
    print(&single.quantile(&Samples::new(samples), 0.5));
}

fn ours(suite: Suite, people: usize) -> Result<()> {
    let mut community = Community::new(suite, Growth::default(), people)?;
    let (name, big) = (format!("{suite:?}, {people}"), people == 100_000);
    let goals = match suite {
        Suite::X25519 => (20_000.0, 16_000.0),
        Suite::XWing => (35_000.0, 190_000.0),
    };
    let (mut author, mut bytes, mut slots) = (Vec::new(), Vec::new(), Vec::new());
    let (mut untouched, mut touched, mut mended, mut heal) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut heal_bytes = Vec::new();
    for round in 0..ROUNDS {
        // Spread over the community, never beside each other.
        let banned = (round * 2 + 1) * people / (2 * ROUNDS + 2);
        let mate = banned ^ 1;
        let far = (banned + people / 2) % people;
        let held = [community.climb(far)?, community.climb(mate)?];
        let leaf = community.leaves[banned];
        let parent = community.parent();
        let mut tree = std::mem::replace(&mut community.tree, Tree::new(suite, Growth::default()));
        let mut made = None;
        author.push(micros_each(1, || {
            tree.remove(&leaf);
            made = Some(community.rotate(&tree, parent));
        }));
        slots.push(tree.cover_len() as f64);
        let (epoch, wire) = made.context("an epoch was made")??;
        bytes.push(wire.len() as f64);
        let key = community.signer().public();
        for (held, times) in held.iter().zip([&mut untouched, &mut touched]) {
            let mut opened = None;
            times.push(micros_each(1, || opened = Some(receive(&wire, held, &key))));
            let (id, keys) = opened.context("it was opened")??;
            ensure!(
                id == epoch.id && keys == epoch.secret.keys(),
                "the receiver has the keys"
            );
        }
        community.tree = tree;
        (community.epoch, community.keys) = (epoch.id, epoch.secret.keys());
        let mut sent = None;
        heal.push(micros_each(1, || sent = Some(community.speak(mate))));
        let sent = sent.context("the mate spoke")??;
        heal_bytes.push(sent.iter().map(Vec::len).sum::<usize>() as f64);
        mended.push(micros_each(1, || {
            mend(&sent, &held[1][0], &epoch.secret.keys(), &key)
        }));
    }
    tell(
        &format!("ban, {name}: the author"),
        CPU,
        "µs",
        people,
        author,
        big.then_some(goals.0),
    );
    tell(
        &format!("ban, {name}: bytes"),
        "length of the envelope",
        "bytes",
        people,
        bytes,
        big.then_some(goals.1),
    );
    tell(
        &format!("ban, {name}: slots before padding"),
        "count",
        "slots",
        people,
        slots,
        None,
    );
    tell(
        &format!("ban, {name}: an untouched receiver"),
        CPU,
        "µs",
        people,
        untouched,
        big.then_some(500.0),
    );
    tell(
        &format!("ban, {name}: a receiver on the touched path"),
        CPU,
        "µs",
        people,
        touched,
        big.then_some(1_300.0),
    );
    tell(
        &format!("ban, {name}: the same, taking in the path made anew"),
        CPU,
        "µs",
        people,
        mended,
        None,
    );
    tell(
        &format!("ban, {name}: who speaks next there makes it anew"),
        CPU,
        "µs",
        people,
        heal,
        None,
    );
    tell(
        &format!("ban, {name}: bytes of the path made anew"),
        "length of the envelopes",
        "bytes",
        people,
        heal_bytes,
        None,
    );
    add(&community, suite, people, &name, big)
}

/// Adding one member is one direct slot.
fn add(community: &Community, suite: Suite, people: usize, name: &str, big: bool) -> Result<()> {
    let share = Share::State(community.keys.state.clone());
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let leaf = Leaf::full(secret(people + round).public(suite));
        let mut sent = None;
        times.push(micros_each(1, || {
            let direct = direct_slot(community.epoch, &share, &leaf, suite);
            sent = Some(direct.map(|direct| community.envelope(&KeyRecord::Direct(direct))));
        }));
        bytes.push(sent.context("a slot was made")???.len() as f64);
    }
    tell(
        &format!("add, {name}: the author"),
        CPU,
        "µs",
        people,
        times,
        big.then_some(1_000.0),
    );
    tell(
        &format!("add, {name}: bytes"),
        "length of the envelope",
        "bytes",
        people,
        bytes,
        big.then_some(2_000.0),
    );
    Ok(())
}

/// All that a receiver does: the envelope's signature, the record's form, the slot, the commitments, the author's word.
fn receive(
    wire: &[u8],
    held: &[(LeafId, LeafSecret)],
    key: &VerifyKey,
) -> Result<(EpochId, EpochKeys)> {
    let record = open_envelope(wire, key)?;
    let KeyRecord::Epoch(record) = record else {
        anyhow::bail!("an epoch was sent")
    };
    let opened = held
        .iter()
        .find_map(|(leaf, secret)| EpochRecord::open(&record, secret, *leaf).ok());
    let opened = opened.context("a slot opens")?;
    opened.header.verify(key)?;
    Ok((record.id(), opened.keys))
}

fn open_envelope(wire: &[u8], key: &VerifyKey) -> Result<KeyRecord> {
    let envelope = Unverified::<Envelope>::decode(wire)?.verify(key)?;
    Ok(KeyRecord::decode(&envelope.sealed)?)
}

/// Takes in the nodes of a path, lowest first.
fn mend(
    sent: &[Vec<u8>],
    own: &(LeafId, LeafSecret),
    keys: &EpochKeys,
    key: &VerifyKey,
) -> Result<()> {
    let (mut child, mut secret) = (own.0, own.1.clone());
    for wire in sent {
        let KeyRecord::Node(record) = open_envelope(wire, key)? else {
            anyhow::bail!("a node was sent")
        };
        let seed = record.open_seed(&secret, child)?;
        record.open_header(&keys.state)?.verify(key)?;
        secret = seed.leaf_secret();
        child = secret.public(record.suite()?).id();
    }
    Ok(())
}

/// One HPKE seal a leaf: our own records without inner nodes.
fn flat(people: usize) -> Result<()> {
    let suite = Suite::X25519;
    let growth = Growth {
        flat_max: usize::MAX,
        arity: 2,
    };
    let mut community = Community::new(suite, growth, people)?;
    let mut tree = std::mem::replace(&mut community.tree, Tree::new(suite, growth));
    let (mut author, mut bytes, mut receiver) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..3 {
        tree.remove(&community.leaves[people / 2 + round]);
        let mut made = None;
        author.push(micros_each(1, || made = Some(community.next_epoch(&tree))));
        let epoch = made.context("an epoch was made")??;
        // The record of 10,000 slots is longer than an envelope, so that the record alone counts.
        bytes.push(KeyRecord::Epoch(epoch.record.clone()).encode().len() as f64);
        let own = secret(0);
        let mut opened = None;
        receiver.push(micros_each(1, || {
            opened = Some(epoch.record.open(&own, community.leaves[0]))
        }));
        opened
            .context("it was opened")??
            .header
            .verify(&community.signer().public())?;
        (community.epoch, community.keys) = (epoch.id, epoch.secret.keys());
    }
    tell(
        &format!("flat HPKE, X25519, {people}: the author"),
        CPU,
        "µs",
        people,
        author,
        None,
    );
    tell(
        &format!("flat HPKE, X25519, {people}: bytes"),
        "length of the record",
        "bytes",
        people,
        bytes,
        None,
    );
    tell(
        &format!("flat HPKE, X25519, {people}: a receiver, its slot alone"),
        CPU,
        "µs",
        people,
        receiver,
        None,
    );
    Ok(())
}

fn mls(name: &str, people: usize, mut group: Mls) -> Result<()> {
    let (mut author, mut bytes, mut receiver) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut made = None;
        author.push(micros_each(1, || made = Some(group.remove())));
        let commit = made.context("a commit was made")??;
        bytes.push(commit.to_bytes()?.len() as f64);
        let mut taken = None;
        receiver.push(micros_each(1, || taken = Some(group.receive(commit))));
        taken.context("the commit was taken in")??;
    }
    tell(
        &format!("{name}: the author"),
        CPU,
        "µs",
        people,
        author,
        None,
    );
    tell(
        &format!("{name}: bytes"),
        "length of the commit",
        "bytes",
        people,
        bytes,
        None,
    );
    tell(
        &format!("{name}: a receiver"),
        CPU,
        "µs",
        people,
        receiver,
        None,
    );
    Ok(())
}

fn bee(people: usize) -> Result<()> {
    let mut group = Bee::never_committed(people)?;
    let name = format!("BeeKEM, {people} members who never updated");
    let (mut author, mut bytes, mut receiver) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut made = None;
        author.push(micros_each(1, || made = Some(group.remove())));
        let (operations, length) = made.context("operations were made")??;
        bytes.push(length as f64);
        let mut taken = None;
        receiver.push(micros_each(1, || taken = Some(group.receive(operations))));
        taken.context("the operations were taken in")??;
    }
    tell(
        &format!("{name}: the author"),
        CPU,
        "µs",
        people,
        author,
        None,
    );
    tell(
        &format!("{name}: bytes"),
        "length of the operations",
        "bytes",
        people,
        bytes,
        None,
    );
    tell(
        &format!("{name}: a receiver"),
        CPU,
        "µs",
        people,
        receiver,
        None,
    );
    Ok(())
}
