//! Membership change → next epoch; healing on speaking; keys for those who are new.
//!
//! Rule R1 is asked before every seal: a sender uses an epoch only if everybody whom it was sealed to may still read. If
//! none passes, the sender makes the next one, with all heads that it can open as parents ("heal on speak").

mod sweep;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::event::{Body, Kind};
use conclave_core::id::{AudienceId, EpochId, EventId, IdentityId, LeafId, Millis, Pseudonym};
use conclave_core::keys::audience::{self, Rule};
use conclave_core::keys::rules::{EpochFacts, Removal, Standing};
use conclave_core::keys::{
    EpochKeys, EpochPlan, KeyRecord, Leaf, Reason, Removed, Share, direct_slot, make_epoch,
};
use conclave_core::log::Log;
use conclave_core::member::{Closing, Status};
use conclave_core::state::{Community, Roster};

pub use self::sweep::sweep;
use crate::command::{CommandError, History};
use crate::ctx::Ctx;
use crate::inbox;
use crate::outbox;
use crate::room::{Entry, KeyBook, Room, Stage};

/// Most heads that one epoch follows; the rest are merged by later ones.
const PARENTS_MAX: usize = conclave_core::keys::EPOCH_PARENTS_MAX;

/// Most direct slots that one event's author makes; the rest ask a member when they come.
const DIRECT_MAX: usize = 256;

/// The rule behind an audience at some state.
#[must_use]
pub fn rule_of(room: &Room, community: &Community, audience: &AudienceId) -> Option<Rule> {
    if *audience == audience::everyone(room.id) {
        return Some(Rule::Everyone);
    }
    audience::all(community).remove(audience)
}

/// Gives an epoch of an audience that may be used now, and its keys; makes the next one if none passes R1.
///
/// # Errors
/// [`CommandError::NoKey`] if epochs exist but none opens here.
pub fn ensure(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    audience: AudienceId,
    rule: &Rule,
) -> Result<(EpochId, EpochKeys), CommandError> {
    if let Some((version, id)) = room.usable.get(&audience).copied()
        && version == room.version
        && let Some(keys) = room.epochs.keys(&id)
    {
        return Ok((id, keys.clone()));
    }
    let id = match usable(room, audience, rule) {
        // The key of a later epoch is on its way: whoever it left out must not read what is said now.
        Some(id) if superseded(room, &id, ctx.now) => return Err(CommandError::NoKey),
        Some(id) => id,
        None => rotate(room, ctx, audience, rule, None)?,
    };
    room.usable.insert(audience, (room.version, id));
    let keys = room.epochs.keys(&id).cloned().ok_or(CommandError::NoKey)?;
    tree::tend(room, ctx, audience, rule, (id, &keys));
    Ok((id, keys))
}

/// How long a device waits for the key of a later epoch before it goes on without: long enough to be served by whoever is
/// connected, short enough that a record with a bad slot cannot silence anybody for good.
const KEY_WAIT_MS: u64 = 30_000;

/// Whether a later epoch came a moment ago whose key is not here yet.
fn superseded(room: &Room, id: &EpochId, now: Millis) -> bool {
    room.epochs.children(id).iter().any(|child| {
        room.epochs.get(child).is_some_and(|entry| {
            entry.stage == Stage::Sealed && entry.since.0 + KEY_WAIT_MS > now.0
        })
    })
}

/// Gives an epoch that may be used now, if there is one; never makes any.
#[must_use]
pub fn current(room: &mut Room, audience: AudienceId, rule: &Rule) -> Option<(EpochId, EpochKeys)> {
    let id = usable(room, audience, rule)?;
    Some((id, room.epochs.keys(&id)?.clone()))
}

/// Whether somebody who may not read any more still holds the newest key of an audience: the next speaker makes another.
#[must_use]
pub fn is_due(room: &Room, audience: AudienceId, rule: &Rule) -> bool {
    let any = room.epochs.of_audience(audience).next().is_some();
    let (left, events) = (left(room), removal_events(room).collect());
    any && newest(
        &room.epochs,
        &mut room.log.clone(),
        &room.roster,
        (&left, events),
        (audience, rule),
    )
    .is_none()
}

/// The epoch that R2 chooses among those that open here and pass R1: made in knowledge of every removal that bears on the audience.
fn usable(room: &mut Room, audience: AudienceId, rule: &Rule) -> Option<EpochId> {
    let (left, events) = (left(room), removal_events(room).collect());
    newest(
        &room.epochs,
        &mut room.log,
        &room.roster,
        (&left, events),
        (audience, rule),
    )
}

fn newest(
    epochs: &KeyBook,
    log: &mut Log,
    roster: &Roster,
    (left, events): (&[Removed], Vec<EventId>),
    (audience, rule): (AudienceId, &Rule),
) -> Option<EpochId> {
    let graph = epochs.graph();
    // Telling costs two states, and several epochs may lack the same event.
    let mut bearing: BTreeMap<EventId, bool> = BTreeMap::new();
    let judge = |facts: &EpochFacts| {
        let keys = epochs.keys(&facts.id);
        if keys.is_none_or(|keys| keys.content.is_none()) {
            return Standing::Closed;
        }
        if epochs.get(&facts.id).is_some_and(|entry| entry.bad_slot) {
            return Standing::Outdated;
        }
        let departures = graph.departures(&facts.id);
        let knows = |removed: &Removed| {
            departures
                .get(&removed.pseudonym)
                .is_some_and(|seq| *seq >= removed.seq)
        };
        let mut lacks = |event: &EventId| {
            !log.is_ancestor(event, &facts.heads)
                && *bearing
                    .entry(*event)
                    .or_insert_with(|| bears(log, roster, event, rule))
        };
        if left.iter().all(knows) && !events.iter().any(&mut lacks) {
            Standing::Usable
        } else {
            Standing::Outdated
        }
    };
    graph.newest(audience, judge).into_iter().next()
}

/// Whether an event took anybody, a device or a link, out of an audience.
fn bears(log: &mut Log, roster: &Roster, event: &EventId, rule: &Rule) -> bool {
    let Some(parents) = log.get(event).map(|event| event.parents.clone()) else {
        return false;
    };
    let (Ok(before), Ok(after)) = (log.resolve(&parents), log.resolve(&[*event])) else {
        // What cannot be judged is taken for a removal: it costs an epoch, not a secret.
        return true;
    };
    let after = leaf_ids(roster, &after, rule);
    !leaf_ids(roster, &before, rule).is_subset(&after)
}

/// Ids of all leaves that may read now, expired links among them: expiry is no removal.
fn leaf_ids(roster: &Roster, community: &Community, rule: &Rule) -> BTreeSet<LeafId> {
    let leaves = audience::leaves(community, roster, rule, Millis(0));
    leaves.into_iter().map(|leaf| leaf.id).collect()
}

/// Devices that left by their own registers.
fn left(room: &Room) -> Vec<Removed> {
    let registers = room.roster.registers();
    registers
        .filter(|register| register.status == Status::Left)
        .map(|register| Removed {
            pseudonym: register.pseudonym,
            seq: register.seq,
        })
        .collect()
}

/// Every event that may have taken somebody out of an audience, and every departure.
#[must_use]
pub fn removals(room: &Room) -> Vec<Removal> {
    let left = left(room);
    let left = left
        .iter()
        .map(|removed| Removal::Left(removed.pseudonym, removed.seq));
    removal_events(room)
        .map(Removal::Event)
        .chain(left)
        .collect()
}

/// Events of the kinds that can take somebody out of an audience.
fn removal_events(room: &Room) -> impl Iterator<Item = EventId> + use<'_> {
    const KINDS: [Kind; 10] = [
        Kind::Ban,
        Kind::Kick,
        Kind::RoleRevoke,
        Kind::RoleUpdate,
        Kind::RoleDelete,
        Kind::OverwriteSet,
        Kind::OverwriteClear,
        Kind::ChannelUpdate,
        Kind::InviteRevoke,
        Kind::DeviceCut,
    ];
    let events = room.log.events();
    events
        .filter(|event| KINDS.iter().any(|kind| kind.number() == event.kind))
        .map(|event| event.event_id())
}

/// Makes the next epoch of an audience.
///
/// # Errors
/// [`CommandError::NoKey`] if epochs exist but none opens here; [`CommandError::Forbidden`] if this account is not in the
/// audience.
pub fn rotate(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    audience: AudienceId,
    rule: &Rule,
    reason: Option<Reason>,
) -> Result<EpochId, CommandError> {
    let community = room.community.clone().ok_or(CommandError::NoKey)?;
    if !audience::readers(&community, &room.roster, rule).contains(&room.me) {
        return Err(CommandError::Forbidden {
            permission: Some("VIEW_CHANNEL".to_owned()),
            message: "you may not read this channel, so you cannot make keys for it".to_owned(),
        });
    }
    let parents = parents(room, audience);
    let known_any = room.epochs.of_audience(audience).next().is_some();
    if parents.is_empty() && known_any {
        return Err(CommandError::NoKey);
    }
    let before = parents
        .iter()
        .flat_map(|(id, _)| room.epochs.graph().departures(id))
        .collect();
    let removed = gone(room, &community, rule, &before);
    let cheated = parents
        .iter()
        .any(|(id, _)| room.epochs.get(id).is_some_and(|entry| entry.bad_slot));
    let reason = reason.unwrap_or(match (parents.is_empty(), cheated) {
        (true, _) => Reason::First,
        (_, true) => Reason::BadSlot,
        (_, false) => Reason::Removal,
    });
    let plan = EpochPlan {
        server: room.id,
        audience,
        suite: room.suite(),
        cover: tree::cover(room, ctx, &community, audience, rule),
        heads: room.log.heads().to_vec(),
        parents,
        reason,
        closing: closing(room, audience, &removed),
        removed,
        link_content: History::of(community.history()) == History::All,
        author: ctx.identity(),
        device: ctx.me.device(),
        identity_head: ctx.me.log.head(),
    };
    let epoch = make_epoch(&plan, &ctx.me.keys.device(), ctx.rng)
        .map_err(|error| CommandError::Conflict(error.to_string()))?;
    let sent = outbox::send_epoch(room, ctx, &epoch.record)?;
    let entry = Entry {
        record: epoch.record,
        position: sent.position,
        stage: Stage::Sealed,
        keys: None,
        share: None,
        header: None,
        since: ctx.now,
        bad_slot: false,
    };
    room.epochs.put(&mut ctx.txn, room.id, epoch.id, entry);
    inbox::open_with_share(room, ctx, epoch.id, Share::Full(epoch.secret))?;
    Ok(epoch.id)
}

/// History policy: newcomers read from joining on.
pub const HISTORY_FROM_JOIN: u8 = 2;

/// Heads of the audience's epochs that open here.
fn parents(room: &Room, audience: AudienceId) -> Vec<(EpochId, EpochKeys)> {
    let open: BTreeSet<EpochId> = room
        .epochs
        .of_audience(audience)
        .filter(|(_, entry)| entry.keys.is_some())
        .map(|(id, _)| *id)
        .collect();
    let heads = room.epochs.graph().heads(&open);
    let keys = |id: EpochId| Some((id, room.epochs.keys(&id)?.clone()));
    heads
        .into_iter()
        .take(PARENTS_MAX)
        .filter_map(keys)
        .collect()
}

/// Devices that may not read any more and that no epoch before has left out.
fn gone(
    room: &Room,
    community: &Community,
    rule: &Rule,
    before: &BTreeMap<Pseudonym, u64>,
) -> Vec<Removed> {
    let readers = audience::readers(community, &room.roster, rule);
    room.roster
        .registers()
        .filter(|register| register.status == Status::Left || !readers.contains(&register.identity))
        .map(|register| Removed {
            pseudonym: register.pseudonym,
            seq: register.seq,
        })
        .filter(|removed| {
            before
                .get(&removed.pseudonym)
                .is_none_or(|seq| *seq < removed.seq)
        })
        .collect()
}

/// What of the removed devices is honoured in the audience's topics: all that is here.
fn closing(room: &Room, audience: AudienceId, removed: &[Removed]) -> Vec<Closing> {
    let Some(community) = &room.community else {
        return Vec::new();
    };
    let topics = room
        .channels_ever()
        .filter(|channel| {
            audience::of_channel(community, channel).is_some_and(|(of, _)| of == audience)
        })
        .map(|channel| room.channel_topic(channel));
    let topics: Vec<_> = topics.collect();
    let mut closing = Vec::new();
    for removed in removed {
        for topic in &topics {
            closing.push(Closing {
                pseudonym: removed.pseudonym,
                topic: *topic,
                last: room.cursors.last(topic, &removed.pseudonym),
            });
        }
    }
    closing
}

/// After an own event: rotates the everyone-audience at once if somebody is out, and seals the current epochs of audiences
/// that this device reads to whoever is new in them.
///
/// # Errors
/// As [`rotate`].
pub fn after_event(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    before: &Community,
    body: &Body,
) -> Result<(), CommandError> {
    let everyone = audience::everyone(room.id);
    if matches!(
        body,
        Body::Ban(_) | Body::Kick(_) | Body::InviteRevoke(_) | Body::DeviceCut(_)
    ) {
        ensure(room, ctx, everyone, &Rule::Everyone)?;
    }
    let Some(after) = room.community.clone() else {
        return Ok(());
    };
    let mut made = 0;
    for (audience, rule) in audience::all(&after) {
        if !audience::readers(&after, &room.roster, &rule).contains(&room.me) {
            continue;
        }
        let old: BTreeSet<LeafId> = match rule_of(room, before, &audience) {
            Some(rule) => leaf_ids(&room.roster, before, &rule),
            None => continue,
        };
        let leaves = audience::leaves(&after, &room.roster, &rule, ctx.now);
        let new: Vec<Leaf> = leaves
            .into_iter()
            .filter(|leaf| !old.contains(&leaf.id))
            .collect();
        if new.is_empty() {
            continue;
        }
        let Some(id) = usable(room, audience, &rule) else {
            continue;
        };
        for leaf in new.into_iter().take(DIRECT_MAX - made) {
            made += 1;
            admit(room, ctx, id, &leaf);
        }
    }
    Ok(())
}

/// Seals an epoch to one more leaf; nothing happens if this node cannot pass it on.
pub fn admit(room: &mut Room, ctx: &mut Ctx<'_>, epoch: EpochId, leaf: &Leaf) {
    let Some(share) = room
        .epochs
        .get(&epoch)
        .and_then(|entry| entry.share.clone())
    else {
        return;
    };
    if let Ok(direct) = direct_slot(epoch, &share, leaf, room.suite()) {
        // A slot is far below the limit of a record, so that this cannot fail.
        let _ = outbox::send_record(room, ctx, &KeyRecord::Direct(direct));
    }
}

/// Answers a member's request for an epoch's keys: if it may read, it gets a slot of the newest epoch that links there.
///
/// # Errors
/// [`CommandError`] if a new epoch had to be made and could not.
pub fn answer_want(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    epoch: EpochId,
    pseudonym: Pseudonym,
    identity: IdentityId,
) -> Result<(), CommandError> {
    let Some(audience) = room
        .epochs
        .get(&epoch)
        .and_then(|entry| entry.header.as_ref())
        .map(|header| header.audience)
    else {
        return Ok(());
    };
    let Some(community) = room.community.clone() else {
        return Ok(());
    };
    let Some(rule) = rule_of(room, &community, &audience) else {
        return Ok(());
    };
    if !audience::readers(&community, &room.roster, &rule).contains(&identity) {
        return Ok(());
    }
    let keys = room.roster.leaves(&community, &identity);
    let Some((_, keys)) = keys.into_iter().find(|(device, _)| *device == pseudonym) else {
        return Ok(());
    };
    let (current, _) = ensure(room, ctx, audience, &rule)?;
    admit(room, ctx, current, &Leaf::full(keys.clone()));
    if current != epoch && !room.epochs.graph().precedes(&epoch, &current) {
        admit(room, ctx, epoch, &Leaf::full(keys));
    }
    Ok(())
}
