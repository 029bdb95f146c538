//! Rows hold the whole state: put back onto genesis they give the same commitment and, where nothing was overruled, the same digest.

use conclave_core::commitment::StateTree;
use conclave_core::id::EventId;
use conclave_core::state::{Community, Section};

use crate::laws::history;
use crate::world::*;

fn rebuilt(world: &World, state: &Community) -> Community {
    let genesis = EventId(world.server().0);
    let mut new = world.log.audit(&[genesis]).unwrap();
    for section in Section::ALL {
        for key in state.row_keys(section) {
            let row = state.row(section, &key).unwrap();
            new.put_row(section, &key, &row).unwrap();
            assert_eq!(new.row(section, &key), Some(row), "{section:?}");
        }
    }
    new
}

#[test]
fn a_state_is_put_together_again_from_its_rows() {
    let mut unharmed = 0;
    for seed in 0..80 {
        let mut world = history(seed, 12);
        let state = world.now();
        let new = rebuilt(&world, &state);
        assert_eq!(StateTree::of(&new).root(), StateTree::of(&state).root());
        if state.overruled_events().len() == 0 {
            unharmed += 1;
            assert_eq!(new.digest(), state.digest());
        }
    }
    assert!(
        unharmed >= 8,
        "{unharmed} histories without an overruled event"
    );
}

/// A row that was changed gives another commitment, and a damaged one is refused.
#[test]
fn a_damaged_row_is_refused() {
    let mut world = World::notarised(1);
    let state = world.now();
    let row = state.row(Section::Server, &[0; 32]).unwrap();
    let mut new = state.clone();
    new.put_row(Section::Server, &[0; 32], &row).unwrap();
    assert!(
        new.put_row(Section::Server, &[0; 32], &row[..row.len() - 1])
            .is_err()
    );
    let mut tree = StateTree::of(&state);
    tree.put_row(Section::Server, [0; 32], &row);
    assert_eq!(tree.root(), StateTree::of(&state).root());
    tree.put_row(Section::Server, [0; 32], &[0xA0]);
    assert_ne!(tree.root(), StateTree::of(&state).root());
}
