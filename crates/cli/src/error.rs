//! What goes wrong on the command line, and the exit code that says so.

use std::io;

use conclave_node::StartError;
use thiserror::Error;

/// A failure of a command. Its text says what to do.
#[derive(Debug, Error)]
pub enum CliError {
    /// The node refused.
    #[error("{message}")]
    Refused {
        /// The API's code.
        code: String,
        /// What it said.
        message: String,
    },
    /// No node runs on this profile.
    #[error("no node is running on this profile. Start one with: conclave{arguments} --no-open &")]
    NoNode {
        /// The arguments that name the profile, with a space in front.
        arguments: String,
    },
    /// A name fits nothing, or several things.
    #[error("{0}")]
    Name(String),
    /// The arguments do not make sense together.
    #[error("{0}")]
    Usage(String),
    /// The node could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The relay could not start.
    #[error(transparent)]
    Relay(#[from] conclave_node::relay::RelayError),
    /// The hub could not start.
    #[error(transparent)]
    Hub(#[from] conclave_node::hub::HubError),
    /// The hub did not do what it was asked.
    #[error(transparent)]
    HubAdmin(#[from] conclave_node::hub::AdminError),
    /// A backup could not be restored.
    #[error(transparent)]
    Backup(#[from] conclave_node::hub::BackupError),
    /// The node stopped by itself.
    #[error("the node stopped: {0}")]
    Stopped(String),
    /// The demo cannot go on.
    #[error("the demo cannot go on: {0}")]
    Demo(String),
    /// The connection to the node broke.
    #[error("the node did not answer: {0}")]
    Broken(String),
    /// A file or the terminal.
    #[error("{what}: {source}")]
    Io {
        /// What was read or written.
        what: String,
        /// The system's words.
        source: io::Error,
    },
}

impl CliError {
    /// Names what was read or written when the system refused.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The exit code; see `conclave help` for the list.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Usage(_) => 2,
            Self::NoNode { .. } => 3,
            Self::Name(_) => 4,
            Self::HubAdmin(_) => 1,
            Self::Hub(_) | Self::Backup(_) => 5,
            Self::Start(_) | Self::Relay(_) | Self::Stopped(_) | Self::Demo(_) => 5,
            Self::Broken(_) | Self::Io { .. } => 6,
        }
    }
}

/// The list of exit codes, for the help text.
pub const EXIT_CODES: &str = "Exit codes:\n  0  done\n  1  refused by the node (the reason is printed)\n  2  wrong arguments\n  \
    3  no node is running on this profile\n  4  a name fits nothing, or several things\n  5  node or relay could not start, or stopped\n  \
    6  the connection to the node or a file failed";
