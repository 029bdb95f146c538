//! A role.

use std::sync::Arc;

use crate::id::RoleId;
use crate::permissions::Bits;

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
