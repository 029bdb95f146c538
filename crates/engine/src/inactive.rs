//! Who was not seen for a while, as far as this node can tell: it knows what was said in the channels that it reads, when members
//! last renewed their registers, and who is there now. It does not know who only reads, nor what is said elsewhere.

use std::collections::BTreeSet;

use conclave_core::id::{IdentityId, Millis};
use conclave_core::state::Community;
use conclave_core::view::{View, ViewError};

use crate::command::{CommandError, Presence};
use crate::room::Room;
use crate::timeline;

/// Shortest and longest time of absence that one may ask for, in days: Discord's.
pub const DAYS: core::ops::RangeInclusive<u32> = 1..=30;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Refuses a number of days that is out of bounds.
///
/// # Errors
/// [`CommandError::Invalid`].
pub fn check_days(days: u32) -> Result<(), CommandError> {
    if DAYS.contains(&days) {
        Ok(())
    } else {
        Err(CommandError::Invalid {
            field: "days",
            message: "1 to 30".to_owned(),
        })
    }
}

/// Members without any role of whom nothing of the last `days` days is known here, by identity. The owner is never among them.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub fn members(
    view: &dyn View,
    room: &Room,
    community: &Community,
    days: u32,
    now: Millis,
) -> Result<Vec<IdentityId>, ViewError> {
    let since = Millis(now.0.saturating_sub(u64::from(days) * DAY_MS));
    let mut spoke = BTreeSet::new();
    for channel in community.channels() {
        spoke.extend(timeline::authors_since(view, channel.id, since)?);
    }
    let here = |identity: &IdentityId| {
        room.presence
            .get(identity)
            .is_some_and(|(presence, until)| *presence != Presence::Offline && *until >= now)
    };
    let renewed = |identity: &IdentityId| room.roster.of(identity).any(|own| own.time >= since);
    let absent = room.roster.members(community).filter(|member| {
        let id = member.identity();
        id != community.owner()
            && id != room.me
            && member.roles(community).is_empty()
            && !spoke.contains(&timeline::author_mark(&id))
            && !here(&id)
            && !renewed(&id)
    });
    Ok(absent.map(|member| member.identity()).collect())
}
