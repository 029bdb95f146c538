//! The log in words: one line an event, for the audit log.

use conclave_core::event::{Body, Event, Subject};
use conclave_core::id::{ChannelId, EventId, IdentityId, RoleId};
use conclave_core::permissions::Bits;
use conclave_core::signed::Verified;
use conclave_core::state::Rule;

use crate::model::{AuditEntry, Overruling, WhyNot};
use crate::room::Room;

/// What an event did: action, whom or what it is about, and the new values.
struct Line {
    action: &'static str,
    target: Option<String>,
    target_name: Option<String>,
    changes: Vec<(String, String)>,
}

/// Describes what took an event away.
#[must_use]
pub fn overruling(room: &Room, by: EventId, rule: Rule) -> Option<Overruling> {
    let event = room.log.get(&by)?;
    let line = line(room, &event.decode_body().ok()?)?;
    Some(Overruling {
        event: by,
        rule,
        actor: event.author,
        actor_name: room.name_of(&event.author),
        action: line.action,
        target_name: line.target_name,
        reason: event.reason.clone(),
        time: event.time,
    })
}

/// What an event did, by name, and the name of whom or what it is about.
#[must_use]
pub fn action(room: &Room, event: &Verified<Event>) -> (&'static str, Option<String>) {
    match event.decode_body() {
        Ok(Body::Merge(_)) => ("merge", None),
        Ok(body) => {
            line(room, &body).map_or(("unknown", None), |line| (line.action, line.target_name))
        }
        Err(_) => ("unknown", None),
    }
}

/// Every id that an event is about, in hexadecimal digits, its own among them: what it created bears that one.
#[must_use]
pub fn involved(event: &Verified<Event>) -> Vec<String> {
    let mut ids = vec![event.event_id().to_string()];
    let Ok(body) = event.decode_body() else {
        return ids;
    };
    match &body {
        Body::ChannelCreate(body) => ids.extend(body.parent.map(|id| id.to_string())),
        Body::ChannelUpdate(body) => ids.push(body.channel.to_string()),
        Body::ChannelDelete(body) => ids.push(body.channel.to_string()),
        Body::OverwriteSet(body) => {
            ids.push(body.channel.to_string());
            ids.push(subject_id(&body.overwrite.subject));
        }
        Body::OverwriteClear(body) => {
            ids.push(body.channel.to_string());
            ids.push(subject_id(&body.subject));
        }
        Body::RoleUpdate(body) => ids.push(body.role.to_string()),
        Body::RoleDelete(body) => ids.push(body.role.to_string()),
        Body::RoleGrant(body) => ids.extend([body.role.to_string(), body.member.to_string()]),
        Body::RoleRevoke(body) => ids.extend([body.role.to_string(), body.member.to_string()]),
        Body::Kick(body) => ids.push(body.member.to_string()),
        Body::Ban(body) => ids.push(body.member.to_string()),
        Body::Unban(body) => ids.push(body.member.to_string()),
        Body::Timeout(body) => ids.push(body.member.to_string()),
        Body::TimeoutLift(body) => ids.push(body.member.to_string()),
        Body::NicknameSet(body) => ids.push(body.member.to_string()),
        Body::InviteCreate(body) => {
            ids.extend(body.role.map(|id| id.to_string()));
            ids.extend(body.channel.map(|id| id.to_string()));
        }
        Body::InviteRevoke(body) => ids.push(body.invite.to_string()),
        Body::DeviceCut(body) => ids.push(body.identity.to_string()),
        Body::OwnershipTransfer(body) => ids.push(body.to.to_string()),
        Body::SuccessionPolicy(body) => {
            let named = body.successors.iter().chain(&body.council);
            ids.extend(named.map(IdentityId::to_string));
        }
        Body::SuccessionClaim(body) => ids.extend([body.policy.to_string(), body.heir.to_string()]),
        Body::SuccessionConfirm(body) => ids.push(body.claim.to_string()),
        Body::SuccessionVeto(body) => ids.push(body.claim.to_string()),
        Body::Accession(body) => ids.push(body.claim.to_string()),
        Body::Genesis(_)
        | Body::ServerUpdate(_)
        | Body::RoleCreate(_)
        | Body::Merge(_)
        | Body::Checkpoint(_)
        | Body::MinVersion(_) => {}
    }
    ids
}

fn subject_id(subject: &Subject) -> String {
    match subject {
        Subject::Role(role) => role.to_string(),
        Subject::Member(member) => member.to_string(),
    }
}

/// A channel's name, also after it was deleted: then the one that it was created with.
fn channel_name(room: &Room, id: &ChannelId) -> Option<String> {
    let now = room.community.as_ref().and_then(|state| state.channel(id));
    if let Some(channel) = now {
        return Some(channel.name.to_string());
    }
    match room.log.get(&EventId(id.0))?.decode_body().ok()? {
        Body::ChannelCreate(create) => Some(create.name),
        _ => None,
    }
}

/// A role's name, also after it was deleted: then the one that it was created with.
fn role_name(room: &Room, id: &RoleId) -> Option<String> {
    let now = room.community.as_ref().and_then(|state| state.role(id));
    if let Some(role) = now {
        return Some(role.name.to_string());
    }
    match room.log.get(&EventId(id.0))?.decode_body().ok()? {
        Body::RoleCreate(create) => Some(create.name),
        _ => None,
    }
}

fn plain(action: &'static str) -> Line {
    Line {
        action,
        target: None,
        target_name: None,
        changes: Vec::new(),
    }
}

/// Describes an event; merges, which do nothing, are left out.
#[must_use]
pub fn entry(room: &Room, event: &Verified<Event>, why_not: Option<WhyNot>) -> Option<AuditEntry> {
    let line = match event.decode_body() {
        Ok(body) => line(room, &body)?,
        // It has its place in the log all the same.
        Err(_) => plain("unknown"),
    };
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
        why_not,
    })
}

fn line(room: &Room, body: &Body) -> Option<Line> {
    let about = |action, member: &IdentityId| Line {
        target: Some(member.to_string()),
        target_name: Some(room.name_of(member)),
        ..plain(action)
    };
    let channel = |action, id: &ChannelId| Line {
        target: Some(id.to_string()),
        target_name: channel_name(room, id),
        ..plain(action)
    };
    let role = |action, id: &RoleId| Line {
        target: Some(id.to_string()),
        target_name: role_name(room, id),
        ..plain(action)
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
        Body::RoleGrant(grant) => {
            about("role_grant", &grant.member).with("role", role_name(room, &grant.role).as_ref())
        }
        Body::RoleRevoke(revoke) => about("role_revoke", &revoke.member)
            .with("role", role_name(room, &revoke.role).as_ref()),
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
        Subject::Role(role) => role_name(room, role).unwrap_or_else(|| role.to_string()),
    }
}
