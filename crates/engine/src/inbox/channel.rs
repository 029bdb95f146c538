//! Messages: from an envelope of a channel to the timeline.

use conclave_core::content::{Act, Content, ContentError};
use conclave_core::envelope::{Envelope, Form, Topic, delete_hash};
use conclave_core::id::{ChannelId, IdentityId, Millis, RoleId};
use conclave_core::message;
use conclave_core::permissions::{self, Action, Actor, Bits, Denied};
use conclave_core::signed::Verified;
use conclave_core::state::Community;
use conclave_core::view::{Table, View};

use super::{Fault, Verdict, epoch_keys};
use crate::blobs::keep;
use crate::ctx::Ctx;
use crate::room::{Room, Stage, Wait};
use crate::timeline::{self, Allowed, Arrival};
use crate::wire::Position;

/// Opens a message and judges it; what this node cannot read it keeps as ciphertext.
pub(super) fn process(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
    channel: ChannelId,
) -> Result<Verdict, Fault> {
    if envelope.form == Form::Tombstone {
        drop_target(room, ctx, position, envelope)?;
    }
    let content_key = epoch_keys(room, &envelope.epoch).and_then(|keys| keys.content);
    let Some(content_key) = content_key else {
        if room.community.is_none() {
            return Ok(Verdict::Wait(Wait::Genesis));
        }
        let honoured = room.epochs.graph().accepts(
            &position.pseudonym,
            &position.topic,
            position.seq,
            &envelope.epoch,
        );
        // Kept as ciphertext: for others, and for the day when this account may read it.
        return Ok(if honoured {
            Verdict::Wait(Wait::Epoch(envelope.epoch))
        } else {
            Verdict::Refuse("a removal closed the sender out".to_owned())
        });
    };
    let key = content_key.channel(&channel);
    let opened = match message::open(envelope, key.as_bytes()) {
        Ok(opened) => opened,
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    let content = match Content::decode(&opened, envelope.form) {
        Ok(content) => content,
        Err(ContentError::NeedsUpdate) => return Ok(Verdict::Wait(Wait::Update)),
        Err(error) => return Ok(Verdict::Refuse(error.to_string())),
    };
    judge(room, ctx, position, envelope, &content, channel)
}

fn judge(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
    content: &Content,
    channel: ChannelId,
) -> Result<Verdict, Fault> {
    let Some(sender) = room.identity_of(&position.pseudonym) else {
        return Ok(Verdict::Wait(Wait::Pseudonym(position.pseudonym)));
    };
    if content.author != sender || content.channel != channel {
        return Ok(Verdict::Refuse(
            "the content names another author or channel".to_owned(),
        ));
    }
    if let Some(head) = content.heads.iter().find(|head| !room.log.contains(head)) {
        return Ok(Verdict::Wait(Wait::Event(*head)));
    }
    if !room.epochs.graph().accepts(
        &position.pseudonym,
        &position.topic,
        position.seq,
        &envelope.epoch,
    ) {
        return Ok(Verdict::Refuse(
            "a removal closed the sender out".to_owned(),
        ));
    }
    let Ok(community) = room.log.resolve(&content.heads) else {
        return Ok(Verdict::Refuse("the cited heads do not resolve".to_owned()));
    };
    match allowed(room, &community, content) {
        Ok(mut allowed) => {
            match binding_slow_ms(room, envelope, content, allowed.slow_ms) {
                Some(slow_ms) => allowed.slow_ms = slow_ms,
                None => return Ok(Verdict::Wait(Wait::Epoch(envelope.epoch))),
            }
            accept(room, ctx, position, envelope, content, allowed, false)?;
            Ok(Verdict::Done)
        }
        Err(denied) => Ok(Verdict::Refuse(denied.to_string())),
    }
}

/// Asks the state that the content names whether its author may do this, and what else they may do with it.
///
/// # Errors
/// [`Denied`], with the permission that is missing.
pub fn allowed(room: &Room, community: &Community, content: &Content) -> Result<Allowed, Denied> {
    let (author, channel) = (&content.author, content.channel);
    let Some(member) = room.roster.member(community, author) else {
        return Err(Denied::NotMember(*author));
    };
    let now = Some(content.time);
    let may = |action: Action<'_>| permissions::allows(community, &member.actor, &action, now);
    match &content.act {
        Act::Post(post) => {
            may(Action::Send { channel })?;
            if !post.attachments.is_empty() {
                may(Action::Attach { channel })?;
            }
        }
        Act::Edit { .. } | Act::Delete(_) => {
            may(Action::View { channel })?;
        }
        Act::React { on, .. } => {
            may(if *on {
                Action::React { channel }
            } else {
                Action::View { channel }
            })?;
        }
        Act::Pin { .. } => {
            may(Action::Pin { channel })?;
        }
        Act::Typing(_) | Act::Presence(_) => return Err(Denied::NotMember(*author)),
    }
    Ok(Allowed {
        mention_everyone: may(Action::MentionEveryone { channel }).is_ok(),
        manage_messages: may(Action::ManageMessages { channel }).is_ok(),
        attach: true,
        pin: may(Action::Pin { channel }).is_ok(),
        slow_ms: slow_ms(community, &member.actor, &content.channel, now),
    })
}

/// The slow mode that somebody is under in a channel; whoever may manage its messages or the channel is exempt, as in Discord.
pub fn slow_ms(
    community: &Community,
    actor: &Actor,
    channel: &ChannelId,
    now: Option<Millis>,
) -> u64 {
    let bits = permissions::in_channel(community, actor, channel, now);
    let exempt = bits.contains(Bits::MANAGE_MESSAGES) || bits.contains(Bits::MANAGE_CHANNELS);
    let slow = community
        .channel(channel)
        .map_or(0, |channel| u64::from(channel.slow_mode_s) * 1000);
    if exempt {
        0
    } else {
        slow.min(timeline::SLOW_MS_MAX)
    }
}

/// The slow mode that binds a message: that of the state that it names, and of what the maker of the epoch that it is sealed under
/// knew. So naming heads of before the slow mode helps only until the keys change next. Nothing while the epoch's heads are not
/// known here: the message waits for them, since it must bind alike whatever comes first.
fn binding_slow_ms(
    room: &mut Room,
    envelope: &Envelope,
    content: &Content,
    named: u64,
) -> Option<u64> {
    if !matches!(content.act, Act::Post(_)) {
        return Some(0);
    }
    let entry = room.epochs.get(&envelope.epoch)?;
    let known = match (&entry.header, entry.stage) {
        (Some(header), _) => header.heads.clone(),
        (None, Stage::Void) => return Some(named),
        (None, _) => return None,
    };
    if room.log.covers(&content.heads, &known) {
        return Some(named);
    }
    let union = [content.heads.as_slice(), &known].concat();
    let Ok(community) = room.log.resolve(&union) else {
        return Some(named);
    };
    let actor = room.actor(&community, &content.author);
    Some(slow_ms(
        &community,
        &actor,
        &content.channel,
        Some(content.time),
    ))
}

/// Puts judged content on the timeline.
///
/// # Errors
/// [`conclave_core::view::ViewError`] if the store cannot be read.
pub fn accept(
    room: &Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
    content: &Content,
    allowed: Allowed,
    own: bool,
) -> Result<(), Fault> {
    let me: IdentityId = ctx.identity();
    let my_roles = callable_roles(room, &me, &allowed);
    let arrival = Arrival {
        server: room.id,
        channel: content.channel,
        envelope: envelope.envelope_id(),
        pseudonym: position.pseudonym,
        seq: position.seq,
        content,
        now: ctx.now,
        allowed,
        me,
        my_roles: &my_roles,
        own: own || content.author == me,
        catching_up: ctx.catching_up,
    };
    let notices = timeline::apply(&mut ctx.txn, &arrival)?;
    ctx.out.notices(notices);
    if let Act::Post(post) = &content.act
        && !post.attachments.is_empty()
    {
        let id = envelope.envelope_id();
        // It may have been deleted before it came.
        if timeline::locate(&ctx.txn, &id)?.is_some_and(|message| !message.deleted) {
            keep::note(room, ctx, content.channel, &id, post)?;
        }
    }
    Ok(())
}

/// The roles of this account that an author may call: those open to mentions, and every one for whoever may mention all.
fn callable_roles(room: &Room, me: &IdentityId, allowed: &Allowed) -> Vec<RoleId> {
    let Some(community) = &room.community else {
        return Vec::new();
    };
    let member = room.roster.member(community, me);
    let mut roles = member
        .map(|member| member.roles(community))
        .unwrap_or_default();
    roles.retain(|role| {
        allowed.mention_everyone || community.role(role).is_some_and(|role| role.mentionable)
    });
    roles
}

/// Whether this account may read a channel now.
pub(super) fn readable(room: &Room, topic: &Topic) -> bool {
    let Topic::Channel(_, channel) = topic else {
        return false;
    };
    room.can_view(&room.me, *channel)
}

/// Honours a tombstone without reading it: its sender shows the delete secret of one of their own envelopes.
pub fn drop_target(
    room: &Room,
    ctx: &mut Ctx<'_>,
    position: &Position,
    envelope: &Verified<Envelope>,
) -> Result<(), Fault> {
    let Some(drop) = &envelope.drop else {
        return Ok(());
    };
    let target = Position {
        seq: drop.seq,
        ..*position
    };
    let Some(bytes) = ctx.txn.get(Table::Envelope, &target.key())? else {
        return Ok(());
    };
    let Ok(stored) = crate::room::stored_envelope(&bytes) else {
        return Ok(());
    };
    let proven =
        stored.envelope_id() == drop.target && stored.delete_hash == delete_hash(&drop.secret);
    if proven && room.cursors.has(&target) {
        ctx.txn.delete(Table::Envelope, target.key());
    }
    Ok(())
}
