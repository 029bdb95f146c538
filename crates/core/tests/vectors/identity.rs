//! Vectors of chapter `identity`.

use conclave_core::hash::Label;
use conclave_core::id::{Commitment, Millis, ServerId, ServerTag, TopicTag};
use conclave_core::identity::{
    AccountKeys, DeviceAdded, DeviceCert, DeviceRevoked, Entry, EntryBody, IdentityLog, LastGood,
    ProfileCommitment, RecoveryPolicy, RootReplaced, Signer, WrappingKeys, create_account,
    device_id, device_possession_payload, recovery_commitment,
};
use conclave_core::member::LeafKeys;
use conclave_core::signed::{SigningKey, Verified};
use serde_json::{Value, json};

use crate::support::{NOW, check, key, refusals, reject, rng};

/// A log with every kind of entry, and the keys behind it.
fn full_log() -> (AccountKeys, IdentityLog) {
    let mut rng = rng(1);
    let keys = AccountKeys::generate(&mut rng);
    let mut log = create_account(&keys, Millis(NOW), &mut rng);
    let (root, phone, recovery, new_root) = (keys.root(), key(2), key(3), key(4));
    let id = log.id();
    let possession = device_possession_payload(&id);
    let cert = DeviceCert::make(&phone, &possession);
    let phone_id = device_id(&phone.public());
    let mut write = |body: EntryBody, signer: Signer, key: &SigningKey| {
        let at = Millis(NOW + u64::try_from(log.entries().len()).unwrap());
        log.write(body, signer, key, at).unwrap();
    };
    let wrapping = LeafKeys {
        x25519: vec![5; 32].into(),
        xwing: None,
    };
    let recovery_policy = RecoveryPolicy {
        version: 1,
        policy: b"policy".to_vec().into(),
        recovery: Some(recovery_commitment(&recovery.public())),
    };
    let replaced = RootReplaced {
        root: new_root.public(),
        possession: new_root
            .sign(Label::RootPossession, &possession)
            .to_vec()
            .into(),
    };
    let last_good = vec![LastGood {
        server: ServerTag([6; 16]),
        event_seq: Some(7),
        register_seq: None,
    }];
    write(DeviceAdded { cert }.into(), Signer::Root, &root);
    write(
        WrappingKeys {
            device: phone_id,
            keys: wrapping,
        }
        .into(),
        Signer::Device(phone_id),
        &phone,
    );
    write(
        ProfileCommitment {
            profile: Some(Commitment([8; 32])),
        }
        .into(),
        Signer::Device(phone_id),
        &phone,
    );
    write(recovery_policy.into(), Signer::Root, &root);
    write(replaced.into(), Signer::Recovery, &recovery);
    write(
        DeviceRevoked {
            device: phone_id,
            last_good,
        }
        .into(),
        Signer::Root,
        &new_root,
    );
    (keys, log)
}

fn wire(log: &IdentityLog) -> Vec<String> {
    log.wire().iter().map(hex::encode).collect()
}

fn log_case(log: &IdentityLog) -> Value {
    let entry = |entry: &Verified<Entry>| json!({ "kind": entry.kind, "payload": hex::encode(entry.payload()), "id": entry.entry_id().to_string() });
    let devices: Vec<_> = log
        .devices()
        .map(|device| {
            json!({ "id": device.id.to_string(), "age": device.age, "added": device.added, "revoked": device.revoked })
        })
        .collect();
    json!({
        "name": "a log with every kind of entry",
        "verdict": "accept",
        "wire": wire(log),
        "entries": log.entries().iter().map(entry).collect::<Vec<_>>(),
        "identity": log.id().to_string(),
        "head": log.head().to_string(),
        "root": log.root().map(|root| root.to_string()),
        "devices": devices,
    })
}

/// Logs that must be refused, each by one change of the good one.
fn refused_logs(log: &IdentityLog, keys: &AccountKeys) -> Vec<Value> {
    let good = log.wire();
    let refuse = |name: &str, wire: Vec<Vec<u8>>| {
        let error = IdentityLog::verify(&wire).unwrap_err();
        let mut case = reject(name, &[], None, &error);
        case["wire"] = wire.iter().map(hex::encode).collect::<Vec<_>>().into();
        case
    };
    let forged = |at: usize, signer: &SigningKey, change: &dyn Fn(&mut Entry)| {
        let mut entry = Entry::clone(&log.entries()[at]);
        change(&mut entry);
        let mut wire = good[..at].to_vec();
        wire.push(Verified::sign(entry, signer).bytes().encode());
        wire
    };
    let phone = Signer::Device(device_id(&key(2).public()));
    let mut gap = good.clone();
    gap.remove(3);
    let mut flipped = good.clone();
    flipped[2][60] ^= 1;
    vec![
        refuse("no entry", vec![]),
        refuse("no genesis", good[1..].to_vec()),
        refuse("a gap", gap),
        refuse("a flipped bit", flipped),
        refuse(
            "genesis signed by another root",
            forged(0, &key(9), &|entry| entry.signer_key = key(9).public()),
        ),
        refuse(
            "signer key that is not the device's",
            forged(2, &key(9), &|entry| entry.signer_key = key(9).public()),
        ),
        refuse(
            "signature by another key than it names",
            forged(1, &key(9), &|_| ()),
        ),
        refuse(
            "a device sets the recovery policy",
            forged(4, &key(2), &|entry| {
                entry.signer = phone;
                entry.signer_key = key(2).public();
            }),
        ),
        refuse(
            "the replaced root revokes",
            forged(6, &keys.root(), &|entry| {
                entry.signer_key = keys.root().public()
            }),
        ),
        refuse(
            "a newer device revokes the first",
            forged(3, &key(2), &|entry| {
                entry.kind = 3;
                let device = keys.device_id();
                entry.body = EntryBody::from(DeviceRevoked {
                    device,
                    last_good: vec![],
                })
                .encode()
                .into();
            }),
        ),
        refuse(
            "a critical kind",
            forged(3, &key(2), &|entry| entry.kind = 0x8000),
        ),
        refuse(
            "a critical key in the body",
            forged(3, &key(2), &|entry| {
                entry.body = vec![0xa1, 0x18, 0x80, 0].into()
            }),
        ),
        refuse(
            "a body that is not canonical",
            forged(3, &key(2), &|entry| entry.body = vec![0xbf, 0xff].into()),
        ),
        refuse(
            "a proof of possession for another identity",
            forged(1, &keys.root(), &|entry| {
                let cert = DeviceCert::make(&key(2), &[0; 32]);
                entry.body = EntryBody::from(DeviceAdded { cert }).encode().into();
            }),
        ),
    ]
}

fn derived(keys: &AccountKeys) -> Value {
    let server = ServerId([7; 32]);
    json!({
        "name": "derived keys",
        "account_keys": hex::encode(&*keys.to_bytes()),
        "server": server.to_string(),
        "root": keys.root().public().to_string(),
        "device": keys.device().public().to_string(),
        "device_id": keys.device_id().to_string(),
        "pseudonym": keys.pseudonym(server).public().to_string(),
        "leaf_seed": hex::encode(*keys.leaf_seed(server)),
        "topic": TopicTag([9; 16]).to_string(),
        "delete_secret_of_sequence_1": hex::encode(*keys.delete_secret(TopicTag([9; 16]), 1)),
        "account_topic_key": hex::encode(*keys.account_topic_key()),
    })
}

#[test]
fn identity() {
    let (keys, log) = full_log();
    assert_eq!(IdentityLog::verify(&log.wire()).unwrap(), log);
    let mut cases = vec![log_case(&log), derived(&keys)];
    cases.extend(refusals("entry", &log.entries()[0], &keys.root()));
    cases.extend(refused_logs(&log, &keys));
    check(
        "identity",
        &json!({ "chapter": "identity", "version": 1, "cases": cases }),
    );
}
