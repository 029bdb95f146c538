//! Founding servers and chats.

use conclave_core::event::{
    Body, ChannelCreate, Descent, EVENT_VERSION, Event, Genesis, ServerUpdate,
};
use conclave_core::id::{ChannelId, IdentityId, ServerId};
use conclave_core::keys::audience::{self, Rule};
use conclave_core::keys::{Reason, Suite};
use conclave_core::log::AuthorProof;
use conclave_core::member::{JoinProof, MemberRecord};
use conclave_core::permissions::Bits;
use conclave_core::policy::Durability;
use conclave_core::signed::Verified;
use conclave_core::state::position;

use super::join::{join, leave};
use super::register::{first_register, send_profile, send_reach};
use super::{act, check_name, community, invites, register_record, room_of, send_member_record};
use crate::command::{Command, CommandError, InviteDraft, Reply, Template};
use crate::ctx::Ctx;
use crate::effect::Notice;
use crate::notary;
use crate::outbox;
use crate::peer::State;
use crate::room::{Local, Room, Standing};
use crate::rotation;
use crate::{chats, notes};

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
            let server = found_server(state, ctx, &name, Founding::new(template))?;
            first_channels(room_of(state, &server)?, ctx, template)?;
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
        Command::MakeCheckpoint { server } => {
            let State { rooms, links, .. } = state;
            notary::make(rooms, links, ctx, &server)
        }
        Command::UpdateServer {
            server,
            name,
            description,
            icon,
            joins_paused,
        } => {
            let room = room_of(state, &server)?;
            let body = ServerUpdate {
                name: name
                    .map(|name| check_name("name", &name, NAME_CHARS_MAX))
                    .transpose()?,
                description,
                icon_clear: (icon == Some(None)).then_some(true),
                icon: icon.flatten(),
                joins_paused,
                durability: None,
            };
            act(room, ctx, body, None)?;
            Ok(Reply::Done)
        }
        _ => Err(CommandError::NotFound { what: "command" }),
    }
}

/// With what a server is founded.
pub struct Founding {
    template: Template,
    peers: Vec<IdentityId>,
    everyone: Bits,
    descent: Option<Descent>,
}

impl Founding {
    /// An ordinary server.
    #[must_use]
    pub fn new(template: Template) -> Self {
        Self {
            template,
            peers: Vec::new(),
            everyone: EVERYONE,
            descent: None,
        }
    }

    /// A community that descends from another.
    pub(super) fn successor(everyone: Bits, descent: Descent) -> Self {
        Self {
            everyone,
            descent: Some(descent),
            ..Self::new(Template::Community)
        }
    }
}

/// Founds a server without any channel.
///
/// # Errors
/// [`CommandError::Invalid`] for the name; anything else is a fault of the store.
pub fn found_server(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    name: &str,
    founding: Founding,
) -> Result<ServerId, CommandError> {
    let name = check_name("name", name, NAME_CHARS_MAX)?;
    let genesis = genesis(ctx, &name, founding);
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
    ctx.out.notice(Notice::ServerAdded(server));
    state.rooms.insert(server, room);
    Ok(server)
}

fn genesis(ctx: &mut Ctx<'_>, name: &str, founding: Founding) -> Verified<Event> {
    let Founding {
        template,
        peers,
        everyone,
        descent,
    } = founding;
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
        everyone,
        suite: Suite::XWing.number(),
        owner_root: root,
        // Derived from the nonce, so that the owner's account alone can make it again.
        hosting_root: ctx.me.keys.pseudonym(ServerId(nonce)).public(),
        notaries: vec![root],
        notary_quorum: 1,
        history: 1,
        peers,
        descent,
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
    let founding = Founding {
        peers: members.clone(),
        ..Founding::new(Template::Chat)
    };
    let chat = found_server(state, ctx, &name, founding)?;
    first_channels(room_of(state, &chat)?, ctx, Template::Chat)?;
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
            if let Some(direct) = notes::seal(ctx, shared, pseudonym, &leaf, link.as_bytes()) {
                send_member_record(shared, ctx, MemberRecord::Direct(direct))?;
            }
        }
    }
    Ok(Reply::Server(chat))
}
