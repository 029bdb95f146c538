//! The engine's thread: one thread owns machine and store, everybody else sends it jobs.

mod account;
mod actor;
mod durable;
mod expand;
mod job;
mod watch;

use conclave_core::member::Reach;
use conclave_core::view::ViewError;
use conclave_engine::command::{Command, CommandError, Reply};
use conclave_engine::effect::Input;
use conclave_engine::reader::Reader;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch as changes};

pub use self::account::Account;
pub use self::actor::{ActorParts, spawn};
pub use self::job::Job;
pub use self::watch::{Event, Subscription};

/// Jobs of the API that wait for the thread. Beyond it, callers wait.
pub const JOBS_MAX: usize = 256;

/// Inputs of the network that wait for the thread. Beyond it, connections are no longer read.
pub const INPUTS_MAX: usize = 256;

/// Why a job was not done.
#[derive(Clone, Debug, Error)]
pub enum EngineError {
    /// There is no account in this profile yet.
    #[error("this profile has no account yet: choose a display name first")]
    NoAccount,
    /// There is one already.
    #[error("this profile has an account already")]
    AccountExists,
    /// The machine refused; nothing was changed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] ViewError),
    /// The disk is full; nothing was changed and nothing is acknowledged.
    #[error("the disk is full: nothing was saved. Free some space and try again")]
    StorageFull,
    /// The node stopped working after a fault of its storage.
    #[error(
        "this node has stopped to keep its data safe: {0}. Restart it once the cause is removed"
    )]
    Failed(String),
    /// The node is shutting down.
    #[error("this node is shutting down")]
    Stopped,
}

/// Sends jobs to the engine's thread. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    jobs: mpsc::Sender<Job>,
    inputs: mpsc::Sender<Input>,
    blobs: changes::Receiver<u64>,
}

/// The receiving ends that the thread takes.
pub struct Inboxes {
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) blobs: changes::Sender<u64>,
}

impl EngineHandle {
    /// Makes a handle and the ends that belong to it.
    pub fn new() -> (Self, Inboxes) {
        let (jobs, job_inbox) = mpsc::channel(JOBS_MAX);
        let (inputs, input_inbox) = mpsc::channel(INPUTS_MAX);
        let (blobs_changed, blobs) = changes::channel(0);
        let inboxes = Inboxes {
            jobs: job_inbox,
            inputs: input_inbox,
            blobs: blobs_changed,
        };
        (
            Self {
                jobs,
                inputs,
                blobs,
            },
            inboxes,
        )
    }

    /// Does what a person asks, durably.
    ///
    /// # Errors
    /// [`EngineError`]; nothing was changed then.
    pub async fn command(&self, command: Command) -> Result<Reply, EngineError> {
        self.command_then(command, |reply, _| Ok(reply)).await
    }

    /// Does what a person asks and, once it is durable, reads the model in the same breath.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn command_then<T, F>(&self, command: Command, then: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(Reply, &Reader<'_>) -> Result<T, ViewError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let answer = move |outcome: Result<(Reply, &Reader<'_>), EngineError>| {
            let result = outcome.and_then(|(reply, reader)| Ok(then(reply, reader)?));
            // A caller that went away does not want the answer.
            let _ = sender.send(result);
        };
        self.send(Job::Command {
            command: Box::new(command),
            answer: Box::new(answer),
        })
        .await?;
        receiver.await.map_err(|_| EngineError::Stopped)?
    }

    /// Reads the model.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn read<T, F>(&self, read: F) -> Result<T, EngineError>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, ViewError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let answer = move |reader: Result<&Reader<'_>, EngineError>| {
            let _ = sender.send(reader.and_then(|reader| Ok(read(reader)?)));
        };
        self.send(Job::Read(Box::new(answer))).await?;
        receiver.await.map_err(|_| EngineError::Stopped)?
    }

    /// Creates the account.
    ///
    /// # Errors
    /// [`EngineError::AccountExists`] and faults of vault and store.
    pub async fn found(&self, display_name: String) -> Result<(), EngineError> {
        let (answer, receiver) = oneshot::channel();
        self.send(Job::Found {
            display_name,
            answer,
        })
        .await?;
        receiver.await.map_err(|_| EngineError::Stopped)?
    }

    /// Sets or removes a row of the node's own table.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn put_node_row(
        &self,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    ) -> Result<(), EngineError> {
        let (answer, receiver) = oneshot::channel();
        self.send(Job::NodeRow { key, value, answer }).await?;
        receiver.await.map_err(|_| EngineError::Stopped)?
    }

    /// Begins to watch, and reads the model at that very moment: no event is missed and none comes twice.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn subscribe<T, F>(&self, read: F) -> Result<(Subscription, T), EngineError>
    where
        T: Send + 'static,
        F: FnOnce(Option<&Reader<'_>>) -> Result<T, ViewError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let answer = move |subscription: Subscription, reader: Option<&Reader<'_>>| {
            let _ = sender.send(read(reader).map(|value| (subscription, value)));
        };
        self.send(Job::Subscribe(Box::new(answer))).await?;
        Ok(receiver.await.map_err(|_| EngineError::Stopped)??)
    }

    /// Hands over an input of the network; false once the thread has ended.
    pub async fn input(&self, input: Input) -> bool {
        self.inputs.send(input).await.is_ok()
    }

    /// Tells where this node can be reached; what is asked of the engine afterwards knows it.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn reach(&self, reach: Reach) -> Result<(), EngineError> {
        self.send(Job::Reach(reach)).await
    }

    /// Counts arrivals of blobs, for whoever waits for one.
    pub fn blob_arrivals(&self) -> changes::Receiver<u64> {
        self.blobs.clone()
    }

    /// Ends the thread after the jobs that were sent before.
    pub async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.send(Job::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }

    async fn send(&self, job: Job) -> Result<(), EngineError> {
        self.jobs.send(job).await.map_err(|_| EngineError::Stopped)
    }
}

#[cfg(test)]
mod tests;
