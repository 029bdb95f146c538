//! Which events count: restrictions overrule what their targets did beside them.
//!
//! A restriction overrules an event of its target if neither cites the other, the event is not within the restriction's
//! `seen`, and its level is lower. Restrictions are taken by level, highest first, so that whoever overrules is settled
//! before whoever is overruled; an event whose supplying role or grant falls is judged again with what is left, and takes its
//! turn again at its new level. Levels only fall, so this ends, and the result is a function of the set.

use core::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Act;
use crate::event::{Body, Seen};
use crate::id::{DeviceId, EventId, IdentityId, InviteId, RoleId};
use crate::log::Causality;
use crate::permissions::{Level, Supplier};

/// Settles which of `acts` are overruled, and by which restriction. `acts` stand in causal order.
pub(super) fn settle(acts: &[&Act], causality: &Causality) -> BTreeMap<EventId, EventId> {
    if acts.len() < 2 {
        // One event meets nothing concurrent.
        return BTreeMap::new();
    }
    let mut court = Court::new(acts, causality);
    while let Some((Reverse(level), index)) = court.queue.pop_first() {
        if court.by[index].is_some() {
            continue;
        }
        if court.level[index] < level {
            court
                .queue
                .insert((Reverse(court.level[index].clone()), index));
            continue;
        }
        court.enforce(index);
    }
    let overruled = court.by.iter().zip(acts);
    overruled
        .filter_map(|(by, act)| Some((act.id, (*by)?)))
        .collect()
}

/// What a restriction takes from the events of its target.
enum Takes {
    /// Their ground altogether.
    All,
    /// All but joining heads and posting certificates, which need no permission.
    Permissions,
    /// One role.
    Role(RoleId),
}

struct Court<'a> {
    acts: &'a [&'a Act],
    causality: &'a Causality,
    level: Vec<Level>,
    suppliers: Vec<Vec<Supplier>>,
    by: Vec<Option<EventId>>,
    queue: BTreeSet<(Reverse<Level>, usize)>,
    of_author: BTreeMap<IdentityId, Vec<usize>>,
    of_device: BTreeMap<DeviceId, Vec<usize>>,
    of_invite: BTreeMap<InviteId, Vec<usize>>,
    of_grant: BTreeMap<EventId, Vec<usize>>,
}

impl<'a> Court<'a> {
    fn new(acts: &'a [&'a Act], causality: &'a Causality) -> Self {
        let mut court = Self {
            acts,
            causality,
            level: acts.iter().map(|act| act.basis.level.clone()).collect(),
            suppliers: acts.iter().map(|act| act.basis.suppliers.clone()).collect(),
            by: vec![None; acts.len()],
            queue: BTreeSet::new(),
            of_author: BTreeMap::new(),
            of_device: BTreeMap::new(),
            of_invite: BTreeMap::new(),
            of_grant: BTreeMap::new(),
        };
        for (index, act) in acts.iter().enumerate() {
            if restricts(&act.body) {
                court
                    .queue
                    .insert((Reverse(act.basis.level.clone()), index));
            }
            court.of_author.entry(act.author).or_default().push(index);
            court.of_device.entry(act.device).or_default().push(index);
            if let Some((invite, _)) = act.admission {
                court.of_invite.entry(invite).or_default().push(index);
            }
            for grant in act
                .basis
                .suppliers
                .iter()
                .filter_map(|supplier| supplier.grant)
            {
                court.of_grant.entry(grant).or_default().push(index);
            }
        }
        court
    }

    /// Lets a surviving restriction take what it takes.
    fn enforce(&mut self, index: usize) {
        let acts = self.acts;
        match &acts[index].body {
            Body::Ban(body) => self.on_member(index, &body.member, &body.seen, &Takes::All),
            Body::Kick(body) => self.on_member(index, &body.member, &body.seen, &Takes::All),
            Body::Timeout(body) => {
                self.on_member(index, &body.member, &body.seen, &Takes::Permissions);
            }
            Body::RoleRevoke(body) => {
                self.on_member(index, &body.member, &body.seen, &Takes::Role(body.role));
            }
            Body::DeviceCut(body) => {
                let targets = self
                    .of_device
                    .get(&body.device)
                    .cloned()
                    .unwrap_or_default();
                for target in targets {
                    let honoured = body.seen.and_then(|seen| seen.event_seq);
                    if honoured.is_none_or(|last| acts[target].seq > last)
                        && self.reaches(index, target)
                    {
                        self.overrule(target, acts[index].id);
                    }
                }
            }
            Body::InviteRevoke(body) => {
                let targets = self
                    .of_invite
                    .get(&body.invite)
                    .cloned()
                    .unwrap_or_default();
                for target in targets {
                    let pseudonym = acts[target].admission.map(|(_, pseudonym)| pseudonym);
                    if pseudonym.is_none_or(|p| body.honoured.binary_search(&p).is_err())
                        && self.reaches(index, target)
                    {
                        self.overrule(target, acts[index].id);
                    }
                }
            }
            _ => {}
        }
    }

    fn on_member(&mut self, index: usize, member: &IdentityId, seen: &[Seen], takes: &Takes) {
        let targets = self.of_author.get(member).cloned().unwrap_or_default();
        let by = self.acts[index].id;
        for target in targets {
            if within(self.acts[target], seen) || !self.reaches(index, target) {
                continue;
            }
            match takes {
                Takes::All => self.overrule(target, by),
                Takes::Permissions if needs_none(&self.acts[target].body) => {}
                Takes::Permissions => self.overrule(target, by),
                Takes::Role(role) => self.lose(target, by, |supplier| supplier.role == *role),
            }
        }
    }

    /// Whether a restriction bears on an event: beside it, and of lower level.
    fn reaches(&self, restriction: usize, target: usize) -> bool {
        let (a, b) = (&self.acts[restriction].id, &self.acts[target].id);
        restriction != target
            && self.by[target].is_none()
            && self.level[target] < self.level[restriction]
            && !self.causality.before(a, b)
            && !self.causality.before(b, a)
    }

    /// Overrules an event, and with it whatever stands on the role that it gave or the way in that it opened.
    fn overrule(&mut self, index: usize, by: EventId) {
        let mut falling = vec![index];
        while let Some(index) = falling.pop() {
            if self.by[index].is_some() {
                continue;
            }
            self.by[index] = Some(by);
            let id = self.acts[index].id;
            for target in self.of_grant.get(&id).cloned().unwrap_or_default() {
                if self.takes_supplier(target, |supplier| supplier.grant == Some(id)) {
                    falling.push(target);
                }
            }
            if matches!(self.acts[index].body, Body::InviteCreate(_)) {
                falling.extend(self.of_invite.get(&InviteId(id.0)).into_iter().flatten());
            }
        }
    }

    /// Takes suppliers from an event, which falls if what is left does not carry it.
    fn lose(&mut self, index: usize, by: EventId, lost: impl Fn(&Supplier) -> bool) {
        if self.takes_supplier(index, lost) {
            self.overrule(index, by);
        }
    }

    /// Takes suppliers away and says whether the event falls.
    fn takes_supplier(&mut self, index: usize, lost: impl Fn(&Supplier) -> bool) -> bool {
        let suppliers = &mut self.suppliers[index];
        let before = suppliers.len();
        suppliers.retain(|supplier| !lost(supplier));
        if suppliers.len() == before {
            return false;
        }
        match suppliers.first() {
            Some(first) => {
                self.level[index] = first.level.clone();
                first.level <= self.acts[index].basis.floor
            }
            None => true,
        }
    }
}

/// Whether events of this kind can overrule others.
fn restricts(body: &Body) -> bool {
    matches!(
        body,
        Body::Ban(_)
            | Body::Kick(_)
            | Body::Timeout(_)
            | Body::RoleRevoke(_)
            | Body::DeviceCut(_)
            | Body::InviteRevoke(_)
    )
}

/// Whether an event of this kind needs no permission.
fn needs_none(body: &Body) -> bool {
    matches!(body, Body::Merge(_) | Body::DeviceCut(_))
}

/// Whether a restriction has seen an event and honours it. A device that it does not list has nothing honoured.
fn within(act: &Act, seen: &[Seen]) -> bool {
    let seen = seen.iter().find(|seen| seen.device == act.device);
    seen.and_then(|seen| seen.event_seq)
        .is_some_and(|last| act.seq <= last)
}
