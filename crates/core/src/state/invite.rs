//! A way in.

use imbl::OrdSet;

use crate::event::InviteCreate;
use crate::id::{
    ChannelId, EventId, IdentityId, InviteId, LeafId, Millis, Pseudonym, RoleId, VerifyKey,
};
use crate::member::LeafKeys;

/// What an invite's leaf reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InviteKind {
    /// State and content: whoever has the link can read.
    Open,
    /// State only: a member lets the joiner in.
    Closed,
}

impl InviteKind {
    /// The kind of a number: 1 open, 2 closed.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Open),
            2 => Some(Self::Closed),
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Closed => 2,
        }
    }
}

/// An invite as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invite {
    /// The id of the event that created it.
    pub id: InviteId,
    /// Who created it.
    pub creator: IdentityId,
    /// What its leaf reads.
    pub kind: InviteKind,
    /// Key whose signature admits a joiner.
    pub verify_key: VerifyKey,
    /// Keys of its leaf.
    pub leaf: LeafKeys,
    /// Role that joiners get.
    pub role: Option<RoleId>,
    /// Channel to show first.
    pub channel: Option<ChannelId>,
    /// How many may join, advisory.
    pub max_uses: Option<u32>,
    /// Until when.
    pub expires: Option<Millis>,
    /// Once it is revoked: the pseudonyms whose joins are honoured all the same.
    pub revoked: Option<OrdSet<Pseudonym>>,
}

impl Invite {
    pub(super) fn created(event: EventId, creator: IdentityId, body: &InviteCreate) -> Self {
        Self {
            id: event.into(),
            creator,
            kind: InviteKind::from_number(body.kind).unwrap_or(InviteKind::Closed),
            verify_key: body.verify_key,
            leaf: body.leaf.clone(),
            role: body.role,
            channel: body.channel,
            max_uses: body.max_uses,
            expires: body.expires,
            revoked: None,
        }
    }

    /// Whether it was not revoked. It may have expired: compare `expires`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.revoked.is_none()
    }

    /// Whether a device that joined through it under this pseudonym stays.
    #[must_use]
    pub fn admits(&self, pseudonym: &Pseudonym) -> bool {
        self.revoked
            .as_ref()
            .is_none_or(|honoured| honoured.contains(pseudonym))
    }

    /// The id of its leaf.
    #[must_use]
    pub fn leaf_id(&self) -> LeafId {
        self.leaf.id()
    }
}
