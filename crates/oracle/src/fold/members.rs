//! What concerns members: roles held, removals, bans, timeouts, nicknames, device cuts.

use std::collections::BTreeSet;

use conclave_core::event::Body;
use conclave_core::id::{EventId, IdentityId, Millis};

use super::{Fold, alike};
use crate::Taken;
use crate::state::Ban;

impl<'a> Fold<'a> {
    /// Everybody whom an effective event of the given sort is about.
    fn about(&self, member: impl Fn(&'a Body) -> Option<IdentityId>) -> BTreeSet<IdentityId> {
        self.events().filter_map(|(_, body)| member(body)).collect()
    }

    fn removals_of(&self, member: IdentityId) -> Vec<&'a Taken> {
        let removals = self
            .events()
            .filter(|(_, body)| removed(body) == Some(member));
        removals.map(|(taken, _)| taken).collect()
    }

    /// "The latest of those (before no other) are the member's removals."
    pub(super) fn removals(&mut self) {
        for member in self.about(removed) {
            let last = self.last_writers(|_, body| (removed(body) == Some(member)).then_some(()));
            let mut ids: Vec<EventId> = last.iter().map(|(taken, ())| taken.id).collect();
            ids.sort_unstable();
            self.state.removals.insert(member, ids);
        }
    }

    pub(super) fn members(&mut self) {
        self.held();
        self.bans();
        self.timeouts();
        self.nicknames();
        for (_, body) in self.events().collect::<Vec<_>>() {
            match body {
                Body::Ban(body) => self.state.dropped_leaves.extend(&body.dropped_leaves),
                Body::DeviceCut(body) => {
                    let event = body.seen.and_then(|seen| seen.event_seq);
                    let register = body.seen.and_then(|seen| seen.register_seq);
                    let first = (body.identity, event, register);
                    let cut = self.state.cuts.entry(body.device).or_insert(first);
                    cut.1 = cut.1.min(event);
                    cut.2 = cut.2.min(register);
                }
                _ => {}
            }
        }
    }

    /// (member, role).
    fn held(&mut self) {
        let written: BTreeSet<_> = self
            .events()
            .filter_map(|(_, body)| match body {
                Body::RoleGrant(body) => Some((body.member, body.role)),
                Body::RoleRevoke(body) => Some((body.member, body.role)),
                _ => None,
            })
            .filter(|(_, role)| self.state.roles.contains_key(role))
            .collect();
        for (member, role) in written {
            let removals = self.removals_of(member);
            let counts = |taken: &Taken| removals.iter().all(|removal| self.before(removal, taken));
            let revoke_over_grant = |a: &bool, b: &bool| b.cmp(a);
            let register = self.register(revoke_over_grant, |taken, body| match body {
                Body::RoleGrant(body) => {
                    ((body.member, body.role) == (member, role) && counts(taken)).then_some(true)
                }
                Body::RoleRevoke(body) => {
                    ((body.member, body.role) == (member, role) && counts(taken)).then_some(false)
                }
                _ => None,
            });
            if let Some((taken, held)) = register {
                self.state.held.insert((member, role), (held, taken.id));
            }
        }
    }

    fn bans(&mut self) {
        let members = self.about(|body| match body {
            Body::Ban(body) => Some(body.member),
            _ => None,
        });
        for member in members {
            let ban_over_unban = |a: &Option<Ban>, b: &Option<Ban>| a.is_some().cmp(&b.is_some());
            let ban = self.value(ban_over_unban, |taken, body| match body {
                Body::Ban(body) if body.member == member => Some(Some(Ban {
                    event: taken.id,
                    author: taken.event.author,
                    time: taken.event.time,
                    reason: taken.event.reason.clone(),
                    delete_ms: body.delete_ms,
                })),
                Body::Unban(body) if body.member == member => Some(None),
                _ => None,
            });
            if let Some(ban) = ban.flatten() {
                self.state.bans.insert(member, ban);
            }
        }
    }

    fn timeouts(&mut self) {
        let members = self.about(|body| match body {
            Body::Timeout(body) => Some(body.member),
            _ => None,
        });
        for member in members {
            // None is less than any end.
            let register = self.register(Option::<Millis>::cmp, |_, body| match body {
                Body::Timeout(body) if body.member == member => Some(Some(body.until)),
                Body::TimeoutLift(body) if body.member == member => Some(None),
                _ => None,
            });
            if let Some((taken, Some(until))) = register {
                let timeout = (taken.id, taken.event.author, until);
                self.state.timeouts.insert(member, timeout);
            }
        }
    }

    fn nicknames(&mut self) {
        let members = self.about(|body| match body {
            Body::NicknameSet(body) => Some(body.member),
            _ => None,
        });
        for member in members {
            let register = self.register(alike, |_, body| match body {
                Body::NicknameSet(body) if body.member == member => Some(body),
                _ => None,
            });
            if let Some((taken, body)) = register {
                let nickname = (taken.id, body.nickname, body.seen.clone());
                self.state.nicknames.insert(member, nickname);
            }
        }
    }
}

/// Whom a kick or ban removes.
fn removed(body: &Body) -> Option<IdentityId> {
    match body {
        Body::Kick(body) => Some(body.member),
        Body::Ban(body) => Some(body.member),
        _ => None,
    }
}
