//! What the engine's thread can be asked.

use conclave_core::member::Reach;
use conclave_engine::command::{Command, Reply};
use conclave_engine::reader::Reader;
use tokio::sync::oneshot;

use super::EngineError;
use super::watch::Subscription;

/// Receives the outcome of a command, with the model as of its commit.
pub type Answer = Box<dyn FnOnce(Result<(Reply, &Reader<'_>), EngineError>) + Send>;

/// Reads the model.
pub type Read = Box<dyn FnOnce(Result<&Reader<'_>, EngineError>) + Send>;

/// Receives a subscription, with the model as of its beginning.
pub type Subscribe = Box<dyn FnOnce(Subscription, Option<&Reader<'_>>) + Send>;

/// One job.
pub enum Job {
    /// Do what a person asks.
    Command {
        /// What.
        command: Box<Command>,
        /// Who wants to know.
        answer: Answer,
    },
    /// Read.
    Read(Read),
    /// Learn where this node can be reached, before the jobs that follow.
    Reach(Reach),
    /// Create the account.
    Found {
        /// The only thing that is asked of a person.
        display_name: String,
        /// Who wants to know.
        answer: oneshot::Sender<Result<(), EngineError>>,
    },
    /// Set or remove a row of the node's own table.
    NodeRow {
        /// Key.
        key: Vec<u8>,
        /// Value; none removes the row.
        value: Option<Vec<u8>>,
        /// Who wants to know.
        answer: oneshot::Sender<Result<(), EngineError>>,
    },
    /// Begin to watch.
    Subscribe(Subscribe),
    /// End.
    Stop(oneshot::Sender<()>),
}
