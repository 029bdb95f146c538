//! Overwrites, deletions, and what deletions leave.

use std::collections::{BTreeMap, BTreeSet};

use super::{Region, Standing, strongest};
use crate::event::{Body, Subject};
use crate::id::{ChannelId, EventId, RoleId};
use crate::state::{Act, ChannelKind, Community, Origin, Overwrites};

impl Community {
    /// Settles the overwrites of every channel that the region touches. Each bit of each subject is a register of its own: a
    /// bit is allowed only if every latest write allows it, and denied if any does.
    pub(super) fn fold_overwrites(&mut self, region: &Region<'_>) {
        let mut writers: BTreeMap<ChannelId, Vec<Standing<'_>>> = BTreeMap::new();
        for act in region.acts {
            if let Some(channel) = act.writes_overwrites() {
                writers.entry(channel).or_default().push(*act);
            }
        }
        for (id, writers) in writers {
            let Some(channel) = self.channels.get_mut(&id) else {
                continue;
            };
            let (merged, origins) = merge(region, &channel.own_overwrites, &writers);
            channel.own_overwrites = merged;
            for (subject, event) in origins {
                self.set_origin(Origin::Overwrite(id, subject), event);
            }
        }
    }

    /// Deletes what the region deletes: deletion beats any concurrent change.
    pub(super) fn bury(&mut self, region: &Region<'_>) {
        for act in region.acts {
            match &act.body {
                Body::RoleDelete(body) => self.bury_role(body.role),
                Body::InviteRevoke(body) => {
                    if let Some(invite) = self.invites.get_mut(&body.invite) {
                        let mut honoured = body.honoured.iter().copied().collect();
                        match invite.revoked.take() {
                            Some(other) => honoured = other.intersection(honoured),
                            None => self.open_invites -= 1,
                        }
                        invite.revoked = Some(honoured);
                    }
                }
                _ => {}
            }
        }
        self.settle_parents(region);
    }

    fn bury_role(&mut self, role: RoleId) {
        if self.roles.remove(&role).is_none() {
            return;
        }
        let grants = self.grants.keys().filter(|(_, of)| *of == role);
        let grants: Vec<_> = grants.copied().collect();
        for grant in grants {
            self.grants.remove(&grant);
        }
        self.drop_role_origins(role);
        let subject = Subject::Role(role);
        let touched: Vec<ChannelId> = self
            .channels
            .iter()
            .filter(|(_, channel)| channel.own_overwrites.contains_key(&subject))
            .map(|(id, _)| *id)
            .collect();
        for id in touched {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.own_overwrites.remove(&subject);
            }
        }
    }

    /// Removes deleted channels. Children of a category that is gone stand alone, with the overwrites that it had: deleting a
    /// private category opens nothing. While a channel follows its category it has no overwrites of its own.
    fn settle_parents(&mut self, region: &Region<'_>) {
        let mut gone: BTreeMap<ChannelId, Option<Overwrites>> = BTreeMap::new();
        let mut moved: BTreeSet<ChannelId> = BTreeSet::new();
        for act in region.acts {
            if let Body::ChannelDelete(body) = &act.body {
                let removed = self.channels.remove(&body.channel);
                let overwrites = removed.map(|channel| channel.own_overwrites);
                gone.entry(body.channel).or_insert(overwrites);
            }
            moved.extend(places(act));
        }
        if !gone.is_empty() {
            let orphans = self.channels.values().filter(|channel| {
                channel
                    .parent
                    .is_some_and(|parent| gone.contains_key(&parent))
            });
            moved.extend(orphans.map(|channel| channel.id));
        }
        for id in moved {
            let parent = self.channels.get(&id).and_then(|channel| channel.parent);
            let category = parent
                .and_then(|parent| self.channels.get(&parent))
                .is_some_and(|parent| parent.kind == ChannelKind::Category);
            let Some(channel) = self.channels.get_mut(&id) else {
                continue;
            };
            if category {
                if channel.synced {
                    channel.own_overwrites = Overwrites::new();
                }
                continue;
            }
            let left = parent
                .and_then(|parent| gone.get(&parent))
                .cloned()
                .flatten();
            if let (true, Some(left)) = (channel.synced, left) {
                channel.own_overwrites = left;
            }
            // That it was synced stays: whatever touches it next carries a copy, in every way of folding.
            channel.parent = None;
        }
    }
}

/// The channel whose place an event sets, or whose overwrites.
fn places(act: &Act) -> Option<ChannelId> {
    match &act.body {
        Body::ChannelCreate(_) => Some(act.id.into()),
        Body::ChannelUpdate(body) => Some(body.channel),
        _ => act.writes_overwrites(),
    }
}

/// The overwrites that a channel is left with, and for each subject that was written the event that wrote it.
fn merge<'a>(
    region: &Region<'a>,
    own: &Overwrites,
    writers: &[Standing<'a>],
) -> (Overwrites, Vec<(Subject, EventId)>) {
    let mut subjects: BTreeSet<Subject> = BTreeSet::new();
    for act in writers {
        subjects.extend(match &act.body {
            Body::OverwriteSet(body) => Some(body.overwrite.subject),
            Body::OverwriteClear(body) => Some(body.subject),
            _ => None,
        });
        if let Some(copy) = &act.copy {
            subjects.extend(copy.keys().copied());
            subjects.extend(own.keys().copied());
        }
    }
    let mut merged = own.clone();
    let mut origins = Vec::new();
    for subject in subjects {
        let touching = writers.iter().copied();
        let touching = touching.filter(|act| act.writes(subject).is_some());
        let latest = region.latest(touching);
        let writes = latest.iter().filter_map(|act| act.writes(subject));
        let folded = writes.reduce(|a, b| (a.0 & b.0, a.1 | b.1));
        match folded.map(|(allow, deny)| (allow.without(deny), deny)) {
            Some((allow, deny)) if !(allow | deny).is_empty() => {
                merged.insert(subject, (allow, deny));
            }
            Some(_) => {
                merged.remove(&subject);
            }
            None => {}
        }
        origins.extend(strongest(latest).map(|act| (subject, act.id)));
    }
    (merged, origins)
}
