//! Permissions: the bits and the only `allows(state, actor, action)`.

mod bits;

pub use bits::Bits;
