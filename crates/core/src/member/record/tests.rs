#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn check(record: &MemberRecord) -> Result<(), RecordError> {
    let read = MemberRecord::decode(&codec::encode(record))?;
    assert_eq!(read, *record);
    Ok(())
}

fn too_long(what: &'static str, len: usize, max: usize) -> Result<(), RecordError> {
    Err(RecordError::Limit { what, len, max })
}

#[test]
fn personal_text_has_its_limits() {
    let personal = |salt: usize, text| {
        MemberRecord::Personal(Personal {
            subject: IdentityId([1; 32]),
            salt: vec![2; salt].into(),
            text,
        })
    };
    let nickname = |chars: usize| PersonalText::Nickname("ß".repeat(chars));
    assert_eq!(check(&personal(16, nickname(32))), Ok(()));
    assert_eq!(
        check(&personal(16, nickname(33))),
        too_long("nickname", 33, 32)
    );
    assert_eq!(
        check(&personal(15, nickname(1))),
        Err(RecordError::Salt(15))
    );
    let profile = |name: usize, bio: usize, status: usize| {
        PersonalText::Profile(Profile {
            display_name: "n".repeat(name),
            bio: Some("b".repeat(bio)),
            avatar: None,
            status_text: Some("s".repeat(status)),
        })
    };
    assert_eq!(check(&personal(16, profile(64, 4096, 512))), Ok(()));
    assert_eq!(
        check(&personal(16, profile(65, 0, 0))),
        too_long("display name", 65, 64)
    );
    assert_eq!(
        check(&personal(16, profile(0, 4097, 0))),
        too_long("bio", 4097, 4096)
    );
    assert_eq!(
        check(&personal(16, profile(0, 0, 513))),
        too_long("status", 513, 512)
    );
}

#[test]
fn reach_and_registers_have_their_limits() {
    let reach = |relays: Vec<String>, addresses: Vec<String>| {
        MemberRecord::Reach(Reach {
            node: NodeId([1; 32]),
            relays,
            addresses,
            time: Millis(0),
        })
    };
    assert_eq!(
        check(&reach(vec!["r".repeat(256); 16], vec![String::new(); 16])),
        Ok(())
    );
    assert_eq!(
        check(&reach(vec![String::new(); 17], vec![])),
        too_long("relays", 17, 16)
    );
    assert_eq!(
        check(&reach(vec![], vec![String::new(); 17])),
        too_long("addresses", 17, 16)
    );
    assert_eq!(
        check(&reach(vec![], vec!["a".repeat(257)])),
        too_long("relay or address", 257, 256)
    );
    let register = |entries: usize| MemberRecord::Register {
        register: Vec::new().into(),
        identity_log: vec![Vec::new().into(); entries],
    };
    assert_eq!(check(&register(ENTRIES_MAX)), Ok(()));
    assert_eq!(
        check(&register(ENTRIES_MAX + 1)),
        too_long("identity entries", ENTRIES_MAX + 1, ENTRIES_MAX)
    );
    let max = RECORD_LIMITS.items_max;
    assert_eq!(
        check(&register(700_000)),
        Err(RecordError::Codec(CodecError::TooMany { max }))
    );
}
