//! What a person asks of their node.

mod ownership;

use conclave_core::content::Attachment;
use conclave_core::event::{BlobRef, Overwrite, Subject};
use conclave_core::id::{
    ChannelId, EnvelopeId, EventId, IdentityId, InviteId, Millis, RoleId, ServerId,
};
use conclave_core::permissions::Bits;
pub use ownership::OwnershipCommand;

/// One request, as a person means it. Fields in `Option` that are absent leave things as they are; an inner `None` takes the
/// thing away.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they change")]
pub enum Command {
    UpdateProfile(ProfileUpdate),
    CreateServer {
        name: String,
        template: Template,
        icon: Option<BlobRef>,
    },
    /// A chat among equals with members of a server that both sides are in; each gets a request.
    CreateChat {
        from: ServerId,
        members: Vec<IdentityId>,
    },
    AnswerChatRequest {
        server: ServerId,
        accept: bool,
    },
    UpdateServer {
        server: ServerId,
        name: Option<String>,
        description: Option<String>,
        icon: Option<Option<BlobRef>>,
        /// Lockdown: true pauses joins and invites, false lifts it.
        joins_paused: Option<bool>,
    },
    LeaveServer {
        server: ServerId,
    },
    /// A checkpoint of all that is here, by a notary: now instead of when it is due.
    MakeCheckpoint {
        server: ServerId,
    },
    CreateChannel(ChannelDraft),
    UpdateChannel(ChannelChange),
    DeleteChannel {
        channel: ChannelId,
    },
    SetOverwrite {
        channel: ChannelId,
        overwrite: Overwrite,
    },
    ClearOverwrite {
        channel: ChannelId,
        subject: Subject,
    },
    SyncChannel {
        channel: ChannelId,
    },
    CreateRole(RoleDraft),
    UpdateRole(RoleChange),
    DeleteRole {
        server: ServerId,
        role: RoleId,
    },
    GrantRole {
        server: ServerId,
        role: RoleId,
        member: IdentityId,
    },
    RevokeRole {
        server: ServerId,
        role: RoleId,
        member: IdentityId,
    },
    Kick {
        server: ServerId,
        member: IdentityId,
        reason: Option<String>,
    },
    Ban {
        server: ServerId,
        member: IdentityId,
        reason: Option<String>,
        delete_ms: Option<u64>,
    },
    Unban {
        server: ServerId,
        member: IdentityId,
        reason: Option<String>,
    },
    /// No `until` lifts the timeout.
    Timeout {
        server: ServerId,
        member: IdentityId,
        until: Option<Millis>,
        reason: Option<String>,
    },
    /// One's own nickname goes into one's register, somebody else's into an event.
    SetNickname {
        server: ServerId,
        member: IdentityId,
        nickname: Option<String>,
    },
    Ownership(OwnershipCommand),
    /// The command with a reason for the audit log, for every event that it makes and that has none of its own.
    Because {
        reason: String,
        command: Box<Command>,
    },
    /// Many bans with one change of keys.
    BanMany {
        server: ServerId,
        members: Vec<IdentityId>,
        delete_ms: Option<u64>,
    },
    /// Kicks those whom [`crate::reader::Reader::prune`] lists, at most as many as one bulk ban takes.
    Prune {
        server: ServerId,
        days: u32,
    },
    /// Tells the moderators of somebody, with a message of theirs where there is one.
    Report {
        server: ServerId,
        about: IdentityId,
        message: Option<EnvelopeId>,
        reason: String,
    },
    /// Is done with a report.
    DismissReport {
        server: ServerId,
        report: u64,
    },
    /// Says that one knows which own events did not survive.
    AcknowledgeLost {
        server: ServerId,
    },
    CreateInvite(InviteDraft),
    RevokeInvite {
        server: ServerId,
        invite: InviteId,
    },
    Join {
        link: String,
    },
    Send {
        channel: ChannelId,
        text: String,
        reply_to: Option<EnvelopeId>,
        attachments: Vec<Attachment>,
        nonce: Option<String>,
    },
    Edit {
        message: EnvelopeId,
        text: String,
    },
    Delete {
        message: EnvelopeId,
    },
    React {
        message: EnvelopeId,
        emoji: String,
        on: bool,
    },
    Pin {
        message: EnvelopeId,
        on: bool,
    },
    Typing {
        channel: ChannelId,
    },
    Presence {
        presence: Presence,
    },
    MarkRead {
        channel: ChannelId,
        message: EnvelopeId,
    },
    MarkUnread {
        channel: ChannelId,
        message: EnvelopeId,
    },
    MarkServerRead {
        server: ServerId,
    },
    ChannelSettings {
        channel: ChannelId,
        muted: Option<bool>,
        level: Option<NotifyLevel>,
    },
    SetDraft {
        channel: ChannelId,
        text: String,
    },
    /// The app's own settings, opaque to the node: at most 64 KiB of JSON text.
    SetSettings {
        json: String,
    },
    /// Encrypts and stores a file; the reply brings its [`BlobRef`].
    StoreBlob {
        mime: String,
        bytes: Vec<u8>,
    },
    /// Starts fetching a blob that is not here, from whoever has it.
    FetchBlob {
        server: ServerId,
        hash: conclave_core::id::BlobHash,
    },
}

impl Command {
    /// The same command, with a reason for the audit log if there is one.
    #[must_use]
    pub fn because(self, reason: Option<String>) -> Self {
        match reason {
            Some(reason) => Self::Because {
                reason,
                command: Box::new(self),
            },
            None => self,
        }
    }
}

/// What kind of server to found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Template {
    /// Owner, roles, channels.
    Community,
    /// One channel among equals.
    Chat,
}

/// New profile fields.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "fields bear the names of what they change")]
pub struct ProfileUpdate {
    pub display_name: Option<String>,
    pub bio: Option<Option<String>>,
    pub avatar: Option<Option<BlobRef>>,
    pub status_text: Option<Option<String>>,
}

/// A channel to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they set")]
pub struct ChannelDraft {
    pub server: ServerId,
    pub name: String,
    /// 0 text, 4 category, 5 announcement.
    pub kind: u8,
    pub topic: Option<String>,
    pub parent: Option<ChannelId>,
    /// Hides the channel from `@everyone`, beside `overwrites`.
    pub private: bool,
    pub overwrites: Vec<Overwrite>,
    /// 1 strict, 2 encrypted replication, 3 guaranteed, 4 ephemeral; absent: the server's default.
    pub durability: Option<u8>,
}

/// Where to move something among its siblings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place<T> {
    /// Directly before (for roles: below) this one.
    Before(T),
    /// Directly after (for roles: above) this one.
    After(T),
}

/// Changes of a channel.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they change")]
pub struct ChannelChange {
    pub channel: ChannelId,
    pub name: Option<String>,
    pub topic: Option<String>,
    pub parent: Option<Option<ChannelId>>,
    pub place: Option<Place<ChannelId>>,
    pub slow_mode_s: Option<u32>,
    pub durability: Option<u8>,
    pub ttl_ms: Option<Option<u64>>,
}

/// A role to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they set")]
pub struct RoleDraft {
    pub server: ServerId,
    pub name: String,
    pub color: Option<u32>,
    pub hoist: bool,
    pub mentionable: bool,
    pub permissions: Bits,
}

/// Changes of a role.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they change")]
pub struct RoleChange {
    pub server: ServerId,
    pub role: RoleId,
    pub name: Option<String>,
    pub color: Option<Option<u32>>,
    pub hoist: Option<bool>,
    pub mentionable: Option<bool>,
    pub permissions: Option<Bits>,
    pub place: Option<Place<RoleId>>,
}

/// An invite to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields bear the names of what they set")]
pub struct InviteDraft {
    pub server: ServerId,
    /// Open: whoever has the link can read. Closed: content comes from a member once joined.
    pub open: bool,
    pub channel: Option<ChannelId>,
    pub role: Option<RoleId>,
    pub max_uses: Option<u32>,
    pub expires_in_s: Option<u64>,
}

/// How present a person wants to look.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Presence {
    Online,
    Idle,
    DoNotDisturb,
    Offline,
}

/// Which messages notify.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NotifyLevel {
    All,
    Mentions,
    None,
}

/// What a command that succeeded gives back.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reply {
    Done,
    Server(ServerId),
    Channel(ChannelId),
    Role(RoleId),
    /// A message that is durable once the transaction is committed.
    Message(EnvelopeId),
    Invite {
        invite: InviteId,
        link: String,
    },
    /// So many members were acted on.
    Count(usize),
    Blob(BlobRef),
    /// The event that a command put into the log.
    Event(EventId),
}

/// Why a command was refused. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules of the server forbid it.
    #[error("{message}")]
    Forbidden {
        /// The missing permission's name, if it is one.
        permission: Option<String>,
        /// What to tell the person.
        message: String,
    },
    /// Something that the command names is not here.
    #[error("{what} is not known on this device")]
    NotFound {
        /// What is missing: "server", "channel", "message", ...
        what: &'static str,
    },
    /// A value is out of its limits.
    #[error("{field}: {message}")]
    Invalid {
        /// The offending field.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// It contradicts what is already so.
    #[error("{0}")]
    Conflict(String),
    /// The server needs a newer program.
    #[error("this server uses rules that are newer than this program: update it to go on")]
    Halted,
    /// No key that may be used is here yet; a member who has one must come online first.
    #[error(
        "the keys of this channel have not reached this device yet: a member who has them must be online"
    )]
    NoKey,
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] conclave_core::view::ViewError),
    /// Sent too fast.
    #[error("wait {wait_ms} ms before the next message here")]
    TooFast {
        /// How long.
        wait_ms: u64,
    },
}
