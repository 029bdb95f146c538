//! An accepted event as the fold sees it.

use std::sync::Arc;

use super::ground::Ground;
use super::{Community, Overwrites};
use crate::event::{Body, Subject};
use crate::id::{ChannelId, DeviceId, EventId, IdentityId, InviteId, Millis, Pseudonym};
use crate::permissions::{Basis, Bits};

/// An accepted event: who, what, and on which basis. All of it is a function of the event and its past.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub id: EventId,
    pub author: IdentityId,
    pub device: DeviceId,
    pub seq: u64,
    pub parents: Box<[EventId]>,
    pub time: Millis,
    pub reason: Option<Arc<str>>,
    pub body: Body,
    pub basis: Basis,
    /// The invite and pseudonym by which the author came, where the register says so.
    pub admission: Option<(InviteId, Pseudonym)>,
    /// What the event replaces a channel's own overwrites with: the category's, as the author saw them.
    pub copy: Option<Overwrites>,
    /// What an act of the owner, or about who owns the server, stands on besides; absent where there is nothing to say.
    pub ground: Option<Box<Ground>>,
}

/// The overwrites that an event leaves the channel with when it begins or ceases to follow a category: what was in force,
/// as the author saw it, so that nothing private opens if the category meets a concurrent change.
pub(crate) fn copy_of(past: &Community, body: &Body) -> Option<Overwrites> {
    let in_force = |id: &ChannelId| {
        past.channel(id)
            .map(|channel| past.overwrites(channel).clone())
    };
    match body {
        Body::ChannelCreate(body) if body.synced => in_force(body.parent.as_ref()?),
        Body::ChannelUpdate(body) => {
            let channel = past.channel(&body.channel)?;
            let moves = body.parent.is_some() || body.parent_clear == Some(true);
            if body.synced == Some(true) {
                let parent = body.parent.or(channel.parent)?;
                return in_force(&parent);
            }
            let leaves = channel.synced && (moves || body.synced == Some(false));
            leaves.then(|| past.overwrites(channel).clone())
        }
        Body::OverwriteSet(body) => {
            let channel = past
                .channel(&body.channel)
                .filter(|channel| channel.synced)?;
            Some(past.overwrites(channel).clone())
        }
        Body::OverwriteClear(body) => {
            let channel = past
                .channel(&body.channel)
                .filter(|channel| channel.synced)?;
            Some(past.overwrites(channel).clone())
        }
        _ => None,
    }
}

impl Act {
    /// Whether the event makes its channel follow its category, or stop following it.
    pub(super) fn syncs(&self) -> Option<bool> {
        match &self.body {
            Body::ChannelCreate(body) => Some(body.synced),
            Body::ChannelUpdate(body) => body.synced.or(self.copy.is_some().then_some(false)),
            Body::OverwriteSet(_) | Body::OverwriteClear(_) => self.copy.is_some().then_some(false),
            _ => None,
        }
    }

    /// The channel whose own overwrites the event writes.
    pub(super) fn writes_overwrites(&self) -> Option<ChannelId> {
        match &self.body {
            Body::OverwriteSet(body) => Some(body.channel),
            Body::OverwriteClear(body) => Some(body.channel),
            Body::ChannelUpdate(body) if self.copy.is_some() => Some(body.channel),
            _ => None,
        }
    }

    /// What the event writes for one subject there, allowed and denied; nothing if it does not touch it.
    pub(super) fn writes(&self, subject: Subject) -> Option<(Bits, Bits)> {
        match &self.body {
            Body::OverwriteSet(body) if body.overwrite.subject == subject => {
                return Some((body.overwrite.allow, body.overwrite.deny));
            }
            Body::OverwriteClear(body) if body.subject == subject => {
                return Some((Bits::NONE, Bits::NONE));
            }
            _ => {}
        }
        let copy = self.copy.as_ref()?;
        Some(copy.get(&subject).copied().unwrap_or_default())
    }
}
