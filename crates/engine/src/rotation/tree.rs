//! The key tree of an audience: whom the next epoch is sealed to, and nodes made anew by those beneath them.

use conclave_core::id::{AudienceId, EpochId, LeafId};
use conclave_core::keys::audience::{self, Rule};
use conclave_core::keys::{
    Cover, EpochKeys, Group, KeyRecord, KeysError, NodeHeader, NodePlan, Tree, TreeNode, make_node,
};
use conclave_core::state::{Community, Roster};

use crate::ctx::Ctx;
use crate::inbox;
use crate::outbox;
use crate::room::{NODES_MAX, Room};

/// Whom an epoch of an audience is sealed to now.
pub(super) fn cover(
    room: &mut Room,
    ctx: &Ctx<'_>,
    community: &Community,
    audience: AudienceId,
    rule: &Rule,
) -> Cover {
    with_tree(room, ctx, community, audience, rule, |tree| tree.cover())
}

/// Makes the nodes above this device anew that have lost somebody, and takes in newcomers, level by level: "heal on speak" for
/// nodes. Nothing happens where the community is small or nothing is worth it.
pub(super) fn tend(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    audience: AudienceId,
    rule: &Rule,
    epoch: (EpochId, &EpochKeys),
) {
    // Every device and every link is one leaf at most.
    let most = room.roster.registers().len();
    if most <= ctx.me.growth.flat_max || epoch.1.content.is_none() {
        return;
    }
    let Some(community) = room.community.clone() else {
        return;
    };
    let own = room.roster.device(&ctx.identity(), &ctx.me.device());
    let Some(own) = own.map(|register| register.leaf.id()) else {
        return;
    };
    for _ in 1..conclave_core::keys::DEPTH_MAX {
        let wanted = with_tree(room, ctx, &community, audience, rule, |tree| {
            let path: Vec<TreeNode> = tree.path(&own).into_iter().cloned().collect();
            Some((tree.heal(&own)?, path))
        });
        let Some((group, path)) = wanted else { return };
        if !make(room, ctx, audience, epoch, group, &path, own) {
            return;
        }
    }
}

/// Makes one node; false if it could not be made.
fn make(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    audience: AudienceId,
    (epoch, keys): (EpochId, &EpochKeys),
    group: Group,
    path: &[TreeNode],
    own: LeafId,
) -> bool {
    if room.nodes.iter().len() >= NODES_MAX {
        return false;
    }
    let mut plan = NodePlan {
        server: room.id,
        audience,
        suite: room.suite(),
        epoch: (epoch, &keys.state),
        level: group.level,
        position: group.position,
        children: group.children,
        nodes: path,
        heads: room.log.heads().to_vec(),
        author: ctx.identity(),
        device: ctx.me.device(),
        identity_head: ctx.me.log.head(),
        author_leaf: own,
    };
    let node = loop {
        match make_node(&plan, &ctx.me.keys.device(), ctx.rng) {
            Ok(node) => break node,
            // Somebody's bad key must not keep their neighbours from a node.
            Err(KeysError::UnusableKey(leaf)) if leaf != own => {
                plan.children.retain(|child| child.id != leaf);
            }
            Err(_) => return false,
        }
    };
    let record = KeyRecord::Node(node.record.clone());
    let Ok(sent) = outbox::send_record(room, ctx, &record) else {
        return false;
    };
    inbox::keep_node(room, ctx, sent.position, node).is_ok()
}

/// Does something with the tree of an audience as it is now.
fn with_tree<T>(
    room: &mut Room,
    ctx: &Ctx<'_>,
    community: &Community,
    audience: AudienceId,
    rule: &Rule,
    work: impl FnOnce(&Tree) -> T,
) -> T {
    let suite = room.suite();
    let growth = ctx.me.growth;
    let roster = &room.roster;
    let mut grown = room.nodes.lend(
        audience,
        suite,
        || Tree::new(suite, growth),
        |header| is_own_leaf(roster, header),
    );
    let leaves = audience::leaves(community, &room.roster, rule, ctx.now);
    grown.tree.set_leaves(leaves);
    grown
        .tree
        .set_lone(community.invites().map(|invite| invite.leaf_id()));
    let result = work(&grown.tree);
    room.nodes.give_back(audience, grown);
    result
}

/// Whether the leaf that a node's author claims is that of the author's device. Should the device take another leaf later, the
/// old one is no recipient any more, and the node is out of use with it.
fn is_own_leaf(roster: &Roster, header: &NodeHeader) -> bool {
    roster
        .device(&header.author, &header.device)
        .is_some_and(|register| register.leaf.id() == header.author_leaf)
}
