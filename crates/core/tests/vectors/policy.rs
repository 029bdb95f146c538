//! Vectors of chapter `policy`.

use std::collections::BTreeSet;

use conclave_core::envelope::server_tag;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::member::Closing;
use conclave_core::policy::*;
use serde_json::{Value, json};

use crate::support::{NOW, check, error_kind, key, refusals, signed};

fn manifest() -> HostingManifest {
    let server = server_tag(ServerId([1; 32]));
    let (root, writer) = (key(1), key(2));
    let payload = delegation_payload(&server, &writer.public(), 1);
    let rule = |topic: u8, durability, quorum| TopicPolicy {
        topic: TopicTag([topic; 16]),
        durability,
        quorum,
        retention_ms: Some(86_400_000),
        quota_bytes: None,
    };
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
        seq: 2,
        prev: Some(Digest([3; 32])),
        hubs: vec![Hub {
            node: NodeId([4; 32]),
            receipt_key: key(5).public(),
            relays: vec!["https://relay.example.org/".into()],
            addresses: vec!["198.51.100.4:443".into()],
        }],
        topics: vec![rule(6, 3, 1), rule(7, 1, 0)],
        default_topic: rule(0, 2, 0),
        invites: vec![key(8).public()],
        revoked: vec![Closing {
            pseudonym: Pseudonym([9; 32]),
            topic: TopicTag([6; 16]),
            last: 10,
        }],
        may_revoke: vec![RevocationCapability {
            pseudonym: Pseudonym([11; 32]),
            until: Millis(NOW),
        }],
        time: Millis(NOW),
    }
}

fn receipt() -> Receipt {
    Receipt {
        version: RECEIPT_VERSION,
        hub: NodeId([4; 32]),
        receipt_key: key(5).public(),
        incarnation: 1,
        server: server_tag(ServerId([1; 32])),
        topic: TopicTag([6; 16]),
        envelope: EnvelopeId([12; 32]),
        position: 13,
        log_head: Digest([14; 32]),
        manifest_seq: 2,
        keep_until: Some(Millis(NOW + 86_400_000)),
        time: Millis(NOW),
    }
}

fn record() -> DiscoveryRecord {
    DiscoveryRecord {
        version: DISCOVERY_VERSION,
        key: Digest([15; 32]),
        publisher: key(16).public(),
        certificate: vec![17; 96].into(),
        seq: 18,
        time: Millis(NOW),
        expires: Millis(NOW + DISCOVERY_LIFETIME_MS_MAX),
        node: NodeId([4; 32]),
        relays: vec!["https://relay.example.org/".into()],
        addresses: vec!["198.51.100.4:443".into()],
        protocols: vec!["conclave/1".into()],
        capabilities: Capabilities(Capabilities::STORAGE.0 | Capabilities::HUB.0),
        priority: 1,
        cost: 2,
    }
}

fn checkpoint_cases() -> Vec<Value> {
    let mut notaries: Vec<_> = (1..=3).map(|n| key(n).public()).collect();
    notaries.sort();
    let checkpoint = Checkpoint {
        version: CHECKPOINT_VERSION,
        server: ServerId([1; 32]),
        epoch: 1,
        prev: None,
        frontier: vec![EventId([19; 32])],
        state_root: Digest([20; 32]),
        member_root: Digest([21; 32]),
        log_root: Digest([22; 32]),
        notaries: notaries.clone(),
        quorum: 2,
        min_time: Millis(NOW),
        time: Millis(NOW),
        generation: 0,
    };
    let known: BTreeSet<_> = notaries.iter().copied().collect();
    let case = |name: &str, signers: &[u8]| {
        let mut cosigned = Cosigned::new(&checkpoint);
        for signer in signers {
            cosigned.sign(&key(*signer));
        }
        let verdict = cosigned.verify(checkpoint.server, &known, 2);
        json!({
            "name": name,
            "wire": hex::encode(cosigned.encode()),
            "notaries": notaries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "quorum": 2,
            "id": cosigned.id().to_string(),
            "verdict": if verdict.is_ok() { "accept" } else { "reject" },
            "error": verdict.err().map(|error| error_kind(&error)),
        })
    };
    let cases = vec![
        case("checkpoint with two of three notaries", &[1, 3]),
        case("checkpoint with one of three notaries", &[1]),
        case("checkpoint with a stranger", &[1, 3, 9]),
    ];
    assert_eq!(
        cases
            .iter()
            .map(|case| case["verdict"] == "accept")
            .collect::<Vec<_>>(),
        [true, false, false]
    );
    cases
}

#[test]
fn policy_formats() {
    let (manifest_case, manifest) = signed("hosting manifest", manifest(), &key(2));
    assert_eq!(manifest.check(&key(1).public()), Ok(()));
    let (receipt_case, receipt) = signed("receipt", receipt(), &key(5));
    let (record_case, record) = signed("discovery record", record(), &key(16));
    assert_eq!(record.check(Millis(NOW), 0), Ok(()));
    let mut cases = vec![manifest_case, receipt_case, record_case];
    cases.extend(refusals("hosting manifest", &manifest, &key(2)));
    cases.extend(refusals("receipt", &receipt, &key(5)));
    cases.extend(refusals("discovery record", &record, &key(16)));
    cases.extend(checkpoint_cases());
    let value = json!({
        "chapter": "policy",
        "version": 1,
        "cases": cases,
        "hosting_id": { "root": key(1).public().to_string(), "id": hosting_id(&key(1).public()).to_string() },
    });
    check("policy", &value);
}
