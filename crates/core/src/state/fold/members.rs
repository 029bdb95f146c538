//! Members: grants, bans, timeouts, cuts, and what a removal takes along.

use std::collections::BTreeMap;

use imbl::OrdSet;

use super::apply::winner;
use super::keys::Key;
use super::{Region, Standing};
use crate::event::Body;
use crate::id::{IdentityId, RoleId};
use crate::state::{Act, BanEntry, Community, Cut, Grant, Nickname, TimeoutEntry};

/// The effective kicks and bans of a region, by whom they remove.
pub(super) type Wipes<'a> = BTreeMap<IdentityId, Vec<Standing<'a>>>;

/// Whom an event removes from the server.
fn removes(act: &Act) -> Option<IdentityId> {
    match &act.body {
        Body::Ban(body) => Some(body.member),
        Body::Kick(body) => Some(body.member),
        _ => None,
    }
}

impl Community {
    /// Kicks and bans take all roles away, and mark which registers no longer count; cuts and dropped leaves only gather.
    pub(super) fn wipe_removed<'a>(&mut self, region: &Region<'a>) -> Wipes<'a> {
        let mut removals: Wipes<'a> = BTreeMap::new();
        for act in region.acts {
            if let Some(member) = removes(act) {
                removals.entry(member).or_default().push(*act);
            }
            match &act.body {
                Body::Ban(body) => self
                    .dropped_leaves
                    .extend(body.dropped_leaves.iter().copied()),
                Body::DeviceCut(body) => {
                    let seen = body.seen;
                    let cut = Cut {
                        identity: body.identity,
                        event_seq: seen.and_then(|seen| seen.event_seq),
                        register_seq: seen.and_then(|seen| seen.register_seq),
                    };
                    let cut = match self.cuts.get(&body.device) {
                        // Whichever honours less: absent is less than any sequence.
                        Some(other) => Cut {
                            identity: other.identity.min(cut.identity),
                            event_seq: other.event_seq.min(cut.event_seq),
                            register_seq: other.register_seq.min(cut.register_seq),
                        },
                        None => cut,
                    };
                    self.cuts.insert(body.device, cut);
                }
                _ => {}
            }
        }
        for (member, acts) in &removals {
            let own: Vec<RoleId> = self.grants_of(member).map(|(role, _)| role).collect();
            for role in own {
                self.grants.remove(&(*member, role));
            }
            let latest = region.latest(acts.iter().copied());
            let marks: OrdSet<_> = latest.into_iter().map(|act| act.id).collect();
            self.removals.insert(*member, marks);
        }
        removals
    }

    /// A grant counts only if it follows every kick and ban of the region: unban restores no roles.
    pub(super) fn write_grant<'a>(
        &mut self,
        region: &Region<'a>,
        wipes: &Wipes<'a>,
        member: IdentityId,
        role: RoleId,
        writers: &[Standing<'a>],
    ) {
        if !self.roles.contains_key(&role) {
            return;
        }
        let wipes = wipes.get(&member).map_or(&[][..], Vec::as_slice);
        let follows = |act: &&Standing<'_>| wipes.iter().all(|wipe| region.before(wipe, act));
        let counting: Vec<_> = writers.iter().filter(follows).copied().collect();
        if let Some(winner) = winner(region, Key::Grant(member, role), &counting) {
            let grant = Grant {
                held: matches!(winner.body, Body::RoleGrant(_)),
                event: winner.id,
            };
            self.grants.insert((member, role), grant);
        }
    }

    /// Sets what the winner of a member's register says.
    pub(super) fn set_member(&mut self, act: &Act) {
        match &act.body {
            Body::Ban(body) => {
                let ban = BanEntry {
                    event: act.id,
                    by: act.author,
                    time: act.time,
                    reason: act.reason.clone(),
                    delete_ms: body.delete_ms,
                };
                self.bans.insert(body.member, ban);
            }
            Body::Unban(body) => {
                self.bans.remove(&body.member);
            }
            Body::Timeout(body) => {
                let timeout = TimeoutEntry {
                    event: act.id,
                    by: act.author,
                    until: body.until,
                };
                self.timeouts.insert(body.member, timeout);
            }
            Body::TimeoutLift(body) => {
                self.timeouts.remove(&body.member);
            }
            Body::NicknameSet(body) => {
                let nickname = Nickname {
                    event: act.id,
                    commitment: body.nickname,
                    seen: body.seen.as_slice().into(),
                };
                self.nicknames.insert(body.member, nickname);
            }
            _ => {}
        }
    }
}
