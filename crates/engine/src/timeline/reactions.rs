//! Reactions: per message and emoji a count and its first members, kept up with every act.

use conclave_core::codec;
use conclave_core::id::{ChannelId, EnvelopeId, IdentityId, Millis};
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use super::Arrival;
use super::act::{self, Placed, WEIGHED_MAX, kind, kind_prefix};
use super::row::{self, ROW_VERSION};
use crate::effect::Notice;
use crate::model::Reaction;
use crate::txn::Txn;

/// Members that are listed with an emoji.
const LISTED: usize = 20;

/// Emoji that are read for one message: more than Discord allows, so that nothing is missing.
const EMOJI_MAX: usize = 64;

/// Acts that are looked through when a listed member takes their reaction back and somebody else moves up.
const SEARCHED_MAX: usize = 4096;

/// How often an emoji was used: value in [`Table::MessageAct`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
#[cbor(map)]
struct Tally {
    #[n(0)]
    version: u8,
    #[n(1)]
    count: u64,
    /// The first by time, then identity.
    #[n(2)]
    first: Vec<(Millis, IdentityId)>,
}

fn spelled(emoji: &str) -> Vec<u8> {
    // At most 64 bytes, as checked on arrival.
    let len = u8::try_from(emoji.len()).unwrap_or(u8::MAX);
    [&[len], emoji.as_bytes()].concat()
}

/// What one author's acts with one emoji on one message are stored under.
pub(super) fn thing(
    target: &EnvelopeId,
    channel: &ChannelId,
    emoji: &str,
    author: &IdentityId,
) -> Vec<u8> {
    let rest = [spelled(emoji).as_slice(), author.as_bytes()].concat();
    kind_prefix(target, channel, kind::REACT, &rest)
}

/// A reaction arrives, or is taken back.
pub(super) fn apply(
    txn: &mut Txn<'_>,
    arrival: &Arrival<'_>,
    target: EnvelopeId,
    emoji: &str,
    on: bool,
) -> Result<Vec<Notice>, ViewError> {
    let (channel, author) = (arrival.channel, arrival.content.author);
    let thing = thing(&target, &channel, emoji, &author);
    let before = standing(txn, &thing)?;
    act::keep(txn, arrival, &thing, on, None)?;
    changed(txn, &target, &channel, emoji, &author, before)
}

/// An act with a reaction is forgotten.
pub(super) fn forget(txn: &mut Txn<'_>, key: &[u8]) -> Result<Vec<Notice>, ViewError> {
    let Some((target, channel, emoji, author)) = read_key(key) else {
        return Err(ViewError("the key of a reaction is damaged".to_owned()));
    };
    let thing = thing(&target, &channel, &emoji, &author);
    let before = standing(txn, &thing)?;
    txn.delete(Table::MessageAct, key);
    changed(txn, &target, &channel, &emoji, &author, before)
}

fn read_key(key: &[u8]) -> Option<(EnvelopeId, ChannelId, String, IdentityId)> {
    let (target, rest) = key.split_at_checked(32)?;
    let (channel, rest) = rest.split_at_checked(32)?;
    let (_, rest) = rest.split_first()?;
    let (len, rest) = rest.split_first()?;
    let (emoji, rest) = rest.split_at_checked(usize::from(*len))?;
    Some((
        EnvelopeId::from_slice(target)?,
        ChannelId::from_slice(channel)?,
        String::from_utf8(emoji.to_vec()).ok()?,
        IdentityId(*rest.first_chunk::<32>()?),
    ))
}

/// Since when the reaction stands, if it does: of concurrent acts of several devices a removal wins.
fn standing(view: &dyn View, thing: &[u8]) -> Result<Option<Millis>, ViewError> {
    let acts = act::acts(view, thing, WEIGHED_MAX)?;
    if act::last(&acts).any(|act| !act.on) {
        return Ok(None);
    }
    Ok(since(&acts))
}

/// When the first of the acts came that no removal follows: who reacts again keeps their place.
fn since(acts: &[Placed]) -> Option<Millis> {
    let standing = acts
        .iter()
        .filter(|act| act.row.on && !acts.iter().any(|other| !other.row.on && other.follows(act)));
    standing.map(|act| act.row.time).min()
}

fn changed(
    txn: &mut Txn<'_>,
    target: &EnvelopeId,
    channel: &ChannelId,
    emoji: &str,
    author: &IdentityId,
    before: Option<Millis>,
) -> Result<Vec<Notice>, ViewError> {
    let after = standing(txn, &thing(target, channel, emoji, author))?;
    if before == after {
        return Ok(Vec::new());
    }
    let key = kind_prefix(target, channel, kind::REACTION, &spelled(emoji));
    let mut tally = match txn.get(Table::MessageAct, &key)? {
        Some(value) => row::decode(&value)?,
        None => Tally {
            version: ROW_VERSION,
            ..Tally::default()
        },
    };
    if let Some(time) = before {
        tally.count = tally.count.saturating_sub(1);
        tally.first.retain(|listed| *listed != (time, *author));
    }
    if let Some(time) = after {
        tally.count += 1;
        tally.first.push((time, *author));
        tally.first.sort_unstable();
        tally.first.truncate(LISTED);
    }
    if before.is_some() && tally.count as usize >= LISTED {
        // Somebody moved back or away: whoever comes next by time is found among all.
        tally.first = first_of(txn, target, channel, emoji)?;
    }
    if tally.count == 0 {
        txn.delete(Table::MessageAct, key);
    } else {
        txn.put(Table::MessageAct, key, codec::encode(&tally));
    }
    let here = row::load_in(txn, channel, target)?.is_some();
    Ok(here
        .then_some(Notice::MessageUpdated {
            channel: *channel,
            message: *target,
        })
        .into_iter()
        .collect())
}

/// The first members by time among an emoji's acts.
fn first_of(
    view: &dyn View,
    target: &EnvelopeId,
    channel: &ChannelId,
    emoji: &str,
) -> Result<Vec<(Millis, IdentityId)>, ViewError> {
    let prefix = kind_prefix(target, channel, kind::REACT, &spelled(emoji));
    let acts = act::acts(view, &prefix, SEARCHED_MAX)?;
    let mut first = Vec::new();
    for theirs in acts.chunk_by(|one, next| one.row.author == next.row.author) {
        if act::last(theirs).all(|act| act.on)
            && let (Some(time), Some(act)) = (since(theirs), theirs.first())
        {
            first.push((time, act.row.author));
        }
    }
    first.sort_unstable();
    first.truncate(LISTED);
    Ok(first)
}

/// The reactions to a message, the oldest first.
pub(super) fn of(
    view: &dyn View,
    target: &EnvelopeId,
    channel: &ChannelId,
    me: &IdentityId,
) -> Result<Vec<Reaction>, ViewError> {
    let prefix = kind_prefix(target, channel, kind::REACTION, &[]);
    let rows = view.range(
        Table::MessageAct,
        &KeyRange::prefix(&prefix),
        Direction::Forward,
        EMOJI_MAX,
    )?;
    let mut reactions = Vec::with_capacity(rows.len());
    for (key, value) in rows {
        let tally: Tally = row::decode(&value)?;
        let emoji = key.get(prefix.len() + 1..).unwrap_or_default();
        let emoji = String::from_utf8_lossy(emoji).into_owned();
        let listed = tally.first.iter().any(|(_, member)| member == me);
        let all_listed = tally.count as usize <= tally.first.len();
        let mine = listed
            || (!all_listed && standing(view, &thing(target, channel, &emoji, me))?.is_some());
        let since = tally.first.first().map_or(Millis(0), |(time, _)| *time);
        reactions.push((
            since,
            Reaction {
                emoji,
                count: usize::try_from(tally.count).unwrap_or(usize::MAX),
                me: mine,
                members: tally.first.into_iter().map(|(_, member)| member).collect(),
            },
        ));
    }
    reactions.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.emoji.cmp(&b.emoji)));
    Ok(reactions
        .into_iter()
        .map(|(_, reaction)| reaction)
        .collect())
}
