//! Reporting somebody to the moderators, and being done with a report.

use conclave_core::codec;
use conclave_core::id::{EnvelopeId, IdentityId, ServerId};
use conclave_core::member::{
    MemberRecord, Note, Quote, REPORT_QUOTE_BYTES_MAX, REPORT_REASON_BYTES_MAX, Report,
};

use super::invites::clipped;
use super::{community, known, room_of, send_member_record};
use crate::command::{CommandError, Reply};
use crate::ctx::Ctx;
use crate::peer::State;
use crate::{notes, reports, timeline};

/// Seals a report to every device of the moderators.
pub(super) fn report(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    server: ServerId,
    about: IdentityId,
    message: Option<EnvelopeId>,
    reason: &str,
) -> Result<Reply, CommandError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REPORT_REASON_BYTES_MAX {
        return Err(CommandError::Invalid {
            field: "reason",
            message: format!(
                "1 to {REPORT_REASON_BYTES_MAX} bytes: moderators have to know what is wrong"
            ),
        });
    }
    if about == ctx.identity() {
        return Err(CommandError::Invalid {
            field: "member",
            message: "one cannot report oneself".to_owned(),
        });
    }
    let quote = message
        .map(|message| quote(ctx, server, about, message))
        .transpose()?;
    let room = room_of(state, &server)?;
    known(room, &about)?;
    let community = community(room)?;
    let note = Note::Report(Report {
        about,
        reason: reason.to_owned(),
        quote,
    });
    let note = codec::encode(&note);
    let devices: Vec<_> = reports::recipients(room, &community, &about)
        .iter()
        .flat_map(|moderator| room.roster.leaves(&community, moderator))
        .take(reports::DEVICES_MAX)
        .collect();
    if devices.is_empty() {
        return Err(CommandError::Conflict(
            "nobody else moderates this server: there is no one to report to".to_owned(),
        ));
    }
    let mut count = 0;
    for (pseudonym, leaf) in devices {
        if let Some(direct) = notes::seal(ctx, room, pseudonym, &leaf, &note) {
            send_member_record(room, ctx, MemberRecord::Direct(direct))?;
            count += 1;
        }
    }
    Ok(Reply::Count(count))
}

/// A message of the one who is reported, as it stands here.
fn quote(
    ctx: &Ctx<'_>,
    server: ServerId,
    about: IdentityId,
    message: EnvelopeId,
) -> Result<Quote, CommandError> {
    let missing = CommandError::NotFound { what: "message" };
    let place = timeline::locate(&ctx.txn, &message)?.ok_or(missing)?;
    if place.server != server || place.author != about {
        return Err(CommandError::Invalid {
            field: "message",
            message: "it is not theirs".to_owned(),
        });
    }
    let text = timeline::text(&ctx.txn, &message)?;
    Ok(Quote {
        channel: place.channel,
        message,
        text: clipped(&text, REPORT_QUOTE_BYTES_MAX),
    })
}

/// Is done with a report, on this device.
pub(super) fn dismiss(
    ctx: &mut Ctx<'_>,
    server: ServerId,
    number: u64,
) -> Result<Reply, CommandError> {
    if reports::dismiss(ctx, server, number)? {
        Ok(Reply::Done)
    } else {
        Err(CommandError::NotFound { what: "report" })
    }
}
