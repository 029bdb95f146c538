//! What each kind of event does to what was done beside it.

use super::court::{Court, Source};
use crate::event::{Body, RoleUpdate, Seen, Subject};
use crate::id::{ChannelId, IdentityId, RoleId};
use crate::permissions::{Bits, Level};
use crate::state::{Act, Rule};

impl Court<'_> {
    /// Lets a settled event bear on the open ones beside it.
    pub fn bear(&mut self, index: usize) {
        self.take(index);
        self.close();
    }

    fn take(&mut self, index: usize) {
        let acts = self.acts;
        let act = acts[index];
        match &act.body {
            Body::Ban(body) => self.remove(index, &body.member, &body.seen),
            Body::Kick(body) => self.remove(index, &body.member, &body.seen),
            Body::Timeout(body) => {
                for target in self.of_member(index, &body.member, &body.seen) {
                    if !needs_none(&acts[target].body) {
                        self.overrule(target, index, Rule::TimedOut);
                    }
                }
            }
            Body::DeviceCut(body) => {
                let last = body.seen.and_then(|seen| seen.event_seq);
                for target in self.beside_in(index, |court| court.of_device.get_mut(&body.device)) {
                    if last.is_none_or(|last| acts[target].seq > last) {
                        self.overrule(target, index, Rule::DeviceCut);
                    }
                }
            }
            Body::InviteRevoke(body) => {
                for target in self.beside_in(index, |court| court.of_invite.get_mut(&body.invite)) {
                    let pseudonym = acts[target].admission.map(|(_, pseudonym)| pseudonym);
                    if pseudonym.is_none_or(|p| body.honoured.binary_search(&p).is_err()) {
                        self.overrule(target, index, Rule::Invite);
                    }
                }
            }
            Body::RoleRevoke(body) => {
                for target in self.of_member(index, &body.member, &body.seen) {
                    self.lose(target, index, |source| take_role(source, &body.role));
                }
            }
            Body::RoleDelete(body) => {
                for target in self.beside_in(index, |court| court.of_role.get_mut(&body.role)) {
                    self.lose(target, index, |source| take_role(source, &body.role));
                }
            }
            Body::RoleUpdate(body) => self.role_update(index, body),
            Body::RoleGrant(body) => {
                let floor = self.rank(&act.basis.floor);
                for target in self.beside_in(index, |court| court.on_member.get_mut(&body.member)) {
                    self.lift(target, index, floor);
                }
            }
            Body::ChannelDelete(body) => {
                self.in_place(index, &body.channel, |source, _| {
                    if source.subject.is_some() {
                        source.bits = Bits::NONE;
                    }
                });
            }
            Body::OwnershipTransfer(body) => self.on_transfer(index, &body.to, &body.seen),
            Body::SuccessionPolicy(_) => self.on_claims(index, None),
            Body::SuccessionVeto(body) => self.on_claims(index, Some(&body.claim)),
            Body::Accession(_) => self.protect(index, &act.author),
            _ => {
                if let Some(channel) = act.writes_overwrites() {
                    self.in_place(index, &channel, |source, author| {
                        overwritten(act, source, author);
                    });
                }
            }
        }
    }

    fn remove(&mut self, index: usize, member: &IdentityId, seen: &[Seen]) {
        for target in self.of_member(index, member, seen) {
            self.overrule(target, index, Rule::Removed);
        }
    }

    /// The open events of a member beside an event, except those that it has seen.
    fn of_member(&mut self, index: usize, member: &IdentityId, seen: &[Seen]) -> Vec<usize> {
        let acts = self.acts;
        let mut targets = self.beside_in(index, |court| court.of_author.get_mut(member));
        targets.retain(|target| !within(acts[*target], seen));
        targets
    }

    fn role_update(&mut self, index: usize, body: &RoleUpdate) {
        let role = body.role;
        let cleared = body.clear.unwrap_or_default();
        let place = moved(body).map(|level| self.rank(&level));
        if !cleared.is_empty() || place.is_some() {
            for target in self.beside_in(index, |court| court.of_role.get_mut(&role)) {
                self.lose(target, index, |source| {
                    if source.role != role {
                        return;
                    }
                    source.level = place.map_or(source.level, |place| source.level.min(place));
                    if source.subject.is_none() {
                        source.strip(cleared);
                    }
                });
            }
        }
        if let Some(place) = place {
            for target in self.beside_in(index, |court| court.on_role.get_mut(&role)) {
                self.lift(target, index, place);
            }
        }
    }

    /// Changes the sources that open events beside an event have in a channel's overwrites.
    fn in_place(
        &mut self,
        index: usize,
        channel: &ChannelId,
        change: impl Fn(&mut Source, IdentityId),
    ) {
        let acts = self.acts;
        for target in self.beside_in(index, |court| court.of_place.get_mut(channel)) {
            let author = acts[target].author;
            self.lose(target, index, |source| {
                if source.place == Some(*channel) {
                    change(source, author);
                }
            });
        }
    }

    fn beside_in(
        &mut self,
        index: usize,
        list: impl Fn(&mut Self) -> Option<&mut Vec<usize>>,
    ) -> Vec<usize> {
        let Some(mut among) = list(self).map(core::mem::take) else {
            return Vec::new();
        };
        let beside = self.beside(index, &mut among);
        if let Some(list) = list(self) {
            *list = among;
        }
        beside
    }
}

impl Act {
    /// The member on whom the event acts, other than its author.
    pub(in crate::state) fn target_member(&self) -> Option<IdentityId> {
        let member = match &self.body {
            Body::Ban(body) => body.member,
            Body::Kick(body) => body.member,
            Body::Timeout(body) => body.member,
            Body::TimeoutLift(body) => body.member,
            Body::NicknameSet(body) => body.member,
            _ => return None,
        };
        (member != self.author).then_some(member)
    }

    /// The role below its author that the event acts on.
    pub(in crate::state) fn target_role(&self) -> Option<RoleId> {
        match &self.body {
            Body::RoleUpdate(body) => Some(body.role),
            Body::RoleDelete(body) => Some(body.role),
            Body::RoleGrant(body) => Some(body.role),
            Body::RoleRevoke(body) => Some(body.role),
            Body::InviteCreate(body) => body.role,
            _ => None,
        }
    }

    /// Where the event moves a role.
    pub(super) fn moves(&self) -> Option<Level> {
        match &self.body {
            Body::RoleUpdate(body) => moved(body),
            _ => None,
        }
    }
}

fn moved(body: &RoleUpdate) -> Option<Level> {
    let position = body.position.as_deref()?;
    Some(Level::Role(position.into(), body.role))
}

fn take_role(source: &mut Source, role: &RoleId) {
    if source.role == *role {
        source.bits = Bits::NONE;
    }
}

/// Takes from a source in a channel what an event's overwrites there do not give any more.
fn overwritten(act: &Act, source: &mut Source, author: IdentityId) {
    if let Some(subject) = source.subject
        && let Some((allow, _)) = act.writes(subject)
    {
        let lost = Bits(u64::MAX).without(allow);
        source.strip(lost);
    }
    if source.is_administrator() {
        return;
    }
    if let Some((_, deny)) = act.writes(Subject::Member(author)) {
        source.strip(deny);
    }
    if source.subject.is_none()
        && let Some((_, deny)) = act.writes(Subject::Role(source.role))
    {
        source.strip(deny);
    }
}

/// Whether an event of this kind needs no permission, so that no timeout stops it.
pub(super) fn needs_none(body: &Body) -> bool {
    matches!(
        body,
        Body::Merge(_)
            | Body::DeviceCut(_)
            | Body::SuccessionClaim(_)
            | Body::SuccessionConfirm(_)
            | Body::Accession(_)
    )
}

/// Whether a restriction has seen an event and honours it. A device that it does not list has nothing honoured.
pub(super) fn within(act: &Act, seen: &[Seen]) -> bool {
    let seen = seen.iter().find(|seen| seen.device == act.device);
    seen.and_then(|seen| seen.event_seq)
        .is_some_and(|last| act.seq <= last)
}
