//! Vectors of chapter `event`: one event of every kind. What events do is in chapter `authority`.

use conclave_core::event::*;
use conclave_core::hash::Label;
use conclave_core::id::*;
use conclave_core::member::LeafKeys;
use conclave_core::permissions::Bits;
use conclave_core::signed::{Unverified, Verified};
use serde_json::{Value, json};

use crate::support::{NOW, check, error_kind, key, refusals, signed};

const CHANNEL: ChannelId = ChannelId([0xc1; 32]);
const ROLE: RoleId = RoleId([0xc2; 32]);
const MEMBER: IdentityId = IdentityId([0xc3; 32]);
const INVITE: InviteId = InviteId([0xc4; 32]);

fn genesis() -> Body {
    Body::Genesis(Genesis {
        name: "The Garden".into(),
        template: 1,
        nonce: vec![1; 32].into(),
        everyone: Bits::VIEW_CHANNEL | Bits::SEND_MESSAGES,
        suite: 2,
        owner_root: key(1).public(),
        hosting_root: key(2).public(),
        notaries: vec![key(1).public()],
        notary_quorum: 1,
        history: 1,
        peers: vec![],
        descent: None,
    })
}

/// The genesis of a server that descends from another.
fn successor() -> Body {
    let Body::Genesis(genesis) = genesis() else {
        panic!()
    };
    Body::Genesis(Genesis {
        descent: Some(Descent {
            server: ServerId([0xa1; 32]),
            heads: vec![EventId([0xa2; 32]), EventId([0xa3; 32])],
            state: Digest([0xa4; 32]),
            checkpoint: None,
        }),
        ..genesis
    })
}

fn channel_bodies() -> Vec<Body> {
    let overwrite = |subject| Overwrite {
        subject,
        allow: Bits::VIEW_CHANNEL,
        deny: Bits::SEND_MESSAGES,
    };
    vec![
        Body::ChannelCreate(ChannelCreate {
            name: "general".into(),
            kind: 0,
            topic: Some("Everything".into()),
            parent: Some(CHANNEL),
            position: "V".into(),
            overwrites: vec![
                overwrite(Subject::Role(ROLE)),
                overwrite(Subject::Member(MEMBER)),
            ],
            synced: false,
            durability: 2,
            ttl_ms: None,
            slow_mode_s: 0,
        }),
        Body::ChannelUpdate(ChannelUpdate {
            channel: CHANNEL,
            name: Some("news".into()),
            topic: None,
            parent: None,
            parent_clear: Some(true),
            position: Some("W".into()),
            durability: Some(3),
            ttl_ms: Some(0),
            slow_mode_s: Some(30),
            synced: Some(true),
        }),
        Body::ChannelDelete(ChannelDelete { channel: CHANNEL }),
        Body::OverwriteSet(OverwriteSet {
            channel: CHANNEL,
            overwrite: overwrite(Subject::Role(ROLE)),
        }),
        Body::OverwriteClear(OverwriteClear {
            channel: CHANNEL,
            subject: Subject::Member(MEMBER),
        }),
    ]
}

fn role_bodies() -> Vec<Body> {
    vec![
        Body::RoleCreate(RoleCreate {
            name: "Moderator".into(),
            color: Some(0x00ff_8000),
            hoist: true,
            mentionable: false,
            permissions: Bits::BAN_MEMBERS,
            position: "k".into(),
        }),
        Body::RoleUpdate(RoleUpdate {
            role: ROLE,
            name: None,
            color: Some(0x0100_0000),
            hoist: Some(false),
            mentionable: None,
            set: Some(Bits::KICK_MEMBERS),
            clear: Some(Bits::BAN_MEMBERS),
            position: None,
        }),
        Body::RoleDelete(RoleDelete { role: ROLE }),
        Body::RoleGrant(RoleGrant {
            role: ROLE,
            member: MEMBER,
        }),
        Body::RoleRevoke(RoleRevoke {
            role: ROLE,
            member: MEMBER,
            seen: vec![seen()],
        }),
    ]
}

fn seen() -> Seen {
    Seen {
        device: DeviceId([0xd1; 32]),
        event_seq: Some(4),
        register_seq: None,
        pseudonym: Some(Pseudonym([0xd2; 32])),
    }
}

fn member_bodies() -> Vec<Body> {
    vec![
        Body::Kick(Kick {
            member: MEMBER,
            seen: vec![seen()],
        }),
        Body::Ban(Ban {
            member: MEMBER,
            seen: vec![seen()],
            delete_ms: Some(86_400_000),
            dropped_leaves: vec![LeafId([9; 32])],
        }),
        Body::Unban(Unban { member: MEMBER }),
        Body::Timeout(Timeout {
            member: MEMBER,
            until: Millis(NOW + 60_000),
            seen: vec![],
        }),
        Body::TimeoutLift(TimeoutLift { member: MEMBER }),
        Body::NicknameSet(NicknameSet {
            member: MEMBER,
            nickname: Some(Commitment([8; 32])),
            seen: vec![seen()],
        }),
    ]
}

fn other_bodies() -> Vec<Body> {
    vec![
        Body::ServerUpdate(ServerUpdate {
            name: Some("The Orchard".into()),
            description: Some("Apples".into()),
            icon: Some(BlobRef {
                hash: BlobHash([7; 32]),
                key: vec![6; 32].into(),
                size: 1234,
                mime: "image/png".into(),
            }),
            icon_clear: None,
            joins_paused: Some(true),
            durability: Some(2),
        }),
        Body::InviteCreate(InviteCreate {
            kind: 1,
            verify_key: key(5).public(),
            leaf: LeafKeys {
                x25519: vec![4; 32].into(),
                xwing: Some(vec![3; 1216].into()),
            },
            role: Some(ROLE),
            channel: Some(CHANNEL),
            max_uses: Some(100),
            expires: Some(Millis(NOW + 86_400_000)),
        }),
        Body::InviteRevoke(InviteRevoke {
            invite: INVITE,
            honoured: vec![Pseudonym([1; 32]), Pseudonym([2; 32])],
        }),
        Body::DeviceCut(DeviceCut {
            identity: MEMBER,
            device: DeviceId([0xd1; 32]),
            certificate: vec![0x80].into(),
            seen: Some(seen()),
        }),
        Body::Merge(Merge::default()),
        Body::MinVersion(MinVersion { version: 2 }),
        Body::Checkpoint(Checkpoint {
            cosigned: vec![0x80].into(),
        }),
    ]
}

fn ownership_bodies() -> Vec<Body> {
    let claim = EventId([0xe1; 32]);
    vec![
        Body::OwnershipTransfer(RootSigned::draft(Transfer {
            to: MEMBER,
            root: key(11).public(),
            seen: vec![seen()],
        })),
        Body::SuccessionPolicy(RootSigned::draft(Succession {
            successors: vec![MEMBER],
            recovery_keys: vec![key(12).public()],
            council: vec![IdentityId([1; 32]), IdentityId([2; 32])],
            quorum: 2,
            delay_days: 14,
        })),
        Body::SuccessionClaim(SuccessionClaim {
            policy: EventId([0xe2; 32]),
            heir: MEMBER,
            recovery: Some(RecoveryProof {
                key: key(12).public(),
                signature: vec![5; 64].into(),
            }),
        }),
        Body::SuccessionConfirm(SuccessionConfirm { claim, days: 14 }),
        Body::SuccessionVeto(SuccessionVeto { claim }),
        Body::Accession(Accession {
            claim,
            root: key(11).public(),
        }),
    ]
}

/// An event that carries a body.
fn event(body: &Body) -> Event {
    let genesis = matches!(body, Body::Genesis(_));
    Event {
        version: EVENT_VERSION,
        server: (!genesis).then_some(ServerId([0xaa; 32])),
        author: IdentityId([0xab; 32]),
        device: DeviceId([0xac; 32]),
        seq: u64::from(!genesis),
        prev_self: (!genesis).then_some(EventId([0xaa; 32])),
        parents: if genesis {
            vec![]
        } else {
            vec![EventId([0xaa; 32]), EventId([0xad; 32])]
        },
        identity_head: IdentityEntryId([0xae; 32]),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: Millis(NOW),
        register: (!genesis).then_some(RegisterId([0xaf; 32])),
        reason: (!genesis).then(|| "because".to_owned()),
    }
}

fn accept(body: &Body) -> (Value, Verified<Event>) {
    let name = format!("{:?}", body.kind());
    // What the root signs beside the device is signed with key 11, and is part of the body.
    let event = event(body);
    let event = Event::clone(&Verified::sign_event(event, &key(10), &key(11)));
    let (mut case, event) = signed(&name, event, &key(10));
    let read = event.decode_body().unwrap();
    assert_eq!(read.kind(), body.kind());
    if body.needs_root() {
        case["root_key"] = key(11).public().to_string().into();
    } else {
        assert_eq!(read, *body);
    }
    case["kind"] = event.kind.into();
    case["body"] = hex::encode(&*event.body).into();
    (case, event)
}

/// Events whose signature is good and whose body nobody can act on.
fn body_refusals() -> Vec<Value> {
    let cases: [(&str, u16, Vec<u8>); 5] = [
        ("unknown kind: the server halts", 4000, vec![0xa0]),
        ("reserved kind: the server halts", 49, vec![0xa0]),
        (
            "critical key: the server halts",
            22,
            vec![0xa2, 0x00, 0x80, 0x18, 0x80, 0x00],
        ),
        ("missing field: rejected for good", 15, vec![0xa0]),
        (
            "body that is not canonical: rejected for good",
            15,
            vec![0xbf, 0xff],
        ),
    ];
    let case = |(name, kind, body): (&str, u16, Vec<u8>)| {
        let base = event(&Body::Merge(Merge::default()));
        let (mut case, event) = signed(
            name,
            Event {
                kind,
                body: body.into(),
                ..base
            },
            &key(10),
        );
        case["body_error"] = error_kind(&event.decode_body().unwrap_err()).into();
        case
    };
    let mut refusals: Vec<Value> = cases.into_iter().map(case).collect();
    refusals.push(critical_payload());
    refusals
}

/// An event with a critical key beside its body: the pair `130: 1` at the end of its map.
fn critical_payload() -> Value {
    let good = Verified::sign(event(&Body::Merge(Merge::default())), &key(10));
    let mut payload = good.payload().to_vec();
    payload[0] += 1;
    payload.extend([0x18, 130, 1]);
    let signature = key(10).sign(Label::EventSign, &payload);
    let mut wire = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut wire);
    encoder
        .array(2)
        .unwrap()
        .bytes(&payload)
        .unwrap()
        .bytes(&signature)
        .unwrap();
    let read = Unverified::<Event>::decode(&wire)
        .unwrap()
        .verify(&key(10).public())
        .unwrap();
    json!({
        "name": "critical key beside the body: the server halts",
        "verdict": "accept",
        "key": key(10).public().to_string(),
        "payload": hex::encode(&payload),
        "wire": hex::encode(&wire),
        "id": read.id().to_string(),
        "body_error": error_kind(&read.decode_body().unwrap_err()),
    })
}

#[test]
fn event_formats() {
    let bodies: Vec<Body> = [
        vec![genesis()],
        channel_bodies(),
        role_bodies(),
        member_bodies(),
        other_bodies(),
        ownership_bodies(),
    ]
    .concat();
    let mut kinds: Vec<_> = bodies.iter().map(Body::kind).collect();
    kinds.sort();
    assert_eq!(kinds, Kind::ACTIVE, "a vector for every kind");
    let mut cases: Vec<Value> = bodies.iter().map(|body| accept(body).0).collect();
    let (mut case, _) = accept(&successor());
    case["name"] = "Genesis of a successor".into();
    cases.push(case);
    cases.extend(refusals("event", &accept(&genesis()).1, &key(10)));
    cases.extend(body_refusals());
    check(
        "event",
        &json!({ "chapter": "event", "version": 1, "cases": cases }),
    );
}
