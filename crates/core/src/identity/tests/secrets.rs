//! The secrets of a device.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

#[test]
fn account_keys_survive_the_vault_and_stay_out_of_logs() {
    let keys = person(1).keys;
    let stored = keys.to_bytes();
    assert_eq!(stored.len(), ACCOUNT_KEYS_LEN);
    let read = AccountKeys::from_bytes(&stored).unwrap();
    assert_eq!(read.to_bytes(), stored);
    assert_eq!(format!("{keys:?}"), "AccountKeys(..)");
    assert_eq!(
        AccountKeys::from_bytes(&[]).unwrap_err(),
        AccountKeysError::Length(0)
    );
    assert_eq!(
        AccountKeys::from_bytes(&stored[..160]).unwrap_err(),
        AccountKeysError::Length(160)
    );
    let mut newer = stored.to_vec();
    newer[0] = 2;
    assert_eq!(
        AccountKeys::from_bytes(&newer).unwrap_err(),
        AccountKeysError::Version(2)
    );
}

#[test]
fn derived_secrets_differ_by_purpose_server_topic_and_sequence() {
    let keys = person(1).keys;
    let (a, b) = (ServerId([1; 32]), ServerId([2; 32]));
    let (s, t) = (TopicTag([1; 16]), TopicTag([2; 16]));
    let all = [
        keys.root().seed(),
        keys.device().seed(),
        keys.pseudonym(a).seed(),
        keys.pseudonym(b).seed(),
        keys.leaf_seed(a),
        keys.leaf_seed(b),
        keys.delete_secret(s, 1),
        keys.delete_secret(s, 2),
        keys.delete_secret(t, 1),
        keys.account_topic_key(),
    ];
    for (n, one) in all.iter().enumerate() {
        assert!(
            all[n + 1..].iter().all(|other| one != other),
            "secret {n} is there twice"
        );
    }
    assert_eq!(
        keys.pseudonym(a).public(),
        keys.clone().pseudonym(a).public()
    );
}
