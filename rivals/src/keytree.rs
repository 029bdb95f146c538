//! A community's key tree as its members make it: everybody joins in turn, and makes the nodes that joining asks of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use conclave_core::envelope::{Form, delete_hash, server_tag};
use conclave_core::id::{
    AudienceId, DeviceId, EpochId, EventId, IdentityEntryId, IdentityId, LeafId, ServerId, TopicTag,
};
use conclave_core::keys::{
    EpochKeys, EpochPlan, Group, Growth, KeyRecord, Leaf, LeafSecret, NewEpoch, NodeHeader,
    NodePlan, NodeRecord, Reason, StateKey, Suite, Tree, TreeNode, make_epoch, make_node,
};
use conclave_core::message::{OuterFields, seal_record};
use conclave_core::signed::{SigningKey, Verified};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A community.
pub struct Community {
    /// The key tree, as a member who rotates holds it.
    pub tree: Tree,
    /// The epoch that everybody holds.
    pub epoch: EpochId,
    /// Its keys.
    pub keys: EpochKeys,
    /// Ids of the members' leaves, in the order in which they joined.
    pub leaves: Vec<LeafId>,
    /// Node records, by the node's leaf.
    pub nodes: BTreeMap<LeafId, (NodeRecord, Verified<NodeHeader>)>,
    suite: Suite,
    signer: SigningKey,
    rng: ChaCha20Rng,
}

/// The secret of a member's leaf.
pub fn secret(number: usize) -> LeafSecret {
    let mut seed = [3; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    LeafSecret::from_seed(&seed)
}

impl Community {
    /// Lets so many people join, one after the other.
    pub fn new(suite: Suite, growth: Growth, people: usize) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(people as u64);
        let signer = SigningKey::from_seed(&[9; 32]);
        let founder = Leaf::full(secret(0).public(suite));
        let mut tree = Tree::new(suite, growth);
        tree.insert(founder);
        let first = make_epoch(&plan(suite, &tree, Vec::new()), &signer, &mut rng)?;
        let mut community = Self {
            tree: Tree::new(suite, growth),
            epoch: first.id,
            keys: first.secret.keys(),
            leaves: Vec::with_capacity(people),
            nodes: BTreeMap::new(),
            suite,
            signer,
            rng,
        };
        for number in 0..people {
            let leaf = Leaf::full(secret(number).public(suite));
            community.leaves.push(leaf.id);
            community.tree.insert(leaf);
            community.speak(number)?;
        }
        Ok(community)
    }

    /// Makes the nodes above a member that are worth it; the envelopes in wire form.
    pub fn speak(&mut self, number: usize) -> Result<Vec<Vec<u8>>> {
        let own = self.leaves[number];
        let mut sent = Vec::new();
        while let Some(group) = self.tree.heal(&own) {
            let path: Vec<TreeNode> = self.tree.path(&own).into_iter().cloned().collect();
            let state = self.keys.state.clone();
            let record = self.node(group, &path, own, &state)?;
            sent.push(self.envelope(&KeyRecord::Node(record))?);
        }
        Ok(sent)
    }

    fn node(
        &mut self,
        group: Group,
        path: &[TreeNode],
        own: LeafId,
        state: &StateKey,
    ) -> Result<NodeRecord> {
        let base = plan(self.suite, &self.tree, Vec::new());
        let node = NodePlan {
            server: base.server,
            audience: base.audience,
            suite: self.suite,
            epoch: (self.epoch, state),
            level: group.level,
            position: group.position,
            children: group.children,
            nodes: path,
            heads: base.heads,
            author: base.author,
            device: base.device,
            identity_head: base.identity_head,
            author_leaf: own,
        };
        let made = make_node(&node, &self.signer, &mut self.rng)?;
        let header = made.record.open_header(state)?;
        let header = header.verify(&self.signer.public())?;
        self.tree.insert_node(&header);
        ensure!(self.tree.is_usable(&made.node.id), "a made node is usable");
        self.nodes
            .insert(made.node.id, (made.record.clone(), header));
        Ok(made.record)
    }

    /// Makes the next epoch for those in a tree, and gives it with its envelope in wire form.
    pub fn rotate(
        &mut self,
        tree: &Tree,
        parents: Vec<(EpochId, EpochKeys)>,
    ) -> Result<(NewEpoch, Vec<u8>)> {
        let plan = plan(self.suite, tree, parents);
        let epoch = make_epoch(&plan, &self.signer, &mut self.rng)?;
        let bytes = self.envelope(&KeyRecord::Epoch(epoch.record.clone()))?;
        Ok((epoch, bytes))
    }

    /// Makes the next epoch for those in a tree, and nothing to send it in.
    pub fn next_epoch(&mut self, tree: &Tree) -> Result<NewEpoch> {
        let plan = plan(self.suite, tree, self.parent());
        Ok(make_epoch(&plan, &self.signer, &mut self.rng)?)
    }

    /// The epoch that everybody holds, as a parent.
    pub fn parent(&self) -> Vec<(EpochId, EpochKeys)> {
        vec![(self.epoch, self.keys.clone())]
    }

    /// An envelope of the topic `keys` in wire form, signed.
    pub fn envelope(&self, record: &KeyRecord) -> Result<Vec<u8>> {
        let fields = OuterFields {
            server: server_tag(ServerId([1; 32])),
            topic: TopicTag([2; 16]),
            epoch: EpochId([0; 32]),
            seq: 1,
            form: Form::Keys,
            delete_hash: delete_hash(&[1; 32]),
            drop: None,
        };
        Ok(seal_record(fields, record, &self.signer)?.bytes().encode())
    }

    /// The secrets that a member holds of the nodes above them: what each node record gives, lowest first.
    pub fn climb(&self, number: usize) -> Result<Vec<(LeafId, LeafSecret)>> {
        let mut held = vec![(self.leaves[number], secret(number))];
        for node in self.tree.path(&self.leaves[number]) {
            let (record, _) = self.nodes.get(&node.id).context("a node has a record")?;
            let (child, secret) = held.last().context("the leaf is held")?;
            let seed = record.open_seed(secret, *child)?;
            held.push((node.id, seed.leaf_secret()));
        }
        Ok(held)
    }

    /// The key that verifies what members of this community sign.
    pub fn signer(&self) -> &SigningKey {
        &self.signer
    }
}

/// An epoch for those in a tree.
fn plan(suite: Suite, tree: &Tree, parents: Vec<(EpochId, EpochKeys)>) -> EpochPlan {
    EpochPlan {
        server: ServerId([1; 32]),
        audience: AudienceId([2; 32]),
        suite,
        cover: tree.cover(),
        heads: vec![EventId([3; 32])],
        reason: if parents.is_empty() {
            Reason::First
        } else {
            Reason::Removal
        },
        parents,
        removed: Vec::new(),
        closing: Vec::new(),
        link_content: true,
        author: IdentityId([4; 32]),
        device: DeviceId([5; 32]),
        identity_head: IdentityEntryId([6; 32]),
    }
}
