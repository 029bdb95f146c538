//! Roles and who holds them.

use std::sync::Arc;

use super::{Community, Grant};
use crate::id::{EventId, IdentityId, InviteId, RoleId};
use crate::permissions::{Bits, Level};

/// A role as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// The id of the event that created it; the server's for `@everyone`.
    pub id: RoleId,
    /// Its name.
    pub name: Arc<str>,
    /// 0xRRGGBB.
    pub color: Option<u32>,
    /// Members are listed apart.
    pub hoist: bool,
    /// Anybody may mention it.
    pub mentionable: bool,
    /// What it permits.
    pub permissions: Bits,
    /// Fractional index; greater is higher; empty for `@everyone` alone.
    pub position: Arc<str>,
}

impl Community {
    /// One role.
    #[must_use]
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.get(id)
    }

    /// The `@everyone` role; always present once genesis is folded.
    #[must_use]
    pub fn everyone(&self) -> Option<&Role> {
        self.role(&self.server.everyone())
    }

    /// All roles, `@everyone` among them, by id.
    pub fn roles(&self) -> impl ExactSizeIterator<Item = &Role> {
        self.roles.values()
    }

    /// All roles, highest first, `@everyone` last.
    #[must_use]
    pub fn roles_sorted(&self) -> Vec<&Role> {
        let mut roles: Vec<&Role> = self.roles.values().collect();
        roles.sort_by_cached_key(|role| core::cmp::Reverse(self.level_of(role)));
        roles
    }

    /// Where a role stands.
    #[must_use]
    pub fn level_of(&self, role: &Role) -> Level {
        if role.id == self.server.everyone() {
            Level::Everyone
        } else {
            Level::Role(Arc::clone(&role.position), role.id)
        }
    }

    /// A member's roles without `@everyone`, highest first: those granted by events. What an invite brought is known to the
    /// roster ([`super::Member::roles`]).
    #[must_use]
    pub fn roles_of(&self, identity: &IdentityId) -> Vec<RoleId> {
        self.roles_with(identity, &[])
    }

    /// As [`Community::roles_of`], with the roles that these invites bring unless an event took them away.
    #[must_use]
    pub fn roles_with(&self, identity: &IdentityId, invites: &[InviteId]) -> Vec<RoleId> {
        let mut roles: Vec<_> = self
            .granted(identity, invites)
            .into_iter()
            .map(|(role, _)| (self.level_of(role), role.id))
            .collect();
        roles.sort_unstable_by(|a, b| b.cmp(a));
        roles.into_iter().map(|(_, id)| id).collect()
    }

    /// The roles that somebody holds by grants and through invites, each with the event that gave it.
    pub(crate) fn granted(
        &self,
        identity: &IdentityId,
        invites: &[InviteId],
    ) -> Vec<(&Role, EventId)> {
        let mut held: Vec<(&Role, EventId)> = self
            .grants_of(identity)
            .filter(|(_, grant)| grant.held)
            .filter_map(|(role, grant)| Some((self.roles.get(&role)?, grant.event)))
            .collect();
        for invite in invites.iter().filter_map(|id| self.invites.get(id)) {
            let role = invite.role.and_then(|id| self.roles.get(&id));
            if let Some(role) = role
                && !self.grants.contains_key(&(*identity, role.id))
                && held.iter().all(|(other, _)| other.id != role.id)
            {
                held.push((role, EventId(invite.id.0)));
            }
        }
        held
    }

    /// Who holds a role by grant, by identity.
    pub fn holders(&self, role: RoleId) -> impl Iterator<Item = IdentityId> + '_ {
        let holds = move |(_, of, grant): &(IdentityId, RoleId, Grant)| *of == role && grant.held;
        self.grants().filter(holds).map(|(identity, _, _)| identity)
    }

    /// Who holds roles by grant, each with the role and the event.
    pub fn grants(&self) -> impl Iterator<Item = (IdentityId, RoleId, Grant)> + '_ {
        let grants = self.grants.iter();
        grants.map(|((identity, role), grant)| (*identity, *role, *grant))
    }

    /// What was decided about one member's roles.
    pub(super) fn grants_of(&self, member: &IdentityId) -> impl Iterator<Item = (RoleId, Grant)> {
        let from = (*member, RoleId([0; RoleId::LEN]));
        let to = (*member, RoleId([u8::MAX; RoleId::LEN]));
        let grants = self.grants.range(from..=to);
        grants.map(|((_, role), grant)| (*role, *grant))
    }
}
