//! The loop of the hub's thread: gather, handle, commit, and only then send.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use conclave_core::id::{Digest, Millis};
use conclave_engine::hub::{Hub, HubConfig, HubInput};
use conclave_store::{CommitError, FjallStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::sync::{mpsc, oneshot, watch};
use zeroize::Zeroizing;

use super::backup;
use super::files::Keys;
use super::metrics::{Forecast, text};
use super::outlet::HubOutlet;
use crate::{clock, crash};

/// Inputs of one group: one commit, one sync.
const GROUP_INPUTS: usize = 1_024;

/// Bytes of one group, beyond which no more is gathered.
const GROUP_BYTES: usize = 8 << 20;

/// Time between two ticks.
const TICK: Duration = Duration::from_secs(5);

/// How long the network is not listened to after the disk was found full.
const FULL_PAUSE_MS: u64 = 5_000;

/// A request of the operator.
pub(super) enum Job {
    /// Counters in the text format of Prometheus.
    Metrics(oneshot::Sender<String>),
    /// How every server stands.
    Status(oneshot::Sender<serde_json::Value>),
    /// Writes a backup while the hub goes on.
    Backup(PathBuf, oneshot::Sender<Result<u64, String>>),
    /// Drops a server and refuses it, or lets it come back.
    Drop {
        hosting: Digest,
        refuse: bool,
        answer: oneshot::Sender<Result<(), String>>,
    },
    /// Ends the thread after what has arrived.
    Stop(oneshot::Sender<()>),
}

/// Machine and store.
pub(super) struct Actor {
    hub: Hub,
    config: HubConfig,
    store: FjallStore,
    keys: Keys,
    outlet: HubOutlet,
    gather: Duration,
    failed: watch::Sender<Option<String>>,
    is_stopped: bool,
    full_until: Option<Millis>,
    forecast: Forecast,
    commits: u64,
    slowest_commit: Duration,
}

impl Actor {
    pub(super) fn new(
        hub: Hub,
        config: HubConfig,
        store: FjallStore,
        keys: Keys,
        outlet: HubOutlet,
        gather: Duration,
        failed: watch::Sender<Option<String>>,
    ) -> Self {
        Self {
            hub,
            config,
            store,
            keys,
            outlet,
            gather,
            failed,
            is_stopped: false,
            full_until: None,
            forecast: Forecast::default(),
            commits: 0,
            slowest_commit: Duration::ZERO,
        }
    }

    /// Starts the thread; the receiver ends with it.
    pub(super) fn spawn(
        self,
        inputs: mpsc::Receiver<HubInput>,
        jobs: mpsc::Receiver<Job>,
    ) -> std::io::Result<oneshot::Receiver<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let (ended, end) = oneshot::channel();
        std::thread::Builder::new()
            .name("hub".into())
            .spawn(move || {
                runtime.block_on(self.run(inputs, jobs));
                let _ = ended.send(());
            })?;
        Ok(end)
    }

    async fn run(mut self, mut inputs: mpsc::Receiver<HubInput>, mut jobs: mpsc::Receiver<Job>) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                Some(input) = inputs.recv() => {
                    let group = gather(input, &mut inputs, self.gather).await;
                    self.take(group);
                }
                job = jobs.recv() => match job {
                    Some(Job::Stop(done)) => {
                        // What has arrived is still taken and answered.
                        let mut rest = Vec::new();
                        while let Ok(input) = inputs.try_recv() {
                            rest.push(input);
                        }
                        if !rest.is_empty() {
                            self.take(rest);
                        }
                        drop(self);
                        let _ = done.send(());
                        return;
                    }
                    Some(job) => self.work(job),
                    None => return,
                },
                _ = ticks.tick() => {
                    self.take(vec![HubInput::Tick]);
                    if let Ok(free) = self.store.disk_free() {
                        self.forecast.note(clock::now(), free);
                    }
                }
            }
        }
    }

    /// Takes a group of inputs in one transaction.
    fn take(&mut self, group: Vec<HubInput>) {
        if self.is_stopped || self.full_until.is_some_and(|until| clock::now() < until) {
            return;
        }
        self.full_until = None;
        let mut seed = Zeroizing::new([0; 32]);
        if let Err(error) = getrandom::fill(&mut *seed) {
            return self.stop(format!("the system has no randomness: {error}"));
        }
        let mut rng = ChaCha20Rng::from_seed(*seed);
        let effects = match self.hub.handle(group, clock::now(), &mut rng, &self.store) {
            Ok(effects) => effects,
            Err(error) => {
                tracing::error!(%error, "inputs were not handled");
                return self.reopen();
            }
        };
        if !effects.changes.is_empty() {
            crash::point(crash::BEFORE_COMMIT);
            let begin = Instant::now();
            match self.store.commit(&effects.changes) {
                Ok(()) => {}
                Err(CommitError::Full) => {
                    // Nothing of it is acknowledged: whoever sent it sends it again when there is room.
                    tracing::warn!("the disk is full: nothing is taken for a while");
                    self.full_until = Some(Millis(clock::now().0.saturating_add(FULL_PAUSE_MS)));
                    return self.reopen();
                }
                Err(error) => return self.stop(error.to_string()),
            }
            self.commits += 1;
            self.slowest_commit = self.slowest_commit.max(begin.elapsed());
            crash::point(crash::AFTER_COMMIT);
        }
        let sends = !effects.sends.is_empty();
        self.outlet.send(effects.sends, effects.hangups);
        if sends {
            crash::point(crash::AFTER_SEND);
        }
    }

    fn work(&mut self, job: Job) {
        match job {
            Job::Metrics(answer) => {
                let _ = answer.send(text(
                    &self.hub,
                    &self.store,
                    &self.forecast,
                    (self.commits, self.slowest_commit),
                ));
            }
            Job::Status(answer) => {
                let _ = answer.send(super::metrics::status(
                    &self.hub,
                    &self.store,
                    &self.forecast,
                ));
            }
            Job::Backup(path, answer) => {
                // A consistent copy as of now, written by a thread of its own.
                let (dump, keys) = (self.store.dump(), self.keys.to_bytes());
                std::thread::spawn(move || {
                    let written = backup::write(&path, &keys, &dump);
                    let _ = answer.send(written.map_err(|error| error.to_string()));
                });
            }
            Job::Drop {
                hosting,
                refuse,
                answer,
            } => {
                self.take(vec![HubInput::Drop { hosting, refuse }]);
                let done = self.hub.refused().contains(&hosting) == refuse && !self.is_stopped;
                let _ = answer.send(if done {
                    Ok(())
                } else {
                    Err("the hub could not store it".to_owned())
                });
            }
            Job::Stop(done) => drop(done.send(())),
        }
    }

    /// Opens the machine anew from what is durable; connections start over with it.
    fn reopen(&mut self) {
        self.outlet.reset();
        match Hub::open(self.config.clone(), &self.store) {
            Ok(hub) => self.hub = hub,
            Err(error) => self.stop(error.to_string()),
        }
    }

    /// Stops for good: nothing more is taken, so that nothing is acknowledged that is not durable.
    fn stop(&mut self, reason: String) {
        tracing::error!(%reason, "the hub stops working");
        self.is_stopped = true;
        self.outlet.reset();
        let _ = self.failed.send(Some(reason));
    }
}

/// Gathers what comes within a short time: one sync of the disk serves all of it.
async fn gather(
    first: HubInput,
    inputs: &mut mpsc::Receiver<HubInput>,
    time: Duration,
) -> Vec<HubInput> {
    let size = |input: &HubInput| match input {
        HubInput::Frame(_, bytes) => bytes.len(),
        _ => 0,
    };
    let mut bytes = size(&first);
    let mut group = vec![first];
    let until = tokio::time::Instant::now() + time;
    while group.len() < GROUP_INPUTS && bytes < GROUP_BYTES {
        match tokio::time::timeout_at(until, inputs.recv()).await {
            Ok(Some(input)) => {
                bytes += size(&input);
                group.push(input);
            }
            _ => break,
        }
    }
    group
}
