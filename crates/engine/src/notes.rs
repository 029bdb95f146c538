//! Notes sealed to one device of a member, through a server that both sides are in. Everybody there sees that one was sent, and
//! nobody but its device what it says.

use conclave_core::id::{IdentityId, Pseudonym};
use conclave_core::keys::{open_note, seal_note};
use conclave_core::member::{Direct, LeafKeys, Note};
use conclave_core::view::ViewError;

use crate::chats;
use crate::ctx::Ctx;
use crate::inbox::Verdict;
use crate::reports;
use crate::room::Room;

/// Where CBOR begins to differ from text: a link begins with a letter.
const TEXT_BELOW: u8 = 0x80;

/// Seals a note to one device.
#[must_use]
pub fn seal(
    ctx: &mut Ctx<'_>,
    room: &Room,
    to: Pseudonym,
    leaf: &LeafKeys,
    note: &[u8],
) -> Option<Direct> {
    let (encapsulated, ciphertext) = seal_note(room.suite(), leaf, note, ctx.rng).ok()?;
    Some(Direct {
        to,
        encapsulated: encapsulated.into(),
        ciphertext: ciphertext.into(),
    })
}

/// Takes a note from somebody in a shared server, if it is for this device.
///
/// # Errors
/// [`ViewError`] if the store cannot be read.
pub(crate) fn accept(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    from: IdentityId,
    direct: &Direct,
) -> Result<Verdict, ViewError> {
    let me = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    if direct.to != me || from == ctx.identity() || !room.is_member(&from) {
        return Ok(Verdict::Done);
    }
    let leaf = ctx.me.leaf(room.id);
    let (encapsulated, ciphertext) = (&direct.encapsulated, &direct.ciphertext);
    let Ok(note) = open_note(room.suite(), &leaf, encapsulated, ciphertext) else {
        return Ok(Verdict::Refuse("a sealed note does not open".to_owned()));
    };
    if note.first().is_some_and(|first| *first < TEXT_BELOW) {
        return chats::accept(room, ctx, from, &note);
    }
    match Note::decode(&note) {
        Ok(Note::Report(report)) => reports::accept(room, ctx, from, report),
        Err(error) => Ok(Verdict::Refuse(error.to_string())),
    }
}
