//! Registers, personal text and reach records: from an opened envelope into the roster.

use conclave_core::codec;
use conclave_core::envelope::Envelope;
use conclave_core::id::{EventId, ServerId};
use conclave_core::identity::IdentityLog;
use conclave_core::keys::EpochKeys;
use conclave_core::member::{JoinProof, MemberRecord, Personal, Reach, Register};
use conclave_core::message;
use conclave_core::signed::{Unverified, Verified};
use conclave_core::state::{JoinError, verify_join};
use conclave_core::view::Table;
use minicbor::bytes::ByteVec;

use super::{Fault, Verdict, settle_waiting};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::notes;
use crate::room::{Room, Wait};
use crate::successors;
use crate::wire::Position;

/// Most characters of a display name or nickname.
pub const NAME_CHARS_MAX: usize = 32;

/// Opens a member record and acts on it.
pub(super) fn process(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
    keys: &EpochKeys,
) -> Result<Verdict, Fault> {
    let opened = match message::open(envelope, keys.state.as_bytes()) {
        Ok(opened) => opened,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let record = match MemberRecord::decode(&opened) {
        Ok(record) => record,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    accept(room, ctx, position, record)
}

/// Acts on a member record of the envelope's sender.
pub fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    record: MemberRecord,
) -> Result<Verdict, Fault> {
    if let MemberRecord::Register {
        register,
        identity_log,
    } = record
    {
        return accept_register(room, ctx, position, &register, &identity_log);
    }
    let Some(sender) = room.identity_of(&position.pseudonym) else {
        return Ok(Verdict::Wait(Wait::Pseudonym(position.pseudonym)));
    };
    match record {
        MemberRecord::Personal(personal) => accept_personal(room, ctx, &personal),
        MemberRecord::Reach(reach) => accept_reach(room, ctx, position, reach),
        MemberRecord::Direct(direct) => notes::accept(room, ctx, sender, &direct),
        MemberRecord::Successor(successor) => successors::accept(room, ctx, sender, &successor),
        MemberRecord::Register { .. } => Ok(Verdict::Done),
    }
}

fn accept_register(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    register: &[u8],
    identity_log: &[ByteVec],
) -> Result<Verdict, Fault> {
    let entries: Vec<Vec<u8>> = identity_log.iter().map(|entry| entry.to_vec()).collect();
    let identity = match IdentityLog::verify(&entries) {
        Ok(identity) => identity,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let unverified = match Unverified::<Register>::decode(register) {
        Ok(unverified) => unverified,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let hint = unverified.hint();
    if hint.server != room.id
        || hint.pseudonym != position.pseudonym
        || hint.identity != identity.id()
    {
        return Ok(Verdict::Refuse(
            "the register is not the sender's own for this server".to_owned(),
        ));
    }
    let Some(key) = identity.device_key_at(&hint.identity_head, &hint.device) else {
        return Ok(Verdict::Refuse(
            "the identity log does not certify the register's device".to_owned(),
        ));
    };
    let register = match unverified.verify(&key) {
        Ok(register) => register,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    if let JoinProof::Sibling(sibling) = &register.proof
        && !room.registers.contains_key(sibling)
    {
        return Ok(Verdict::Wait(Wait::Register(*sibling)));
    }
    if let Some(verdict) = judge_join(room, &register) {
        return Ok(verdict);
    }
    admit(room, ctx, register, identity)
}

/// Judges a join proof at the heads that the register cites; nothing if it holds.
fn judge_join(room: &mut Room, register: &Verified<Register>) -> Option<Verdict> {
    if room.community.is_none() {
        // A founder's register is what genesis is verified with; whether they are one, genesis tells.
        return (register.proof != JoinProof::Founder).then_some(Verdict::Wait(Wait::Genesis));
    }
    if let Some(head) = register.heads.iter().find(|head| !room.log.contains(head)) {
        return Some(Verdict::Wait(Wait::Event(*head)));
    }
    let community = if register.heads.is_empty() {
        room.community.clone()?
    } else {
        match room.log.resolve(&register.heads) {
            Ok(community) => community,
            Err(error) => return Some(Verdict::Refuse(error.to_string())),
        }
    };
    match verify_join(&community, register) {
        Ok(()) => None,
        Err(JoinError::UnknownInvite(invite)) if room.log.get(&EventId(invite.0)).is_none() => {
            Some(Verdict::Wait(Wait::Event(EventId(invite.0))))
        }
        Err(error) => Some(Verdict::Refuse(error.to_string())),
    }
}

/// Takes a verified register into the roster.
fn admit(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    register: Verified<Register>,
    identity: IdentityLog,
) -> Result<Verdict, Fault> {
    let member = register.identity;
    let pseudonym = register.pseudonym;
    let id = register.register_id();
    let log = match room.identities.remove(&member) {
        None => identity,
        Some(mut known) => {
            if let Err(error) = known.merge(&identity) {
                room.identities.insert(member, known);
                return Ok(Verdict::Refuse(error.to_string()));
            }
            known
        }
    };
    let entries: Vec<ByteVec> = log.wire().into_iter().map(ByteVec::from).collect();
    room.identities.insert(member, log);
    let key = |tail: &[u8]| [room.id.as_bytes().as_slice(), tail].concat();
    ctx.txn.put(
        Table::IdentityLog,
        key(member.as_bytes()),
        codec::encode(&entries),
    );
    let tail = [pseudonym.as_bytes().as_slice(), &register.seq.to_be_bytes()].concat();
    ctx.txn
        .put(Table::Register, key(&tail), register.bytes().encode());
    room.remember_register(&register);
    room.roster.insert(register);
    room.refresh();
    settle_waiting(room, ctx, Wait::Identity(member))?;
    settle_waiting(room, ctx, Wait::Pseudonym(pseudonym))?;
    settle_waiting(room, ctx, Wait::Register(id))?;
    ctx.out.notice(Notice::Member {
        server: room.id,
        member,
    });
    Ok(Verdict::Done)
}

fn accept_personal(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    personal: &Personal,
) -> Result<Verdict, Fault> {
    let commitment = personal.commitment();
    let key = [room.id.as_bytes().as_slice(), commitment.as_bytes()].concat();
    ctx.txn
        .put(Table::Personal, key, codec::encode(&personal.text));
    room.personal.insert(commitment, personal.text.clone());
    ctx.out.notice(Notice::Member {
        server: room.id,
        member: personal.subject,
    });
    Ok(Verdict::Done)
}

fn accept_reach(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    reach: Reach,
) -> Result<Verdict, Fault> {
    let newer = room
        .reach
        .get(&position.pseudonym)
        .is_none_or(|known| known.time < reach.time);
    if newer {
        save_reach(&mut ctx.txn, room.id, position, &reach);
        room.reach.insert(position.pseudonym, reach);
    }
    Ok(Verdict::Done)
}

fn save_reach(txn: &mut crate::txn::Txn<'_>, server: ServerId, position: &Position, reach: &Reach) {
    let key = [server.as_bytes().as_slice(), position.pseudonym.as_bytes()].concat();
    txn.put(Table::Reach, key, codec::encode(reach));
}
