#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::event::{Accession, EVENT_VERSION, Succession, Transfer};
use crate::id::{EventId, Millis, ServerId};
use crate::identity::{AccountKeys, RootReplaced, Signer, create_account};

struct Owner {
    keys: AccountKeys,
    log: IdentityLog,
}

fn owner(seed: u64) -> Owner {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let keys = AccountKeys::generate(&mut rng);
    let log = create_account(&keys, Millis(1), &mut rng);
    Owner { keys, log }
}

fn event(owner: &Owner, body: impl Into<Body>) -> Event {
    let body = body.into();
    Event {
        version: EVENT_VERSION,
        server: Some(ServerId([7; 32])),
        author: owner.log.id(),
        device: owner.keys.device_id(),
        seq: 3,
        prev_self: Some(EventId([2; 32])),
        parents: vec![EventId([3; 32])],
        identity_head: owner.log.head(),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(5),
        register: None,
        reason: None,
    }
}

fn transfer() -> Body {
    RootSigned::draft(Transfer {
        to: IdentityId([9; 32]),
        root: SigningKey::from_seed(&[9; 32]).public(),
        seen: vec![],
    })
    .into()
}

fn verdict(event: &Event, log: &IdentityLog) -> Result<(), RootError> {
    verify_root(event, &event.decode_body().unwrap(), log)
}

#[test]
fn the_roots_signature_holds_for_one_place_alone() {
    let me = owner(1);
    let device = me.keys.device();
    let signed = Verified::sign_event(event(&me, transfer()), &device, &me.keys.root());
    assert_eq!(verdict(&signed, &me.log), Ok(()));
    let bad = Err(RootError::Signature(SignedError::Signature));
    let moved: [fn(&mut Event); 5] = [
        |event| event.seq = 4,
        |event| event.parents = vec![EventId([4; 32])],
        |event| event.server = Some(ServerId([8; 32])),
        |event| event.device = crate::id::DeviceId([1; 32]),
        |event| event.kind = 35,
    ];
    for change in moved {
        let mut event = Event::clone(&signed);
        change(&mut event);
        if event.kind == signed.kind {
            assert_eq!(verdict(&event, &me.log), bad);
        } else {
            assert!(event.decode_body().is_err(), "the content is of its kind");
        }
    }
}

#[test]
fn a_stolen_device_cannot_sign_for_the_root() {
    let me = owner(1);
    let device = me.keys.device();
    let thief = Verified::sign_event(event(&me, transfer()), &device, &device);
    let bad = Err(RootError::Signature(SignedError::Signature));
    assert_eq!(verdict(&thief, &me.log), bad);
    let policy = RootSigned::draft(Succession::default());
    let unsigned = event(&me, policy);
    let short = Err(RootError::Signature(SignedError::SignatureLength(0)));
    assert_eq!(verdict(&unsigned, &me.log), short);
    let other = owner(2);
    let stranger = Err(RootError::WrongIdentity(me.log.id()));
    assert_eq!(verdict(&thief, &other.log), stranger);
}

/// After the root was replaced, the old one signs nothing at the new head, and what it signed at the old head stays good.
#[test]
fn the_root_that_counts_is_that_of_the_events_identity_head() {
    let mut me = owner(1);
    let device = me.keys.device();
    let before = Verified::sign_event(event(&me, transfer()), &device, &me.keys.root());
    let old = me.log.clone();
    let fresh = SigningKey::from_seed(&[5; 32]);
    let payload = crate::identity::device_possession_payload(&me.log.id());
    let replaced = RootReplaced {
        root: fresh.public(),
        possession: fresh.sign(Label::RootPossession, &payload).to_vec().into(),
    };
    me.log
        .write(replaced, Signer::Root, &me.keys.root(), Millis(9))
        .unwrap();
    assert_eq!(verdict(&before, &me.log), Ok(()));
    let bad = Err(RootError::Signature(SignedError::Signature));
    let stale = Verified::sign_event(event(&me, transfer()), &device, &me.keys.root());
    assert_eq!(verdict(&stale, &me.log), bad);
    let good = Verified::sign_event(event(&me, transfer()), &device, &fresh);
    assert_eq!(verdict(&good, &me.log), Ok(()));
    // A node that knows less of the log waits.
    let unknown = RootError::UnknownHead(me.log.head());
    assert_eq!(verdict(&good, &old), Err(unknown));
}

#[test]
fn a_named_root_is_one_of_the_log() {
    let me = owner(1);
    let claim = EventId([1; 32]);
    let with = |root| event(&me, Accession { claim, root });
    let own = me.keys.root().public();
    assert_eq!(verdict(&with(own), &me.log), Ok(()));
    let device = me.keys.device().public();
    assert_eq!(verdict(&with(device), &me.log), Err(RootError::OtherRoot));
    let to = |root| Transfer {
        to: me.log.id(),
        root,
        seen: vec![],
    };
    assert_eq!(verify_receiver(&to(own), &me.log), Ok(()));
    let other = Err(RootError::OtherRoot);
    assert_eq!(verify_receiver(&to(device), &me.log), other);
}

/// A key in the content that this build must not ignore is found, as one in a body is.
#[test]
fn a_critical_key_in_the_content_asks_for_an_update() {
    let me = owner(1);
    let mut content = codec::encode(&Succession::default());
    content[0] += 1;
    content.extend([0x18, 130, 1]);
    let wire = Wire {
        content: content.into(),
        signature: vec![0; 64].into(),
    };
    let mut event = event(&me, transfer());
    event.kind = 35;
    event.body = codec::encode(&wire).into();
    let error = event.decode_body().unwrap_err();
    assert_eq!(error, crate::event::BodyError::Critical(130));
}
