//! Who owns a server, and who may after them.

use conclave_core::event::Succession;
use conclave_core::id::{EventId, IdentityId, ServerId};
use conclave_core::signed::SigningKey;

/// One request about the ownership of a server.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they change")]
pub enum OwnershipCommand {
    /// Hands the server over.
    Transfer { server: ServerId, to: IdentityId },
    /// Sets who may take over; the council's order does not matter.
    SetSuccession { server: ServerId, terms: Succession },
    /// Asks for the server: with a recovery key for oneself, without one as a successor or for whomever as the council.
    Claim {
        server: ServerId,
        heir: Option<IdentityId>,
        recovery: Option<SigningKey>,
    },
    /// Attests that this node has known a claim for the delay; the heir takes over at once if that was the last that lacked.
    Confirm { server: ServerId, claim: EventId },
    /// Takes over by a confirmed claim.
    Take { server: ServerId, claim: EventId },
    /// Ends a claim.
    Veto { server: ServerId, claim: EventId },
    /// Founds a successor of a server: its roles and channels, under new keys; where asked, with what roles its members hold.
    Fork {
        server: ServerId,
        name: Option<String>,
        with_members_roles: bool,
    },
    /// Joins a successor that a member has announced.
    Follow {
        server: ServerId,
        successor: ServerId,
    },
}
