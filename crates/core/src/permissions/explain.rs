//! Why somebody may, or may not: the chain of what gives and what takes.
//!
//! [`explain`] walks the same way as [`super::allows`] and writes down each step; where an act is judged by kind, the judge itself
//! tells what it asked ([`Asked`]). So the verdict is what the chain comes to, and both agree.

use core::cell::RefCell;

use super::compute::{Place, base_of, held, timed_out};
use super::judge::judge_with;
use super::source::supply;
use super::{Action, Actor, Bits, Denied, IMPLIED_BY_SEND, Level, TIMEOUT_LEAVES};
use crate::event::Subject;
use crate::id::{ChannelId, EventId, IdentityId, Millis, RoleId};
use crate::state::{Channel, Community};

/// What a judge asked on its way to a verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A permission, in a channel or in the server as a whole.
    Permission(Bits, Option<ChannelId>),
    /// Whether an act of this level stands above somebody.
    Above {
        /// The act's level: that of the highest role that supplies the permission.
        actor: Level,
        /// Who is acted on.
        member: IdentityId,
        /// How high they stand.
        target: Level,
    },
    /// Whether an act of this level stands above a role.
    AboveRole {
        /// The act's level.
        actor: Level,
        /// The role.
        role: RoleId,
        /// How high it stands.
        target: Level,
    },
}

/// Where a judge writes what it asks; nothing where nobody wants to know.
pub(crate) type Record<'a> = Option<&'a RefCell<Vec<Asked>>>;

/// One link of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The owner may everything, and nobody can act on them.
    Owner,
    /// A ban: whoever is banned may nothing.
    Banned {
        /// The ban.
        event: EventId,
    },
    /// A timeout that is running.
    TimedOut {
        /// The timeout.
        event: EventId,
        /// Its end.
        until: Millis,
        /// Whether it takes what is asked; else it leaves it.
        denies: bool,
    },
    /// A role supplies some of what is asked, or everything as an administrator's.
    Role {
        /// The role.
        role: RoleId,
        /// What of the asked permissions it brings.
        bits: Bits,
        /// It brings ADMINISTRATOR, and with it everything.
        administrator: bool,
        /// The event that gave the member the role: a grant, or the invite that brought it; absent for `@everyone`.
        grant: Option<EventId>,
    },
    /// An overwrite in force bears on what is asked.
    Overwrite {
        /// The channel that holds it: the channel itself, or the category that it follows.
        at: ChannelId,
        /// For whom.
        subject: Subject,
        /// What of the asked permissions it allows.
        allow: Bits,
        /// What of them it denies.
        deny: Bits,
    },
    /// Without one permission others count for nothing.
    Implied {
        /// Which one lacks.
        lacks: Bits,
        /// What falls with it.
        takes: Bits,
    },
    /// What the steps since the last conclusion come to.
    Concludes {
        /// What was asked.
        permission: Bits,
        /// Where.
        channel: Option<ChannelId>,
        /// What of it the member lacks.
        missing: Bits,
    },
    /// Whether the act stands above whom it is about.
    Above {
        /// The act's level.
        actor: Level,
        /// The member, if it is one.
        member: Option<IdentityId>,
        /// The role, if it is one.
        role: Option<RoleId>,
        /// How high they stand.
        target: Level,
    },
    /// A rule of the kind of act refuses.
    Refused(Denied),
}

/// A verdict with the chain that leads to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// As [`super::allows`] gives it.
    pub verdict: Result<Level, Denied>,
    /// The chain, in the order in which it is walked.
    pub steps: Vec<Step>,
}

/// Explains what [`super::allows`] decides, with the same arguments.
#[must_use]
pub fn explain(
    community: &Community,
    actor: impl Into<Actor>,
    action: &Action<'_>,
    now: Option<Millis>,
) -> Explanation {
    let actor = actor.into();
    let mut chain = Chain {
        community,
        actor: &actor,
        steps: Vec::new(),
    };
    if let Some(ban) = community.ban(&actor.identity) {
        chain.steps.push(Step::Banned { event: ban.event });
        return chain.ends(Err(Denied::Banned(actor.identity)));
    }
    let record = RefCell::new(Vec::new());
    match judge_with(community, &actor, action, now, Some(&record)) {
        Some(verdict) => {
            if matches!(verdict, Err(Denied::TimedOut(_))) {
                chain.timeout(None, Bits::NONE);
            }
            for asked in record.into_inner() {
                chain.asked(&asked);
            }
            chain.ends(verdict.map(|basis| basis.level))
        }
        None => chain.permission(action, now),
    }
}

struct Chain<'a> {
    community: &'a Community,
    actor: &'a Actor,
    steps: Vec<Step>,
}

impl Chain<'_> {
    /// Closes the chain. A refusal that no step tells gets one of its own.
    fn ends(mut self, verdict: Result<Level, Denied>) -> Explanation {
        if let Err(denied) = &verdict
            && !self.steps.iter().any(|step| tells(step, denied))
        {
            self.steps.push(Step::Refused(denied.clone()));
        }
        Explanation {
            verdict,
            steps: self.steps,
        }
    }

    /// An action that is one permission: the verdict is what the steps come to.
    fn permission(mut self, action: &Action<'_>, now: Option<Millis>) -> Explanation {
        let (needed, channel) = super::action::needs(action);
        if let Some(until) = self.timeout(now, needed)
            && !TIMEOUT_LEAVES.contains(needed)
        {
            return self.ends(Err(Denied::TimedOut(until)));
        }
        if let Some(id) = channel
            && self.community.channel(&id).is_none()
        {
            return self.ends(Err(Denied::UnknownChannel(id)));
        }
        let has = self.walk(needed, channel);
        let lacks = needed.without(has);
        if lacks.is_empty() {
            let level = self.level(needed, channel);
            return self.ends(Ok(level));
        }
        let permission = if lacks.contains(Bits::VIEW_CHANNEL) {
            Bits::VIEW_CHANNEL
        } else {
            lacks
        };
        self.ends(Err(Denied::Missing {
            permission,
            channel,
        }))
    }

    /// The level of the role that supplies something: who supplies, the computation of permissions tells.
    fn level(&self, needed: Bits, channel: Option<ChannelId>) -> Level {
        let channel = channel.and_then(|id| self.community.channel(&id));
        let place = channel.map_or(Place::Server, Place::Channel);
        supply(self.community, self.actor, needed, place)
            .map_or(Level::Everyone, |basis| basis.level)
    }

    /// Tells of a running timeout; gives its end.
    fn timeout(&mut self, now: Option<Millis>, needed: Bits) -> Option<Millis> {
        let until = timed_out(self.community, self.actor, now)?;
        let entry = self.community.timeout(&self.actor.identity)?;
        self.steps.push(Step::TimedOut {
            event: entry.event,
            until,
            denies: needed.is_empty() || !TIMEOUT_LEAVES.contains(needed),
        });
        Some(until)
    }

    fn asked(&mut self, asked: &Asked) {
        match asked {
            Asked::Permission(permission, channel) => {
                self.walk(*permission, *channel);
            }
            Asked::Above {
                actor,
                member,
                target,
            } => self.steps.push(Step::Above {
                actor: actor.clone(),
                member: Some(*member),
                role: None,
                target: target.clone(),
            }),
            Asked::AboveRole {
                actor,
                role,
                target,
            } => self.steps.push(Step::Above {
                actor: actor.clone(),
                member: None,
                role: Some(*role),
                target: target.clone(),
            }),
        }
    }

    /// Walks the computation of permissions, keeps to what bears on `needed`, and gives what of it the member has.
    fn walk(&mut self, needed: Bits, channel: Option<ChannelId>) -> Bits {
        let has = self.walk_steps(needed, channel) & needed;
        self.steps.push(Step::Concludes {
            permission: needed,
            channel,
            missing: needed.without(has),
        });
        has
    }

    fn walk_steps(&mut self, needed: Bits, channel: Option<ChannelId>) -> Bits {
        if self.actor.identity == self.community.owner() {
            self.steps.push(Step::Owner);
            return Bits(u64::MAX);
        }
        let channel = channel.and_then(|id| self.community.channel(&id));
        let relevant = match channel {
            None => needed,
            Some(_) if (needed & IMPLIED_BY_SEND).is_empty() => needed | Bits::VIEW_CHANNEL,
            Some(_) => needed | Bits::VIEW_CHANNEL | Bits::SEND_MESSAGES,
        };
        let mut bits = Bits::NONE;
        for (role, grant) in held(self.community, self.actor) {
            let brings = role.permissions & relevant;
            let administrator = role.permissions.contains(Bits::ADMINISTRATOR);
            if administrator || !brings.is_empty() {
                self.steps.push(Step::Role {
                    role: role.id,
                    bits: brings,
                    administrator,
                    grant,
                });
            }
            bits = bits | brings;
        }
        if base_of(self.community, self.actor).contains(Bits::ADMINISTRATOR) {
            return Bits::ALL;
        }
        match channel {
            None => bits,
            Some(channel) => self.overwrites(bits, relevant, channel),
        }
    }

    /// What overwrites leave: `@everyone`'s, then those of all roles together, then the member's own.
    fn overwrites(&mut self, base: Bits, relevant: Bits, channel: &Channel) -> Bits {
        let everyone = self.community.server().everyone();
        let bits = self.overwrite(channel, relevant, &[Subject::Role(everyone)], base);
        let mut roles: Vec<Subject> = held(self.community, self.actor)
            .into_iter()
            .map(|(role, _)| Subject::Role(role.id))
            .collect();
        roles.retain(|subject| *subject != Subject::Role(everyone));
        let bits = self.overwrite(channel, relevant, &roles, bits);
        let own = [Subject::Member(self.actor.identity)];
        let bits = self.overwrite(channel, relevant, &own, bits);
        self.implied(bits.without(Bits::ADMINISTRATOR))
    }

    fn overwrite(
        &mut self,
        channel: &Channel,
        relevant: Bits,
        subjects: &[Subject],
        before: Bits,
    ) -> Bits {
        let at = channel
            .parent
            .filter(|parent| channel.synced && self.community.channel(parent).is_some())
            .unwrap_or(channel.id);
        // No overwrite makes an administrator.
        let relevant = relevant.without(Bits::ADMINISTRATOR);
        let (mut allowed, mut denied) = (Bits::NONE, Bits::NONE);
        for subject in subjects {
            let overwrite = self.community.overwrites(channel).get(subject).copied();
            let (allow, deny) = overwrite.unwrap_or_default();
            let (allow, deny) = (allow & relevant, deny & relevant);
            if allow.is_empty() && deny.is_empty() {
                continue;
            }
            self.steps.push(Step::Overwrite {
                at,
                subject: *subject,
                allow,
                deny,
            });
            allowed = allowed | allow;
            denied = denied | deny;
        }
        before.without(denied) | allowed
    }

    fn implied(&mut self, bits: Bits) -> Bits {
        let (lacks, takes) = if !bits.contains(Bits::VIEW_CHANNEL) {
            (Bits::VIEW_CHANNEL, bits)
        } else if !bits.contains(Bits::SEND_MESSAGES) {
            (Bits::SEND_MESSAGES, bits & IMPLIED_BY_SEND)
        } else {
            return bits;
        };
        if !takes.is_empty() {
            self.steps.push(Step::Implied { lacks, takes });
        }
        bits.without(takes)
    }
}

/// Whether a step says by itself why something is refused.
fn tells(step: &Step, denied: &Denied) -> bool {
    match (step, denied) {
        (Step::Banned { .. }, Denied::Banned(_)) => true,
        (Step::TimedOut { denies, .. }, Denied::TimedOut(_)) => *denies,
        (Step::Concludes { missing, .. }, Denied::Missing { .. }) => !missing.is_empty(),
        (
            Step::Above { actor, target, .. },
            Denied::TargetRank { .. } | Denied::RoleRank { .. },
        ) => actor <= target,
        _ => false,
    }
}
