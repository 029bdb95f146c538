//! The member plane: one register per device, of which the latest counts, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet};

use super::Community;
use super::join::stands;
use crate::commitment::{MemberProof, Pruned, Tree, member_value};
use crate::hash::Label;
use crate::id::{
    Commitment, DeviceId, Digest, IdentityId, InviteId, Pseudonym, RegisterId, RoleId,
};
use crate::member::{JoinProof, LeafKeys, Register, Status};
use crate::permissions::Actor;
use crate::signed::Verified;

/// Most devices of one roster: ten times the largest community that is aimed at.
pub const ROSTER_MAX: usize = 1_000_000;

/// The registers of one server's devices.
///
/// For each device the highest sequence counts; of two with one sequence, the lower id. So the roster is a function of the
/// set of registers. Which of them are members is asked with the [`Community`] at hand: bans, kicks and revocations decide it.
#[derive(Clone, Debug)]
pub struct Roster {
    devices: BTreeMap<(IdentityId, DeviceId), Verified<Register>>,
    pseudonyms: BTreeMap<Pseudonym, BTreeSet<(IdentityId, DeviceId)>>,
    /// The commitment, kept up with every register.
    tree: Tree,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            devices: BTreeMap::new(),
            pseudonyms: BTreeMap::new(),
            tree: Tree::new(Label::MemberRoot),
        }
    }
}

/// What became of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admitted {
    /// It counts, as the device's first.
    New,
    /// It counts, in place of an older one.
    Replaced(RegisterId),
    /// A later one, or this one, is known already.
    Stale,
    /// The roster is full ([`ROSTER_MAX`]).
    Full,
}

impl Roster {
    /// Gives an empty roster.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a register whose join proof [`crate::state::verify_join`] has passed and whose cited heads are in the log.
    pub fn insert(&mut self, register: Verified<Register>) -> Admitted {
        let key = (register.identity, register.device);
        let rank = |register: &Verified<Register>| {
            (register.seq, core::cmp::Reverse(register.register_id()))
        };
        let old = self.devices.get(&key);
        if old.is_some_and(|old| rank(old) >= rank(&register)) {
            return Admitted::Stale;
        }
        if old.is_none() && self.devices.len() >= ROSTER_MAX {
            return Admitted::Full;
        }
        let pseudonym = register.pseudonym;
        let old = self.devices.insert(key, register);
        if let Some(old) = &old
            && let Some(holders) = self.pseudonyms.get_mut(&old.pseudonym)
        {
            holders.remove(&key);
            if holders.is_empty() {
                self.pseudonyms.remove(&old.pseudonym);
            }
            self.commit(&old.pseudonym);
        }
        self.pseudonyms.entry(pseudonym).or_default().insert(key);
        self.commit(&pseudonym);
        old.map_or(Admitted::New, |old| Admitted::Replaced(old.register_id()))
    }

    /// The latest register under a pseudonym. Should several devices claim it, which takes its secret key, then the one with
    /// the highest sequence.
    #[must_use]
    pub fn by_pseudonym(&self, pseudonym: &Pseudonym) -> Option<&Verified<Register>> {
        let holders = self.pseudonyms.get(pseudonym)?;
        let registers = holders.iter().filter_map(|key| self.devices.get(key));
        registers.max_by_key(|register| (register.seq, core::cmp::Reverse(register.register_id())))
    }

    /// One device's latest register.
    #[must_use]
    pub fn device(&self, identity: &IdentityId, device: &DeviceId) -> Option<&Verified<Register>> {
        self.devices.get(&(*identity, *device))
    }

    /// The latest registers of all devices of an identity, members or not.
    pub fn of<'a>(
        &'a self,
        identity: &IdentityId,
    ) -> impl Iterator<Item = &'a Verified<Register>> + use<'a> {
        let from = (*identity, DeviceId([0; 32]));
        let to = (*identity, DeviceId([u8::MAX; 32]));
        self.devices.range(from..=to).map(|(_, register)| register)
    }

    /// All registers, by identity and device.
    pub fn registers(&self) -> impl ExactSizeIterator<Item = &Verified<Register>> {
        self.devices.values()
    }

    /// The member, if an identity is one: at least one of its devices is present and not cut off, and at least one of its
    /// registers is admitted by itself (founder or invite). Banned identities never are; after a kick or ban only registers
    /// that cite it count.
    #[must_use]
    pub fn member(&self, community: &Community, identity: &IdentityId) -> Option<Member<'_>> {
        if community.ban(identity).is_some() {
            return None;
        }
        let counting: Vec<&Verified<Register>> = self
            .of(identity)
            .filter(|register| counts(community, register))
            .collect();
        let admits = |register: &&&Verified<Register>| {
            !matches!(register.proof, JoinProof::Sibling(_)) && stands(community, register).is_ok()
        };
        let anchors: Vec<_> = counting.iter().filter(admits).copied().collect();
        let invites = anchors.iter().filter_map(|register| match &register.proof {
            JoinProof::Invite { invite, .. } => Some(*invite),
            _ => None,
        });
        let invites: BTreeSet<InviteId> = invites.collect();
        if anchors.is_empty() {
            return None;
        }
        let present = |register: &&Verified<Register>| {
            register.status == Status::Present
                && community.cut(&register.device).is_none()
                && stands(community, register).is_ok()
        };
        let devices: Vec<_> = counting.into_iter().filter(present).collect();
        (!devices.is_empty()).then(|| Member {
            actor: Actor {
                identity: *identity,
                invites: invites.into_iter().collect(),
            },
            devices,
        })
    }

    /// Whether an identity is a member.
    #[must_use]
    pub fn is_member(&self, community: &Community, identity: &IdentityId) -> bool {
        self.member(community, identity).is_some()
    }

    /// All members, by identity.
    pub fn members<'a>(&'a self, community: &'a Community) -> impl Iterator<Item = Member<'a>> {
        let mut last = None;
        let identities = self.devices.keys().filter_map(move |(identity, _)| {
            (last.replace(*identity) != Some(*identity)).then_some(*identity)
        });
        identities.filter_map(|identity| self.member(community, &identity))
    }

    /// The leaves of a member's devices: none if the identity is no member.
    #[must_use]
    pub fn leaves(
        &self,
        community: &Community,
        identity: &IdentityId,
    ) -> Vec<(Pseudonym, LeafKeys)> {
        let member = self.member(community, identity);
        let devices = member.map(|member| member.devices).unwrap_or_default();
        devices
            .iter()
            .map(|register| (register.pseudonym, register.leaf.clone()))
            .collect()
    }

    /// Brings the commitment in step with what stands under a pseudonym.
    fn commit(&mut self, pseudonym: &Pseudonym) {
        match self.by_pseudonym(pseudonym) {
            Some(register) => {
                let value = member_value(&register.register_id(), &register.leaf.id());
                self.tree.insert(pseudonym.0, value);
            }
            None => self.tree.remove(&pseudonym.0),
        }
    }

    /// The history-independent commitment to all registers, leaf keys included, keyed by pseudonym (chapter `checkpoint`,
    /// "Member root"). It is kept up with every register, so asking costs nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The tree behind [`Roster::root`]; a clone of it is a snapshot that proofs can be made from later.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Proves which register stands under a pseudonym, or that none does.
    #[must_use]
    pub fn prove(&self, pseudonym: &Pseudonym) -> MemberProof {
        let register = self.by_pseudonym(pseudonym);
        let path: Pruned = self.tree.prove([pseudonym.0]);
        MemberProof {
            register: register.map(|register| (register.register_id(), register.leaf.id())),
            path,
        }
    }
}

/// Whether a register counts at all: it cites every latest kick and ban of its identity, and lies within its device's cut.
fn counts(community: &Community, register: &Register) -> bool {
    let cut = community.cut(&register.device);
    cut.is_none_or(|cut| cut.register_seq.is_some_and(|last| register.seq <= last))
        && community
            .removals(&register.identity)
            .all(|removal| community.cites(&register.heads, removal))
}

/// A member with its devices.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Who, and through which invites they came.
    pub actor: Actor,
    /// The latest registers of the devices that are present.
    pub devices: Vec<&'a Verified<Register>>,
}

impl Member<'_> {
    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> IdentityId {
        self.actor.identity
    }

    /// Whether any device says that it is automated.
    #[must_use]
    pub fn is_bot(&self) -> bool {
        self.devices
            .iter()
            .any(|register| register.bot == Some(true))
    }

    /// The member's roles without `@everyone`, highest first, those of invites included.
    #[must_use]
    pub fn roles(&self, community: &Community) -> Vec<RoleId> {
        community.roles_with(&self.actor.identity, &self.actor.invites)
    }

    /// The commitment to the nickname that counts: the member's own latest, unless a moderator's overrules it.
    #[must_use]
    pub fn nickname(&self, community: &Community) -> Option<Commitment> {
        let own = self.latest();
        match community.nickname(&self.actor.identity) {
            Some(set) if own.is_none_or(|own| set.overrules(&own.device, own.seq)) => {
                set.commitment
            }
            _ => own.and_then(|register| register.nickname),
        }
    }

    /// The commitment to the latest profile.
    #[must_use]
    pub fn profile(&self) -> Option<Commitment> {
        self.latest().and_then(|register| register.profile)
    }

    /// The register that was written last, as its clock claims.
    fn latest(&self) -> Option<&Verified<Register>> {
        let key =
            |register: &&&Verified<Register>| (register.time, register.seq, register.register_id());
        self.devices.iter().max_by_key(key).copied()
    }
}

impl From<&Member<'_>> for Actor {
    fn from(member: &Member<'_>) -> Self {
        member.actor.clone()
    }
}
