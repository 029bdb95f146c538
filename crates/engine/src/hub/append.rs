//! What members bring: judged one by one, appended, answered with receipts.

use conclave_core::envelope::{Envelope, Form, delete_hash};
use conclave_core::id::{Pseudonym, ServerTag, VerifyKey};
use conclave_core::signed::{Unverified, Verified};
use conclave_core::view::{Table, View, ViewError};
use minicbor::bytes::ByteVec;

use super::conn::Seat;
use super::ledger;
use super::limits::{EPHEMERAL_BYTES_MAX, NEW_TOPIC_COST, STRIKES_MAX};
use super::rows::{self, MemberRow};
use super::space::Space;
use super::{Hub, HubConfig, HubCtx, HubSend};
use crate::effect::ConnId;
use crate::wire::{Frame, HubRefusal, HubWhy, Position};

/// What became of one envelope.
enum Outcome {
    /// It was appended; its receipt.
    Appended(Vec<u8>),
    /// It was there; its receipt.
    Repeated(Vec<u8>),
    /// It was there and has been dropped since: settled, but nothing to give a receipt for.
    Gone,
    Refused(HubWhy),
}

/// A frame of envelopes on its way through the checks.
struct Delivery {
    by: Pseudonym,
    member: MemberRow,
    settled: Vec<Position>,
    receipts: Vec<ByteVec>,
    refusals: Vec<HubRefusal>,
    retry_ms: u64,
}

impl Hub {
    /// Takes envelopes of a member: their own, or others' that they carry and answer for.
    pub(super) fn append(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        envelopes: &[ByteVec],
        ctx: &mut HubCtx<'_>,
    ) -> Result<(), ViewError> {
        let seat = self.subscribed(conn, server).map(|(_, seat)| seat);
        let Some(Seat::Member(by)) = seat else {
            // Nobody to hold to account: nothing is even decoded.
            let why = if seat.is_some() { 2 } else { 4 };
            ctx.send(conn, &Frame::Refused { server, why });
            return Ok(());
        };
        let Some((hosting, _)) = self
            .conns
            .get(&conn)
            .and_then(|conn| conn.seats.get(&server).copied())
        else {
            return Ok(());
        };
        let Some(space) = self.spaces.get_mut(&hosting) else {
            return Ok(());
        };
        let key = rows::member_key(space.row.number, &by);
        let member = match ctx.txn.get(Table::HubMember, &key)? {
            Some(row) => rows::decode(&row)?,
            None => return Ok(()),
        };
        let mut delivery = Delivery {
            by,
            member,
            settled: Vec::new(),
            receipts: Vec::new(),
            refusals: Vec::new(),
            retry_ms: 0,
        };
        let before = delivery.member.clone();
        for bytes in envelopes {
            let Some((position, envelope)) = read(server, bytes) else {
                self.counters.refused[HubWhy::Malformed as usize - 1] += 1;
                continue;
            };
            let asked = throttled(
                &mut self.throttle,
                &self.config,
                space,
                &delivery,
                &position,
                bytes,
                ctx,
            )?;
            let outcome = match asked {
                Err(retry_ms) => {
                    delivery.retry_ms = delivery.retry_ms.max(retry_ms);
                    Outcome::Refused(HubWhy::TooFast)
                }
                Ok(()) => one(&self.config, space, ctx, &mut delivery, &position, envelope)?,
            };
            match outcome {
                Outcome::Appended(receipt) => {
                    self.counters.appended += 1;
                    self.counters.appended_bytes += bytes.len() as u64;
                    delivery.settled.push(position);
                    delivery.receipts.push(receipt.into());
                }
                Outcome::Repeated(receipt) => {
                    self.counters.repeated += 1;
                    delivery.settled.push(position);
                    delivery.receipts.push(receipt.into());
                }
                Outcome::Gone => delivery.settled.push(position),
                Outcome::Refused(why) => {
                    self.counters.refused[why as usize - 1] += 1;
                    let why = why as u8;
                    delivery.refusals.push(HubRefusal { position, why });
                }
            }
        }
        if delivery.member != before {
            let row = conclave_core::codec::encode(&delivery.member);
            ctx.txn.put(Table::HubMember, key, row);
        }
        self.counters.receipts += delivery.receipts.len() as u64;
        self.answer(conn, server, delivery, ctx);
        Ok(())
    }

    fn answer(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        delivery: Delivery,
        ctx: &mut HubCtx<'_>,
    ) {
        if delivery.retry_ms > 0 {
            let strikes = self.conns.get_mut(&conn).map_or(0, |conn| {
                conn.strikes += 1;
                conn.strikes
            });
            if strikes > STRIKES_MAX {
                ctx.hangups
                    .push((conn, "it goes on sending against the throttle"));
                return;
            }
        } else if let Some(conn) = self.conns.get_mut(&conn) {
            conn.strikes = 0;
        }
        if !delivery.receipts.is_empty() {
            let receipts = delivery.receipts;
            ctx.send(conn, &Frame::HubReceipts { server, receipts });
        }
        if !delivery.refusals.is_empty() {
            let refused = Frame::HubRefused {
                server,
                refusals: delivery.refusals,
                retry_ms: delivery.retry_ms,
            };
            ctx.send(conn, &refused);
        }
        // Always answered, also with nothing: the other side waits for it before it sends the next batch.
        let positions = delivery.settled;
        ctx.send(conn, &Frame::Stored { server, positions });
    }

    /// Passes an ephemeral envelope on to everybody who listens, and keeps nothing of it.
    pub(super) fn pass_on(
        &mut self,
        conn: ConnId,
        server: ServerTag,
        bytes: &ByteVec,
        ctx: &mut HubCtx<'_>,
    ) {
        let limits = self.config.limits;
        let Some((hosting, Seat::Member(by))) = self
            .conns
            .get(&conn)
            .and_then(|conn| conn.seats.get(&server).copied())
        else {
            return;
        };
        let Some(space) = self.spaces.get(&hosting) else {
            return;
        };
        let who = (space.row.number, by);
        if bytes.len() > EPHEMERAL_BYTES_MAX
            || self
                .throttle
                .take(&limits, who, bytes.len() as u64, ctx.now)
                .is_err()
        {
            return;
        }
        let Ok(unverified) = Unverified::<Envelope>::decode(bytes) else {
            return;
        };
        let hint = unverified.hint();
        let own = hint.pseudonym == by && hint.server == server && hint.form == Form::Ephemeral;
        if !own || unverified.verify(&VerifyKey(by.0)).is_err() {
            return;
        }
        let envelope = bytes.clone();
        let frame = Frame::Ephemeral { server, envelope }.encode();
        let to = space
            .subscribers
            .iter()
            .copied()
            .filter(|to| *to != conn)
            .collect();
        ctx.sends.push(HubSend { to, frame });
    }
}

/// Reads an envelope without checking its signature.
fn read(server: ServerTag, bytes: &[u8]) -> Option<(Position, Unverified<Envelope>)> {
    let unverified = Unverified::<Envelope>::decode(bytes).ok()?;
    let hint = unverified.hint();
    let position = Position {
        topic: hint.topic,
        pseudonym: hint.pseudonym,
        seq: hint.seq,
    };
    (hint.server == server && hint.seq > 0).then_some((position, unverified))
}

/// Takes what an envelope costs from its bearer's allowance; what is there already costs its bytes too, for looking.
fn throttled(
    throttle: &mut super::throttle::Throttle,
    config: &HubConfig,
    space: &Space,
    delivery: &Delivery,
    position: &Position,
    bytes: &[u8],
    ctx: &HubCtx<'_>,
) -> Result<Result<(), u64>, ViewError> {
    let new_topic = !space.topics.contains_key(&position.topic);
    let cost = ledger::cost_of(bytes) + if new_topic { NEW_TOPIC_COST } else { 0 };
    let who = (space.row.number, delivery.by);
    Ok(throttle.take(&config.limits, who, cost, ctx.now))
}

/// The checks of one envelope, cheap ones first; then it is appended.
fn one(
    config: &HubConfig,
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    delivery: &mut Delivery,
    position: &Position,
    envelope: Unverified<Envelope>,
) -> Result<Outcome, ViewError> {
    if position.seq > space.last_allowed(&position.pseudonym, &position.topic) {
        return Ok(Outcome::Refused(HubWhy::Closed));
    }
    if let Some((at, entry)) = ledger::find(space, ctx, position)? {
        if entry.envelope.0 != envelope.id().0 {
            return Ok(Outcome::Refused(HubWhy::Conflict));
        }
        if entry.bytes.is_empty() {
            return Ok(Outcome::Gone);
        }
        let receipt = ledger::receipt_for(config, space, &position.topic, at, &entry);
        return Ok(Outcome::Repeated(receipt.bytes().encode()));
    }
    if !space.names(&config.node) {
        return Ok(Outcome::Refused(HubWhy::Retired));
    }
    if envelope.hint().form == Form::Ephemeral || !space.may_store(&config.node, &position.topic) {
        return Ok(Outcome::Refused(HubWhy::NotEligible));
    }
    let Ok(envelope) = envelope.verify(&VerifyKey(position.pseudonym.0)) else {
        return Ok(Outcome::Refused(HubWhy::Malformed));
    };
    if envelope.check().is_err() {
        return Ok(Outcome::Refused(HubWhy::Malformed));
    }
    let cost = ledger::cost_of(&envelope.bytes().encode());
    if let Some(why) = over_quota(config, space, &delivery.member, position, cost) {
        return Ok(Outcome::Refused(why));
    }
    delivery.member.bytes += cost;
    let receipt = ledger::append(config, space, ctx, &envelope, delivery.by);
    bury(space, ctx, delivery, &envelope)?;
    Ok(Outcome::Appended(receipt.bytes().encode()))
}

/// Which quota an envelope of this cost would pass.
fn over_quota(
    config: &HubConfig,
    space: &Space,
    member: &MemberRow,
    position: &Position,
    cost: u64,
) -> Option<HubWhy> {
    let limits = &config.limits;
    let topic = space.topics.get(&position.topic);
    if topic.is_none() && space.topics.len() >= limits.topics_max {
        return Some(HubWhy::TooManyTopics);
    }
    let rule = space.manifest.topic(&position.topic).quota_bytes;
    let topic_max = rule.unwrap_or(u64::MAX).min(limits.topic_bytes_max);
    if topic.map_or(0, |topic| topic.bytes).saturating_add(cost) > topic_max {
        return Some(HubWhy::TopicFull);
    }
    if member.bytes.saturating_add(cost) > limits.member_bytes_max {
        return Some(HubWhy::MemberFull);
    }
    if space.row.bytes.saturating_add(cost) > limits.space_bytes_max {
        return Some(HubWhy::ServerFull);
    }
    None
}

/// Honours a tombstone without reading it: its sender shows the delete secret of one of their own envelopes.
fn bury(
    space: &mut Space,
    ctx: &mut HubCtx<'_>,
    delivery: &mut Delivery,
    envelope: &Verified<Envelope>,
) -> Result<(), ViewError> {
    let Some(drop) = &envelope.drop else {
        return Ok(());
    };
    let target = Position {
        topic: envelope.topic,
        pseudonym: envelope.pseudonym,
        seq: drop.seq,
    };
    let Some((at, entry)) = ledger::find(space, ctx, &target)? else {
        return Ok(());
    };
    let Ok(stored) = Verified::<Envelope>::from_store(&entry.bytes) else {
        return Ok(());
    };
    let proven = entry.envelope == drop.target && stored.delete_hash == delete_hash(&drop.secret);
    if proven {
        let own = super::evict::Charged {
            by: delivery.by,
            row: &mut delivery.member,
        };
        super::evict::hollow(space, ctx, &target.topic, at, entry, Some(own))?;
    }
    Ok(())
}
