//! Hubs of a server: the manifest, which the hosting root's holder writes and keeps in step with the community.

use std::collections::BTreeSet;

use conclave_core::envelope::Topic;
use conclave_core::hash::Label;
use conclave_core::id::{Digest, IdentityId, Millis, Pseudonym, ServerId, TopicTag, VerifyKey};
use conclave_core::member::{Closing, JoinProof};
use conclave_core::permissions::{self, Bits};
use conclave_core::policy::{
    Delegation, Durability, HUBS_MAX, HostingManifest, Hub, MANIFEST_REVOKED_MAX,
    MANIFEST_TOPICS_MAX, MANIFEST_VERSION, REVOCATION_CLOSINGS_MAX, REVOCATION_VERSION, Revocation,
    RevocationCapability, TopicPolicy, delegation_payload, hosting_id,
};
use conclave_core::signed::{SigningKey, Verified};
use conclave_core::state::{ChannelKind, Community};

use super::{community, room_of};
use crate::command::{Command, CommandError, Reply};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::peer::State;
use crate::room::{Room, Standing};
use crate::sync::{self, Links};
use crate::wire::Frame;

/// How long a moderator may revoke without the writer, and how much of it must be left.
const CAPABILITY_MS: u64 = 30 * 86_400_000;
const CAPABILITY_LEFT_MS: u64 = 15 * 86_400_000;

/// Most moderators that get a capability.
const CAPABILITIES: usize = 64;

/// Most live invites and single members that a manifest admits.
const ADMITTED_MAX: usize = 1_024;

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    let (server, hubs) = match command {
        Command::AddHub { server, hub } => {
            let mut hubs = hubs_of(room_of(state, &server)?);
            hubs.retain(|known| known.node != hub.node);
            hubs.push(hub);
            (server, hubs)
        }
        Command::RemoveHub { server, node } => {
            let mut hubs = hubs_of(room_of(state, &server)?);
            if !hubs.iter().any(|hub| hub.node == node) {
                return Err(CommandError::NotFound { what: "hub" });
            }
            hubs.retain(|hub| hub.node != node);
            (server, hubs)
        }
        _ => return Err(CommandError::NotFound { what: "command" }),
    };
    if hubs.len() > HUBS_MAX {
        return Err(CommandError::Conflict(format!(
            "a server has at most {HUBS_MAX} hubs"
        )));
    }
    let room = room_of(state, &server)?;
    write(room, ctx, hubs)?;
    room.hosting.fill = true;
    let reaches: Vec<_> = sync::hub_reaches(room).collect();
    ctx.out.dials.extend(reaches);
    let conns: Vec<_> = state.links.keys().copied().collect();
    for conn in conns {
        sync::introduce(&state.rooms, &mut state.links, ctx, conn);
    }
    Ok(Reply::Done)
}

fn hubs_of(room: &Room) -> Vec<Hub> {
    let manifest = room.hosting.manifest.as_ref();
    manifest.map_or_else(Vec::new, |manifest| manifest.hubs.clone())
}

/// The hosting root's key, if this account holds it.
fn root_key(room: &Room, ctx: &Ctx<'_>) -> Option<SigningKey> {
    let community = room.community.as_ref()?;
    let nonce = <[u8; 32]>::try_from(community.genesis().nonce.as_slice()).ok()?;
    let root = ctx.me.keys.pseudonym(ServerId(nonce));
    (room.hosting_id() == Some(hosting_id(&root.public()))).then_some(root)
}

/// Whether this account writes the server's manifest.
#[must_use]
pub fn holds_root(room: &Room, ctx: &Ctx<'_>) -> bool {
    root_key(room, ctx).is_some()
}

/// Writes the next manifest and puts it in force here; connections are told with this call.
fn write(room: &mut Room, ctx: &mut Ctx<'_>, hubs: Vec<Hub>) -> Result<(), CommandError> {
    let root = root_key(room, ctx).ok_or_else(|| CommandError::Forbidden {
        permission: None,
        message: "only the owner's device that founded the server can change its hubs".to_owned(),
    })?;
    let manifest = next(room, ctx, &root, hubs)?;
    let writer = writer_key(ctx, &root);
    let manifest = Verified::sign(manifest, &writer);
    manifest
        .check(&root.public())
        .map_err(|error| CommandError::Conflict(error.to_string()))?;
    room.hosting.adopt(&mut ctx.txn, room.id, manifest);
    room.hosting.tell = true;
    ctx.out.notice(Notice::Server(room.id));
    Ok(())
}

/// The manifest key: derived, so that the account can always make it again.
fn writer_key(ctx: &Ctx<'_>, root: &SigningKey) -> SigningKey {
    ctx.me
        .keys
        .pseudonym(ServerId(hosting_id(&root.public()).0))
}

fn next(
    room: &Room,
    ctx: &Ctx<'_>,
    root: &SigningKey,
    mut hubs: Vec<Hub>,
) -> Result<HostingManifest, CommandError> {
    let community = community(room)?;
    hubs.sort_by_key(|hub| hub.node);
    let before = room.hosting.manifest.as_ref();
    let writer = writer_key(ctx, root).public();
    let payload = delegation_payload(&room.tag, &writer, 1);
    Ok(HostingManifest {
        version: MANIFEST_VERSION,
        server: room.tag,
        root: root.public(),
        delegation: Delegation {
            key: writer,
            from_seq: 1,
            signature: root
                .sign(Label::ManifestDelegation, &payload)
                .to_vec()
                .into(),
        },
        seq: before.map_or(1, |before| before.seq + 1),
        prev: before.map(Verified::id),
        topics: topics(room, &community, hubs.len()),
        hubs,
        default_topic: rule(TopicTag([0; 16]), Durability::Replicated.number()),
        invites: admitted(room, ctx, &community),
        revoked: closings(room, &community, MANIFEST_REVOKED_MAX),
        may_revoke: capabilities(room, ctx, &community),
        time: ctx.now,
    })
}

const fn rule(topic: TopicTag, durability: u8) -> TopicPolicy {
    TopicPolicy {
        topic,
        durability,
        quorum: 0,
        retention_ms: None,
        quota_bytes: None,
        hubs: None,
    }
}

/// Rules of channels that differ from the default.
fn topics(room: &Room, community: &Community, hubs: usize) -> Vec<TopicPolicy> {
    let mut rules: Vec<TopicPolicy> = community
        .channels()
        .filter(|channel| channel.kind != ChannelKind::Category)
        .map(|channel| TopicPolicy {
            quorum: u16::from(channel.durability == Durability::Guaranteed.number() && hubs > 0),
            retention_ms: channel.ttl_ms,
            ..rule(room.channel_topic(channel.id), channel.durability)
        })
        .filter(|one| *one != rule(one.topic, Durability::Replicated.number()))
        .collect();
    rules.sort_by_key(|rule| rule.topic);
    rules.truncate(MANIFEST_TOPICS_MAX);
    rules
}

/// Keys that let pseudonyms in: live invites; and by themselves those members whose invite lives no more, and the founders.
fn admitted(room: &Room, ctx: &Ctx<'_>, community: &Community) -> Vec<VerifyKey> {
    let live = |invite: &&conclave_core::state::Invite| {
        invite.revoked.is_none() && invite.expires.is_none_or(|expires| expires > ctx.now)
    };
    let mut keys: BTreeSet<VerifyKey> = BTreeSet::new();
    for register in room.roster.registers() {
        if !room.is_member(&register.identity) {
            continue;
        }
        let lives = match &register.proof {
            JoinProof::Invite { invite, .. } => community
                .invite(invite)
                .filter(|invite| live(&invite))
                .is_some(),
            JoinProof::Founder | JoinProof::Sibling(_) => false,
        };
        if !lives && keys.len() < ADMITTED_MAX / 2 {
            keys.insert(VerifyKey(register.pseudonym.0));
        }
    }
    let invites = community
        .invites()
        .filter(live)
        .map(|invite| invite.verify_key);
    for key in invites {
        if keys.len() < ADMITTED_MAX {
            keys.insert(key);
        }
    }
    keys.into_iter().collect()
}

/// Where the devices of removed members end, in every topic in which they spoke. What an earlier manifest said stays.
fn closings(room: &Room, community: &Community, max: usize) -> Vec<Closing> {
    let said = |pseudonym: Pseudonym, topic: TopicTag| {
        let manifest = room.hosting.manifest.as_ref()?;
        let known = manifest.revoked.iter();
        known
            .clone()
            .find(|closing| closing.pseudonym == pseudonym && closing.topic == topic)
            .map(|closing| closing.last)
    };
    let authority = Topic::Authority(room.id).tag();
    let mut closings = Vec::new();
    for register in room.roster.registers() {
        if !is_removed(room, community, &register.identity) {
            continue;
        }
        for topic in room.topics.keys() {
            let here = room.cursors.last(topic, &register.pseudonym);
            let last = said(register.pseudonym, *topic).unwrap_or(here);
            // One closing at least, since who has one is closed everywhere.
            if last > 0 || *topic == authority {
                closings.push(Closing {
                    pseudonym: register.pseudonym,
                    topic: *topic,
                    last,
                });
            }
        }
    }
    closings.sort_by_key(|closing| (closing.pseudonym, closing.topic));
    closings.dedup_by_key(|closing| (closing.pseudonym, closing.topic));
    closings.truncate(max);
    closings
}

fn is_removed(room: &Room, community: &Community, identity: &IdentityId) -> bool {
    !room.roster.is_member(community, identity) && room.removal_of(identity).is_some()
}

/// Who may ban may also end pseudonyms on hubs, for a while.
fn capabilities(room: &Room, ctx: &Ctx<'_>, community: &Community) -> Vec<RevocationCapability> {
    let until = Millis(ctx.now.0.saturating_add(CAPABILITY_MS));
    let mut holders = BTreeSet::new();
    for member in room.roster.members(community) {
        let identity = member.identity();
        let bits = permissions::base(community, &room.actor(community, &identity));
        if !bits.contains(Bits::BAN_MEMBERS) && !bits.contains(Bits::ADMINISTRATOR) {
            continue;
        }
        for (pseudonym, _) in room.roster.leaves(community, &identity) {
            if holders.len() < CAPABILITIES {
                holders.insert(pseudonym);
            }
        }
    }
    let capability = |pseudonym| RevocationCapability { pseudonym, until };
    holders.into_iter().map(capability).collect()
}

/// Keeps the manifest in step with invites, channels, bans and moderators, where this account writes it.
pub fn keep_manifest(room: &mut Room, ctx: &mut Ctx<'_>) {
    let Some(before) = room.hosting.manifest.clone() else {
        return;
    };
    if room.local.standing != Standing::Active {
        return;
    }
    let Some(root) = root_key(room, ctx) else {
        return;
    };
    let Ok(after) = next(room, ctx, &root, before.hubs.clone()) else {
        return;
    };
    let enough = Millis(ctx.now.0.saturating_add(CAPABILITY_LEFT_MS));
    let holders = |manifest: &HostingManifest| -> Vec<Pseudonym> {
        manifest
            .may_revoke
            .iter()
            .map(|one| one.pseudonym)
            .collect()
    };
    let fresh = before.may_revoke.iter().all(|one| one.until > enough);
    let same = before.topics == after.topics
        && before.invites == after.invites
        && before.revoked == after.revoked
        && holders(&before) == holders(&after)
        && fresh;
    if !same {
        // It was checked when the hubs were set; what does not fit any more waits for the owner.
        let _ = write(room, ctx, before.hubs.clone());
    }
}

/// Tells the hubs that are connected where removed members end, where this account may and the manifest does not say it yet.
pub fn revoke_at_hubs(room: &Room, links: &Links, ctx: &mut Ctx<'_>) {
    let (Some(manifest), Some(community)) = (&room.hosting.manifest, &room.community) else {
        return;
    };
    let key = ctx.me.pseudonym(room.id);
    let me = Pseudonym(key.public().0);
    let may = manifest
        .may_revoke
        .iter()
        .any(|one| one.pseudonym == me && one.until > ctx.now);
    if !may || holds_root(room, ctx) {
        return;
    }
    let known: BTreeSet<Pseudonym> = manifest.revoked.iter().map(|one| one.pseudonym).collect();
    let mut closings = closings(room, community, REVOCATION_CLOSINGS_MAX);
    closings.retain(|closing| !known.contains(&closing.pseudonym));
    if closings.is_empty() {
        return;
    }
    let revocation = Revocation {
        version: REVOCATION_VERSION,
        server: room.tag,
        by: me,
        manifest_seq: manifest.seq,
        closings,
        time: ctx.now,
    };
    let revocation = Verified::sign(revocation, &key).bytes().encode();
    for (conn, _) in links
        .iter()
        .filter(|(_, link)| link.hubs.contains_key(&room.id))
    {
        let frame = Frame::HubRevoke {
            server: room.tag,
            revocation: revocation.clone().into(),
        };
        sync::send(ctx, *conn, &frame);
    }
}

/// Refuses to speak in a guaranteed channel without enough hubs: the draft is kept by whoever wrote it.
///
/// # Errors
/// [`CommandError::NoHub`].
pub(super) fn require_hubs(
    state: &State,
    channel: &conclave_core::id::ChannelId,
) -> Result<(), CommandError> {
    let room = state
        .server_of(channel)
        .and_then(|server| state.rooms.get(&server));
    let Some(room) = room else { return Ok(()) };
    let mode = room
        .community
        .as_ref()
        .and_then(|community| community.channel(channel))
        .map(|channel| channel.durability);
    let enough = room.hosting.quorum(&room.channel_topic(*channel));
    let guaranteed = mode == Some(Durability::Guaranteed.number());
    if guaranteed && sync::hubs_that_write(room, &state.links) < enough {
        return Err(CommandError::NoHub);
    }
    Ok(())
}

/// The hash by which a link names the hosting root, where the server has hubs.
#[must_use]
pub fn link_hosting(room: &Room) -> Option<Digest> {
    room.hosting
        .manifest
        .as_ref()
        .and_then(|_| room.hosting_id())
}
