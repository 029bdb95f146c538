//! What hostile members do, and falls.

use conclave_core::keys::*;

use super::{Shape, World};
use crate::village::What;

impl World {
    /// An author who seals garbage to one reader, with that reader's tag.
    pub(super) fn garbage(&mut self, a: usize, b: usize) {
        let Some(victim) = self
            .readers(a)
            .into_iter()
            .find(|other| *other != a && *other != b)
        else {
            return;
        };
        self.event(a, What::Ban(b));
        let mut tree = Tree::of(crate::village::SUITE, []);
        for reader in self.readers(a) {
            let keys = if reader == victim {
                self.link.keys.clone()
            } else {
                self.people[reader].keys.clone()
            };
            let leaf = Leaf {
                id: self.people[reader].leaf,
                keys,
                state_only: false,
            };
            tree.insert(leaf);
        }
        if self.people[a].ring.keys.is_empty() {
            return;
        }
        let plan = self.people[a].plan(&self.log, &tree);
        let record = self.publish(a, plan);
        self.cheated.insert((record.id(), victim));
        let complaint = Complaint {
            epoch: record.id(),
            leaf: self.people[victim].leaf,
        };
        let Some(Share::Full(secret)) = self.people[a].ring.shares.get(&record.id()).cloned()
        else {
            return;
        };
        let leaf = Leaf::full(self.people[victim].keys.clone());
        assert_eq!(
            complaint.is_proven(&record, &secret, &leaf),
            Ok(true),
            "seed {}",
            self.seed
        );
        let honest = Leaf::full(self.people[a].keys.clone());
        let lie = Complaint {
            leaf: honest.id,
            ..complaint
        };
        assert_eq!(
            lie.is_proven(&record, &secret, &honest),
            Ok(false),
            "seed {}",
            self.seed
        );
        self.count(Shape::GarbageSlots);
    }

    /// Epochs without grounds, one upon the other: nobody adopts them.
    pub(super) fn no_op(&mut self, a: usize) {
        let Some(mut parent) = self.people[a].usable(&self.log) else {
            return;
        };
        for _ in 0..2 {
            let tree = self.tree(a);
            let mut plan = self.people[a].plan(&self.log, &tree);
            plan.reason = Reason::Removal;
            plan.parents = vec![(parent, self.people[a].ring.keys[&parent].clone())];
            let record = self.publish(a, plan);
            parent = record.id();
            assert!(
                self.people[a].graph.get(&parent).is_none(),
                "seed {}: a void epoch was adopted",
                self.seed
            );
        }
        self.count(Shape::NoOpChain);
    }

    /// A member makes a node over somebody who is out.
    pub(super) fn readmit(&mut self, a: usize, b: usize) {
        let Some(epoch) = self.people[a].usable(&self.log) else {
            return;
        };
        self.event(a, What::Ban(b));
        let leaves = [a, b].map(|who| Leaf::full(self.people[who].keys.clone()));
        let group = Group {
            level: 1,
            position: 0,
            children: leaves.to_vec(),
        };
        let state = self.people[a].ring.keys[&epoch].state.clone();
        let made = self.people[a].node(&group, &[], (epoch, &state), &self.log, &mut self.rng);
        self.nodes.push(made.0.clone());
        self.people[a].nodes.push(made);
        self.say(a);
        self.count(Shape::NodeReadmits);
    }

    /// Falls before anything is committed, and does it again.
    pub(super) fn crash(&mut self, a: usize, b: usize) {
        let before = self.people[a].clone();
        let sizes = (
            self.epochs.len(),
            self.nodes.len(),
            self.messages.len(),
            self.log.0.len(),
        );
        let rings = self.all_seeing.clone();
        self.event(a, What::Ban(b));
        self.say(a);
        self.people[a] = before;
        self.all_seeing = rings;
        self.epochs.truncate(sizes.0);
        self.nodes.truncate(sizes.1);
        self.messages.truncate(sizes.2);
        self.log.0.truncate(sizes.3);
        self.event(a, What::Ban(b));
        self.say(a);
        self.count(Shape::Crash);
    }
}
