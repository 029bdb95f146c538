//! Bodies about roles.

use minicbor::{Decode, Encode};

use super::member::Seen;
use crate::id::{IdentityId, RoleId};
use crate::permissions::Bits;

/// Creates a role; its id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleCreate {
    /// Name.
    #[n(0)]
    pub name: String,
    /// 0xRRGGBB.
    #[n(1)]
    pub color: Option<u32>,
    /// Shown as a group of its own in the list of members.
    #[n(2)]
    pub hoist: bool,
    /// Anybody may mention it.
    #[n(3)]
    pub mentionable: bool,
    /// What it grants.
    #[n(4)]
    pub permissions: Bits,
    /// Fractional index; greater is higher; equal ones order by id.
    #[n(5)]
    pub position: String,
}

/// Changes a role; absent fields stay. Each permission bit is a register of its own: concurrent changes of different bits
/// both hold, and clear beats set.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleUpdate {
    /// The role.
    #[n(0)]
    pub role: RoleId,
    /// New name.
    #[n(1)]
    pub name: Option<String>,
    /// 0xRRGGBB; a value above 0xFFFFFF removes the colour.
    #[n(2)]
    pub color: Option<u32>,
    /// Whether it is shown as a group of its own.
    #[n(3)]
    pub hoist: Option<bool>,
    /// Whether anybody may mention it.
    #[n(4)]
    pub mentionable: Option<bool>,
    /// Bits to set.
    #[n(5)]
    pub set: Option<Bits>,
    /// Bits to clear.
    #[n(6)]
    pub clear: Option<Bits>,
    /// New position.
    #[n(7)]
    pub position: Option<String>,
}

/// Deletes a role.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleDelete {
    /// The role.
    #[n(0)]
    pub role: RoleId,
}

/// Gives a member a role.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleGrant {
    /// The role.
    #[n(0)]
    pub role: RoleId,
    /// Who gets it.
    #[n(1)]
    pub member: IdentityId,
}

/// Takes a role from a member.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct RoleRevoke {
    /// The role.
    #[n(0)]
    pub role: RoleId,
    /// Who loses it.
    #[n(1)]
    pub member: IdentityId,
    /// What of the member's devices is honoured.
    #[n(2)]
    pub seen: Vec<Seen>,
}
