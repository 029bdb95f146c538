#![allow(clippy::unwrap_used, clippy::panic)]
use conclave_core::envelope::{Drop, ENVELOPE_VERSION, Envelope, Form, delete_hash};
use conclave_core::hash::Label;
use conclave_core::id::{EpochId, Pseudonym, TopicTag};
use conclave_core::policy::{
    Admission, Delegation, HostingManifest, MANIFEST_VERSION, Receipt, TopicPolicy,
    delegation_payload, hosting_id,
};
use conclave_core::signed::{Unverified, Verified};
use conclave_core::view::{Direction, KeyRange};
use conclave_store::{MemoryStore, Store};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::rows::{EntryRow, MemberRow, TopicRow};
use super::*;
use crate::wire::{HubWhy, Subscribe};

const SERVER: ServerTag = ServerTag([1; 16]);
const NODE: NodeId = NodeId([9; 32]);
const NOW: u64 = 1_780_000_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn topic(number: u8) -> TopicTag {
    TopicTag([number; 16])
}

/// A hub with members, driven frame by frame over a store in memory.
struct Bench {
    hub: Hub,
    store: MemoryStore,
    rng: ChaCha20Rng,
    now: u64,
}

impl Bench {
    fn new(limits: HubLimits, change: impl FnOnce(&mut HostingManifest)) -> Self {
        let config = HubConfig {
            node: NODE,
            receipt_key: key(5),
            limits,
            only: None,
        };
        let store = MemoryStore::new();
        let mut bench = Self {
            hub: Hub::open(config, &store).unwrap(),
            store,
            rng: ChaCha20Rng::seed_from_u64(1),
            now: NOW,
        };
        let manifest = manifest(1, None, change);
        bench.connect(0);
        let frame = Frame::HubManifest {
            server: SERVER,
            manifest: manifest.bytes().encode().into(),
        };
        bench.tell(0, &frame);
        assert_eq!(bench.hub.status().len(), 1);
        bench
    }

    fn run(&mut self, inputs: Vec<HubInput>) -> Vec<(ConnId, Frame)> {
        let effects = self
            .hub
            .handle(inputs, Millis(self.now), &mut self.rng, &self.store)
            .unwrap();
        self.store.commit(&effects.changes).unwrap();
        let sends = effects.sends.into_iter();
        sends
            .flat_map(|send| {
                let frame = Frame::decode(&send.frame).unwrap();
                send.to.into_iter().map(move |to| (to, frame.clone()))
            })
            .collect()
    }

    fn tell(&mut self, conn: u64, frame: &Frame) -> Vec<(ConnId, Frame)> {
        self.run(vec![HubInput::Frame(ConnId(conn), frame.encode())])
    }

    fn connect(&mut self, conn: u64) -> Vec<u8> {
        let input = HubInput::Connected {
            conn: ConnId(conn),
            node: NodeId([conn as u8; 32]),
        };
        match self.run(vec![input]).pop() {
            Some((_, Frame::Greet { nonce })) => nonce.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    /// Connects and subscribes as the pseudonym of a seed, which the invite of seed 8 admits.
    fn member(&mut self, conn: u64, seed: u8) -> Vec<(ConnId, Frame)> {
        let nonce = self.connect(conn);
        let from = NodeId([conn as u8; 32]);
        let mut proof = Subscribe::sign(SERVER, &key(seed), false, from, NODE, &nonce);
        proof.hosting = Some(hosting_id(&key(1).public()));
        let pseudonym = Pseudonym(key(seed).public().0);
        proof.admission = Some(Admission::sign(&SERVER, &pseudonym, &key(8)));
        self.tell(conn, &Frame::Subscribe(proof))
    }

    fn bring(&mut self, conn: u64, envelopes: &[Verified<Envelope>]) -> Answer {
        let envelopes = envelopes
            .iter()
            .map(|one| one.bytes().encode().into())
            .collect();
        let frame = Frame::Envelopes {
            server: SERVER,
            envelopes,
            remaining: 0,
        };
        let mut answer = Answer::default();
        for (to, frame) in self.tell(conn, &frame) {
            match frame {
                Frame::Stored { positions, .. } if to == ConnId(conn) => {
                    answer.stored = positions.len()
                }
                Frame::HubReceipts { receipts, .. } => {
                    answer.receipts = receipts.into_iter().map(Vec::from).collect();
                }
                Frame::HubRefused {
                    refusals, retry_ms, ..
                } => {
                    answer.refused = refusals
                        .iter()
                        .filter_map(|one| HubWhy::from_number(one.why))
                        .collect();
                    answer.retry_ms = retry_ms;
                }
                Frame::HubEnvelopes(_) => answer.news.push(to),
                _ => {}
            }
        }
        answer
    }
}

#[derive(Default, Debug)]
struct Answer {
    stored: usize,
    receipts: Vec<Vec<u8>>,
    refused: Vec<HubWhy>,
    retry_ms: u64,
    news: Vec<ConnId>,
}

fn manifest(
    seq: u64,
    prev: Option<Digest>,
    change: impl FnOnce(&mut HostingManifest),
) -> Verified<HostingManifest> {
    let (root, writer) = (key(1), key(2));
    let payload = delegation_payload(&SERVER, &writer.public(), 1);
    let rule = |topic, durability| TopicPolicy {
        topic,
        durability,
        quorum: 1,
        retention_ms: None,
        quota_bytes: None,
        hubs: None,
    };
    let mut manifest = HostingManifest {
        version: MANIFEST_VERSION,
        server: SERVER,
        root: root.public(),
        delegation: Delegation {
            key: writer.public(),
            from_seq: 1,
            signature: root
                .sign(Label::ManifestDelegation, &payload)
                .to_vec()
                .into(),
        },
        seq,
        prev,
        hubs: vec![conclave_core::policy::Hub {
            node: NODE,
            receipt_key: key(5).public(),
            relays: Vec::new(),
            addresses: Vec::new(),
        }],
        topics: vec![rule(topic(3), 1), rule(topic(4), 4)],
        default_topic: rule(topic(0), 2),
        invites: vec![key(8).public()],
        revoked: Vec::new(),
        may_revoke: Vec::new(),
        time: Millis(NOW),
    };
    change(&mut manifest);
    let manifest = Verified::sign(manifest, &writer);
    manifest.check(&root.public()).unwrap();
    manifest
}

fn envelope(
    seed: u8,
    topic: TopicTag,
    seq: u64,
    bytes: usize,
    drop: Option<Drop>,
) -> Verified<Envelope> {
    let envelope = Envelope {
        version: ENVELOPE_VERSION,
        server: SERVER,
        topic,
        epoch: EpochId([7; 32]),
        pseudonym: Pseudonym(key(seed).public().0),
        seq,
        form: if drop.is_some() {
            Form::Tombstone
        } else {
            Form::Sealed
        },
        delete_hash: delete_hash(&[seq as u8; 32]),
        drop,
        sealed: vec![seed; bytes].into(),
    };
    Verified::sign(envelope, &key(seed))
}

/// Every quota, as the store has it, and as its rows add up.
fn holds_within(bench: &Bench, limits: &HubLimits) {
    let rows = |table| {
        bench
            .store
            .range(
                table,
                &KeyRange::prefix(b""),
                Direction::Forward,
                usize::MAX,
            )
            .unwrap()
    };
    let mut by_topic: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut by_member: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let mut all = 0;
    for (key, value) in rows(Table::HubLog) {
        let entry: EntryRow = rows::decode(&value).unwrap();
        let cost = entry.bytes.len() as u64 + super::limits::ENTRY_OVERHEAD;
        let by = entry.by.unwrap_or(entry.pseudonym);
        *by_topic.entry(key[..20].to_vec()).or_default() += cost;
        *by_member.entry(by.0.to_vec()).or_default() += cost;
        all += cost;
    }
    for (key, value) in rows(Table::HubTopic) {
        let row: TopicRow = rows::decode(&value).unwrap();
        assert_eq!(row.bytes, by_topic.get(&key).copied().unwrap_or(0));
        assert!(
            row.bytes <= limits.topic_bytes_max,
            "a topic has {}",
            row.bytes
        );
    }
    for (key, value) in rows(Table::HubMember) {
        let row: MemberRow = rows::decode(&value).unwrap();
        assert_eq!(row.bytes, by_member.get(&key[4..]).copied().unwrap_or(0));
        assert!(
            row.bytes <= limits.member_bytes_max,
            "a member has {}",
            row.bytes
        );
    }
    let space = bench.hub.status()[0].1.bytes;
    assert_eq!(space, all);
    assert!(space <= limits.space_bytes_max, "the server has {space}");
}

#[test]
fn receipts_are_right_and_the_same_when_asked_again() {
    let mut bench = Bench::new(HubLimits::default(), |_| {});
    bench.member(1, 20);
    bench.member(2, 21);
    let one = envelope(20, topic(2), 1, 100, None);
    let first = bench.bring(1, &[one.clone()]);
    assert_eq!((first.stored, first.receipts.len()), (1, 1));
    assert_eq!(first.news, [ConnId(1), ConnId(2)]);
    let receipt = Unverified::<Receipt>::decode(&first.receipts[0]).unwrap();
    let receipt = receipt.verify(&key(5).public()).unwrap();
    assert_eq!((receipt.position, receipt.envelope), (1, one.envelope_id()));
    let again = bench.bring(2, &[one]);
    assert_eq!(again.receipts, first.receipts);
    assert!(again.news.is_empty(), "nobody hears it twice");
}

#[test]
fn what_the_manifest_keeps_off_is_refused() {
    let mut bench = Bench::new(HubLimits::default(), |_| {});
    bench.member(1, 20);
    let answer = bench.bring(
        1,
        &[
            envelope(20, topic(3), 1, 10, None),
            envelope(20, topic(4), 1, 10, None),
            envelope(20, topic(2), 1, 10, None),
        ],
    );
    assert_eq!(answer.refused, [HubWhy::NotEligible, HubWhy::NotEligible]);
    assert_eq!(answer.stored, 1, "a replicated topic is taken");
    // The same position with other content is not.
    let other = bench.bring(1, &[envelope(20, topic(2), 1, 11, None)]);
    assert_eq!(other.refused, [HubWhy::Conflict]);
    // Nor a strict topic that names another hub; one that names this one is.
    let mut named = Bench::new(HubLimits::default(), |manifest| {
        manifest.topics[0].hubs = Some(1)
    });
    named.member(1, 20);
    assert_eq!(
        named
            .bring(1, &[envelope(20, topic(3), 1, 10, None)])
            .stored,
        1
    );
}

#[test]
fn nobody_gets_in_without_an_admission_and_it_outlives_its_invite() {
    let mut bench = Bench::new(HubLimits::default(), |_| {});
    let nonce = bench.connect(3);
    let mut proof = Subscribe::sign(SERVER, &key(30), false, NodeId([3; 32]), NODE, &nonce);
    proof.hosting = Some(hosting_id(&key(1).public()));
    let refused = bench.tell(3, &Frame::Subscribe(proof));
    assert!(
        matches!(refused[0].1, Frame::Refused { why: 4, .. }),
        "{refused:?}"
    );
    assert!(matches!(bench.member(1, 20)[0].1, Frame::HubState(_)));
    let next = manifest(2, Some(Digest([0; 32])), |manifest| {
        manifest.invites.clear()
    });
    let frame = Frame::HubManifest {
        server: SERVER,
        manifest: next.bytes().encode().into(),
    };
    bench.tell(0, &frame);
    assert!(
        matches!(bench.member(2, 20)[0].1, Frame::HubState(_)),
        "admitted before"
    );
    assert!(
        matches!(bench.member(4, 21)[0].1, Frame::Refused { why: 4, .. }),
        "not any more"
    );
}

#[test]
fn a_tombstone_drops_what_it_names_and_gives_the_bytes_back() {
    let mut bench = Bench::new(HubLimits::default(), |_| {});
    bench.member(1, 20);
    let target = envelope(20, topic(2), 1, 5_000, None);
    bench.bring(1, &[target.clone()]);
    let before = bench.hub.status()[0].1.bytes;
    let drop = |secret: u8| Drop {
        target: target.envelope_id(),
        seq: 1,
        secret: vec![secret; 32].into(),
    };
    bench.bring(1, &[envelope(20, topic(2), 2, 10, Some(drop(9)))]);
    assert!(
        bench.hub.status()[0].1.bytes > before,
        "a wrong secret drops nothing"
    );
    bench.bring(1, &[envelope(20, topic(2), 3, 10, Some(drop(1)))]);
    assert!(bench.hub.status()[0].1.bytes < before);
    holds_within(&bench, &HubLimits::default());
    assert_eq!(
        bench.bring(1, &[target]).stored,
        1,
        "it is settled and not stored again"
    );
}

#[test]
fn retention_evicts_the_oldest_and_a_page_says_where_it_begins() {
    let keep = |manifest: &mut HostingManifest| manifest.default_topic.retention_ms = Some(1_000);
    let mut bench = Bench::new(HubLimits::default(), keep);
    bench.member(1, 20);
    bench.bring(1, &[envelope(20, topic(2), 1, 10, None)]);
    bench.now += 900;
    bench.bring(1, &[envelope(20, topic(2), 2, 10, None)]);
    bench.now += 200;
    bench.run(vec![HubInput::Tick]);
    let want = Frame::HubWant(crate::wire::HubWant {
        server: SERVER,
        topic: topic(2),
        after: 0,
        before: 10,
    });
    let Some((_, Frame::HubEnvelopes(page))) = bench.tell(1, &want).pop() else {
        panic!("a page")
    };
    assert_eq!((page.runs[0].first, page.runs[0].envelopes.len()), (2, 1));
    assert_eq!(page.answer.unwrap().upto, 2);
    holds_within(&bench, &HubLimits::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever brings what in which order, again, for others or with tombstones: no quota is ever passed, and the counts are those of
    /// the rows.
    #[test]
    fn no_quota_is_ever_passed(
        steps in proptest::collection::vec((0..3_u8, 0..3_u8, 1..4_u8, 1..12_u64, 0..4_000_usize, any::<bool>()), 1..60),
    ) {
        let limits = HubLimits {
            space_bytes_max: 24_000,
            topic_bytes_max: 11_000,
            member_bytes_max: 13_000,
            ..HubLimits::default()
        };
        let mut bench = Bench::new(limits, |manifest| manifest.topics.clear());
        for member in 0..3 {
            bench.member(u64::from(member) + 1, 20 + member);
        }
        for (bearer, author, number, seq, bytes, buries) in steps {
            let seed = 20 + author;
            let drop = (buries && seq > 1).then(|| Drop {
                target: envelope(seed, topic(number), seq - 1, bytes, None).envelope_id(),
                seq: seq - 1,
                secret: vec![(seq - 1) as u8; 32].into(),
            });
            bench.bring(u64::from(bearer) + 1, &[envelope(seed, topic(number), seq, bytes, drop)]);
            holds_within(&bench, &limits);
        }
        // What is durable is what the machine thinks.
        let reopened = Hub::open(bench.hub.config.clone(), &bench.store).unwrap();
        prop_assert_eq!(reopened.status()[0].1.bytes, bench.hub.status()[0].1.bytes);
    }
}
