//! What an event says of the checkpoint that it knew.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::log::Verdict;
use conclave_core::permissions::Denied;

use crate::world::*;

#[test]
fn an_event_names_the_canonical_checkpoint_of_its_past() {
    let mut world = World::notarised(1);
    let id = world.freeze();
    let heads = world.heads();
    let good = world.sign(OWNER, &heads, Merge::default());
    assert_eq!(good.last_checkpoint, Some(id));
    for named in [None, Some(CheckpointId([4; 32]))] {
        let event = Event {
            last_checkpoint: named,
            ..(*good).clone()
        };
        let event = conclave_core::signed::Verified::sign(event, &world.people[OWNER].key);
        let denied = Denied::LastCheckpoint {
            expected: Some(id),
            found: named,
        };
        let inserted = world.put(OWNER, &event).unwrap();
        assert_eq!(inserted.verdict, Verdict::Rejected(denied));
    }
    assert_eq!(
        world.put(OWNER, &good).unwrap().verdict,
        Verdict::Accepted,
        "positive control"
    );
}
