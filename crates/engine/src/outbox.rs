//! Sealing: from what this device says to an envelope that is stored and on its way.

use conclave_core::codec;
use conclave_core::content::Content;
use conclave_core::envelope::{Drop, Envelope, Form, Topic, delete_hash};
use conclave_core::id::{ChannelId, EpochId};
use conclave_core::keys::{EpochKeys, EpochRecord, KeyRecord};
use conclave_core::message::{self, OuterFields, SealError};
use conclave_core::signed::Verified;

use crate::command::CommandError;
use crate::ctx::{Ctx, Outgoing};
use crate::inbox;
use crate::room::Room;
use crate::wire::Position;

/// An own envelope, stored in this call.
pub struct Sent {
    /// Where it stands.
    pub position: Position,
    /// The envelope.
    pub envelope: Verified<Envelope>,
}

/// Seals bytes of a state topic under an epoch.
pub fn seal_state(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    topic: Topic,
    epoch: EpochId,
    keys: &EpochKeys,
    plaintext: &[u8],
) -> Result<Sent, CommandError> {
    let key = *keys.state.as_bytes();
    seal(room, ctx, topic, epoch, &key, plaintext, None)
}

/// Seals content of a channel under an epoch; nothing if its content key is not here.
pub fn seal_content(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    channel: ChannelId,
    epoch: EpochId,
    keys: &EpochKeys,
    content: &Content,
    drop: Option<Drop>,
) -> Result<Sent, CommandError> {
    let key = keys
        .content
        .as_ref()
        .ok_or(CommandError::NoKey)?
        .channel(&channel);
    let topic = Topic::Channel(room.id, channel);
    let plaintext = codec::encode(content);
    seal(room, ctx, topic, epoch, key.as_bytes(), &plaintext, drop)
}

/// Seals an envelope that nobody stores.
pub fn seal_ephemeral(
    room: &Room,
    ctx: &mut Ctx<'_>,
    topic: Topic,
    epoch: EpochId,
    key: &[u8; 32],
    content: &Content,
) -> Result<Sent, CommandError> {
    let signer = ctx.me.pseudonym(room.id);
    let fields = OuterFields {
        server: room.tag,
        topic: topic.tag(),
        epoch,
        seq: ctx.now.0,
        form: Form::Ephemeral,
        delete_hash: delete_hash(&[]),
        drop: None,
    };
    let plaintext = codec::encode(content);
    let envelope = message::seal(fields, &plaintext, key, &signer, ctx.rng).map_err(too_long)?;
    let position = position_of(&envelope);
    ctx.out.outgoing.push(Outgoing {
        server: room.id,
        position,
        bytes: envelope.bytes().encode(),
        ephemeral: true,
        except: None,
    });
    Ok(Sent { position, envelope })
}

/// Wraps a key record, which brings its own seals.
pub fn send_record(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    record: &KeyRecord,
) -> Result<Sent, CommandError> {
    let topic = match record {
        KeyRecord::Slots(_) => Topic::Slots(room.id).tag(),
        _ => Topic::Keys(room.id).tag(),
    };
    let signer = ctx.me.pseudonym(room.id);
    let pseudonym = conclave_core::id::Pseudonym(signer.public().0);
    let seq = room.next_seq(&topic, &pseudonym);
    let fields = OuterFields {
        server: room.tag,
        topic,
        epoch: EpochId([0; 32]),
        seq,
        form: Form::Keys,
        delete_hash: delete_hash(&*ctx.me.keys.delete_secret(topic, seq)),
        drop: None,
    };
    let envelope = message::seal_record(fields, record, &signer).map_err(too_long)?;
    Ok(keep(room, ctx, envelope))
}

/// Sends an epoch: in one piece if it is short, else its slots apart, so that they can be dropped one day.
pub fn send_epoch(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    record: &EpochRecord,
) -> Result<Sent, CommandError> {
    let whole = KeyRecord::Epoch(record.clone());
    if whole.encode().len() <= ctx.me.whole_bytes_max {
        return send_record(room, ctx, &whole);
    }
    let sent = send_record(room, ctx, &KeyRecord::Epoch(record.without_slots()))?;
    for part in record.parts(PART_BYTES_MAX) {
        send_record(room, ctx, &KeyRecord::Slots(part))?;
    }
    Ok(sent)
}

/// Bytes of slots in one envelope: as much as fits a batch beside the rest.
const PART_BYTES_MAX: usize = 128 * 1024;

fn seal(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    topic: Topic,
    epoch: EpochId,
    key: &[u8; 32],
    plaintext: &[u8],
    drop: Option<Drop>,
) -> Result<Sent, CommandError> {
    let signer = ctx.me.pseudonym(room.id);
    let pseudonym = conclave_core::id::Pseudonym(signer.public().0);
    let topic = topic.tag();
    let seq = room.next_seq(&topic, &pseudonym);
    let fields = OuterFields {
        server: room.tag,
        topic,
        epoch,
        seq,
        form: if drop.is_some() {
            Form::Tombstone
        } else {
            Form::Sealed
        },
        delete_hash: delete_hash(&*ctx.me.keys.delete_secret(topic, seq)),
        drop,
    };
    let envelope = message::seal(fields, plaintext, key, &signer, ctx.rng).map_err(too_long)?;
    Ok(keep(room, ctx, envelope))
}

/// Stores an own envelope and puts it on its way; both become real with the commit.
fn keep(room: &mut Room, ctx: &mut Ctx<'_>, envelope: Verified<Envelope>) -> Sent {
    let position = position_of(&envelope);
    let bytes = envelope.bytes().encode();
    inbox::store(room, ctx, &position, &bytes);
    ctx.out.outgoing.push(Outgoing {
        server: room.id,
        position,
        bytes,
        ephemeral: false,
        except: None,
    });
    Sent { position, envelope }
}

fn position_of(envelope: &Envelope) -> Position {
    Position {
        topic: envelope.topic,
        pseudonym: envelope.pseudonym,
        seq: envelope.seq,
    }
}

fn too_long(error: SealError) -> CommandError {
    CommandError::Invalid {
        field: "content",
        message: error.to_string(),
    }
}
