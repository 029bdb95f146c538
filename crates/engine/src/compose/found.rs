//! Founding, joining and leaving servers; one's own register.

use conclave_core::event::{
    Body, ChannelCreate, EVENT_VERSION, Event, Genesis, PARENTS_MAX, ServerUpdate,
};
use conclave_core::hash::Label;
use conclave_core::id::{ChannelId, EventId, IdentityId, Millis, Pseudonym, ServerId};
use conclave_core::invite::InviteLink;
use conclave_core::keys::audience::{self, Rule};
use conclave_core::keys::{Reason, Suite};
use conclave_core::log::AuthorProof;
use conclave_core::member::{
    JoinProof, MemberRecord, PersonalText, REGISTER_VERSION, Reach, Register, Status,
    invite_proof_payload,
};
use conclave_core::permissions::Bits;
use conclave_core::policy::Durability;
use conclave_core::signed::Verified;
use conclave_core::state::{position, verify_join};

use super::members::personal;
use super::{act, check_name, community, invites, register_record, room_of, send_member_record};
use crate::chats;
use crate::command::{Command, CommandError, InviteDraft, Reply, Template};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::inbox;
use crate::outbox;
use crate::peer::State;
use crate::room::{Local, Room, Standing};
use crate::rotation;
use crate::sync;

/// Most characters of a server's name.
const NAME_CHARS_MAX: usize = 100;

/// Most members that one chat begins with, as with Discord's group chats.
const CHAT_MEMBERS_MAX: usize = 9;

/// What `@everyone` may do in a new server.
const EVERYONE: Bits = Bits(
    Bits::CREATE_INSTANT_INVITE.0
        | Bits::ADD_REACTIONS.0
        | Bits::VIEW_CHANNEL.0
        | Bits::SEND_MESSAGES.0
        | Bits::EMBED_LINKS.0
        | Bits::ATTACH_FILES.0
        | Bits::READ_MESSAGE_HISTORY.0
        | Bits::USE_EXTERNAL_EMOJIS.0
        | Bits::CONNECT.0
        | Bits::SPEAK.0
        | Bits::CHANGE_NICKNAME.0
        | Bits::USE_APPLICATION_COMMANDS.0
        | Bits::CREATE_PUBLIC_THREADS.0
        | Bits::SEND_MESSAGES_IN_THREADS.0,
);

pub(super) fn run(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    command: Command,
) -> Result<Reply, CommandError> {
    match command {
        Command::CreateServer {
            name,
            template,
            icon,
        } => {
            let server = found_server(state, ctx, &name, template, Vec::new())?;
            if let Some(icon) = icon {
                let body = ServerUpdate {
                    icon: Some(icon),
                    ..ServerUpdate::default()
                };
                act(room_of(state, &server)?, ctx, body, None)?;
            }
            Ok(Reply::Server(server))
        }
        Command::CreateChat { from, members } => create_chat(state, ctx, from, members),
        Command::AnswerChatRequest { server, accept } => {
            let request =
                chats::take(ctx, &server)?.ok_or(CommandError::NotFound { what: "request" })?;
            if accept {
                join(state, ctx, &request.link)
            } else {
                Ok(Reply::Done)
            }
        }
        Command::Join { link } => join(state, ctx, &link),
        Command::LeaveServer { server } => leave(state, ctx, server),
        Command::UpdateServer {
            server,
            name,
            description,
            icon,
        } => {
            let room = room_of(state, &server)?;
            let body = ServerUpdate {
                name: name
                    .map(|name| check_name("name", &name, NAME_CHARS_MAX))
                    .transpose()?,
                description,
                icon_clear: (icon == Some(None)).then_some(true),
                icon: icon.flatten(),
                joins_paused: None,
                durability: None,
            };
            act(room, ctx, body, None)?;
            Ok(Reply::Done)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

/// Founds a server with its first channels.
///
/// # Errors
/// [`CommandError::Invalid`] for the name; anything else is a fault of the store.
pub fn found_server(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    name: &str,
    template: Template,
    peers: Vec<IdentityId>,
) -> Result<ServerId, CommandError> {
    let name = check_name("name", name, NAME_CHARS_MAX)?;
    let genesis = genesis(ctx, &name, template, peers);
    let server = ServerId(genesis.event_id().0);
    let mut room = Room::new(
        server,
        ctx.identity(),
        Local::new(Standing::Active, &name, ctx.now),
    );
    room.local.save(&mut ctx.txn, server);
    room.identities.insert(ctx.identity(), ctx.me.log.clone());
    let register = first_register(&room, ctx, JoinProof::Founder);
    room.remember_register(&register);
    room.roster.insert(register.clone());
    room.log
        .insert(genesis.clone(), AuthorProof::Founder)
        .map_err(|error| CommandError::Conflict(error.to_string()))?;
    room.refresh();
    let everyone = audience::everyone(server);
    let epoch = rotation::rotate(
        &mut room,
        ctx,
        everyone,
        &Rule::Everyone,
        Some(Reason::First),
    )?;
    let keys = room
        .epochs
        .keys(&epoch)
        .cloned()
        .ok_or(CommandError::NoKey)?;
    let topic = conclave_core::envelope::Topic::Authority(server);
    let sent = outbox::seal_state(
        &mut room,
        ctx,
        topic,
        epoch,
        &keys,
        &genesis.bytes().encode(),
    )?;
    room.remember_event(&mut ctx.txn, &genesis, sent.position);
    let record = register_record(ctx, &register);
    send_member_record(&mut room, ctx, record)?;
    send_profile(&mut room, ctx)?;
    send_reach(&mut room, ctx, state.reach.as_ref())?;
    first_channels(&mut room, ctx, template)?;
    ctx.out.notice(Notice::ServerAdded(server));
    state.rooms.insert(server, room);
    Ok(server)
}

fn genesis(
    ctx: &mut Ctx<'_>,
    name: &str,
    template: Template,
    peers: Vec<IdentityId>,
) -> Verified<Event> {
    let mut nonce = [0; 32];
    ctx.rng.fill_bytes(&mut nonce);
    let root = ctx.me.keys.root().public();
    let body = Body::from(Genesis {
        name: name.to_owned(),
        template: match template {
            Template::Community => 1,
            Template::Chat => 2,
        },
        nonce: nonce.to_vec().into(),
        everyone: EVERYONE,
        suite: Suite::XWing.number(),
        owner_root: root,
        // Derived from the nonce, so that the owner's account alone can make it again.
        hosting_root: ctx.me.keys.pseudonym(ServerId(nonce)).public(),
        notaries: vec![root],
        notary_quorum: 1,
        history: 1,
        peers,
    });
    let event = Event {
        version: EVENT_VERSION,
        server: None,
        author: ctx.identity(),
        device: ctx.me.device(),
        seq: 0,
        prev_self: None,
        parents: Vec::new(),
        identity_head: ctx.me.log.head(),
        last_checkpoint: None,
        kind: body.kind().number(),
        body: body.encode().into(),
        time: ctx.now,
        register: None,
        reason: None,
    };
    Verified::sign(event, &ctx.me.keys.device())
}

fn first_channels(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    template: Template,
) -> Result<(), CommandError> {
    let channel = |name: &str, kind: u8, parent: Option<ChannelId>| ChannelCreate {
        name: name.to_owned(),
        kind,
        topic: None,
        parent,
        position: position::first(),
        overwrites: Vec::new(),
        synced: parent.is_some(),
        durability: Durability::Replicated.number(),
        ttl_ms: None,
        slow_mode_s: 0,
    };
    match template {
        Template::Community => {
            let category = act(room, ctx, channel("Text channels", 4, None), None)?;
            act(
                room,
                ctx,
                channel("general", 0, Some(category.into())),
                None,
            )?;
        }
        Template::Chat => {
            act(room, ctx, channel("chat", 0, None), None)?;
        }
    }
    Ok(())
}

fn create_chat(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    from: ServerId,
    mut members: Vec<IdentityId>,
) -> Result<Reply, CommandError> {
    members.retain(|member| *member != ctx.identity());
    members.sort();
    members.dedup();
    if members.is_empty() || members.len() > CHAT_MEMBERS_MAX {
        return Err(CommandError::Invalid {
            field: "member_ids",
            message: format!("1 to {CHAT_MEMBERS_MAX} others"),
        });
    }
    let shared = room_of(state, &from)?;
    if let Some(_stranger) = members.iter().find(|member| !shared.is_member(member)) {
        return Err(CommandError::NotFound { what: "member" });
    }
    let names: Vec<String> = members
        .iter()
        .map(|member| shared.name_of(member))
        .collect();
    let name: String = names.join(", ").chars().take(NAME_CHARS_MAX).collect();
    let chat = found_server(state, ctx, &name, Template::Chat, members.clone())?;
    let draft = InviteDraft {
        server: chat,
        open: true,
        channel: None,
        role: None,
        max_uses: u32::try_from(members.len()).ok(),
        expires_in_s: None,
    };
    let (_, link) = invites::create(state, ctx, draft)?;
    let shared = room_of(state, &from)?;
    let community = community(shared)?;
    for member in &members {
        for (pseudonym, leaf) in shared.roster.leaves(&community, member) {
            if let Some(direct) = chats::seal(ctx, shared, pseudonym, &leaf, &link) {
                send_member_record(shared, ctx, MemberRecord::Direct(direct))?;
            }
        }
    }
    Ok(Reply::Server(chat))
}

fn join(state: &mut State, ctx: &mut Ctx<'_>, text: &str) -> Result<Reply, CommandError> {
    let invalid = |message: String| CommandError::Invalid {
        field: "link",
        message,
    };
    let link = InviteLink::parse(text).map_err(|error| invalid(error.to_string()))?;
    if link.expires.is_some_and(|expires| expires < ctx.now) {
        return Err(invalid(
            "this invite has expired: ask for a new one".to_owned(),
        ));
    }
    let server = link.server;
    let hints: Vec<Reach> = link
        .nodes
        .iter()
        .map(|hint| Reach {
            node: hint.node,
            relays: hint.relays.clone(),
            addresses: hint.addresses.clone(),
            time: Millis(0),
        })
        .collect();
    let room = match state.rooms.remove(&server) {
        Some(room) if room.local.standing == Standing::Active => {
            state.rooms.insert(server, room);
            return Ok(Reply::Server(server));
        }
        Some(room) => room,
        None => Room::new(
            server,
            ctx.identity(),
            Local::new(Standing::Joining, &link.server_name, ctx.now),
        ),
    };
    let room = state.rooms.entry(server).or_insert(room);
    room.local.standing = Standing::Joining;
    room.local.reason = None;
    room.local.link = Some(text.trim().to_owned());
    room.local
        .secrets
        .push(link.secret.as_bytes().to_vec().into());
    for hint in &hints {
        room.local.hints.retain(|known| known.node != hint.node);
        room.local.hints.insert(0, hint.clone());
    }
    room.local.save(&mut ctx.txn, server);
    room.caught_up = false;
    inbox::reopen(room, ctx)?;
    sync::prove_again(room, &mut state.links, ctx);
    // Whoever the link names may be connected already.
    let conns: Vec<_> = state.links.keys().copied().collect();
    for conn in conns {
        sync::introduce(&state.rooms, &mut state.links, ctx, conn);
    }
    ctx.out.dials.extend(hints);
    ctx.out.notice(Notice::ServerAdded(server));
    Ok(Reply::Server(server))
}

/// Becomes a member, once the log says all that joining takes; true if it did.
///
/// # Errors
/// [`CommandError`] if something is still missing; joining goes on.
pub fn join_finished(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<bool, CommandError> {
    let Some(link) = room
        .local
        .link
        .as_deref()
        .and_then(|link| InviteLink::parse(link).ok())
    else {
        return Ok(false);
    };
    let here = |event: &EventId| room.log.contains(event);
    if room.community.is_none() || !link.heads.iter().all(here) || !here(&EventId(link.invite.0)) {
        return Ok(false);
    }
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    if room.roster.by_pseudonym(&pseudonym).is_some() && !room.caught_up {
        // Who comes back must know what happened since, or their register cites a time when they were out.
        return Ok(false);
    }
    let payload = invite_proof_payload(room.id, ctx.identity(), ctx.me.device(), pseudonym);
    let signature = link.secret.signing_key().sign(Label::InviteProof, &payload);
    let proof = JoinProof::Invite {
        invite: link.invite,
        signature: signature.to_vec().into(),
    };
    let register = first_register(room, ctx, proof);
    let state = community(room)?;
    if let Err(error) = verify_join(&state, &register) {
        room.local.standing = Standing::Left;
        room.local.reason = Some(error.to_string());
        room.local.save(&mut ctx.txn, room.id);
        ctx.out.notice(Notice::ServerRemoved {
            server: room.id,
            reason: error.to_string(),
        });
        return Ok(false);
    }
    // Sealed under the newest epoch that the link opens; as a member one heals before one speaks.
    let everyone = audience::everyone(room.id);
    let Some((epoch, keys)) = room.newest_epoch(everyone) else {
        return Ok(false);
    };
    let record = register_record(ctx, &register);
    let topic = conclave_core::envelope::Topic::Members(room.id);
    let bytes = conclave_core::codec::encode(&record);
    let sent = outbox::seal_state(room, ctx, topic, epoch, &keys, &bytes)?;
    inbox::accept_record(room, ctx, &sent.position, record)?;
    room.local.standing = Standing::Active;
    room.local.link = None;
    room.local.save(&mut ctx.txn, room.id);
    room.profile_due = true;
    room.fresh = true;
    ctx.out.notice(Notice::ServerAdded(room.id));
    ctx.out.notice(Notice::ServerState(room.id));
    Ok(true)
}

fn leave(state: &mut State, ctx: &mut Ctx<'_>, server: ServerId) -> Result<Reply, CommandError> {
    if let Some(room) = state.rooms.get_mut(&server)
        && room.local.standing != Standing::Active
    {
        room.local.standing = Standing::Left;
        room.local.save(&mut ctx.txn, server);
        ctx.out.notice(Notice::ServerRemoved {
            server,
            reason: "left".to_owned(),
        });
        return Ok(Reply::Done);
    }
    let room = room_of(state, &server)?;
    let state = community(room)?;
    let alone = room.roster.members(&state).count() == 1;
    if state.owner() == ctx.identity() && !alone && state.template() == 1 {
        return Err(CommandError::Conflict(
            "the owner cannot leave while others are here: the server would have nobody to answer for it".to_owned(),
        ));
    }
    renew_register(room, ctx, |register| register.status = Status::Left)?;
    room.local.standing = Standing::Left;
    room.local.save(&mut ctx.txn, server);
    ctx.out.notice(Notice::ServerRemoved {
        server,
        reason: "left".to_owned(),
    });
    Ok(Reply::Done)
}

/// A register of this device: its first, or the one after what is known.
fn first_register(room: &Room, ctx: &Ctx<'_>, proof: JoinProof) -> Verified<Register> {
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let seq = room
        .roster
        .by_pseudonym(&pseudonym)
        .map_or(0, |register| register.seq + 1);
    let mut heads = room.log.heads().to_vec();
    heads.truncate(PARENTS_MAX);
    let register = Register {
        version: REGISTER_VERSION,
        server: room.id,
        identity: ctx.identity(),
        device: ctx.me.device(),
        pseudonym,
        seq,
        status: Status::Present,
        identity_head: ctx.me.log.head(),
        heads,
        proof,
        leaf: ctx.me.leaf_keys(room.id, room.suite()),
        nickname: None,
        profile: None,
        time: ctx.now,
        bot: None,
    };
    Verified::sign(register, &ctx.me.keys.device())
}

/// Writes the next register of this device.
///
/// # Errors
/// [`CommandError::NotFound`] if there is none to follow; otherwise as sealing.
pub(super) fn renew_register(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    change: impl FnOnce(&mut Register),
) -> Result<(), CommandError> {
    let pseudonym = Pseudonym(ctx.me.pseudonym(room.id).public().0);
    let latest = room
        .roster
        .by_pseudonym(&pseudonym)
        .ok_or(CommandError::NotFound { what: "register" })?;
    let mut register = Register::clone(latest);
    register.seq += 1;
    register.identity_head = ctx.me.log.head();
    register.heads = room.log.heads().to_vec();
    register.heads.truncate(PARENTS_MAX);
    register.time = ctx.now;
    change(&mut register);
    let register = Verified::sign(register, &ctx.me.keys.device());
    let record = register_record(ctx, &register);
    send_member_record(room, ctx, record)
}

/// Tells a server that was just joined who and where this is, once its current key is here.
///
/// # Errors
/// [`CommandError::NoKey`] while it is not; it is tried again with the next call.
pub fn introduce(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    reach: Option<&Reach>,
) -> Result<(), CommandError> {
    send_profile(room, ctx)?;
    send_reach(room, ctx, reach)?;
    room.profile_due = false;
    Ok(())
}

/// Publishes this account's profile in a server.
///
/// # Errors
/// As sealing.
pub fn send_profile(room: &mut Room, ctx: &mut Ctx<'_>) -> Result<(), CommandError> {
    let text = PersonalText::Profile(ctx.me.profile.clone());
    let identity = ctx.identity();
    let personal = personal(ctx, identity, text);
    let commitment = personal.commitment();
    renew_register(room, ctx, |register| register.profile = Some(commitment))?;
    send_member_record(room, ctx, MemberRecord::Personal(personal))
}

/// Publishes where this node is.
///
/// # Errors
/// As sealing.
pub fn send_reach(
    room: &mut Room,
    ctx: &mut Ctx<'_>,
    reach: Option<&Reach>,
) -> Result<(), CommandError> {
    match reach {
        Some(reach) => {
            let reach = Reach {
                time: ctx.now,
                ..reach.clone()
            };
            send_member_record(room, ctx, MemberRecord::Reach(reach))
        }
        None => Ok(()),
    }
}
