//! The log in words: one line an event, for the audit log.

use conclave_core::event::{Body, Event, Subject};
use conclave_core::id::IdentityId;
use conclave_core::permissions::Bits;
use conclave_core::signed::Verified;

use crate::model::AuditEntry;
use crate::room::Room;

/// What an event did: action, whom or what it is about, and the new values.
struct Line {
    action: &'static str,
    target: Option<String>,
    target_name: Option<String>,
    changes: Vec<(String, String)>,
}

/// Describes an event; merges, which do nothing, are left out.
#[must_use]
pub fn entry(
    room: &Room,
    event: &Verified<Event>,
    effective: bool,
    why_not: Option<String>,
) -> Option<AuditEntry> {
    let line = line(room, &event.decode_body().ok()?)?;
    Some(AuditEntry {
        id: event.event_id(),
        time: event.time,
        actor: event.author,
        actor_name: room.name_of(&event.author),
        action: line.action,
        target: line.target,
        target_name: line.target_name,
        reason: event.reason.clone(),
        changes: line.changes,
        effective,
        why_not,
    })
}

fn line(room: &Room, body: &Body) -> Option<Line> {
    let community = room.community.as_ref();
    let plain = |action| Line {
        action,
        target: None,
        target_name: None,
        changes: Vec::new(),
    };
    let about = |action, member: &IdentityId| Line {
        action,
        target: Some(member.to_string()),
        target_name: Some(room.name_of(member)),
        changes: Vec::new(),
    };
    let channel = |action, id: &conclave_core::id::ChannelId| Line {
        action,
        target: Some(id.to_string()),
        target_name: community.and_then(|state| Some(state.channel(id)?.name.to_string())),
        changes: Vec::new(),
    };
    let role = |action, id: &conclave_core::id::RoleId| Line {
        action,
        target: Some(id.to_string()),
        target_name: community.and_then(|state| Some(state.role(id)?.name.to_string())),
        changes: Vec::new(),
    };
    Some(match body {
        Body::Genesis(genesis) => plain("server_create").with("name", Some(&genesis.name)),
        Body::ServerUpdate(update) => plain("server_update")
            .with("name", update.name.as_ref())
            .with("description", update.description.as_ref())
            .with("joins_paused", update.joins_paused.as_ref()),
        Body::ChannelCreate(create) => plain("channel_create").with("name", Some(&create.name)),
        Body::ChannelUpdate(update) => channel("channel_update", &update.channel)
            .with("name", update.name.as_ref())
            .with("topic", update.topic.as_ref())
            .with("slow_mode_s", update.slow_mode_s.as_ref())
            .with("durability", update.durability.as_ref()),
        Body::ChannelDelete(delete) => channel("channel_delete", &delete.channel),
        Body::OverwriteSet(set) => channel("overwrite_set", &set.channel)
            .with("subject", Some(&subject(room, &set.overwrite.subject)))
            .with("allow", bits(set.overwrite.allow).as_ref())
            .with("deny", bits(set.overwrite.deny).as_ref()),
        Body::OverwriteClear(clear) => channel("overwrite_clear", &clear.channel)
            .with("subject", Some(&subject(room, &clear.subject))),
        Body::RoleCreate(create) => plain("role_create").with("name", Some(&create.name)),
        Body::RoleUpdate(update) => role("role_update", &update.role)
            .with("name", update.name.as_ref())
            .with("granted", update.set.and_then(bits).as_ref())
            .with("taken", update.clear.and_then(bits).as_ref()),
        Body::RoleDelete(delete) => role("role_delete", &delete.role),
        Body::RoleGrant(grant) => about("role_grant", &grant.member)
            .with("role", role("", &grant.role).target_name.as_ref()),
        Body::RoleRevoke(revoke) => about("role_revoke", &revoke.member)
            .with("role", role("", &revoke.role).target_name.as_ref()),
        Body::Kick(kick) => about("member_kick", &kick.member),
        Body::Ban(ban) => about("member_ban", &ban.member),
        Body::Unban(unban) => about("member_unban", &unban.member),
        Body::Timeout(timeout) => {
            about("member_timeout", &timeout.member).with("until_ms", Some(&timeout.until.0))
        }
        Body::TimeoutLift(lift) => about("member_timeout_lift", &lift.member),
        Body::NicknameSet(set) => about("member_nickname", &set.member),
        Body::InviteCreate(create) => plain("invite_create").with(
            "kind",
            Some(&if create.kind == 1 { "open" } else { "closed" }),
        ),
        Body::InviteRevoke(revoke) => Line {
            target: Some(revoke.invite.to_string()),
            ..plain("invite_revoke")
        },
        Body::DeviceCut(cut) => about("device_cut", &cut.identity),
        Body::MinVersion(version) => plain("min_version").with("version", Some(&version.version)),
        Body::OwnershipTransfer(transfer) => about("ownership_transfer", &transfer.to),
        Body::SuccessionPolicy(policy) => plain("succession_policy")
            .with("successors", names(room, &policy.successors).as_ref())
            .with("council", names(room, &policy.council).as_ref())
            .with("quorum", Some(&policy.quorum))
            .with("recovery_keys", Some(&policy.recovery_keys.len()))
            .with("delay_days", Some(&policy.delay_days)),
        Body::SuccessionClaim(claim) => about("succession_claim", &claim.heir),
        Body::SuccessionConfirm(confirm) => Line {
            target: Some(confirm.claim.to_string()),
            ..plain("succession_confirm")
        }
        .with("days", Some(&confirm.days)),
        Body::SuccessionVeto(veto) => Line {
            target: Some(veto.claim.to_string()),
            ..plain("succession_veto")
        },
        Body::Accession(accession) => Line {
            target: Some(accession.claim.to_string()),
            ..plain("succession_take_over")
        },
        Body::Checkpoint(_) => plain("checkpoint"),
        Body::Merge(_) => return None,
    })
}

impl Line {
    fn with(mut self, field: &str, value: Option<&impl ToString>) -> Self {
        if let Some(value) = value {
            self.changes.push((field.to_owned(), value.to_string()));
        }
        self
    }
}

fn names(room: &Room, members: &[IdentityId]) -> Option<String> {
    let names: Vec<String> = members.iter().map(|member| room.name_of(member)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn bits(bits: Bits) -> Option<String> {
    (!bits.is_empty()).then(|| bits.names())
}

fn subject(room: &Room, subject: &Subject) -> String {
    match subject {
        Subject::Member(member) => room.name_of(member),
        Subject::Role(role) => {
            let community = room.community.as_ref();
            let named = community.and_then(|state| Some(state.role(role)?.name.to_string()));
            named.unwrap_or_else(|| role.to_string())
        }
    }
}
