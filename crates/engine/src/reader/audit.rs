//! The audit log, which is the authority log itself, and what of it did not survive.

use conclave_core::event::Event;
use conclave_core::id::{EventId, IdentityId, Millis, ServerId};
use conclave_core::log::Effect;
use conclave_core::permissions::{self, Action};
use conclave_core::signed::Verified;
use conclave_core::state::{Community, Lost};
use conclave_core::view::ViewError;

use super::Reader;
use crate::audit;
use crate::lost;
use crate::model::{AuditEntry, AuditPage, LostEntry, WhyNot};
use crate::room::Room;

/// Most entries of one page.
const PAGE_MAX: usize = 500;

/// Most events that one page looks through: a filter that matches little costs no more than this, and says where to go on.
const SCAN_MAX: usize = 20_000;

/// Which entries of the audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Older than this entry.
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: usize,
    /// Only this action.
    pub action: Option<String>,
    /// Only this actor's.
    pub actor: Option<IdentityId>,
    /// Only what is about this: the id of a member, role, channel, invite or event, in hexadecimal digits.
    pub target: Option<String>,
    /// Claimed at this moment or later.
    pub since: Option<Millis>,
    /// Claimed before this moment.
    pub until: Option<Millis>,
    /// Only what counts, or only what does not.
    pub effective: Option<bool>,
}

impl AuditQuery {
    /// What can be told before the entry is put into words.
    fn admits(&self, event: &Verified<Event>) -> bool {
        self.actor.is_none_or(|actor| actor == event.author)
            && self.since.is_none_or(|since| event.time >= since)
            && self.until.is_none_or(|until| event.time < until)
    }

    fn matches(&self, entry: &AuditEntry, involved: &[String]) -> bool {
        let action = self.action.as_deref();
        let target = self.target.as_ref();
        action.is_none_or(|action| action == entry.action)
            && target.is_none_or(|target| involved.contains(target))
            && self
                .effective
                .is_none_or(|wanted| wanted == entry.effective())
    }
}

impl Reader<'_> {
    /// The audit log, newest first; nothing for those who may not read it. It never expires.
    ///
    /// # Errors
    /// [`ViewError`], never today.
    pub fn audit(
        &self,
        server: ServerId,
        query: &AuditQuery,
    ) -> Result<Option<AuditPage>, ViewError> {
        let Some((room, community)) = self.folded(server) else {
            return Ok(self.room(&server).map(|_| AuditPage::default()));
        };
        if !self.may_audit(room, community) {
            return Ok(None);
        }
        let mut page = AuditPage::default();
        let limit = query.limit.clamp(1, PAGE_MAX);
        let events = room.log.events_before(query.before.as_ref());
        for (scanned, event) in events.enumerate() {
            if page.entries.len() == limit || scanned == SCAN_MAX {
                return Ok(Some(page));
            }
            page.next = Some(event.event_id());
            if !query.admits(event) {
                continue;
            }
            let involved = audit::involved(event);
            if let Some(entry) = described(room, community, event)
                && query.matches(&entry, &involved)
            {
                page.entries.push(entry);
            }
        }
        page.next = None;
        Ok(Some(page))
    }

    /// Accepted events that a concurrent one overruled or a checkpoint lost, latest first: all of them for those who may read the audit log, their own
    /// for everybody.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn lost(&self, server: ServerId) -> Result<Option<Vec<LostEntry>>, ViewError> {
        let Some((room, community)) = self.folded(server) else {
            return Ok(self.room(&server).map(|_| Vec::new()));
        };
        let all = self.may_audit(room, community);
        let me = self.account.id();
        let mut lost = Vec::new();
        for id in community.fallen() {
            let Some(event) = room.log.get(id) else {
                continue;
            };
            let own = event.author == me;
            if !all && !own {
                continue;
            }
            let row = lost::noted(self.view, server, id)?;
            lost.extend(described(room, community, event).map(|entry| LostEntry {
                entry,
                own,
                noticed: row.map(|row| row.noticed),
                counted_here: row.is_some_and(|row| row.counted),
                acknowledged: row.is_none_or(|row| row.acknowledged || !row.own),
            }));
        }
        lost.sort_by_key(|lost| core::cmp::Reverse((lost.entry.time, lost.entry.id)));
        lost.truncate(LOST_MAX);
        Ok(Some(lost))
    }

    /// How many own events did not survive without this person having said that they know.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read.
    pub fn lost_unseen(&self, server: ServerId) -> Result<usize, ViewError> {
        Ok(lost::unacknowledged(self.view, server)?.len())
    }

    pub(super) fn folded(&self, server: ServerId) -> Option<(&Room, &Community)> {
        let room = self.room(&server)?;
        Some((room, room.community.as_ref()?))
    }

    fn may_audit(&self, room: &Room, community: &Community) -> bool {
        let actor = room.actor(community, &self.account.id());
        permissions::allows(community, &actor, &Action::ViewAuditLog, None).is_ok()
    }
}

/// Most entries of the list of what did not survive: the latest. The audit log has them all.
const LOST_MAX: usize = 1000;

/// An event in words, with what it comes to.
fn described(room: &Room, community: &Community, event: &Verified<Event>) -> Option<AuditEntry> {
    let why_not = match room.log.effect_in(community, &event.event_id())? {
        Effect::Effective => None,
        Effect::Overruled { by, rule } => {
            Some(WhyNot::Overruled(audit::overruling(room, by, rule)?))
        }
        Effect::Lost(Lost::TooOld) => Some(WhyNot::TooOld),
        Effect::Lost(Lost::Overtaken(denied)) => Some(WhyNot::Overtaken(denied)),
        // Rejected events are in no list of accepted ones.
        Effect::Rejected(_) | Effect::Unknown => Some(WhyNot::Newer),
    };
    audit::entry(room, event, why_not)
}
