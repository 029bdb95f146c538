//! Why an operation of the network failed.

use thiserror::Error;

use crate::{
    addr::AddrError,
    close::{CloseCode, DisconnectReason},
    connection::ConnectionId,
    frame::FrameError,
    hello::{HelloError, VersionRange},
};

/// Why a network could not start.
#[derive(Debug, Error)]
pub enum BindError {
    /// The build text is not acceptable.
    #[error("build text: {0}")]
    Build(#[from] HelloError),
    /// Neither direct paths nor any relay.
    #[error("neither direct paths nor relays are allowed")]
    NoTransport,
    /// The system has no randomness.
    #[error("system randomness: {0}")]
    Randomness(String),
    /// The sockets could not be opened.
    #[error("cannot listen: {0}")]
    Socket(String),
}

/// Why no connection came about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// The address is not usable.
    #[error(transparent)]
    Addr(#[from] AddrError),
    /// The address is this node's own.
    #[error("this is the own node")]
    SelfConnect,
    /// An earlier call for the same node has not finished.
    #[error("already dialling this node")]
    AlreadyDialing,
    /// This node has no room for another connection.
    #[error("already {max} outgoing connections")]
    TooManyConnections {
        /// The limit.
        max: usize,
    },
    /// No way to the node worked.
    #[error("unreachable: {detail}")]
    Unreachable {
        /// The transport's words.
        detail: String,
    },
    /// The node was reached, but did not say HELLO in time.
    #[error("no answer in time")]
    Timeout,
    /// Both sides speak the protocol, in versions that do not meet.
    #[error("no common version: ours are {ours}, theirs are {theirs}")]
    VersionMismatch {
        /// What this node speaks.
        ours: VersionRange,
        /// What the peer speaks.
        theirs: VersionRange,
    },
    /// The peer's first frame was no HELLO.
    #[error("peer speaks another protocol: {0}")]
    Hello(#[from] HelloError),
    /// The peer's first bytes were no frame, or one on another channel.
    #[error("peer speaks another protocol")]
    NotHello,
    /// The peer closed the connection, for example because it is full.
    #[error("refused by the peer: {}", code.map_or("unknown code", CloseCode::text))]
    Refused {
        /// Its code, if this version knows it.
        code: Option<CloseCode>,
    },
    /// The connection broke before it was of use.
    #[error("connection lost: {0}")]
    Lost(DisconnectReason),
    /// The network is closed.
    #[error("network is closed")]
    Closed,
}

/// Why payloads were not queued. None of the batch was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// There is no such connection (any more).
    #[error("no connection {0}")]
    NotConnected(ConnectionId),
    /// One payload is longer than a frame may be: the caller's fault, the connection goes on.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The batch alone exceeds the queue: the caller's fault, the connection goes on.
    #[error("batch of {bytes} bytes exceeds the queue of {max}")]
    BatchTooLarge {
        /// Bytes of the batch, with its overhead.
        bytes: usize,
        /// Size of the queue.
        max: usize,
    },
    /// The peer does not read what waits for it, and is being disconnected.
    #[error("peer does not read: {queued} bytes wait for it")]
    SlowPeer {
        /// Bytes that wait.
        queued: usize,
    },
}
