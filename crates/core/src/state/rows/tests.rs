//! No field of the state is forgotten by its rows: the patterns below have no `..`, so that a new field does not compile here
//! until somebody says in which row it stands, or why in none.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::event::{Body, EVENT_VERSION, Event, Genesis};
use crate::id::{IdentityEntryId, Millis, ServerId};
use crate::log::{AuthorProof, Log};
use crate::signed::{SigningKey, Verified};

/// Where a field of the state stands in a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Row(Section),
    /// Genesis holds it, whose id is the server's and stands in every checkpoint.
    Genesis,
    /// Counted from rows.
    Derived,
    /// Of the log and its order: names what did not count, and bears on no later event.
    History,
}

fn places(state: &Community) -> Vec<Place> {
    use Place::{Derived, Genesis, History, Row};
    let Community {
        server,
        founder,
        reign,
        genesis,
        name,
        description,
        icon,
        joins_paused,
        durability,
        min_version,
        roles,
        channels,
        grants,
        bans,
        removals,
        timeouts,
        nicknames,
        invites,
        open_invites,
        cuts,
        dropped_leaves,
        overruled,
        origins,
        notaries,
        checkpoint,
        lost,
        causality,
    } = state;
    vec![
        place(server, Genesis),
        place(founder, Genesis),
        place(reign, Row(Section::Server)),
        place(genesis, Genesis),
        place(name, Row(Section::Server)),
        place(description, Row(Section::Server)),
        place(icon, Row(Section::Server)),
        place(joins_paused, Row(Section::Server)),
        place(durability, Row(Section::Server)),
        place(min_version, Row(Section::Server)),
        place(roles, Row(Section::Roles)),
        place(channels, Row(Section::Channels)),
        place(grants, Row(Section::Grants)),
        place(bans, Row(Section::Bans)),
        place(removals, Row(Section::Removals)),
        place(timeouts, Row(Section::Timeouts)),
        place(nicknames, Row(Section::Nicknames)),
        place(invites, Row(Section::Invites)),
        place(open_invites, Derived),
        place(cuts, Row(Section::Cuts)),
        place(dropped_leaves, Row(Section::DroppedLeaves)),
        place(overruled, History),
        // Which event last wrote a value, for "why": the value itself is in its row.
        place(origins, History),
        place(notaries, Row(Section::Server)),
        // The predecessor of the checkpoint that commits to this state, which names it in a field of its own.
        place(checkpoint, History),
        place(lost, History),
        place(causality, History),
    ]
}

fn place<T>(_field: &T, place: Place) -> Place {
    place
}

fn sample() -> Community {
    let key = SigningKey::from_seed(&[1; 32]);
    let body = Body::from(Genesis {
        name: "Plaza".into(),
        template: 1,
        nonce: vec![9; 32].into(),
        everyone: crate::permissions::Bits::NONE,
        suite: 1,
        owner_root: key.public(),
        hosting_root: key.public(),
        notaries: vec![key.public()],
        notary_quorum: 1,
        history: 1,
        peers: Vec::new(),
        descent: None,
    });
    let event = Event {
        version: EVENT_VERSION,
        server: None,
        author: IdentityId([1; 32]),
        device: DeviceId([1; 32]),
        seq: 0,
        prev_self: None,
        parents: Vec::new(),
        identity_head: IdentityEntryId([1; 32]),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(1_000),
        register: None,
        reason: None,
    };
    let event = Verified::sign(event, &key);
    let mut log = Log::new(ServerId(event.event_id().0));
    log.insert(event, AuthorProof::Founder).unwrap();
    log.current().unwrap().clone()
}

#[test]
fn every_field_of_the_state_has_its_place() {
    let mut sections: Vec<u8> = places(&sample())
        .into_iter()
        .filter_map(|place| match place {
            Place::Row(section) => Some(section.number()),
            _ => None,
        })
        .collect();
    sections.sort_unstable();
    sections.dedup();
    let all: Vec<u8> = Section::ALL
        .iter()
        .map(|section| section.number())
        .collect();
    assert_eq!(sections, all);
}
