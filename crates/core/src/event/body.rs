//! Bodies of authority events, one struct a kind.

mod channel;
mod checkpoint;
mod invite;
mod member;
mod owner;
mod role;
mod server;

pub use channel::*;
pub use checkpoint::*;
pub use invite::*;
pub use member::*;
pub use owner::*;
pub use role::*;
pub use server::*;

use super::{BODY_LIMITS, Kind};
use crate::codec::{self, CodecError};

/// A decoded body.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is documented at its struct")]
pub enum Body {
    Genesis(Genesis),
    ServerUpdate(ServerUpdate),
    ChannelCreate(ChannelCreate),
    ChannelUpdate(ChannelUpdate),
    ChannelDelete(ChannelDelete),
    OverwriteSet(OverwriteSet),
    OverwriteClear(OverwriteClear),
    RoleCreate(RoleCreate),
    RoleUpdate(RoleUpdate),
    RoleDelete(RoleDelete),
    RoleGrant(RoleGrant),
    RoleRevoke(RoleRevoke),
    Kick(Kick),
    Ban(Ban),
    Unban(Unban),
    Timeout(Timeout),
    TimeoutLift(TimeoutLift),
    NicknameSet(NicknameSet),
    InviteCreate(InviteCreate),
    InviteRevoke(InviteRevoke),
    DeviceCut(DeviceCut),
    Merge(Merge),
    MinVersion(MinVersion),
    OwnershipTransfer(OwnershipTransfer),
    SuccessionPolicy(SuccessionPolicy),
    SuccessionClaim(SuccessionClaim),
    SuccessionConfirm(SuccessionConfirm),
    SuccessionVeto(SuccessionVeto),
    Accession(Accession),
    Checkpoint(Checkpoint),
}

/// Maps kinds to bodies, both ways.
macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        impl Body {
            /// The body's kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name(_) => Kind::$name,)+ }
            }

            /// Encodes the body alone.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$name(body) => codec::encode(body),)+ }
            }

            /// Decodes the body of an active kind.
            ///
            /// # Errors
            /// [`CodecError`]; for a reserved kind [`CodecError::Shape`].
            pub(super) fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, CodecError> {
                match kind {
                    $(Kind::$name => codec::decode(bytes, BODY_LIMITS).map(Self::$name),)+
                    reserved => Err(CodecError::Shape {
                        offset: 0,
                        reason: format!("{reserved:?} is reserved"),
                    }),
                }
            }
        }

        $(impl From<$name> for Body {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })+
    };
}

bodies!(
    Genesis,
    ServerUpdate,
    ChannelCreate,
    ChannelUpdate,
    ChannelDelete,
    OverwriteSet,
    OverwriteClear,
    RoleCreate,
    RoleUpdate,
    RoleDelete,
    RoleGrant,
    RoleRevoke,
    Kick,
    Ban,
    Unban,
    Timeout,
    TimeoutLift,
    NicknameSet,
    InviteCreate,
    InviteRevoke,
    DeviceCut,
    Merge,
    MinVersion,
    OwnershipTransfer,
    SuccessionPolicy,
    SuccessionClaim,
    SuccessionConfirm,
    SuccessionVeto,
    Accession,
    Checkpoint,
);
