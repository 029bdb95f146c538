//! Two members of one server, each with the production machine over the production store, in one process and on one thread.

use std::collections::VecDeque;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use conclave_core::id::{ChannelId, Millis, NodeId, ServerId};
use conclave_core::identity::AccountKeys;
use conclave_core::member::Reach;
use conclave_core::view::Change;
use conclave_engine::command::{ChannelDraft, Command, CommandError, InviteDraft, Reply, Template};
use conclave_engine::effect::{CommandId, ConnId, Effects, Input};
use conclave_engine::model::Connection;
use conclave_engine::peer::Peer;
use conclave_store::{SqliteStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// When a measurement begins: 2026-01-01T00:00:00Z.
const EPOCH_MS: u64 = 1_767_225_600_000;

/// The only connection, on both sides.
const CONN: ConnId = ConnId(1);

/// The key of both databases.
pub const STORE_KEY: [u8; 32] = [7; 32];

/// Rounds of ticks after which joining has failed.
const ROUNDS_MAX: u32 = 100;

/// One member's node.
pub struct Member {
    peer: Peer,
    store: SqliteStore,
    rng: ChaCha20Rng,
    id: NodeId,
    /// The changes of every transaction so far, in order.
    pub committed: Vec<Vec<Change>>,
}

/// Both members; frames wait until they are asked for.
pub struct Pair {
    /// Who founded the server, and who joined it.
    pub members: [Member; 2],
    /// The server that both are in.
    pub server: ServerId,
    /// Its text channels, in the order in which they were made.
    pub channels: Vec<ChannelId>,
    now: u64,
    serial: u64,
}

impl Member {
    fn new(name: &str, seed: u64, path: &Path) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut id = [0; 32];
        rng.fill_bytes(&mut id);
        let id = NodeId(id);
        let keys = AccountKeys::generate(&mut rng);
        let mut store = SqliteStore::open(path, &STORE_KEY)?;
        let (peer, effects) = Peer::found(keys, name, id, Millis(EPOCH_MS), &mut rng, &store)?;
        store.commit(&effects.changes)?;
        Ok(Self {
            peer,
            store,
            rng,
            id,
            committed: vec![effects.changes],
        })
    }

    /// One call as the node makes it: handle, then commit.
    ///
    /// # Errors
    /// The store's.
    pub fn handle(&mut self, input: Input, now: Millis) -> Result<Effects> {
        let mut effects = self.peer.handle(input, now, &mut self.rng, &self.store)?;
        if !effects.changes.is_empty() {
            self.store.commit(&effects.changes)?;
            self.committed.push(std::mem::take(&mut effects.changes));
        }
        Ok(effects)
    }
}

impl Pair {
    /// Founds a server with so many text channels and lets the other member in. The databases are `a.db` and `b.db`.
    ///
    /// # Errors
    /// A store's, or the machine refused what it must not.
    pub fn new(directory: &Path, channels: usize) -> Result<Self> {
        let members = [
            Member::new("Ada", 1, &directory.join("a.db"))?,
            Member::new("Ben", 2, &directory.join("b.db"))?,
        ];
        let server = ServerId([0; 32]);
        let mut pair = Self {
            members,
            server,
            channels: Vec::new(),
            now: EPOCH_MS,
            serial: 0,
        };
        for index in 0..2 {
            let (node, now) = (pair.members[index].id, pair.tick());
            let addresses = vec![format!("10.0.0.{index}:1")];
            let reach = Reach {
                node,
                relays: Vec::new(),
                addresses,
                time: now,
            };
            pair.settle([(index, Input::OwnReach(reach))])?;
        }
        pair.found(channels)?;
        pair.join()?;
        Ok(pair)
    }

    fn found(&mut self, channels: usize) -> Result<()> {
        let found = Command::CreateServer {
            name: "Harbour".into(),
            template: Template::Community,
            icon: None,
            history: conclave_engine::command::History::All,
        };
        let Reply::Server(server) = self.must(0, found)? else {
            bail!("a founded server has an id")
        };
        self.server = server;
        let detail = self.members[0]
            .peer
            .read(&self.members[0].store, Millis(self.now))
            .server(server)?;
        let detail = detail.context("the founded server")?;
        self.channels = detail
            .channels
            .iter()
            .filter(|one| one.kind == 0)
            .map(|one| one.id)
            .collect();
        while self.channels.len() < channels {
            let draft = ChannelDraft {
                server,
                name: format!("channel-{}", self.channels.len()),
                kind: 0,
                topic: None,
                parent: None,
                private: false,
                overwrites: Vec::new(),
                durability: None,
            };
            let Reply::Channel(channel) = self.must(0, Command::CreateChannel(draft))? else {
                bail!("a channel has an id")
            };
            self.channels.push(channel);
        }
        Ok(())
    }

    fn join(&mut self) -> Result<()> {
        let server = self.server;
        let draft = InviteDraft {
            server,
            open: true,
            channel: None,
            role: None,
            max_uses: None,
            expires_in_s: None,
        };
        let Reply::Invite { link, .. } = self.must(0, Command::CreateInvite(draft))? else {
            bail!("an invite has a link")
        };
        self.must(1, Command::Join { link })?;
        let [ada, ben] = [0, 1].map(|index| self.members[index].id);
        let both = [(0, ben, true), (1, ada, false)];
        self.settle(both.map(|(index, node, incoming)| {
            (
                index,
                Input::Connected {
                    conn: CONN,
                    node,
                    incoming,
                },
            )
        }))?;
        for _ in 0..ROUNDS_MAX {
            self.settle([(0, Input::Tick), (1, Input::Tick)])?;
            if self.is_online(0) && self.is_online(1) {
                return Ok(());
            }
            self.now += 5_000;
        }
        bail!("the second member did not get in")
    }

    fn is_online(&self, index: usize) -> bool {
        let member = &self.members[index];
        let state = member
            .peer
            .read(&member.store, Millis(self.now))
            .server_state(self.server);
        state.is_some_and(|state| {
            state.connection == Connection::Online && state.catching_up.is_none()
        })
    }

    /// Lets some milliseconds pass.
    pub fn tick(&mut self) -> Millis {
        self.now += 40;
        Millis(self.now)
    }

    /// The input that sends a text.
    pub fn send(&mut self, channel: ChannelId, text: String) -> Input {
        let command = Command::Send {
            channel,
            text,
            reply_to: None,
            attachments: Vec::new(),
            nonce: None,
        };
        self.serial += 1;
        Input::Command(CommandId(self.serial), Box::new(command))
    }

    /// Gives a command that must succeed, and lets everything settle.
    fn must(&mut self, index: usize, command: Command) -> Result<Reply> {
        self.serial += 1;
        let input = Input::Command(CommandId(self.serial), Box::new(command));
        let reply = self
            .settle([(index, input)])?
            .context("a command has an answer")?;
        reply.map_err(|error| anyhow!("a command was refused: {error}"))
    }

    /// Gives inputs to members and carries frames to and fro until none is under way; gives the last answer to a command.
    fn settle(
        &mut self,
        inputs: impl Into<VecDeque<(usize, Input)>>,
    ) -> Result<Option<Result<Reply, CommandError>>> {
        let mut reply = None;
        let mut queue = inputs.into();
        while let Some((index, input)) = queue.pop_front() {
            let now = self.tick();
            let effects = self.members[index].handle(input, now)?;
            reply = effects.reply.map(|(_, reply)| reply).or(reply);
            queue.extend(frames(effects.sends).map(|frame| (1 - index, frame)));
        }
        Ok(reply)
    }
}

/// What one member sent, as inputs of the other.
pub fn frames(sends: Vec<(ConnId, Vec<u8>)>) -> impl Iterator<Item = Input> {
    sends
        .into_iter()
        .map(|(_, bytes)| Input::Frame(CONN, bytes))
}
