use conclave_core::event::{EVENT_VERSION, Genesis};
use conclave_core::id::{DeviceId, Digest, EventId, IdentityEntryId};
use conclave_core::log::AuthorProof;
use conclave_core::permissions::Bits;
use conclave_core::signed::{SigningKey, Verified};

use super::*;

/// A server that was founded, and no more.
fn founded() -> Log {
    let key = SigningKey::from_seed(&[1; 32]);
    let genesis = Body::from(Genesis {
        name: "Harbour".into(),
        template: 1,
        nonce: vec![2; 32].into(),
        everyone: Bits::NONE,
        suite: 1,
        owner_root: key.public(),
        hosting_root: key.public(),
        notaries: vec![key.public()],
        notary_quorum: 1,
        history: 1,
        peers: vec![],
        descent: None,
    });
    let event = Event {
        version: EVENT_VERSION,
        server: None,
        author: IdentityId([3; 32]),
        device: DeviceId([4; 32]),
        seq: 0,
        prev_self: None,
        parents: vec![],
        identity_head: IdentityEntryId([5; 32]),
        last_checkpoint: None,
        kind: genesis.kind().number(),
        body: genesis.encode().into(),
        time: Millis(0),
        register: None,
        reason: None,
    };
    let signed = Verified::sign(event, &key);
    let mut log = Log::new(ServerId(signed.event_id().0));
    log.insert(signed, AuthorProof::Founder).unwrap();
    log
}

#[test]
fn a_descent_is_true_made_up_or_unknown() {
    let mut log = founded();
    let heads = log.heads().to_vec();
    let state = log.resolve(&heads).unwrap().digest();
    let truth = Descent {
        server: log.server(),
        heads,
        state,
        checkpoint: None,
    };
    assert_eq!(descends(&mut log, &truth), Some(true));
    let made_up = Descent {
        state: Digest([9; 32]),
        ..truth.clone()
    };
    assert_eq!(descends(&mut log, &made_up), Some(false));
    let unknown = Descent {
        heads: vec![EventId([9; 32])],
        ..truth
    };
    assert_eq!(descends(&mut log, &unknown), None);
}
