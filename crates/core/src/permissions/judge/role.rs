//! Roles: created, changed, granted and taken strictly below the actor's own highest.

use super::super::compute::Place;
use super::{Asked, Basis, Bits, By, Denied, Level};
use crate::event::{RoleCreate, RoleGrant, RoleRevoke, RoleUpdate};
use crate::id::RoleId;

/// Most roles of a server, `@everyone` included: twice Discord's limit.
pub const ROLES_MAX: usize = 500;

impl By<'_> {
    pub(super) fn role_create(&self, body: &RoleCreate) -> Result<Basis, Denied> {
        let basis = self.needs(Bits::MANAGE_ROLES, Place::Server)?;
        let held = self.holds(body.permissions)?;
        if self.community.roles().len() >= ROLES_MAX {
            return Err(Denied::Limit {
                what: "roles",
                max: ROLES_MAX,
            });
        }
        self.position_below(&basis.with(held), &body.position)
    }

    pub(super) fn role_update(&self, body: &RoleUpdate) -> Result<Basis, Denied> {
        let basis = self.manages_role(&body.role)?;
        let everyone = body.role == self.community.server().everyone();
        let moves = body.position.is_some() || body.name.is_some() || body.hoist.is_some();
        if everyone && moves {
            return Err(Denied::EveryoneRole);
        }
        let basis = basis.with(self.holds(body.set.unwrap_or(Bits::NONE))?);
        match &body.position {
            Some(position) => self.position_below(&basis, position),
            None => Ok(basis),
        }
    }

    pub(super) fn role_delete(&self, role: &RoleId) -> Result<Basis, Denied> {
        self.no_everyone(role)?;
        self.manages_role(role)
    }

    pub(super) fn role_grant(&self, body: &RoleGrant) -> Result<Basis, Denied> {
        self.no_everyone(&body.role)?;
        if self.community.ban(&body.member).is_some() {
            return Err(Denied::TargetBanned(body.member));
        }
        self.manages_role(&body.role)
    }

    pub(super) fn role_revoke(&self, body: &RoleRevoke) -> Result<Basis, Denied> {
        self.no_everyone(&body.role)?;
        self.manages_role(&body.role)
    }

    /// MANAGE_ROLES, supplied from strictly above the role.
    pub(super) fn manages_role(&self, role: &RoleId) -> Result<Basis, Denied> {
        let basis = self.needs(Bits::MANAGE_ROLES, Place::Server)?;
        let role = self
            .community
            .role(role)
            .ok_or(Denied::UnknownRole(*role))?;
        let level = self.community.level_of(role);
        self.note(|| Asked::AboveRole {
            actor: basis.level.clone(),
            role: role.id,
            target: level.clone(),
        });
        if basis.level <= level {
            return Err(Denied::RoleRank {
                actor: basis.level,
                role: level,
            });
        }
        Ok(basis.above(level))
    }

    /// A place in the order is free to take only strictly below the actor's own, by index alone: an id must not win a tie.
    fn position_below(&self, basis: &Basis, position: &str) -> Result<Basis, Denied> {
        let role = Level::Role(position.into(), RoleId([u8::MAX; RoleId::LEN]));
        if basis.level <= role {
            return Err(Denied::RoleRank {
                actor: basis.level.clone(),
                role,
            });
        }
        Ok(basis.clone().above(role))
    }

    fn no_everyone(&self, role: &RoleId) -> Result<(), Denied> {
        if *role == self.community.server().everyone() {
            Err(Denied::EveryoneRole)
        } else {
            Ok(())
        }
    }
}
