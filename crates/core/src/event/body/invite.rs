//! Bodies about invites.

use minicbor::{Decode, Encode};

use crate::id::{ChannelId, InviteId, Millis, Pseudonym, RoleId, VerifyKey};
use crate::member::LeafKeys;

/// Opens a way in; the invite's id is the event's.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct InviteCreate {
    /// 1 open (its leaf reads content), 2 closed (its leaf reads state only).
    #[n(0)]
    pub kind: u8,
    /// Key whose signature admits a joiner; its seed derives from the link's secret.
    #[n(1)]
    pub verify_key: VerifyKey,
    /// Keys of the invite's leaf, derived from the link's secret.
    #[n(2)]
    pub leaf: LeafKeys,
    /// Role that joiners get, which the creator must be able to grant.
    #[n(3)]
    pub role: Option<RoleId>,
    /// Channel to show first.
    #[n(4)]
    pub channel: Option<ChannelId>,
    /// Advisory while members race, exact through closed links.
    #[n(5)]
    pub max_uses: Option<u32>,
    /// After this moment no epoch is sealed to the leaf and no join is admitted.
    #[n(6)]
    pub expires: Option<Millis>,
}

/// Closes a way in; joins among `honoured` stay.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct InviteRevoke {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// Pseudonyms whose joins through the invite are honoured, ascending.
    #[n(1)]
    pub honoured: Vec<Pseudonym>,
}
