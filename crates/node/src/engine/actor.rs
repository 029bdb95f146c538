//! The loop of the engine's thread: handle, commit, and only then send, tell and answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use conclave_core::id::Millis;
use conclave_core::view::{Change, Direction, KeyRange, Table, View, ViewError};
use conclave_engine::command::Command;
use conclave_engine::effect::{CommandId, Effects, Input, Notice};
use conclave_engine::peer::Peer;
use conclave_store::SqliteStore;
use conclave_store::profile::ProfileLock;
use tokio::sync::{mpsc, oneshot, watch as changes};

use super::account::Account;
use super::expand::expand;
use super::job::{Answer, Job};
use super::watch::{Event, Watchers};
use super::{EngineError, Inboxes};
use crate::api::{Action, FileBook};
use crate::bridge::Outlet;
use crate::{clock, crash};

/// Longest time without a tick.
const TICK_MAX: Duration = Duration::from_secs(5);

/// Shortest time between two ticks, whatever the machine asks for.
const TICK_MIN: Duration = Duration::from_millis(10);

/// After so long without work the store's log is moved, so that no commit has to do it while somebody waits.
const QUIET: Duration = Duration::from_millis(250);

/// Notices gathered before they are told, if the thread is never idle.
const NOTICES_MAX: usize = 256;

/// What the thread is started with.
pub struct ActorParts {
    /// The profile's secrets and how to keep them.
    pub account: Account,
    /// The store.
    pub store: SqliteStore,
    /// Keeps other processes out of the profile.
    pub lock: ProfileLock,
    /// The way to the network.
    pub outlet: Outlet,
    /// Name of the profile, for `me`.
    pub profile_name: String,
    /// Blobs that clients are told of.
    pub files: Arc<FileBook>,
    /// What to do when the node can no longer keep its promises.
    pub on_failure: Box<dyn FnOnce(String) + Send>,
}

/// Machine, store and watchers.
pub struct Actor {
    pub(super) account: Account,
    pub(super) store: SqliteStore,
    pub(super) peer: Option<Peer>,
    pub(super) outlet: Outlet,
    pub(super) profile_name: String,
    pub(super) files: Arc<FileBook>,
    pub(super) watchers: Watchers,
    /// What changed and was not told yet, in order, each once.
    pub(super) notices: Vec<Notice>,
    pub(super) noticed: BTreeSet<Notice>,
    pub(super) wake: Option<Millis>,
    pub(super) last_tick: Millis,
    /// Until when inputs of the network are dropped, after the disk was found full.
    pub(super) full_until: Option<Millis>,
    pub(super) commands: u64,
    pub(super) blobs: changes::Sender<u64>,
    pub(super) failed: Option<String>,
    pub(super) on_failure: Option<Box<dyn FnOnce(String) + Send>>,
    /// Last, because fields are dropped in order: the store is closed before the profile is free.
    pub(super) _lock: ProfileLock,
}

impl Actor {
    /// Opens the machine from the store, if there is an account.
    ///
    /// # Errors
    /// The store cannot be read, or does not fit the account's keys.
    pub fn open(parts: ActorParts, blobs: changes::Sender<u64>) -> Result<Self, String> {
        let mut actor = Self {
            account: parts.account,
            store: parts.store,
            peer: None,
            outlet: parts.outlet,
            profile_name: parts.profile_name,
            files: parts.files,
            watchers: Watchers::default(),
            notices: Vec::new(),
            noticed: BTreeSet::new(),
            wake: None,
            last_tick: Millis(0),
            full_until: None,
            commands: 0,
            blobs,
            failed: None,
            on_failure: Some(parts.on_failure),
            _lock: parts.lock,
        };
        actor.open_peer()?;
        Ok(actor)
    }

    /// Rows of the node's own table with a prefix.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn node_rows(&self, prefix: &[u8], limit: usize) -> Result<Vec<Vec<u8>>, ViewError> {
        let rows = self.store.range(
            Table::Node,
            &KeyRange::prefix(prefix),
            Direction::Forward,
            limit,
        )?;
        Ok(rows.into_iter().map(|(_, value)| value).collect())
    }

    /// Works until it is told to stop. Runs on a thread of its own: it waits for the disk.
    pub async fn run(mut self, inboxes: (mpsc::Receiver<Job>, mpsc::Receiver<Input>)) {
        let (mut jobs, mut inputs) = inboxes;
        loop {
            let pause = self.pause();
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(Job::Stop(done)) => {
                        drop(self);
                        let _ = done.send(());
                        return;
                    }
                    Some(job) => self.work(job),
                    None => return,
                },
                Some(input) = inputs.recv() => self.network(input),
                () = tokio::time::sleep(QUIET), if self.store.wants_rest() => self.rest(),
                () = tokio::time::sleep(pause) => self.tick(),
            }
            if (jobs.is_empty() && inputs.is_empty()) || self.notices.len() >= NOTICES_MAX {
                self.tell();
            }
            if self.pause().is_zero() {
                self.tick();
            }
        }
    }

    fn pause(&self) -> Duration {
        let now = clock::now().0;
        let latest = self.last_tick.0.saturating_add(TICK_MAX.as_millis() as u64);
        let earliest = self.last_tick.0.saturating_add(TICK_MIN.as_millis() as u64);
        let due = self
            .wake
            .map_or(latest, |wake| wake.0.clamp(earliest, latest));
        // A clock that was set back would otherwise stop the ticks.
        Duration::from_millis(due.saturating_sub(now)).min(TICK_MAX)
    }

    fn tick(&mut self) {
        self.last_tick = clock::now();
        self.wake = None;
        if self.peer.is_some() && self.failed.is_none() {
            self.handle_quietly(Input::Tick);
        }
    }

    fn network(&mut self, input: Input) {
        if self.failed.is_some() || self.full_until.is_some_and(|until| clock::now() < until) {
            return;
        }
        self.full_until = None;
        if self.peer.is_some() {
            self.handle_quietly(input);
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Command { command, answer } => self.command(*command, answer),
            Job::Read(read) => match (&self.failed, &self.peer) {
                (Some(reason), _) => read(Err(EngineError::Failed(reason.clone()))),
                (None, None) => read(Err(EngineError::NoAccount)),
                (None, Some(peer)) => read(Ok(&peer.read(&self.store, clock::now()))),
            },
            Job::Reach(reach) => self.network(Input::OwnReach(reach)),
            Job::Found {
                display_name,
                answer,
            } => {
                let _ = answer.send(self.found(&display_name));
            }
            Job::NodeRow { key, value, answer } => {
                let change = match value {
                    Some(value) => Change::Put {
                        table: Table::Node,
                        key,
                        value,
                    },
                    None => Change::Delete {
                        table: Table::Node,
                        key,
                    },
                };
                let _ = answer.send(self.commit(&[change]));
            }
            Job::Subscribe(answer) => {
                self.tell();
                let subscription = self.watchers.subscribe();
                let reader = self
                    .peer
                    .as_ref()
                    .map(|peer| peer.read(&self.store, clock::now()));
                answer(subscription, reader.as_ref());
            }
            Job::Stop(done) => drop(done.send(())),
        }
    }

    fn command(&mut self, command: Command, answer: Answer) {
        let joins = matches!(command, Command::Join { .. });
        self.commands += 1;
        let id = CommandId(self.commands);
        let mut effects = match self.handle(Input::Command(id, Box::new(command))) {
            Ok(effects) => effects,
            Err(error) => return answer(Err(error)),
        };
        if joins {
            crash::point(crash::IN_JOIN);
        }
        let reply = effects
            .reply
            .take()
            .filter(|(of, _)| *of == id)
            .map(|(_, reply)| reply);
        self.follow(effects);
        match (reply, &self.peer) {
            (Some(Ok(reply)), Some(peer)) => {
                answer(Ok((reply, &peer.read(&self.store, clock::now()))))
            }
            (Some(Err(error)), _) => answer(Err(error.into())),
            (None, _) | (_, None) => answer(Err(EngineError::Stopped)),
        }
        crash::point(crash::AFTER_REPLY);
    }

    fn handle_quietly(&mut self, input: Input) {
        match self.handle(input) {
            Ok(effects) => self.follow(effects),
            Err(EngineError::StorageFull) => tracing::warn!("the disk is full"),
            Err(error) => tracing::error!(%error, "an input was not handled"),
        }
    }

    /// Lets the machine handle an input and commits what it wants changed.
    fn handle(&mut self, input: Input) -> Result<Effects, EngineError> {
        if let Some(reason) = &self.failed {
            return Err(EngineError::Failed(reason.clone()));
        }
        let mut rng = self.rng()?;
        let peer = self.peer.as_mut().ok_or(EngineError::NoAccount)?;
        let mut effects = match peer.handle(input, clock::now(), &mut rng, &self.store) {
            Ok(effects) => effects,
            Err(error) => {
                // The machine may have changed before it failed to read: only the store knows what is so.
                self.reopen();
                return Err(error.into());
            }
        };
        let changes = std::mem::take(&mut effects.changes);
        if !changes.is_empty() {
            self.commit(&changes)?;
        }
        Ok(effects)
    }

    /// Does what the committed effects want.
    pub(super) fn follow(&mut self, effects: Effects) {
        let sends = !effects.sends.is_empty();
        self.outlet.send(effects.sends, effects.hangups);
        if sends {
            crash::point(crash::AFTER_SEND);
        }
        self.outlet.dial(effects.dials);
        self.wake = [self.wake, effects.wake].into_iter().flatten().min();
        for notice in effects.notices {
            if matches!(notice, Notice::Blob { .. }) {
                self.blobs
                    .send_modify(|count| *count = count.wrapping_add(1));
            }
            if !self.watchers.is_empty() && self.noticed.insert(notice.clone()) {
                self.notices.push(notice);
            }
        }
    }

    /// Tells the watchers what changed, as it is now.
    fn tell(&mut self) {
        self.noticed.clear();
        let notices = std::mem::take(&mut self.notices);
        let Some(peer) = self
            .peer
            .as_ref()
            .filter(|_| !notices.is_empty() && !self.watchers.is_empty())
        else {
            return;
        };
        let reader = peer.read(&self.store, clock::now());
        for notice in notices {
            match expand(&notice, &reader, &self.profile_name, &self.files) {
                Ok(Some(event)) => self.watchers.tell(event),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "an event could not be read"),
            }
        }
    }

    pub(super) fn say(&mut self, level: &'static str, code: &'static str, text: &str) {
        let data = serde_json::json!({ "level": level, "code": code, "text": text });
        self.watchers.tell(Event {
            kind: "notice",
            server: None,
            action: Action::NodeRead,
            data,
        });
    }
}

/// Starts the thread; returns once the machine is open.
///
/// # Errors
/// What [`Actor::open`] says, or the system has no more threads.
pub fn spawn(
    parts: ActorParts,
    inboxes: Inboxes,
) -> Result<(Vec<Vec<u8>>, oneshot::Receiver<()>), String> {
    let actor = Actor::open(parts, inboxes.blobs)?;
    let rows = actor
        .node_rows(crate::api::TOKEN_ROW_PREFIX, crate::api::TOKENS_MAX)
        .map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    let (ended, end) = oneshot::channel();
    let work = move || {
        runtime.block_on(actor.run((inboxes.jobs, inboxes.inputs)));
        let _ = ended.send(());
    };
    std::thread::Builder::new()
        .name("engine".into())
        .spawn(work)
        .map_err(|error| error.to_string())?;
    Ok((rows, end))
}
