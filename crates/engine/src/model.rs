//! What a watcher reads: plain values, put together from state and store at the moment of asking.

mod ownership;

use conclave_core::content::Attachment;
use conclave_core::event::{BlobRef, Overwrite};
use conclave_core::id::{
    AudienceId, ChannelId, CheckpointId, Digest, EnvelopeId, EpochId, EventId, IdentityId,
    InviteId, Millis, NodeId, Pseudonym, RoleId, ServerId,
};
use conclave_core::member::Profile;
use conclave_core::permissions::Bits;

use crate::command::{NotifyLevel, Presence};
use crate::markdown::MdNode;
pub use ownership::*;

mod log;
mod report;
mod why;

pub use log::{AuditEntry, AuditPage, LostEntry, Overruling, WhyNot};
pub use report::{QuoteView, ReportView, Seen};
pub use why::{Why, WhyEvent, WhyStep};

/// The account.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Me {
    pub identity: IdentityId,
    pub device: conclave_core::id::DeviceId,
    pub profile: Profile,
    pub presence: Presence,
    pub settings_json: String,
}

/// A server in the rail.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerSummary {
    pub id: ServerId,
    pub name: String,
    pub icon: Option<BlobRef>,
    pub chat: bool,
    pub owner: IdentityId,
    pub unread: bool,
    pub mentions: u32,
    pub member_count: usize,
    pub state: ServerState,
}

/// How a server is doing on this node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerState {
    pub connection: Connection,
    /// Connected nodes that take part in this server.
    pub peers: usize,
    /// Envelopes had and wanted, while catching up.
    pub catching_up: Option<(u64, u64)>,
    pub reason: Option<String>,
}

/// Whether anybody is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// At least one other node of the server is connected.
    Online,
    /// Looking for the first one, after joining.
    Connecting,
    /// Nobody else is reachable: what is written waits here.
    Paused,
    /// The rules are newer than this program.
    Halted,
    /// Not a member any more.
    Removed,
}

/// A server opened.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ServerDetail {
    pub summary: ServerSummary,
    pub description: String,
    pub channels: Vec<Channel>,
    pub roles: Vec<Role>,
    pub my_roles: Vec<RoleId>,
    pub my_permissions: Bits,
    pub default_durability: u8,
    /// Nobody can join until a moderator lifts it.
    pub joins_paused: bool,
    /// Own events that did not survive a merge, and that this person has not been shown yet.
    pub lost_unseen: usize,
    /// Reports that wait for this person.
    pub reports_open: usize,
    /// Number and claimed time of the last checkpoint.
    pub checkpoint: Option<(u64, Millis)>,
    /// Notaries were shown to have signed two checkpoints at once, and nobody has replaced them yet.
    pub checkpoint_fork: bool,
}

/// A channel that this person may see.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Channel {
    pub id: ChannelId,
    pub server: ServerId,
    pub kind: u8,
    pub name: String,
    pub topic: String,
    pub parent: Option<ChannelId>,
    pub position: String,
    pub private: bool,
    pub synced: bool,
    pub durability: u8,
    pub ttl_ms: Option<u64>,
    pub slow_mode_s: u32,
    pub overwrites: Vec<Overwrite>,
    pub my_permissions: Bits,
    pub read: ReadSummary,
    pub last_message: Option<EnvelopeId>,
    pub readers: usize,
    pub epoch: Option<EpochId>,
}

/// Unread state of a channel, by the one derivation function of [`crate::timeline`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReadSummary {
    pub unread: bool,
    pub mentions: u32,
    pub last_read: Option<EnvelopeId>,
    pub muted: bool,
    pub level: NotifyLevel,
    pub draft: String,
}

/// A role.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub color: Option<u32>,
    pub hoist: bool,
    pub mentionable: bool,
    pub permissions: Bits,
    pub position: String,
    /// 0 is `@everyone`.
    pub rank: usize,
}

/// A member.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Member {
    pub id: IdentityId,
    pub profile: Profile,
    pub nickname: Option<String>,
    pub roles: Vec<RoleId>,
    pub color: Option<u32>,
    pub joined: Millis,
    pub timeout_until: Option<Millis>,
    pub owner: bool,
    pub bot: bool,
    pub presence: Presence,
    pub online_devices: usize,
    pub pseudonym: Pseudonym,
}

impl Member {
    /// The name to show: nickname, else display name, else the beginning of the id.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.nickname, self.profile.display_name.as_str()) {
            (Some(nickname), _) if !nickname.is_empty() => nickname.clone(),
            (_, "") => self.id.to_string()[..8].to_owned(),
            (_, name) => name.to_owned(),
        }
    }
}

/// A message as it stands.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Message {
    pub id: EnvelopeId,
    pub channel: ChannelId,
    pub server: ServerId,
    pub author: IdentityId,
    pub author_name: String,
    pub author_color: Option<u32>,
    pub author_avatar: Option<BlobRef>,
    pub time: Millis,
    pub edited: Option<Millis>,
    pub deleted: bool,
    pub text: String,
    pub tree: Vec<MdNode>,
    pub reply_to: Option<ReplyPreview>,
    pub reactions: Vec<Reaction>,
    pub attachments: Vec<(Attachment, BlobState)>,
    pub mentions: Mentions,
    pub pinned: bool,
    pub delivery: Delivery,
    /// It came long after its place in the order.
    pub late: bool,
    pub nonce: Option<String>,
    /// Sort key within the channel, hex.
    pub sort: String,
}

/// What a reply quotes.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReplyPreview {
    pub id: EnvelopeId,
    pub author: Option<IdentityId>,
    pub author_name: String,
    pub excerpt: String,
    pub deleted: bool,
}

/// Everybody's use of one emoji on a message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reaction {
    pub emoji: String,
    pub count: usize,
    pub me: bool,
    /// The first 20.
    pub members: Vec<IdentityId>,
}

/// Whom a message calls, as its author was allowed to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Mentions {
    pub everyone: bool,
    pub members: Vec<IdentityId>,
    pub roles: Vec<RoleId>,
    pub me: bool,
}

/// Where a message is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Delivery {
    pub state: DeliveryState,
    /// Other devices that confirmed storing it.
    pub devices: usize,
    pub hubs: usize,
}

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// On this device, and nowhere else yet.
    Local,
    /// At least one other device has stored it.
    WithPeers,
}

/// Whether a blob can be opened here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BlobState {
    Ready,
    Fetching,
    Missing,
}

/// A page of messages, oldest first.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Page {
    pub messages: Vec<Message>,
    pub has_before: bool,
    pub has_after: bool,
    pub first_unread: Option<EnvelopeId>,
}

/// Which page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PageAt {
    Newest,
    Before(EnvelopeId),
    After(EnvelopeId),
    Around(EnvelopeId),
}

/// An invite, as the server's state has it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Invite {
    pub id: InviteId,
    /// Only where this account created it.
    pub link: Option<String>,
    pub open: bool,
    pub inviter: IdentityId,
    pub channel: Option<ChannelId>,
    pub role: Option<RoleId>,
    pub max_uses: Option<u32>,
    pub uses: usize,
    pub expires: Option<Millis>,
    pub created: Millis,
    pub revoked: bool,
}

/// What a link says, with no network used.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct InviteInspection {
    pub server: ServerId,
    pub server_name: String,
    pub inviter_name: String,
    pub open: bool,
    pub expires: Option<Millis>,
    pub member_count: Option<u32>,
    pub expired: bool,
    pub already_member: bool,
}

/// Somebody asks for a chat.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChatRequest {
    /// The chat's own id.
    pub server: ServerId,
    pub from: IdentityId,
    pub from_name: String,
    /// The shared server that it came through.
    pub via: ServerId,
}

/// A ban in force.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BanEntry {
    pub member: IdentityId,
    pub name: String,
    pub reason: Option<String>,
    pub time: Millis,
    pub actor: IdentityId,
}

/// Whom a prune would kick, as far as this node can tell.
#[derive(Clone, Debug)]
pub struct Prune {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub members: Vec<(IdentityId, String)>,
    /// Channels that this account does not read: who speaks only there looks absent.
    pub unread_channels: usize,
    /// Since when this node has been in the server.
    pub since: Millis,
}

/// Who can read a channel, and since when.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ChannelKeys {
    pub audience: AudienceId,
    pub epoch: Option<EpochId>,
    pub since: Option<Millis>,
    pub suite: u8,
    pub readers: Vec<(IdentityId, String)>,
    /// Links whose holders can read.
    pub links: Vec<(InviteId, bool)>,
    /// Removed members, who keep what they had until then.
    pub former: Vec<(IdentityId, String, Option<Millis>)>,
}

/// A connected or known node.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PeerInfo {
    pub node: NodeId,
    pub members: Vec<IdentityId>,
    pub servers: Vec<ServerId>,
}

/// Proofs of storage of one message.
#[derive(Clone, Debug)]
pub struct Copies {
    /// Pseudonym, whose, and when they said so.
    pub devices: Vec<(Pseudonym, Option<IdentityId>, Millis)>,
}

/// What a server knows of its own finality.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Finality {
    pub notaries: Vec<NotaryLine>,
    /// How many of them sign.
    pub quorum: u16,
    /// How often they were changed.
    pub generation: u64,
    /// Events that no checkpoint has frozen yet, besides those that post one or join heads.
    pub unfrozen: usize,
    /// The newest first.
    pub checkpoints: Vec<CheckpointLine>,
    /// Notaries who signed two at once; evidence that never goes away.
    pub forks: Vec<ForkLine>,
    /// Being signed: number, signatures, how many it takes.
    pub signing: Vec<(u64, usize, u16)>,
}

/// A notary, with the member whose root key it is.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct NotaryLine {
    pub key: conclave_core::id::VerifyKey,
    pub member: Option<IdentityId>,
    pub name: Option<String>,
    pub me: bool,
}

/// A checkpoint.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CheckpointLine {
    pub id: CheckpointId,
    pub epoch: u64,
    pub prev: Option<CheckpointId>,
    /// When, as its proposer claims.
    pub time: Millis,
    /// Whether it counts.
    pub canonical: bool,
    pub signers: Vec<conclave_core::id::VerifyKey>,
    pub frontier: Vec<EventId>,
    pub state_root: Digest,
    pub member_root: Digest,
    pub log_root: Digest,
}

/// Two or more checkpoints after one.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ForkLine {
    pub epoch: u64,
    pub rivals: Vec<CheckpointId>,
    /// Who signed more than one.
    pub signers: Vec<NotaryLine>,
    /// Whether a later generation of notaries has gone on from before it.
    pub settled: bool,
}
