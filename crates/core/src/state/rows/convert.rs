//! From the state's values to rows and back.

use std::sync::Arc;

use imbl::OrdSet;

use super::form::*;
use super::shape;
use crate::codec::CodecError;
use crate::id::{ChannelId, IdentityId, InviteId, RoleId};
use crate::state::{
    BanEntry, Channel, ChannelKind, Claim, Invite, InviteKind, Overwrites, Policy, Reign, Role,
    Title,
};

pub(super) fn reign_row(reign: &Reign) -> ReignRow {
    let claims = reign.claims.values().map(|claim| ClaimRow {
        id: claim.id,
        by: claim.by,
        heir: claim.heir,
        title: claim.title.number(),
        confirmed: claim
            .confirmed
            .iter()
            .map(|(who, event)| (*who, *event))
            .collect(),
    });
    let policy = reign.policy.as_ref();
    ReignRow {
        root: reign.root,
        began: reign.began,
        tenure: reign.tenure.iter().copied().collect(),
        policy: policy.map(|policy| (policy.event, policy.terms.clone())),
        claims: claims.collect(),
    }
}

pub(super) fn reign_of(owner: IdentityId, row: ReignRow) -> Result<Reign, CodecError> {
    let claims = row.claims.into_iter().map(|claim| {
        let title = match claim.title {
            (1, place) => Title::RecoveryKey(place),
            (2, place) => Title::Successor(place),
            (3, 0) => Title::Council,
            _ => return Err(shape("title of a claim")),
        };
        let claim = Claim {
            id: claim.id,
            by: claim.by,
            heir: claim.heir,
            title,
            confirmed: claim.confirmed.into_iter().collect(),
        };
        Ok((claim.id, claim))
    });
    let policy = row.policy;
    Ok(Reign {
        owner,
        root: row.root,
        began: row.began,
        tenure: row.tenure.into_iter().collect(),
        policy: policy.map(|(event, terms)| Arc::new(Policy { event, terms })),
        claims: claims.collect::<Result<_, CodecError>>()?,
    })
}

pub(super) fn role_row(role: &Role) -> RoleRow {
    RoleRow {
        name: role.name.to_string(),
        color: role.color,
        hoist: role.hoist,
        mentionable: role.mentionable,
        permissions: role.permissions,
        position: role.position.to_string(),
    }
}

pub(super) fn role_of(id: RoleId, row: RoleRow) -> Role {
    Role {
        id,
        name: row.name.into(),
        color: row.color,
        hoist: row.hoist,
        mentionable: row.mentionable,
        permissions: row.permissions,
        position: row.position.into(),
    }
}

pub(super) fn channel_row(channel: &Channel) -> ChannelRow {
    let overwrites = channel.own_overwrites.iter();
    ChannelRow {
        name: channel.name.to_string(),
        kind: channel.kind.number(),
        topic: channel.topic.to_string(),
        parent: channel.parent,
        position: channel.position.to_string(),
        overwrites: overwrites
            .map(|(subject, (allow, deny))| (*subject, *allow, *deny))
            .collect(),
        synced: channel.synced,
        durability: channel.durability,
        ttl_ms: channel.ttl_ms,
        slow_mode_s: channel.slow_mode_s,
    }
}

pub(super) fn channel_of(id: ChannelId, row: ChannelRow) -> Result<Channel, CodecError> {
    let overwrites = row.overwrites.into_iter();
    let overwrites: Overwrites = overwrites
        .map(|(subject, allow, deny)| (subject, (allow, deny)))
        .collect();
    Ok(Channel {
        id,
        name: row.name.into(),
        kind: ChannelKind::from_number(row.kind).ok_or_else(|| shape("kind of channel"))?,
        topic: row.topic.into(),
        parent: row.parent,
        position: row.position.into(),
        own_overwrites: overwrites,
        synced: row.synced,
        durability: row.durability,
        ttl_ms: row.ttl_ms,
        slow_mode_s: row.slow_mode_s,
    })
}

pub(super) fn ban_row(ban: &BanEntry) -> BanRow {
    BanRow {
        event: ban.event,
        by: ban.by,
        time: ban.time,
        reason: ban.reason.as_deref().map(ToOwned::to_owned),
        delete_ms: ban.delete_ms,
    }
}

pub(super) fn invite_row(invite: &Invite) -> InviteRow {
    InviteRow {
        creator: invite.creator,
        kind: invite.kind.number(),
        verify_key: invite.verify_key,
        leaf: invite.leaf.clone(),
        role: invite.role,
        channel: invite.channel,
        max_uses: invite.max_uses,
        expires: invite.expires,
        revoked: invite
            .revoked
            .as_ref()
            .map(|honoured| honoured.iter().copied().collect()),
    }
}

pub(super) fn invite_of(id: InviteId, row: InviteRow) -> Result<Invite, CodecError> {
    Ok(Invite {
        id,
        creator: row.creator,
        kind: InviteKind::from_number(row.kind).ok_or_else(|| shape("kind of invite"))?,
        verify_key: row.verify_key,
        leaf: row.leaf,
        role: row.role,
        channel: row.channel,
        max_uses: row.max_uses,
        expires: row.expires,
        revoked: row
            .revoked
            .map(|honoured| honoured.into_iter().collect::<OrdSet<_>>()),
    })
}
