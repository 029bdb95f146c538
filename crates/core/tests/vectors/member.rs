//! Vectors of chapter `member`: registers, personal text, reach records.

use conclave_core::event::BlobRef;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::member::*;
use serde_json::{Value, json};

use crate::support::{NOW, assert_signature, check, key, plain, refusals, signed};

fn register(proof: JoinProof, leaf: LeafKeys) -> Register {
    Register {
        version: REGISTER_VERSION,
        server: ServerId([1; 32]),
        identity: IdentityId([2; 32]),
        device: DeviceId([3; 32]),
        pseudonym: Pseudonym(key(4).public().0),
        seq: 5,
        status: Status::Present,
        identity_head: IdentityEntryId([6; 32]),
        heads: vec![EventId([7; 32])],
        proof,
        leaf,
        nickname: Some(Commitment([8; 32])),
        profile: None,
        time: Millis(NOW),
        bot: Some(true),
    }
}

fn leaf(xwing: bool) -> LeafKeys {
    LeafKeys {
        x25519: vec![9; 32].into(),
        xwing: xwing.then(|| vec![10; 1216].into()),
    }
}

fn invite_proof() -> (Value, JoinProof) {
    let register = register(JoinProof::Founder, leaf(false));
    let payload = invite_proof_payload(
        register.server,
        register.identity,
        register.device,
        register.pseudonym,
    );
    let signature = key(11).sign(Label::InviteProof, &payload);
    assert_signature(Label::InviteProof, &key(11), &payload, &signature);
    let case = json!({
        "name": "invite proof",
        "verdict": "accept",
        "key": key(11).public().to_string(),
        "payload": hex::encode(&payload),
        "signature": hex::encode(signature),
    });
    (
        case,
        JoinProof::Invite {
            invite: InviteId([12; 32]),
            signature: signature.to_vec().into(),
        },
    )
}

fn personal() -> Vec<Value> {
    let texts = [
        ("nickname", PersonalText::Nickname("Ada".into())),
        (
            "profile",
            PersonalText::Profile(Profile {
                display_name: "Ada Lovelace".into(),
                bio: Some("Engines".into()),
                avatar: Some(BlobRef {
                    hash: BlobHash([13; 32]),
                    key: vec![14; 32].into(),
                    size: 99,
                    mime: "image/png".into(),
                }),
                status_text: None,
            }),
        ),
    ];
    let case = |(name, text)| {
        let personal = Personal {
            subject: IdentityId([2; 32]),
            salt: vec![15; 16].into(),
            text,
        };
        let mut case = plain(name, &personal);
        case["commitment"] = personal.commitment().to_string().into();
        case
    };
    texts.into_iter().map(case).collect()
}

#[test]
fn member() {
    let (proof_case, by_invite) = invite_proof();
    let sibling = JoinProof::Sibling(RegisterId([16; 32]));
    let device = key(3);
    let (founder, first) = signed(
        "register of a founder, both suites",
        register(JoinProof::Founder, leaf(true)),
        &device,
    );
    let (invited, _) = signed(
        "register by invite, light suite",
        register(by_invite, leaf(false)),
        &device,
    );
    let (second, _) = signed(
        "register of a second device",
        register(sibling, leaf(false)),
        &device,
    );
    let left = Register {
        status: Status::Left,
        ..register(JoinProof::Founder, leaf(false))
    };
    let (left, _) = signed("register of who left", left, &device);
    let mut cases = vec![founder, invited, second, left, proof_case];
    cases.extend(personal());
    cases.push({
        let mut case = plain("leaf keys", &leaf(false));
        case["id"] = leaf(false).id().to_string().into();
        case
    });
    let reach = Reach {
        node: NodeId([17; 32]),
        relays: vec!["https://relay.example.org/".into()],
        addresses: vec!["192.0.2.1:4433".into()],
        time: Millis(NOW),
    };
    cases.push(plain("reach", &reach));
    cases.push(plain(
        "member record with a register",
        &MemberRecord::Register {
            register: first.bytes().encode().into(),
            identity_log: vec![vec![0x80].into()],
        },
    ));
    cases.push(plain(
        "member record with reach",
        &MemberRecord::Reach(reach),
    ));
    cases.push(plain(
        "member record with a successor",
        &MemberRecord::Successor(Successor {
            genesis: vec![0x80].into(),
            link: "conclave://join/x".into(),
        }),
    ));
    cases.push(plain(
        "note with a report",
        &Note::Report(Report {
            about: IdentityId([21; 32]),
            reason: "sells laser pointers".into(),
            quote: Some(Quote {
                channel: ChannelId([22; 32]),
                message: EnvelopeId([23; 32]),
                text: "half price, tonight only".into(),
            }),
        }),
    ));
    cases.push(plain(
        "closing",
        &Closing {
            pseudonym: Pseudonym([18; 32]),
            topic: TopicTag([19; 16]),
            last: 20,
        },
    ));
    cases.extend(refusals("register", &first, &device));
    check(
        "member",
        &json!({ "chapter": "member", "version": 1, "cases": cases }),
    );
}
