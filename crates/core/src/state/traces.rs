//! What an act leaves behind and what it minds, so that acts which cannot change one another are told apart at once.
//!
//! Two concurrent acts *quarrel* if one leaves a trace that the other minds. Of acts that do not quarrel neither can take anything
//! from the other, whatever their weights, and no register, role, channel or member is written by both: folded one after the
//! other they come to the same as folded together. The traces mirror what [`super::overrule`] lets acts bear on and what
//! [`super::fold`] writes and reads; where it is simpler they say too much, never too little.

use super::fold::Key;
use super::ground::is_about_ownership;
use super::{Act, Overwrites};
use crate::event::{Body, RoleUpdate, Subject};
use crate::id::{ChannelId, DeviceId, EventId, IdentityId, InviteId, RoleId};

/// Something by which acts may meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Trace {
    /// What may take anything from anybody: acts about who owns the server.
    Everything,
    Author(IdentityId),
    Device(DeviceId),
    Invite(InviteId),
    /// A role as a source of permissions.
    Source(RoleId),
    /// A channel's overwrites as sources.
    Place(ChannelId),
    OnMember(IdentityId),
    OnRole(RoleId),
    Register(Key),
    /// A role as long as it exists.
    Role(RoleId),
    /// Where a channel stands and whether it follows its category.
    Channel(ChannelId),
    /// Which channels there are.
    Channels,
    Overwrite(ChannelId, Subject),
    /// What a removal takes from a member.
    Member(IdentityId),
}

/// What an act does with a trace.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Leaves,
    Minds,
    Both,
}

/// Acts that come to a state, by their traces.
pub(crate) struct Newcomers {
    left: Vec<(Trace, usize)>,
    minded: Vec<(Trace, usize)>,
}

impl Newcomers {
    pub fn of(acts: &[&Act]) -> Self {
        let (mut left, mut minded) = (Vec::new(), Vec::new());
        for (index, act) in acts.iter().enumerate() {
            visit(act, &mut |trace, hold| {
                if hold != Hold::Minds {
                    left.push((trace, index));
                }
                if hold != Hold::Leaves {
                    minded.push((trace, index));
                }
            });
        }
        left.sort_unstable();
        left.dedup();
        minded.sort_unstable();
        minded.dedup();
        Self { left, minded }
    }

    /// Adds the newcomers with which an act quarrels if it is beside them to `found`, some more than once, until that holds
    /// `most`.
    pub fn meet(&self, act: &Act, most: usize, found: &mut Vec<usize>) {
        visit(act, &mut |trace, hold| {
            if hold != Hold::Minds {
                with(&self.minded, trace, most, found);
            }
            if hold != Hold::Leaves {
                with(&self.left, trace, most, found);
            }
        });
    }
}

fn with(list: &[(Trace, usize)], trace: Trace, most: usize, found: &mut Vec<usize>) {
    let from = list.partition_point(|(other, _)| *other < trace);
    let same = list
        .iter()
        .skip(from)
        .take_while(|(other, _)| *other == trace);
    let room = most.saturating_sub(found.len());
    found.extend(same.map(|(_, at)| *at).take(room));
}

impl Act {
    /// The events with which the act falls, or loses a source.
    pub fn stands_on(&self) -> impl Iterator<Item = EventId> + '_ {
        let sources = self.basis.conditions.iter().flat_map(|of| &of.sources);
        let rests = sources.flat_map(|source| source.rests.iter().copied());
        let invite = self.admission.map(|(invite, _)| EventId(invite.0));
        let ground = self.ground.iter().flat_map(|ground| {
            let confirms = ground.claimed.iter().flat_map(|of| &of.confirms);
            let firm = ground.tenure.iter().chain(&ground.needs);
            firm.chain(confirms).copied()
        });
        rests.chain(invite).chain(ground)
    }
}

/// Calls `visit` with every trace of an act.
fn visit(act: &Act, visit: &mut impl FnMut(Trace, Hold)) {
    of_basis(act, visit);
    if is_about_ownership(&act.body) {
        visit(Trace::Everything, Hold::Leaves);
    }
    super::fold::keys_of(act, |key| visit(Trace::Register(key), Hold::Both));
    match &act.body {
        Body::Ban(body) => removal(body.member, visit),
        Body::Kick(body) => removal(body.member, visit),
        Body::Timeout(body) => visit(Trace::Author(body.member), Hold::Leaves),
        Body::DeviceCut(body) => visit(Trace::Device(body.device), Hold::Leaves),
        Body::InviteRevoke(body) => visit(Trace::Invite(body.invite), Hold::Leaves),
        Body::RoleGrant(body) => {
            visit(Trace::OnMember(body.member), Hold::Leaves);
            visit(Trace::Member(body.member), Hold::Minds);
            visit(Trace::Role(body.role), Hold::Minds);
        }
        Body::RoleRevoke(body) => {
            visit(Trace::Author(body.member), Hold::Leaves);
            visit(Trace::Member(body.member), Hold::Minds);
            visit(Trace::Role(body.role), Hold::Minds);
        }
        Body::RoleUpdate(body) => role_update(body, visit),
        Body::RoleDelete(body) => {
            visit(Trace::Source(body.role), Hold::Leaves);
            visit(Trace::Role(body.role), Hold::Both);
        }
        _ => of_channel(act, visit),
    }
}

/// What an act minds because of who made it and what carries it.
fn of_basis(act: &Act, visit: &mut impl FnMut(Trace, Hold)) {
    visit(Trace::Everything, Hold::Minds);
    visit(Trace::Author(act.author), Hold::Minds);
    visit(Trace::Device(act.device), Hold::Minds);
    if let Some((invite, _)) = act.admission {
        visit(Trace::Invite(invite), Hold::Minds);
    }
    if let Some(member) = act.target_member() {
        visit(Trace::OnMember(member), Hold::Minds);
    }
    if let Some(role) = act.target_role() {
        visit(Trace::OnRole(role), Hold::Minds);
    }
    for source in act.basis.conditions.iter().flat_map(|of| &of.sources) {
        visit(Trace::Source(source.role), Hold::Minds);
        if let Some(place) = source.place {
            visit(Trace::Place(place), Hold::Minds);
        }
    }
}

fn removal(member: IdentityId, visit: &mut impl FnMut(Trace, Hold)) {
    visit(Trace::Author(member), Hold::Leaves);
    visit(Trace::Member(member), Hold::Both);
}

fn role_update(body: &RoleUpdate, visit: &mut impl FnMut(Trace, Hold)) {
    visit(Trace::Role(body.role), Hold::Minds);
    let moves = body.position.is_some();
    if moves || body.clear.is_some() {
        visit(Trace::Source(body.role), Hold::Leaves);
    }
    if moves {
        visit(Trace::OnRole(body.role), Hold::Leaves);
    }
}

fn of_channel(act: &Act, visit: &mut impl FnMut(Trace, Hold)) {
    let one = |channel: ChannelId, subject: Subject, visit: &mut dyn FnMut(Trace, Hold)| {
        visit(Trace::Overwrite(channel, subject), Hold::Both);
        if let Subject::Role(role) = subject {
            visit(Trace::Role(role), Hold::Minds);
        }
    };
    let channel = match &act.body {
        Body::ChannelCreate(body) => {
            for overwrite in &body.overwrites {
                one(act.id.into(), overwrite.subject, visit);
            }
            act.id.into()
        }
        Body::ChannelUpdate(body) => {
            visit(Trace::Channel(body.channel), Hold::Both);
            body.channel
        }
        Body::ChannelDelete(body) => {
            visit(Trace::Channels, Hold::Leaves);
            visit(Trace::Place(body.channel), Hold::Leaves);
            body.channel
        }
        Body::OverwriteSet(body) => {
            one(body.channel, body.overwrite.subject, visit);
            body.channel
        }
        Body::OverwriteClear(body) => {
            one(body.channel, body.subject, visit);
            body.channel
        }
        _ => return,
    };
    visit(Trace::Channels, Hold::Minds);
    visit(Trace::Channel(channel), Hold::Minds);
    if act.writes_overwrites().is_some() {
        visit(Trace::Place(channel), Hold::Leaves);
    }
    if let Some(copy) = &act.copy {
        visit(Trace::Channel(channel), Hold::Both);
        of_copy(copy, visit);
    }
}

/// A copy brings back overwrites of roles that may be gone.
fn of_copy(copy: &Overwrites, visit: &mut impl FnMut(Trace, Hold)) {
    for subject in copy.keys() {
        if let Subject::Role(role) = subject {
            visit(Trace::Role(*role), Hold::Minds);
        }
    }
}
