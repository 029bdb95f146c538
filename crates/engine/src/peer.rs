//! One member's node: puts the machines together behind one [`Peer::handle`].
//!
//! A call reads one snapshot and returns everything that it wants: changes, frames, notices. The caller commits the changes in
//! one transaction and only then lets anything leave. If the commit fails, the peer must be opened anew: its memory is ahead
//! of the store.

mod settle;

use std::collections::BTreeMap;

use conclave_core::id::{ChannelId, IdentityId, Millis, NodeId, ServerId};
use conclave_core::identity::{AccountKeys, create_account};
use conclave_core::member::Reach;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use rand_core::CryptoRng;

use crate::account::{Account, SETTINGS_BYTES_MAX};
use crate::blobs::keep::Keeper;
use crate::command::{Command, CommandError, Presence, ProfileUpdate, Reply};
use crate::compose;
use crate::ctx::{Ctx, Out};
use crate::effect::{CommandId, Effects, Input, Notice};
use crate::inbox::NAME_CHARS_MAX;
use crate::notary;
use crate::reader::Reader;
use crate::room::{Local, Room, Standing};
use crate::sync::{self, Links, Rooms};
use crate::txn::Txn;

/// A peer without account keys cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be read, or what it holds is damaged.
    #[error(transparent)]
    Store(#[from] ViewError),
    /// The store holds no account: [`Peer::found`] makes one.
    #[error("the store holds no account yet")]
    NoAccount,
    /// A display name is empty or too long.
    #[error("{0}")]
    Name(String),
}

/// Everything of a peer but the account itself.
pub struct State {
    me: IdentityId,
    /// Servers.
    pub rooms: Rooms,
    /// Connections.
    pub links: Links,
    /// Where this node may be reached, once the network says.
    pub reach: Option<Reach>,
    /// How present the person wants to look.
    pub presence: Presence,
    /// When this device last spoke in a channel, for slow mode.
    pub last_sent: BTreeMap<ChannelId, Millis>,
    /// Files that are on their way here.
    pub keeper: Keeper,
    /// When lists were last compared and presence last told.
    pub last_round: Millis,
}

/// One member's node.
pub struct Peer {
    account: Account,
    state: State,
}

/// How often, in milliseconds, lists are compared again and presence is told.
const ROUND_MS: u64 = 60_000;

/// When a peer wants its next tick, in milliseconds.
const TICK_MS: u64 = 5_000;

/// Most nodes that one tick asks to call per server.
const DIALS_MAX: usize = 8;

impl State {
    fn new(me: IdentityId) -> Self {
        Self {
            me,
            rooms: Rooms::new(),
            links: Links::new(),
            reach: None,
            presence: Presence::Online,
            last_sent: BTreeMap::new(),
            keeper: Keeper::default(),
            last_round: Millis(0),
        }
    }

    /// Who this node acts for.
    #[must_use]
    pub fn me(&self) -> IdentityId {
        self.me
    }

    /// The server of a channel.
    #[must_use]
    pub fn server_of(&self, channel: &ChannelId) -> Option<ServerId> {
        self.rooms
            .values()
            .find(|room| room.topics.contains_key(&room.channel_topic(*channel)))
            .map(|room| room.id)
    }

    /// The server of a channel, or a refusal.
    ///
    /// # Errors
    /// [`CommandError::NotFound`].
    pub fn server_named(&self, channel: &ChannelId) -> Result<ServerId, CommandError> {
        self.server_of(channel)
            .ok_or(CommandError::NotFound { what: "channel" })
    }

    fn load(&mut self, view: &dyn View) -> Result<(), ViewError> {
        self.rooms.clear();
        let all = KeyRange::prefix(&[]);
        for (key, value) in view.range(Table::Server, &all, Direction::Forward, usize::MAX)? {
            let damaged = || ViewError("a stored server is damaged".to_owned());
            let id = ServerId::from_slice(&key).ok_or_else(damaged)?;
            let local = Local::decode(&value).map_err(|_| damaged())?;
            let mut room = Room::load(view, id, self.me, local)?;
            room.profile_due = room.local.standing == Standing::Active && !room.knows_profile();
            self.rooms.insert(id, room);
        }
        Ok(())
    }
}

impl Peer {
    /// Makes an account on this device. The effects hold its public part and must be committed; the keys must be in the vault
    /// before that.
    ///
    /// # Errors
    /// [`OpenError::Name`].
    pub fn found(
        keys: AccountKeys,
        display_name: &str,
        node: NodeId,
        now: Millis,
        rng: &mut dyn CryptoRng,
        view: &dyn View,
    ) -> Result<(Self, Effects), OpenError> {
        let name = compose::check_name("display_name", display_name, NAME_CHARS_MAX)
            .map_err(|error| OpenError::Name(error.to_string()))?;
        let log = create_account(&keys, now, rng);
        let mut txn = Txn::new(view);
        let account = Account::found(keys, log, node, &name, &mut txn);
        let state = State::new(account.id());
        let effects = Effects {
            changes: txn.into_changes(),
            notices: vec![Notice::Me],
            ..Effects::default()
        };
        Ok((Self { account, state }, effects))
    }

    /// Opens the account of a profile.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        keys: AccountKeys,
        node: NodeId,
        view: &dyn View,
        _now: Millis,
    ) -> Result<Self, OpenError> {
        let account = Account::load(keys, node, view)?.ok_or(OpenError::NoAccount)?;
        let mut state = State::new(account.id());
        state.load(view)?;
        Ok(Self { account, state })
    }

    /// Reads what a watcher wants to know.
    #[must_use]
    pub fn read<'a>(&'a self, view: &'a dyn View, now: Millis) -> Reader<'a> {
        Reader::new(&self.account, &self.state, view, now)
    }

    /// Takes one input.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read: then nothing must be committed or sent, and the peer opened anew.
    pub fn handle(
        &mut self,
        input: Input,
        now: Millis,
        rng: &mut dyn CryptoRng,
        view: &dyn View,
    ) -> Result<Effects, ViewError> {
        if let Input::Command(id, command) = input {
            return self.command(id, *command, now, rng, view);
        }
        let before = settle::Before::of(&self.state);
        let mut ctx = context(&self.account, now, rng, view);
        let state = &mut self.state;
        match input {
            Input::Command(..) => {}
            Input::Connected {
                conn,
                node,
                incoming: _,
            } => {
                sync::connected(&mut state.links, &mut ctx, conn, node);
            }
            Input::Frame(conn, bytes) => {
                sync::frame(&mut state.rooms, &mut state.links, &mut ctx, conn, &bytes)?;
            }
            Input::Disconnected(conn) => {
                sync::disconnected(&state.rooms, &mut state.links, &mut ctx, conn);
            }
            Input::OwnReach(reach) => own_reach(state, &mut ctx, reach),
            Input::Tick => tick(state, &mut ctx),
        }
        settle::settle(state, &mut ctx, &before)?;
        state.keeper.pump(&state.rooms, &state.links, &mut ctx)?;
        Ok(finish(state, ctx, None))
    }

    fn command(
        &mut self,
        id: CommandId,
        command: Command,
        now: Millis,
        rng: &mut dyn CryptoRng,
        view: &dyn View,
    ) -> Result<Effects, ViewError> {
        let before = settle::Before::of(&self.state);
        let account = self.account.clone();
        if let Err(error) = prepare(&mut self.account, &command) {
            return Ok(refused(id, error));
        }
        let mut ctx = context(&self.account, now, rng, view);
        let result = match command {
            Command::UpdateProfile(_) | Command::SetSettings { .. } => {
                publish_account(&mut self.state, &mut ctx, &account)
            }
            command => compose::run(&mut self.state, &mut ctx, command),
        };
        match result {
            Ok(reply) => {
                let state = &mut self.state;
                settle::settle(state, &mut ctx, &before)?;
                state.keeper.pump(&state.rooms, &state.links, &mut ctx)?;
                Ok(finish(&self.state, ctx, Some((id, reply))))
            }
            Err(CommandError::Store(error)) => Err(error),
            Err(error) => {
                if !ctx.txn.is_empty() {
                    // The command had begun: memory goes back to what the store holds.
                    self.account = account;
                    self.state.load(view)?;
                }
                Ok(refused(id, error))
            }
        }
    }
}

fn context<'a>(
    account: &'a Account,
    now: Millis,
    rng: &'a mut dyn CryptoRng,
    view: &'a dyn View,
) -> Ctx<'a> {
    Ctx {
        txn: Txn::new(view),
        now,
        rng,
        me: account,
        catching_up: false,
        files: Vec::new(),
        reason: None,
        out: Out::default(),
    }
}

fn refused(id: CommandId, error: CommandError) -> Effects {
    Effects {
        reply: Some((id, Err(error))),
        ..Effects::default()
    }
}

fn finish(state: &State, mut ctx: Ctx<'_>, reply: Option<(CommandId, Reply)>) -> Effects {
    sync::broadcast(&state.rooms, &state.links, &mut ctx);
    Effects {
        notices: ctx.out.take_notices(),
        sends: ctx.out.sends,
        hangups: ctx.out.hangups,
        dials: ctx.out.dials,
        reply: reply.map(|(id, reply)| (id, Ok(reply))),
        wake: Some(Millis(ctx.now.0 + TICK_MS)),
        changes: ctx.txn.into_changes(),
    }
}

/// Changes the account as an account command asks; other commands leave it.
fn prepare(account: &mut Account, command: &Command) -> Result<(), CommandError> {
    match command {
        Command::UpdateProfile(update) => update_profile(account, update),
        Command::SetSettings { json } if json.len() > SETTINGS_BYTES_MAX => {
            Err(CommandError::Invalid {
                field: "settings",
                message: format!("at most {SETTINGS_BYTES_MAX} bytes"),
            })
        }
        Command::SetSettings { json } => {
            account.settings_json.clone_from(json);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn update_profile(account: &mut Account, update: &ProfileUpdate) -> Result<(), CommandError> {
    const BIO_CHARS_MAX: usize = 1000;
    const STATUS_CHARS_MAX: usize = 128;
    let limited = |field: &'static str, text: &Option<String>, max: usize| match text {
        Some(text) if text.chars().count() > max => Err(CommandError::Invalid {
            field,
            message: format!("at most {max} characters"),
        }),
        text => Ok(text.clone()),
    };
    let mut profile = account.profile.clone();
    if let Some(name) = &update.display_name {
        profile.display_name = compose::check_name("display_name", name, NAME_CHARS_MAX)?;
    }
    if let Some(bio) = &update.bio {
        profile.bio = limited("bio", bio, BIO_CHARS_MAX)?;
    }
    if let Some(status) = &update.status_text {
        profile.status_text = limited("status_text", status, STATUS_CHARS_MAX)?;
    }
    if let Some(avatar) = &update.avatar {
        profile.avatar.clone_from(avatar);
    }
    account.profile = profile;
    Ok(())
}

/// Stores the account as it now is, and tells every server if the profile changed.
fn publish_account(
    state: &mut State,
    ctx: &mut Ctx<'_>,
    before: &Account,
) -> Result<Reply, CommandError> {
    ctx.me.save(&mut ctx.txn);
    if ctx.me.profile != before.profile {
        for room in state.rooms.values_mut() {
            if room.local.standing == Standing::Active && room.log.halted().is_none() {
                compose::send_profile(room, ctx)?;
            }
        }
    }
    ctx.out.notice(Notice::Me);
    Ok(Reply::Done)
}

/// Learns where this node may be reached, and tells the servers that do not know it.
fn own_reach(state: &mut State, ctx: &mut Ctx<'_>, reach: Reach) {
    state.reach = Some(reach.clone());
    for room in state.rooms.values_mut() {
        let pseudonym = conclave_core::id::Pseudonym(ctx.me.pseudonym(room.id).public().0);
        let same = room.reach.get(&pseudonym).is_some_and(|known| {
            known.node == reach.node
                && known.relays == reach.relays
                && known.addresses == reach.addresses
        });
        if room.local.standing == Standing::Active && !same {
            // Without keys yet it is told at the next change.
            let _ = compose::send_reach(room, ctx, Some(&reach));
        }
    }
    ctx.out.notice(Notice::Network);
}

/// What time alone asks for.
fn tick(state: &mut State, ctx: &mut Ctx<'_>) {
    for room in state.rooms.values_mut() {
        let now = ctx.now;
        let over: Vec<IdentityId> = room
            .presence
            .iter()
            .filter(|(_, (_, until))| *until < now)
            .map(|(identity, _)| *identity)
            .collect();
        for member in over {
            room.presence.remove(&member);
            let presence = Presence::Offline;
            ctx.out.notice(Notice::Presence {
                server: room.id,
                member,
                presence,
            });
        }
        if matches!(
            room.local.standing,
            Standing::Active | Standing::Joining | Standing::Removed
        ) {
            ctx.out
                .dials
                .extend(wanted_nodes(room, &state.links, ctx.me.node));
        }
    }
    if ctx.now.0 >= state.last_round.0 + ROUND_MS {
        state.last_round = ctx.now;
        sync::compare_again(&state.rooms, &mut state.links, ctx);
        for room in state.rooms.values_mut() {
            notary::round(room, &state.links, ctx);
            notary::again(room, &state.links, ctx);
        }
        compose::presence_everywhere(state, ctx);
    }
}

/// Nodes of a server that are not connected, those heard of last first.
fn wanted_nodes(room: &Room, links: &Links, own: NodeId) -> Vec<Reach> {
    let connected = |node: &NodeId| links.values().any(|link| link.node == *node);
    let is_member = |pseudonym| {
        room.identity_of(pseudonym)
            .is_some_and(|identity| room.is_member(&identity))
    };
    let joining = room.local.standing == Standing::Joining || room.reach.is_empty();
    let hints = room.local.hints.iter().filter(|_| joining);
    let mut known: Vec<&Reach> = room
        .reach
        .iter()
        .filter(|(pseudonym, _)| is_member(pseudonym))
        .map(|(_, reach)| reach)
        .collect();
    known.sort_by_key(|reach| core::cmp::Reverse((reach.time, reach.node)));
    let mut wanted: Vec<Reach> = Vec::new();
    for reach in known.into_iter().chain(hints) {
        let new = reach.node != own
            && !connected(&reach.node)
            && !wanted.iter().any(|other| other.node == reach.node);
        if new && wanted.len() < DIALS_MAX {
            wanted.push(reach.clone());
        }
    }
    wanted
}
