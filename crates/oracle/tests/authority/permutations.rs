//! The second oracle: small histories in every order of arrival that there is, doubled, and in batches.

use conclave_core::log::Log;

use crate::dice::Dice;
use crate::laws::arrive;
use crate::village::*;
use crate::{acts, shapes};

/// How many histories of so many events.
const SIZES: [(usize, u64); 4] = [(4, 30), (5, 20), (6, 4), (7, 1)];

/// In `./test --soak`.
const SIZES_SOAK: [(usize, u64); 4] = [(4, 2000), (5, 2000), (6, 400), (7, 100)];

/// A history of exactly so many events beyond the setting.
fn small(seed: u64, size: usize) -> Village {
    let mut dice = Dice::new(seed);
    let mut village = Village::settled();
    shapes::plant(&mut dice, &mut village);
    while village.made.len() < village.setting + size {
        let who = village.random_who(&mut dice);
        let act = acts::any(&mut dice, &village, who);
        village.try_now(who, act);
    }
    let mut fewer = Village::settled();
    fewer.made = village.made;
    fewer.made.truncate(fewer.setting + size);
    for (event, proof) in &fewer.made[fewer.setting..] {
        insert_both(&mut fewer.log, &mut fewer.oracle, event, *proof);
    }
    fewer
}

/// Calls with every permutation of the places 0 to n (Heap's algorithm).
fn permutations(n: usize, visit: &mut impl FnMut(&[usize])) {
    let mut places: Vec<usize> = (0..n).collect();
    let mut counts = vec![0; n];
    visit(&places);
    let mut at = 0;
    while at < n {
        if counts[at] < at {
            places.swap(if at % 2 == 0 { 0 } else { counts[at] }, at);
            visit(&places);
            counts[at] += 1;
            at = 0;
        } else {
            counts[at] = 0;
            at += 1;
        }
    }
}

/// Compares every order with what the oracle says of the set; gives how many orders there were.
fn every_order(seed: u64, size: usize) -> usize {
    let village = small(seed, size);
    let setting: Log = Village::settled().log;
    let state = village
        .oracle
        .resolve(&village.oracle.heads())
        .unwrap()
        .encode();
    let events = &village.made[village.setting..];
    let mut orders = 0;
    permutations(size, &mut |places| {
        let mut ordered: Vec<Signed> = places.iter().map(|place| events[*place].clone()).collect();
        if orders % 3 == 1 {
            ordered.push(ordered[0].clone());
            ordered.insert(size / 2, ordered[size - 1].clone());
        }
        let mut log = arrive(setting.clone(), &ordered, orders % 4);
        assert_eq!(
            log.heads(),
            village.oracle.heads(),
            "seed {seed}, size {size}, {places:?}"
        );
        let ours = log.current().unwrap().encode_state();
        assert!(
            ours == state,
            "seed {seed}, size {size}, {places:?}: another state"
        );
        orders += 1;
    });
    orders
}

#[test]
fn every_order_of_small_histories_gives_the_same_bytes() {
    let soak = std::env::var_os("CONCLAVE_SOAK").is_some();
    let mut orders = 0;
    for (size, count) in if soak { SIZES_SOAK } else { SIZES } {
        for seed in 0..count {
            orders += every_order(seed * 1000 + size as u64, size);
        }
    }
    println!("{orders} orders");
}

#[test]
fn permutations_are_all_there() {
    let mut seen = std::collections::BTreeSet::new();
    permutations(5, &mut |places| {
        seen.insert(places.to_vec());
    });
    assert_eq!(seen.len(), 120);
}
