//! Permissions: the bits, what a member has of them, and the only `allows(state, actor, action)`.
//!
//! [`base`] and [`in_channel`] are Discord's computation, bit for bit; [`allows`] adds hierarchy and the rules of each kind
//! of event (chapter `permissions`). All are pure functions of the folded state.

mod action;
mod bits;
mod compute;
mod denied;
mod explain;
mod judge;
mod level;
mod source;

pub use action::{Action, allows};
pub use bits::Bits;
pub use compute::{
    Actor, IMPLIED_BY_SEND, TIMEOUT_LEAVES, base, in_channel, rank, under_overwrites,
};
pub use denied::Denied;
pub use explain::{Asked, Explanation, Step, explain};
pub(crate) use judge::judge;
pub use judge::{
    BAN_MANY_MAX, CHANNELS_MAX, INVITES_MAX, OVERWRITES_MAX, ROLES_MAX, TIMEOUT_MS_MAX,
};
pub use level::{Basis, Condition, Level, Source};
