//! Trees of depth 2 and more: whole subtrees by one slot, removals, re-keyed nodes.

use super::*;
use crate::id::EpochId;

struct Bucket {
    seed: NodeSeed,
    record: NodeRecord,
    node: TreeNode,
}

fn covered(suite: Suite, people: &[&Person], nodes: &[TreeNode]) -> Cover {
    let leaves: Vec<Leaf> = people.iter().map(|person| person.leaf.clone()).collect();
    tree_of(suite, &leaves, nodes).cover()
}

fn node_plan<'a>(
    suite: Suite,
    epoch: &'a NewEpoch,
    state: &'a StateKey,
    level: u8,
    children: Vec<Leaf>,
    nodes: &'a [TreeNode],
    author: LeafId,
) -> NodePlan<'a> {
    let base = plan(suite, &[]);
    NodePlan {
        server: base.server,
        audience: base.audience,
        suite,
        epoch: (epoch.id, state),
        level,
        position: 0,
        children,
        nodes,
        heads: base.heads,
        author: base.author,
        device: base.device,
        identity_head: base.identity_head,
        author_leaf: author,
    }
}

fn bucket(suite: Suite, epoch: &NewEpoch, members: &[&Person], seed: u64) -> Bucket {
    let state = epoch.secret.state_key();
    let children = members.iter().map(|person| person.leaf.clone()).collect();
    let plan = node_plan(suite, epoch, &state, 1, children, &[], members[0].leaf.id);
    let new = make_node(&plan, &signer(), &mut rng(seed)).unwrap();
    Bucket {
        seed: new.seed,
        record: new.record,
        node: new.node,
    }
}

/// Opens an epoch as a member of a bucket does: the node's seed by its own slot, then the node's slot.
fn open_through(
    person: &Person,
    bucket: &Bucket,
    state: &StateKey,
    record: &EpochRecord,
) -> Result<OpenedEpoch, KeysError> {
    let header = bucket
        .record
        .open_header(state)
        .unwrap()
        .verify(&signer().public())
        .unwrap();
    assert_eq!(header.node(), bucket.node);
    let seed = bucket
        .record
        .open(&header, &person.secret, person.leaf.id)?;
    assert_eq!(seed, bucket.seed);
    record.open(&seed.leaf_secret(), bucket.node.id)
}

#[test]
fn depth_two_from_build_through_removal_to_rekey() {
    for suite in [Suite::X25519, Suite::XWing] {
        let people: Vec<Person> = (1..=6).map(|seed| person(seed, suite)).collect();
        let [a, b, c, d, e, f] = people
            .iter()
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_else(|_| panic!());
        let first = make(&plan(suite, &[a, b, c, d, e, f]), 1);
        let state = first.secret.state_key();
        let left = bucket(suite, &first, &[a, b, c], 2);
        let right = bucket(suite, &first, &[d, e, f], 3);
        let nodes = [left.node.clone(), right.node.clone()];
        let after = |people: &[&Person], nodes: &[TreeNode], seed| {
            make(
                &EpochPlan {
                    cover: covered(suite, people, nodes),
                    reason: Reason::Removal,
                    ..plan(suite, people)
                },
                seed,
            )
        };
        // Nobody removed: a slot for each bucket reaches everybody.
        let whole = after(&[a, b, c, d, e, f], &nodes, 4);
        for (person, bucket) in [
            (a, &left),
            (b, &left),
            (c, &left),
            (d, &right),
            (e, &right),
            (f, &right),
        ] {
            assert!(open_through(person, bucket, &state, &whole.record).is_ok());
            assert!(person.open(&whole.record).is_err(), "no slot of its own");
        }
        // e is removed: the left bucket keeps one slot; d and f stand for themselves.
        let banned = after(&[a, b, c, d, f], &nodes, 5);
        for person in [a, b, c] {
            assert!(open_through(person, &left, &state, &banned.record).is_ok());
        }
        for person in [d, f] {
            assert!(person.open(&banned.record).is_ok());
        }
        assert!(
            open_through(e, &right, &state, &whole.record).is_ok(),
            "positive control"
        );
        assert!(
            open_through(e, &right, &state, &banned.record).is_err(),
            "e with its node"
        );
        assert!(e.open(&banned.record).is_err(), "e alone");
        // d re-keys the bucket without e: one slot again, and e has no way into the new node.
        let again = bucket(suite, &banned, &[d, f], 6);
        let nodes = [left.node.clone(), again.node.clone(), right.node.clone()];
        let next = after(&[a, b, c, d, f], &nodes, 7);
        let state = banned.secret.state_key();
        for person in [d, f] {
            assert!(open_through(person, &again, &state, &next.record).is_ok());
        }
        let header = again
            .record
            .open_header(&state)
            .unwrap()
            .verify(&signer().public())
            .unwrap();
        assert_eq!(
            again
                .record
                .open(&header, &e.secret, e.leaf.id)
                .unwrap_err(),
            KeysError::NoSlot(e.leaf.id)
        );
        assert!(open_through(e, &right, &first.secret.state_key(), &next.record).is_err());
    }
}

#[test]
fn depth_three_reaches_leaves_through_two_nodes() {
    let suite = Suite::X25519;
    let people: Vec<Person> = (1..=5).map(|seed| person(seed, suite)).collect();
    let [a, b, c, d, e] = people
        .iter()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|_| panic!());
    let first = make(&plan(suite, &[a, b, c, d, e]), 1);
    let state = first.secret.state_key();
    let (one, two) = (
        bucket(suite, &first, &[a, b], 2),
        bucket(suite, &first, &[c, d], 3),
    );
    let lower = [one.node.clone(), two.node.clone()];
    let children = lower
        .iter()
        .map(|node| Leaf::full(node.keys.clone()))
        .collect();
    let plan_top = node_plan(suite, &first, &state, 2, children, &lower, a.leaf.id);
    let top = make_node(&plan_top, &signer(), &mut rng(4)).unwrap();
    let nodes = [lower[0].clone(), lower[1].clone(), top.node.clone()];
    let epoch = make(
        &EpochPlan {
            cover: covered(suite, &[a, b, c, d, e], &nodes),
            ..plan(suite, &[a, b, c, d, e])
        },
        5,
    );
    let header = top
        .record
        .open_header(&state)
        .unwrap()
        .verify(&signer().public())
        .unwrap();
    let seed = top
        .record
        .open(&header, &two.seed.leaf_secret(), two.node.id)
        .unwrap();
    assert!(epoch.record.open(&seed.leaf_secret(), top.node.id).is_ok());
    assert!(
        e.open(&epoch.record).is_ok(),
        "a leaf of no node stands for itself"
    );
    // d is removed: the top and the second bucket are touched, the first is not.
    let epoch = make(
        &EpochPlan {
            cover: covered(suite, &[a, b, c, e], &nodes),
            ..plan(suite, &[a, b, c, e])
        },
        6,
    );
    assert!(epoch.record.open(&seed.leaf_secret(), top.node.id).is_err());
    assert!(
        epoch
            .record
            .open(&two.seed.leaf_secret(), two.node.id)
            .is_err()
    );
    assert!(open_through(b, &one, &state, &epoch.record).is_ok());
    assert!(c.open(&epoch.record).is_ok() && d.open(&epoch.record).is_err());
}

#[test]
fn a_node_is_authored_from_beneath_and_holds_no_closed_invite() {
    let suite = Suite::X25519;
    let (a, b, link) = (person(1, suite), person(2, suite), closed_invite(3, suite));
    let first = make(&plan(suite, &[&a, &b]), 1);
    let state = first.secret.state_key();
    let make = |children: Vec<Leaf>, author| {
        let plan = node_plan(suite, &first, &state, 1, children, &[], author);
        make_node(&plan, &signer(), &mut rng(2)).map(|_| ())
    };
    assert_eq!(
        make(vec![a.leaf.clone()], a.leaf.id),
        Ok(()),
        "positive control"
    );
    assert_eq!(
        make(vec![a.leaf.clone()], b.leaf.id),
        Err(KeysError::NotBeneath(b.leaf.id))
    );
    let children = vec![a.leaf.clone(), link.leaf.clone()];
    assert_eq!(
        make(children, a.leaf.id),
        Err(KeysError::UnusableKey(link.leaf.id))
    );
    assert_eq!(make(Vec::new(), a.leaf.id), Err(KeysError::Leaves(0)));
}

#[test]
fn a_node_over_a_closed_invite_or_a_stranger_is_left_aside() {
    let suite = Suite::X25519;
    let (a, link) = (person(1, suite), closed_invite(3, suite));
    let keys = LeafSecret::from_seed(&[9; 32]);
    let public = keys.public(suite);
    let node = |children| TreeNode {
        id: public.id(),
        keys: public.clone(),
        level: 1,
        children,
    };
    let opens = |children: Vec<LeafId>| {
        let nodes = [node(children)];
        let epoch = make(
            &EpochPlan {
                cover: covered(suite, &[&a, &link], &nodes),
                ..plan(suite, &[&a, &link])
            },
            1,
        );
        epoch.record.open(&keys, public.id()).is_ok()
    };
    assert!(opens(vec![a.leaf.id]), "positive control");
    assert!(
        !opens(vec![a.leaf.id, link.leaf.id]),
        "the closed invite would get content"
    );
    assert!(!opens(vec![a.leaf.id, stranger()]));
    assert!(!opens(Vec::new()));
}

#[test]
fn node_records_survive_the_wire_and_refuse_changes() {
    let suite = Suite::X25519;
    let (a, b) = (person(1, suite), person(2, suite));
    let first = make(&plan(suite, &[&a, &b]), 1);
    let state = first.secret.state_key();
    let made = bucket(suite, &first, &[&a, &b], 2);
    let bytes = KeyRecord::Node(made.record.clone()).encode();
    assert_eq!(
        KeyRecord::decode(&bytes).unwrap(),
        KeyRecord::Node(made.record.clone())
    );
    let key = signer().public();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Ok(KeyRecord::Node(record)) = KeyRecord::decode(&changed) else {
            continue;
        };
        let header = record
            .open_header(&state)
            .and_then(|header| header.verify(&key).map_err(|_| KeysError::Header));
        let opened = header.and_then(|header| record.open(&header, &a.secret, a.leaf.id));
        assert!(opened.is_err() || record == made.record, "byte {at}");
    }
    assert_eq!(made.record.public().epoch, first.id);
    assert_ne!(made.record.public().epoch, EpochId([0; 32]));
}
