//! What a machine wants done: changes to commit, then bytes to send and news to tell.

use conclave_core::id::{ChannelId, EnvelopeId, EventId, IdentityId, Millis, NodeId, ServerId};
use conclave_core::member::Reach;
use conclave_core::view::Change;

use crate::command::{CommandError, Presence, Reply};

/// A connection, numbered by the node and never reused while it runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnId(pub u64);

/// A command in progress, numbered by the node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CommandId(pub u64);

/// Everything that one `handle` call wants. The caller commits `changes` in one transaction and only then does the rest; if
/// the commit fails it does nothing else, and opens the machine anew from the store.
#[derive(Debug, Default)]
pub struct Effects {
    /// Changes of the store, in order.
    pub changes: Vec<Change>,
    /// Frames to send, in order per connection.
    pub sends: Vec<(ConnId, Vec<u8>)>,
    /// Connections to close, with a reason for the log.
    pub hangups: Vec<(ConnId, &'static str)>,
    /// Nodes that the machine would like to be connected to.
    pub dials: Vec<Reach>,
    /// The answer to a command.
    pub reply: Option<(CommandId, Result<Reply, CommandError>)>,
    /// News for whoever watches.
    pub notices: Vec<Notice>,
    /// When the machine next wants a tick, at the latest.
    pub wake: Option<Millis>,
}

/// Something that changed and that a watcher may want to read anew.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Notice {
    Me,
    ServerAdded(ServerId),
    Server(ServerId),
    /// Removed from a server: banned, kicked or left.
    ServerRemoved {
        server: ServerId,
        reason: String,
        /// Whether this account had been let in.
        was_member: bool,
    },
    /// Connection or catch-up state.
    ServerState(ServerId),
    Channel {
        server: ServerId,
        channel: ChannelId,
    },
    ChannelRemoved {
        server: ServerId,
        channel: ChannelId,
    },
    Member {
        server: ServerId,
        member: IdentityId,
    },
    MemberRemoved {
        server: ServerId,
        member: IdentityId,
    },
    MessageCreated {
        channel: ChannelId,
        message: EnvelopeId,
    },
    MessageUpdated {
        channel: ChannelId,
        message: EnvelopeId,
    },
    MessageDeleted {
        channel: ChannelId,
        message: EnvelopeId,
    },
    Delivery {
        channel: ChannelId,
        message: EnvelopeId,
    },
    Unread {
        server: ServerId,
        channel: ChannelId,
    },
    Typing {
        server: ServerId,
        channel: ChannelId,
        member: IdentityId,
        until: Millis,
    },
    Presence {
        server: ServerId,
        member: IdentityId,
        presence: Presence,
    },
    /// Somebody has founded a successor of this server.
    Successors(ServerId),
    /// Owner, succession policy or claims.
    Ownership(ServerId),
    ChatRequest {
        server: ServerId,
    },
    Blob {
        hash: conclave_core::id::BlobHash,
    },
    /// An event that had counted here, or that this person made, does not count any more; or counts again.
    Lost {
        server: ServerId,
        event: EventId,
    },
    /// A report came, or was dismissed.
    Report {
        server: ServerId,
        number: u64,
    },
    Network,
}

/// What reaches a machine.
#[derive(Debug)]
pub enum Input {
    /// A person's command.
    Command(CommandId, Box<crate::command::Command>),
    /// A connection came up; `incoming` if the other side called. The node is authenticated by the transport.
    Connected {
        /// Its number.
        conn: ConnId,
        /// The other side.
        node: NodeId,
        /// Who called.
        incoming: bool,
    },
    /// A frame arrived.
    Frame(ConnId, Vec<u8>),
    /// A connection is gone.
    Disconnected(ConnId),
    /// This node's own addresses changed.
    OwnReach(Reach),
    /// Time passed.
    Tick,
}
