//! Why somebody may not.

use super::{Bits, Level};
use crate::id::{ChannelId, CheckpointId, DeviceId, EventId, IdentityId, InviteId, Millis, RoleId};
use crate::log::CheckpointFault;

/// Why an act is not allowed: which permission or which rule of hierarchy fails, in a form that the app can show.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// The author is no member in the state that they cite.
    #[error("{0:?} is no member")]
    NotMember(IdentityId),
    /// The author is banned.
    #[error("{0:?} is banned")]
    Banned(IdentityId),
    /// The author's device was cut off.
    #[error("device {0:?} is cut off")]
    DeviceCut(DeviceId),
    /// The author's device has forked its own chain, and the event cites the evidence.
    #[error("device {0:?} is frozen: it has forked its chain")]
    Frozen(DeviceId),
    /// The event cites an event that was rejected.
    #[error("it cites {0:?}, which was rejected")]
    CitesRejected(EventId),
    /// The author is timed out.
    #[error("timed out until {}", .0.0)]
    TimedOut(Millis),
    /// A permission is missing.
    #[error("{} is missing", .permission.names())]
    Missing {
        /// Which.
        permission: Bits,
        /// Where; absent: in the server as a whole.
        channel: Option<ChannelId>,
    },
    /// The owner cannot be acted on.
    #[error("the owner is immovable")]
    TargetIsOwner,
    /// Administrators cannot be timed out.
    #[error("administrators cannot be timed out")]
    TargetIsAdministrator,
    /// The target stands as high as the actor, or higher.
    #[error("the target ({target}) does not stand below the actor ({actor})")]
    TargetRank {
        /// The actor's level in this act.
        actor: Level,
        /// The target's.
        target: Level,
    },
    /// The role stands as high as the actor, or higher.
    #[error("the role ({role}) does not stand below the actor ({actor})")]
    RoleRank {
        /// The actor's level in this act.
        actor: Level,
        /// The role's, as it is or as it would be.
        role: Level,
    },
    /// `@everyone` cannot be granted, deleted, renamed or moved.
    #[error("@everyone cannot be granted, deleted, renamed or moved")]
    EveryoneRole,
    /// Permissions that the actor lacks cannot be handed out.
    #[error("the actor lacks {}", .0.names())]
    Escalation(Bits),
    /// Only administrators set MANAGE_ROLES while they create a channel.
    #[error("only administrators set MANAGE_ROLES on a new channel")]
    ManageRolesOnCreate,
    /// The owner alone may.
    #[error("only the owner may")]
    OwnerOnly,
    /// No such role.
    #[error("there is no role {0:?}")]
    UnknownRole(RoleId),
    /// No such channel.
    #[error("there is no channel {0:?}")]
    UnknownChannel(ChannelId),
    /// No such invite, or one that is closed already.
    #[error("there is no open invite {0:?}")]
    UnknownInvite(InviteId),
    /// The parent is no category, or the channel is one itself.
    #[error("{0:?} cannot be the parent of this channel")]
    Parent(ChannelId),
    /// There is no parent to follow.
    #[error("a channel without a category cannot follow one")]
    NothingToFollow,
    /// Joins are paused, and so are new invites.
    #[error("joins and invites are paused in this server")]
    JoinsPaused,
    /// The target is banned.
    #[error("{0:?} is banned")]
    TargetBanned(IdentityId),
    /// The target is not banned.
    #[error("{0:?} is not banned")]
    NotBanned(IdentityId),
    /// The end lies more than 28 days ahead.
    #[error("a timeout ends at most 28 days ahead")]
    TimeoutTooLong(Millis),
    /// A limit is reached.
    #[error("the limit of {max} {what} is reached")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// The event needs a version of the protocol that the owner has not allowed.
    #[error("event kind {kind} needs a newer protocol than the server's version {allowed}")]
    Version {
        /// The event's kind.
        kind: u16,
        /// What the server allows.
        allowed: u16,
    },
    /// The server is the actor's already.
    #[error("{0:?} is the owner already")]
    IsOwner(IdentityId),
    /// Not the policy in force.
    #[error("succession policy {0:?} is not in force")]
    UnknownPolicy(EventId),
    /// The policy does not name the actor for this.
    #[error("the succession policy does not name {0:?} for this")]
    NotNamed(IdentityId),
    /// The recovery key is not the policy's, or has not signed this.
    #[error("the recovery key does not entitle to this")]
    RecoveryKey,
    /// The actor, or the recovery key, has a claim already.
    #[error("claim {0:?} is open already")]
    ClaimOpen(EventId),
    /// No such claim, or none that is open.
    #[error("there is no open claim {0:?}")]
    UnknownClaim(EventId),
    /// The actor has confirmed the claim already.
    #[error("{0:?} has confirmed already")]
    Confirmed(IdentityId),
    /// The attested days are fewer than the policy asks for.
    #[error("{days} days attested, {needed} needed")]
    TooEarly {
        /// Attested.
        days: u16,
        /// Asked for.
        needed: u16,
    },
    /// The claim lacks confirmations.
    #[error("{have} of {needed} confirmations")]
    Unconfirmed {
        /// How many there are.
        have: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The checkpoint that the event posts is none.
    #[error("the checkpoint: {0}")]
    Checkpoint(Box<CheckpointFault>),
    /// The event names another checkpoint than the canonical one of its past.
    #[error("the event names checkpoint {found:?}, its past has {expected:?}")]
    LastCheckpoint {
        /// The canonical checkpoint of its past.
        expected: Option<CheckpointId>,
        /// What it names.
        found: Option<CheckpointId>,
    },
    /// The event would lift what a checkpoint froze without its author's knowledge.
    #[error("it would lift {0:?}, which was frozen without its author's knowledge")]
    Unseen(EventId),
    /// A second genesis.
    #[error("a server has one genesis")]
    SecondGenesis,
}

impl Denied {
    /// A name of the reason for programs and catalogues, which stays when the words change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotMember(_) => "not_member",
            Self::Banned(_) => "banned",
            Self::DeviceCut(_) => "device_cut",
            Self::Frozen(_) => "frozen",
            Self::CitesRejected(_) => "cites_rejected",
            Self::TimedOut(_) => "timed_out",
            Self::Missing { .. } => "missing",
            Self::TargetIsOwner => "target_is_owner",
            Self::TargetIsAdministrator => "target_is_administrator",
            Self::TargetRank { .. } => "target_rank",
            Self::RoleRank { .. } => "role_rank",
            Self::EveryoneRole => "everyone_role",
            Self::Escalation(_) => "escalation",
            Self::ManageRolesOnCreate => "manage_roles_on_create",
            Self::OwnerOnly => "owner_only",
            Self::UnknownRole(_) => "unknown_role",
            Self::UnknownChannel(_) => "unknown_channel",
            Self::UnknownInvite(_) => "unknown_invite",
            Self::Parent(_) => "parent",
            Self::NothingToFollow => "nothing_to_follow",
            Self::JoinsPaused => "joins_paused",
            Self::TargetBanned(_) => "target_banned",
            Self::NotBanned(_) => "not_banned",
            Self::TimeoutTooLong(_) => "timeout_too_long",
            Self::Limit { .. } => "limit",
            Self::Version { .. } => "version",
            Self::IsOwner(_) => "is_owner",
            Self::UnknownPolicy(_) => "unknown_policy",
            Self::NotNamed(_) => "not_named",
            Self::RecoveryKey => "recovery_key",
            Self::ClaimOpen(_) => "claim_open",
            Self::UnknownClaim(_) => "unknown_claim",
            Self::Confirmed(_) => "confirmed",
            Self::TooEarly { .. } => "too_early",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Checkpoint(_) => "checkpoint",
            Self::LastCheckpoint { .. } => "last_checkpoint",
            Self::Unseen(_) => "unseen",
            Self::SecondGenesis => "second_genesis",
        }
    }
}
