#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use super::*;
use crate::envelope::server_tag;
use crate::hash::Label;
use crate::id::{
    Digest, EnvelopeId, EventId, Millis, NodeId, Pseudonym, ServerId, TopicTag, VerifyKey,
};
use crate::member::Closing;
use crate::signed::{Signable, SignedError, SigningKey, Unverified, Verified};

const SERVER: ServerId = ServerId([1; 32]);
const NOW: u64 = 1_750_000_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Signs, writes, reads and verifies.
fn travel<T: Signable>(value: T, signer: &SigningKey) -> Verified<T> {
    let bytes = Verified::sign(value, signer).bytes().encode();
    Unverified::<T>::decode(&bytes)
        .unwrap()
        .verify(&signer.public())
        .unwrap()
}

#[test]
fn who_may_store_follows_the_mode() {
    let reader = Standing {
        is_reader: true,
        is_member: true,
        is_named_hub: false,
    };
    let member = Standing {
        is_reader: false,
        ..reader
    };
    let hub = Standing {
        is_named_hub: true,
        ..Standing::default()
    };
    let stranger = Standing::default();
    let former = Standing {
        is_reader: true,
        ..Standing::default()
    };
    let allowed = |mode| [reader, member, hub, stranger, former].map(|node| may_store(mode, node));
    assert_eq!(
        allowed(Durability::Strict),
        [true, false, true, false, false]
    );
    assert_eq!(
        allowed(Durability::Replicated),
        [true, true, true, false, false]
    );
    assert_eq!(
        allowed(Durability::Guaranteed),
        [true, true, true, false, false]
    );
    assert_eq!(allowed(Durability::Ephemeral), [false; 5]);
}

#[test]
fn only_guaranteed_messages_wait_for_receipts() {
    assert_eq!(receipts_needed(Durability::Guaranteed, 2), 2);
    assert_eq!(receipts_needed(Durability::Guaranteed, 0), 1);
    assert_eq!(receipts_needed(Durability::Replicated, 2), 0);
    for mode in Durability::ALL {
        assert_eq!(Durability::from_number(mode.number()), Some(mode));
    }
    assert_eq!(
        (Durability::from_number(0), Durability::from_number(5)),
        (None, None)
    );
}

fn rule(topic: u8) -> TopicPolicy {
    TopicPolicy {
        topic: TopicTag([topic; 16]),
        durability: 3,
        quorum: 2,
        retention_ms: None,
        quota_bytes: Some(1 << 30),
    }
}

fn manifest(root: &SigningKey, writer: &SigningKey) -> HostingManifest {
    let server = server_tag(SERVER);
    let payload = delegation_payload(&server, &writer.public(), 1);
    HostingManifest {
        version: MANIFEST_VERSION,
        server,
        root: root.public(),
        delegation: Delegation {
            key: writer.public(),
            from_seq: 1,
            signature: root
                .sign(Label::ManifestDelegation, &payload)
                .to_vec()
                .into(),
        },
        seq: 1,
        prev: None,
        hubs: vec![Hub {
            node: NodeId([5; 32]),
            receipt_key: key(6).public(),
            relays: vec!["https://relay.example.org/".into()],
            addresses: vec!["198.51.100.4:443".into()],
        }],
        topics: vec![rule(1), rule(2)],
        default_topic: TopicPolicy {
            durability: 2,
            quorum: 0,
            ..rule(0)
        },
        invites: vec![VerifyKey([7; 32])],
        revoked: vec![Closing {
            pseudonym: Pseudonym([8; 32]),
            topic: TopicTag([1; 16]),
            last: 9,
        }],
        may_revoke: vec![RevocationCapability {
            pseudonym: Pseudonym([9; 32]),
            until: Millis(NOW),
        }],
        time: Millis(NOW),
    }
}

#[test]
fn a_manifest_counts_if_the_hosting_root_delegated_its_writer() {
    let (root, writer) = (key(1), key(2));
    let good = travel(manifest(&root, &writer), &writer);
    assert_eq!(good.check(&root.public()), Ok(()));
    assert_eq!(good.topic(&TopicTag([2; 16])).quorum, 2);
    assert_eq!(good.topic(&TopicTag([3; 16])).durability, 2);
    assert_eq!(
        good.check(&key(3).public()),
        Err(ManifestError::OtherRoot(root.public()))
    );
    let mut stolen = manifest(&root, &writer);
    stolen.delegation.key = key(3).public();
    let stolen = travel(stolen, &key(3)).check(&root.public());
    assert_eq!(
        stolen,
        Err(ManifestError::Delegation(SignedError::Signature))
    );
    let mut other_server = manifest(&root, &writer);
    other_server.server = server_tag(ServerId([2; 32]));
    let other_server = travel(other_server, &writer).check(&root.public());
    assert_eq!(
        other_server,
        Err(ManifestError::Delegation(SignedError::Signature))
    );
}

#[test]
fn a_manifest_out_of_its_limits_is_refused() {
    let (root, writer) = (key(1), key(2));
    let check = |change: &dyn Fn(&mut HostingManifest)| {
        let mut manifest = manifest(&root, &writer);
        change(&mut manifest);
        travel(manifest, &writer).check(&root.public())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(
        check(&|m| m.seq = 0),
        Err(ManifestError::Early {
            seq: 0,
            from_seq: 1
        })
    );
    assert_eq!(check(&|m| m.seq = 2), Err(ManifestError::Chain(2)));
    assert_eq!(
        check(&|m| m.prev = Some(Digest([0; 32]))),
        Err(ManifestError::Chain(1))
    );
    assert_eq!(
        check(&|m| {
            m.seq = 2;
            m.prev = Some(Digest([0; 32]));
        }),
        Ok(())
    );
    assert_eq!(
        check(&|m| m.topics.reverse()),
        Err(ManifestError::List("topics"))
    );
    assert_eq!(
        check(&|m| m.hubs.push(m.hubs[0].clone())),
        Err(ManifestError::List("hubs"))
    );
    assert_eq!(
        check(&|m| m.hubs[0].relays = vec!["r".repeat(129)]),
        Err(ManifestError::List("hubs"))
    );
    assert_eq!(
        check(&|m| m.revoked.push(m.revoked[0])),
        Err(ManifestError::List("revoked"))
    );
    assert_eq!(
        check(&|m| m.topics[0].durability = 9),
        Err(ManifestError::Durability(9))
    );
}

#[test]
fn a_full_manifest_fits() {
    let (root, writer) = (key(1), key(2));
    let id = |n: usize| {
        let mut bytes = [0xff; 32];
        bytes[..8].copy_from_slice(&u64::try_from(n).unwrap().to_be_bytes());
        bytes
    };
    let tag = |n: usize| TopicTag(id(n)[..16].try_into().unwrap());
    let mut full = manifest(&root, &writer);
    let place = || vec!["x".repeat(128); 8];
    full.hubs = (0..HUBS_MAX)
        .map(|n| Hub {
            node: NodeId(id(n)),
            receipt_key: VerifyKey(id(n)),
            relays: place(),
            addresses: place(),
        })
        .collect();
    let max = Some(u64::MAX);
    full.topics = (0..MANIFEST_TOPICS_MAX)
        .map(|n| TopicPolicy {
            topic: tag(n),
            durability: 3,
            quorum: u16::MAX,
            retention_ms: max,
            quota_bytes: max,
        })
        .collect();
    full.invites = (0..MANIFEST_TOPICS_MAX).map(|n| VerifyKey(id(n))).collect();
    full.revoked = (0..MANIFEST_REVOKED_MAX)
        .map(|n| Closing {
            pseudonym: Pseudonym(id(n)),
            topic: tag(n),
            last: u64::MAX,
        })
        .collect();
    full.may_revoke = (0..64)
        .map(|n| RevocationCapability {
            pseudonym: Pseudonym(id(n)),
            until: Millis(u64::MAX),
        })
        .collect();
    assert_eq!(travel(full, &writer).check(&root.public()), Ok(()));
}

#[test]
fn a_receipt_convicts_by_its_signature() {
    let hub = key(6);
    let receipt = Receipt {
        version: RECEIPT_VERSION,
        hub: NodeId([5; 32]),
        receipt_key: hub.public(),
        incarnation: u64::MAX,
        server: server_tag(SERVER),
        topic: TopicTag([1; 16]),
        envelope: EnvelopeId([2; 32]),
        position: u64::MAX,
        log_head: Digest([3; 32]),
        manifest_seq: u64::MAX,
        keep_until: Some(Millis(u64::MAX)),
        time: Millis(u64::MAX),
    };
    let read = travel(receipt.clone(), &hub);
    assert_eq!((read.position, read.hint()), (u64::MAX, hub.public()));
    let bytes = Verified::sign(receipt, &hub).bytes().encode();
    let other = Unverified::<Receipt>::decode(&bytes)
        .unwrap()
        .verify(&key(7).public());
    assert_eq!(other.unwrap_err(), SignedError::Signature);
}

fn record() -> DiscoveryRecord {
    DiscoveryRecord {
        version: DISCOVERY_VERSION,
        key: Digest([1; 32]),
        publisher: key(4).public(),
        certificate: vec![0; 100].into(),
        seq: 3,
        time: Millis(NOW),
        expires: Millis(NOW + DISCOVERY_LIFETIME_MS_MAX),
        node: NodeId([2; 32]),
        relays: vec!["https://relay.example.org/".into()],
        addresses: vec!["[2001:db8::1]:4433".into()],
        protocols: vec!["conclave/1".into()],
        capabilities: Capabilities(Capabilities::CLIENT.0 | Capabilities::STORAGE.0),
        priority: 1,
        cost: 0,
    }
}

#[test]
fn discovery_records_live_two_hours_at_most() {
    let check = |change: &dyn Fn(&mut DiscoveryRecord), now: u64| {
        let mut record = record();
        change(&mut record);
        travel(record, &key(4)).check(Millis(now), 1_000)
    };
    assert_eq!(check(&|_| (), NOW), Ok(()));
    assert_eq!(check(&|_| (), NOW - 1_000), Ok(()));
    assert!(matches!(
        check(&|_| (), NOW - 1_001),
        Err(DiscoveryError::NotNow { .. })
    ));
    assert_eq!(
        check(&|_| (), NOW + DISCOVERY_LIFETIME_MS_MAX + 999),
        Ok(())
    );
    assert!(matches!(
        check(&|_| (), NOW + DISCOVERY_LIFETIME_MS_MAX + 1_000),
        Err(DiscoveryError::NotNow { .. })
    ));
    assert!(matches!(
        check(&|r| r.expires.0 += 1, NOW),
        Err(DiscoveryError::Lifetime { .. })
    ));
    assert!(matches!(
        check(&|r| r.expires = r.time, NOW),
        Err(DiscoveryError::Lifetime { .. })
    ));
    assert!(matches!(
        check(&|r| r.time = Millis(u64::MAX), NOW),
        Err(DiscoveryError::Lifetime { .. })
    ));
    assert_eq!(
        check(&|r| r.relays = vec![String::new(); 5], NOW),
        Err(DiscoveryError::List("relays"))
    );
    assert_eq!(
        check(&|r| r.protocols = vec!["p".repeat(129)], NOW),
        Err(DiscoveryError::List("protocols"))
    );
    assert_eq!(
        check(&|r| r.certificate = vec![0; 769].into(), NOW),
        Err(DiscoveryError::List("certificates"))
    );
    let capabilities = record().capabilities;
    assert!(
        capabilities.contains(Capabilities::CLIENT) && !capabilities.contains(Capabilities::HUB)
    );
}

fn checkpoint() -> Checkpoint {
    let mut notaries: Vec<_> = (1..=3).map(|n| key(n).public()).collect();
    notaries.sort();
    Checkpoint {
        version: CHECKPOINT_VERSION,
        server: SERVER,
        epoch: 1,
        prev: None,
        frontier: vec![EventId([1; 32]), EventId([2; 32])],
        state_root: Digest([3; 32]),
        member_root: Digest([4; 32]),
        log_root: Digest([5; 32]),
        notaries,
        quorum: 2,
        min_time: Millis(NOW),
        time: Millis(NOW),
        generation: 0,
    }
}

#[test]
fn a_checkpoint_takes_its_quorum_of_distinct_notaries() {
    let notaries: BTreeSet<_> = checkpoint().notaries.into_iter().collect();
    let mut cosigned = Cosigned::new(&checkpoint());
    let verify = |cosigned: &Cosigned, quorum| {
        let read = Cosigned::decode(&cosigned.encode()).unwrap();
        read.verify(SERVER, &notaries, quorum)
    };
    cosigned.sign(&key(1));
    cosigned.sign(&key(1));
    assert_eq!(
        verify(&cosigned, 2),
        Err(CheckpointError::Quorum {
            found: 1,
            needed: 2
        })
    );
    // Half or less is never enough, whatever the quorum says.
    assert_eq!(
        verify(&cosigned, 1),
        Err(CheckpointError::Quorum {
            found: 1,
            needed: 2
        })
    );
    cosigned.sign(&key(2));
    assert_eq!(verify(&cosigned, 2), Ok(checkpoint()));
    assert_eq!(
        verify(&cosigned, 3),
        Err(CheckpointError::Quorum {
            found: 2,
            needed: 3
        })
    );
    cosigned.sign(&key(9));
    let stranger = CheckpointError::Signature {
        key: key(9).public(),
        error: None,
    };
    assert_eq!(verify(&cosigned, 2), Err(stranger));
    let other = cosigned.verify(ServerId([7; 32]), &notaries, 2);
    assert!(matches!(other, Err(CheckpointError::Other { .. })));
}

#[test]
fn a_checkpoint_that_contradicts_itself_is_refused() {
    let notaries: BTreeSet<_> = checkpoint().notaries.into_iter().collect();
    let check = |change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = checkpoint();
        change(&mut checkpoint);
        let mut cosigned = Cosigned::new(&checkpoint);
        cosigned.sign(&key(1));
        cosigned.sign(&key(2));
        cosigned.verify(SERVER, &notaries, 2).map(|_| ())
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert_eq!(
        check(&|c| c.frontier.reverse()),
        Err(CheckpointError::Field("frontier"))
    );
    assert_eq!(
        check(&|c| c.frontier.clear()),
        Err(CheckpointError::Field("frontier"))
    );
    assert_eq!(
        check(&|c| c.quorum = 1),
        Err(CheckpointError::Field("quorum"))
    );
    assert_eq!(
        check(&|c| c.quorum = 4),
        Err(CheckpointError::Field("quorum"))
    );
    assert_eq!(
        check(&|c| c.notaries.reverse()),
        Err(CheckpointError::Field("notaries"))
    );
    assert_eq!(
        check(&|c| c.epoch = 2),
        Err(CheckpointError::Field("number"))
    );
}
