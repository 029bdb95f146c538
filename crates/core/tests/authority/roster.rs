//! The member plane: registers in any order, membership by the state.

use conclave_core::event::*;
use conclave_core::id::*;
use conclave_core::member::{JoinProof, Status};
use conclave_core::signed::Verified;
use conclave_core::state::{Admitted, JoinError, Roster, verify_join};
use proptest::prelude::*;

use crate::world::*;

fn roster(world: &World, members: &[Who]) -> Roster {
    let mut roster = Roster::new();
    for who in members {
        let register = world.register(*who, 0, world.heads(), Status::Present);
        assert_eq!(roster.insert(register), Admitted::New);
    }
    roster
}

#[test]
fn the_highest_sequence_counts_and_leaving_ends_membership() {
    let mut world = World::new(1);
    let mut roster = roster(&world, &[OWNER, 1]);
    let state = world.now();
    let member = world.identity(1);
    assert!(roster.is_member(&state, &member));
    assert_eq!(roster.members(&state).count(), 2);
    let left = world.register(1, 2, world.heads(), Status::Left);
    let between = world.register(1, 1, world.heads(), Status::Present);
    assert!(matches!(roster.insert(left), Admitted::Replaced(_)));
    assert_eq!(roster.insert(between), Admitted::Stale);
    assert!(!roster.is_member(&state, &member));
    assert!(roster.leaves(&state, &member).is_empty());
    let back = world.register(1, 3, world.heads(), Status::Present);
    roster.insert(back);
    assert!(roster.is_member(&state, &member));
    assert_eq!(
        roster.leaves(&state, &member),
        [(world.people[1].pseudonym, leaf(1))]
    );
}

#[test]
fn a_kicked_member_comes_back_with_a_register_that_cites_the_kick() {
    let mut world = World::new(1);
    let mut roster = roster(&world, &[OWNER, 1]);
    let member = world.identity(1);
    let before = world.heads();
    world.act(
        OWNER,
        Kick {
            member,
            seen: world.seen(1, None),
        },
    );
    let state = world.now();
    assert!(!roster.is_member(&state, &member));
    // A register that was written beside the kick does not bring them back.
    roster.insert(world.register(1, 1, before, Status::Present));
    assert!(!roster.is_member(&state, &member));
    roster.insert(world.register(1, 2, world.heads(), Status::Present));
    assert!(roster.is_member(&state, &member));
    world.refused(1, Merge::default());
    world.people[1].register_seq = 2;
    world.act(1, Merge::default());
}

#[test]
fn a_banned_member_is_none_whatever_they_cite_until_unbanned_and_back() {
    let mut world = World::new(1);
    let mut roster = roster(&world, &[1]);
    let member = world.identity(1);
    world.act(OWNER, world.ban(1, None));
    let register = world.register(1, 1, world.heads(), Status::Present);
    let state = world.now();
    assert_eq!(
        verify_join(&state, &register),
        Err(JoinError::Banned(member))
    );
    roster.insert(register.clone());
    assert!(!roster.is_member(&state, &member));
    world.act(OWNER, Unban { member });
    // The register of before the unban cites the ban: it is an application that the unban lets in.
    let state = world.now();
    assert_eq!(verify_join(&state, &register), Ok(()));
    assert!(roster.is_member(&state, &member));
}

#[test]
fn a_removed_founding_peer_comes_back_through_an_invite_alone() {
    let mut world = World::with_peers(2, &[1, 2]);
    let mut roster = roster(&world, &[OWNER, 1, 2]);
    let (kicked, kept) = (world.identity(1), world.identity(2));
    assert!(roster.is_member(&world.now(), &kicked));
    world.act(1, Merge::default());
    world.act(
        OWNER,
        Kick {
            member: kicked,
            seen: world.seen(1, None),
        },
    );
    let again = world.register(1, 1, world.heads(), Status::Present);
    let state = world.now();
    assert_eq!(
        verify_join(&state, &again),
        Err(JoinError::NotFounder(kicked))
    );
    roster.insert(again);
    assert!(!roster.is_member(&state, &kicked) && roster.is_member(&state, &kept));
    world.refused(1, Merge::default());
    world.act(2, Merge::default());
}

#[test]
fn join_proofs_are_checked_one_by_one() {
    let mut world = World::new(2);
    let state = world.now();
    let good = world.register(1, 0, world.heads(), Status::Present);
    assert_eq!(verify_join(&state, &good), Ok(()));
    let key = &world.people[1].key;
    let mut forged = (*good).clone();
    forged.identity = world.identity(2);
    let forged = Verified::sign(forged, key);
    assert!(matches!(
        verify_join(&state, &forged),
        Err(JoinError::Signature(_))
    ));
    let mut founder = (*good).clone();
    founder.proof = JoinProof::Founder;
    let founder = Verified::sign(founder, key);
    assert_eq!(
        verify_join(&state, &founder),
        Err(JoinError::NotFounder(world.identity(1)))
    );
    assert!(!{
        let mut roster = Roster::new();
        roster.insert(founder);
        roster.is_member(&state, &world.identity(1))
    });
    let owner = world.register(OWNER, 0, world.heads(), Status::Present);
    assert_eq!(verify_join(&state, &owner), Ok(()));
    let mut unknown = (*good).clone();
    unknown.proof = JoinProof::Invite {
        invite: InviteId([1; 32]),
        signature: vec![0; 64].into(),
    };
    let unknown = verify_join(&state, &unknown);
    assert_eq!(unknown, Err(JoinError::UnknownInvite(InviteId([1; 32]))));
    let mut elsewhere = (*good).clone();
    elsewhere.server = ServerId([1; 32]);
    assert_eq!(verify_join(&state, &elsewhere), Err(JoinError::WrongServer));
    world.act(
        OWNER,
        ServerUpdate {
            joins_paused: Some(true),
            ..Default::default()
        },
    );
    assert_eq!(verify_join(&world.now(), &good), Err(JoinError::Paused));
    world.act(
        OWNER,
        ServerUpdate {
            joins_paused: Some(false),
            ..Default::default()
        },
    );
    world.act(
        OWNER,
        InviteRevoke {
            invite: world.invite,
            honoured: vec![],
        },
    );
    assert!(matches!(
        verify_join(&world.now(), &good),
        Err(JoinError::Revoked { .. })
    ));
}

#[test]
fn a_sibling_device_follows_its_identity_and_outlives_a_cut_sibling() {
    let mut world = World::new(1);
    let mut roster = roster(&world, &[1]);
    let member = world.identity(1);
    let first = world.register(1, 0, world.heads(), Status::Present);
    let mut second = (*first).clone();
    second.device = DeviceId([0xD2; 32]);
    second.pseudonym = Pseudonym([0xD3; 32]);
    second.proof = JoinProof::Sibling(first.register_id());
    let second = Verified::sign(second, &world.people[1].key);
    let mut alone = Roster::new();
    alone.insert(second.clone());
    assert!(
        !alone.is_member(&world.now(), &member),
        "a sibling of nobody admits nobody"
    );
    roster.insert(second);
    assert_eq!(roster.leaves(&world.now(), &member).len(), 2);
    let device = world.people[1].device;
    let cut = DeviceCut {
        identity: member,
        device,
        certificate: vec![1].into(),
        seen: Some(Seen {
            device,
            event_seq: None,
            register_seq: Some(0),
            pseudonym: None,
        }),
    };
    world.act(OWNER, cut);
    let leaves = roster.leaves(&world.now(), &member);
    assert_eq!(
        leaves.iter().map(|(p, _)| *p).collect::<Vec<_>>(),
        [Pseudonym([0xD3; 32])]
    );
}

#[test]
fn a_moderators_nickname_overrules_what_it_has_seen() {
    let mut world = World::new(1);
    let mut roster = roster(&world, &[1]);
    let member = world.identity(1);
    let set = Some(Commitment([5; 32]));
    world.act(
        OWNER,
        NicknameSet {
            member,
            nickname: set,
            seen: world.seen(1, None),
        },
    );
    let state = world.now();
    assert_eq!(
        roster.member(&state, &member).unwrap().nickname(&state),
        set
    );
    let mut later = (*world.register(1, 1, world.heads(), Status::Present)).clone();
    later.nickname = Some(Commitment([6; 32]));
    roster.insert(Verified::sign(later, &world.people[1].key));
    let own = roster.member(&state, &member).unwrap().nickname(&state);
    assert_eq!(own, Some(Commitment([6; 32])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Registers commute: any order, any repetition, one root and one membership.
    #[test]
    fn the_roster_is_a_function_of_the_set(
        registers in proptest::collection::vec((1usize..12, 0u64..4, any::<bool>()), 1..40),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(11);
        let heads = world.heads();
        let made: Vec<_> = registers
            .iter()
            .map(|(who, seq, left)| {
                let status = if *left { Status::Left } else { Status::Present };
                world.register(*who, *seq, heads.clone(), status)
            })
            .collect();
        let mut forward = Roster::new();
        for register in &made {
            forward.insert(register.clone());
        }
        let mut shuffled = made.clone();
        shuffled.extend(made);
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let mut other = Roster::new();
        for register in &shuffled {
            other.insert(register.clone());
        }
        prop_assert_eq!(forward.root(), other.root());
        let community = world.now();
        let members = |roster: &Roster| roster.members(&community).map(|m| m.identity()).collect::<Vec<_>>();
        prop_assert_eq!(members(&forward), members(&other));
        // The root tells different rosters apart.
        other.insert(world.register(1, 9, heads, Status::Present));
        prop_assert_ne!(forward.root(), other.root());
    }
}
