//! "Why?": from the chain of `core::permissions::explain` to names, and to the events that made it so.

use conclave_core::event::{
    Ban, Body, ChannelDelete, ChannelUpdate, Kick, NicknameSet, RoleDelete, RoleGrant, RoleRevoke,
    ServerUpdate, Subject, Timeout,
};
use conclave_core::id::{ChannelId, EventId, IdentityId, Millis, RoleId, ServerId};
use conclave_core::permissions::{self, Action, Bits, Denied, Step};
use conclave_core::state::Community;

use super::Reader;
use crate::audit;
use crate::command::CommandError;
use crate::model::{Why, WhyEvent, WhyStep};
use crate::room::Room;

/// What is asked.
#[derive(Clone, Debug)]
pub struct WhyQuery {
    /// Who would act.
    pub member: IdentityId,
    /// What: a permission's name (`BAN_MEMBERS`), or an act (`send`, `ban`, `grant_role`, ...).
    pub action: String,
    /// Where.
    pub channel: Option<ChannelId>,
    /// On whom.
    pub target: Option<IdentityId>,
    /// With which role.
    pub role: Option<RoleId>,
}

impl Reader<'_> {
    /// Why a member may do something, or may not, from the log.
    ///
    /// # Errors
    /// [`CommandError::NotFound`] for a server or channel that this account does not see; [`CommandError::Invalid`] for an act
    /// that does not exist or lacks whom or what it is about.
    pub fn why(&self, server: ServerId, query: &WhyQuery) -> Result<Why, CommandError> {
        let (room, community) = self
            .folded(server)
            .ok_or(CommandError::NotFound { what: "server" })?;
        if let Some(channel) = &query.channel {
            let category = community
                .channel(channel)
                .is_some_and(|channel| channel.kind == conclave_core::state::ChannelKind::Category);
            if !room.can_view(&self.account.id(), *channel) && !category {
                return Err(CommandError::NotFound { what: "channel" });
            }
        }
        let asked = Asked::of(query)?;
        let actor = room.actor(community, &query.member);
        let member = room.roster.is_member(community, &query.member);
        let explained =
            permissions::explain(community, &actor, &asked.action(query), Some(self.now));
        let teller = Teller { room, community };
        let mut steps: Vec<WhyStep> = explained
            .steps
            .iter()
            .map(|step| teller.step(step))
            .collect();
        if !member && community.ban(&query.member).is_none() {
            steps.push(WhyStep {
                kind: "not_member",
                gives: Some(false),
                events: room
                    .removal_of(&query.member)
                    .and_then(|event| teller.event(event))
                    .into_iter()
                    .collect(),
                ..WhyStep::default()
            });
        }
        Ok(Why {
            allowed: member && explained.verdict.is_ok(),
            member: query.member,
            member_name: room.name_of(&query.member),
            steps,
        })
    }

    /// What a member may do in a channel, or in the server as a whole; nothing where this account does not see it.
    #[must_use]
    pub fn permissions_of(
        &self,
        server: ServerId,
        member: IdentityId,
        channel: Option<ChannelId>,
    ) -> Option<Bits> {
        let (room, community) = self.folded(server)?;
        if !room.roster.is_member(community, &member) {
            return Some(Bits::NONE);
        }
        let actor = room.actor(community, &member);
        match channel {
            None => Some(permissions::base(community, &actor)),
            Some(channel) if room.can_view(&self.account.id(), channel) => Some(
                permissions::in_channel(community, &actor, &channel, Some(self.now)),
            ),
            Some(_) => None,
        }
    }
}

/// What a question comes to: an event's body, or an action that is one permission.
enum Asked {
    Event(Box<Body>),
    Here(fn(ChannelId) -> Action<'static>),
    Invite,
    Audit,
    Have(Bits),
}

impl Asked {
    fn of(query: &WhyQuery) -> Result<Self, CommandError> {
        if let Some((bits, _)) = Bits::NAMED.iter().find(|(_, name)| *name == query.action) {
            return Ok(Self::Have(*bits));
        }
        if let Some(here) = in_channel(&query.action) {
            query.channel.ok_or_else(|| lacks("channel"))?;
            return Ok(Self::Here(here));
        }
        match query.action.as_str() {
            "create_invite" => Ok(Self::Invite),
            "view_audit_log" => Ok(Self::Audit),
            action => body(action, query),
        }
    }

    fn action(&self, query: &WhyQuery) -> Action<'_> {
        let channel = query.channel;
        match self {
            Self::Event(body) => Action::Event(body),
            // `of` has seen to the channel.
            Self::Here(here) => here(channel.unwrap_or(ChannelId([0; 32]))),
            Self::Invite => Action::CreateInvite { channel },
            Self::Audit => Action::ViewAuditLog,
            Self::Have(permissions) => Action::Have {
                permissions: *permissions,
                channel,
            },
        }
    }
}

/// Acts that are one permission in a channel.
fn in_channel(action: &str) -> Option<fn(ChannelId) -> Action<'static>> {
    Some(match action {
        "view" => |channel| Action::View { channel },
        "read" => |channel| Action::Read { channel },
        "send" => |channel| Action::Send { channel },
        "react" => |channel| Action::React { channel },
        "attach" => |channel| Action::Attach { channel },
        "embed" => |channel| Action::Embed { channel },
        "mention_everyone" => |channel| Action::MentionEveryone { channel },
        "manage_messages" => |channel| Action::ManageMessages { channel },
        "pin" => |channel| Action::Pin { channel },
        _ => return None,
    })
}

/// Acts that put an event into the log. Without whom they are about, what they take is asked.
fn body(action: &str, query: &WhyQuery) -> Result<Asked, CommandError> {
    let target = || query.target.ok_or_else(|| lacks("target"));
    let role = || query.role.ok_or_else(|| lacks("role"));
    let channel = || query.channel.ok_or_else(|| lacks("channel"));
    let general = |bits| Ok(Asked::Have(bits));
    let body: Body = match action {
        "kick" if query.target.is_none() => return general(Bits::KICK_MEMBERS),
        "ban" if query.target.is_none() => return general(Bits::BAN_MEMBERS),
        "timeout" if query.target.is_none() => return general(Bits::MODERATE_MEMBERS),
        "kick" => Kick {
            member: target()?,
            seen: Vec::new(),
        }
        .into(),
        "ban" => Ban {
            member: target()?,
            seen: Vec::new(),
            delete_ms: None,
            dropped_leaves: Vec::new(),
        }
        .into(),
        "timeout" => Timeout {
            member: target()?,
            until: Millis(0),
            seen: Vec::new(),
        }
        .into(),
        "nickname" => NicknameSet {
            member: target()?,
            nickname: None,
            seen: Vec::new(),
        }
        .into(),
        "grant_role" => RoleGrant {
            role: role()?,
            member: query.target.unwrap_or(query.member),
        }
        .into(),
        "revoke_role" => RoleRevoke {
            role: role()?,
            member: query.target.unwrap_or(query.member),
            seen: Vec::new(),
        }
        .into(),
        "delete_role" | "edit_role" => RoleDelete { role: role()? }.into(),
        "create_channel" => return general(Bits::MANAGE_CHANNELS),
        "edit_channel" => ChannelUpdate {
            channel: channel()?,
            name: None,
            topic: None,
            parent: None,
            parent_clear: None,
            position: None,
            durability: None,
            ttl_ms: None,
            slow_mode_s: None,
            synced: None,
        }
        .into(),
        "delete_channel" => ChannelDelete {
            channel: channel()?,
        }
        .into(),
        "edit_server" => ServerUpdate::default().into(),
        _ => {
            return Err(CommandError::Invalid {
                field: "action",
                message: format!(
                    "no such act: one of {}, or a permission such as BAN_MEMBERS",
                    ACTIONS.join(", ")
                ),
            });
        }
    };
    Ok(Asked::Event(Box::new(body)))
}

/// Every act that one may ask about, besides the names of permissions.
pub const ACTIONS: [&str; 23] = [
    "view",
    "read",
    "send",
    "react",
    "attach",
    "embed",
    "mention_everyone",
    "manage_messages",
    "pin",
    "create_invite",
    "view_audit_log",
    "kick",
    "ban",
    "timeout",
    "nickname",
    "grant_role",
    "revoke_role",
    "edit_role",
    "delete_role",
    "create_channel",
    "edit_channel",
    "delete_channel",
    "edit_server",
];

fn lacks(field: &'static str) -> CommandError {
    CommandError::Invalid {
        field,
        message: "this act needs one".to_owned(),
    }
}

/// Puts names to the steps of a chain, and finds what made them so.
struct Teller<'a> {
    room: &'a Room,
    community: &'a Community,
}

impl Teller<'_> {
    fn step(&self, step: &Step) -> WhyStep {
        match step {
            Step::Owner => WhyStep {
                kind: "owner",
                gives: Some(true),
                events: self.events(&[self.room.id.genesis()]),
                ..WhyStep::default()
            },
            Step::Banned { event } => WhyStep {
                kind: "banned",
                gives: Some(false),
                events: self.events(&[*event]),
                ..WhyStep::default()
            },
            Step::TimedOut {
                event,
                until,
                denies,
            } => WhyStep {
                kind: "timed_out",
                gives: denies.then_some(false),
                until: Some(*until),
                events: self.events(&[*event]),
                ..WhyStep::default()
            },
            Step::Role {
                role,
                bits,
                administrator,
                grant,
            } => self.role(role, *bits, *administrator, grant.as_ref()),
            Step::Overwrite {
                at,
                subject,
                allow,
                deny,
            } => self.overwrite(at, subject, *allow, *deny),
            Step::Implied { lacks, takes } => WhyStep {
                kind: "implied",
                gives: Some(false),
                permissions: *lacks,
                denies: *takes,
                ..WhyStep::default()
            },
            Step::Concludes {
                permission,
                channel,
                missing,
            } => WhyStep {
                kind: if missing.is_empty() { "has" } else { "lacks" },
                gives: Some(missing.is_empty()),
                permissions: if missing.is_empty() {
                    *permission
                } else {
                    *missing
                },
                channel: channel.map(|id| self.channel(id)),
                ..WhyStep::default()
            },
            Step::Above {
                actor,
                member,
                role,
                target,
            } => WhyStep {
                kind: if actor > target { "above" } else { "not_above" },
                gives: Some(actor > target),
                member: member.map(|id| (id, self.room.name_of(&id))),
                role: role.map(|id| self.named(id)),
                ..WhyStep::default()
            },
            Step::Refused(denied) => WhyStep {
                kind: "refused",
                gives: Some(false),
                code: Some(denied.code()),
                words: Some(self.words(denied)),
                ..WhyStep::default()
            },
        }
    }

    /// A role that supplies: who gave the member the role, and who gave the role what is asked.
    fn role(
        &self,
        role: &RoleId,
        bits: Bits,
        administrator: bool,
        grant: Option<&EventId>,
    ) -> WhyStep {
        let brings = if administrator {
            Bits::ADMINISTRATOR
        } else {
            bits
        };
        let mut made: Vec<EventId> = grant.into_iter().copied().collect();
        made.extend(self.room.log.origin_of_bits(self.community, role, brings));
        WhyStep {
            kind: if administrator {
                "administrator"
            } else {
                "role"
            },
            gives: Some(true),
            role: Some(self.named(*role)),
            permissions: brings,
            events: self.events(&made),
            ..WhyStep::default()
        }
    }

    fn overwrite(&self, at: &ChannelId, subject: &Subject, allow: Bits, deny: Bits) -> WhyStep {
        let made = self
            .room
            .log
            .origin_of_overwrite(self.community, at, subject);
        let (role, member) = match subject {
            Subject::Role(role) => (Some(self.named(*role)), None),
            Subject::Member(member) => (None, Some((*member, self.room.name_of(member)))),
        };
        WhyStep {
            kind: "overwrite",
            gives: (allow.is_empty() || deny.is_empty()).then_some(deny.is_empty()),
            role,
            member,
            channel: Some(self.channel(*at)),
            permissions: allow,
            denies: deny,
            events: self.events(&[made]),
            ..WhyStep::default()
        }
    }

    fn named(&self, id: RoleId) -> (RoleId, String) {
        let role = self.community.role(&id);
        let name = if id == self.room.id.everyone() {
            "@everyone".to_owned()
        } else {
            role.map(|role| role.name.to_string()).unwrap_or_default()
        };
        (id, name)
    }

    fn channel(&self, id: ChannelId) -> (ChannelId, String) {
        let channel = self.community.channel(&id);
        (id, channel.map(|c| c.name.to_string()).unwrap_or_default())
    }

    fn events(&self, ids: &[EventId]) -> Vec<WhyEvent> {
        ids.iter().filter_map(|id| self.event(*id)).collect()
    }

    fn event(&self, id: EventId) -> Option<WhyEvent> {
        let event = self.room.log.get(&id)?;
        let (action, target_name) = audit::action(self.room, event);
        Some(WhyEvent {
            id,
            action,
            target_name,
            actor: event.author,
            actor_name: self.room.name_of(&event.author),
            time: event.time,
            reason: event.reason.clone(),
        })
    }

    /// A refusal with names in place of ids.
    fn words(&self, denied: &Denied) -> String {
        match denied {
            Denied::TargetBanned(id) => format!("{} is banned", self.room.name_of(id)),
            Denied::NotBanned(id) => format!("{} is not banned", self.room.name_of(id)),
            Denied::UnknownRole(_) => "there is no such role".to_owned(),
            Denied::UnknownChannel(_) => "there is no such channel".to_owned(),
            Denied::UnknownInvite(_) => "there is no such open invite".to_owned(),
            denied => denied.to_string(),
        }
    }
}
