//! The arguments of `conclave`.

mod account;
mod chats;
mod ownership;
mod reading;
mod reports;

mod audit;
mod relay;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use self::account::{ProfileCommand, TokenCommand};
pub use self::audit::AuditArgs;
pub use self::relay::RelayArgs;

pub use self::chats::ChatCommand;
pub use self::reading::{MessageCommand, NotifyArgs, ReadArgs};
pub use self::reports::ReportCommand;
use crate::demo::DemoArgs;
use crate::error::EXIT_CODES;
use crate::profile::ProfileArgs;
pub use ownership::SuccessionCommand;

/// Community chat without a central server. Without a command: starts the node and opens the app.
#[derive(Parser, Debug)]
#[command(name = "conclave", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Print JSON, one document a line
    #[arg(long, global = true)]
    pub json: bool,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How to run the node.
#[derive(Args, Debug, Default)]
pub struct RunArgs {
    /// Do not open the browser; the address is printed
    #[arg(long)]
    pub no_open: bool,
    /// Port of the local API on loopback [default: 7468, or any if that is taken]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// UDP address for other members [default: any port on all interfaces]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<SocketAddr>,
    /// A relay to be reachable through; may be given again
    #[arg(long, value_name = "URL")]
    pub relay: Vec<String>,
    /// File with the token that the relays ask for
    #[arg(long, value_name = "FILE", requires = "relay")]
    pub relay_token_file: Option<PathBuf>,
    /// The one certificate (DER) that the relays may show
    #[arg(long, value_name = "FILE", requires = "relay")]
    pub relay_cert: Option<PathBuf>,
    /// File with the passphrase of the vault; without it a terminal is asked
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Protect a new profile with a passphrase
    #[arg(long)]
    pub with_passphrase: bool,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Create the account of this profile
    Init {
        /// The name that others see
        name: String,
    },
    /// Servers: create, list, show, edit, leave
    #[command(subcommand)]
    Server(ServerCommand),
    /// Who owns a server, and who may take over if the owner is lost
    #[command(subcommand)]
    Succession(SuccessionCommand),
    /// Channels: create, list, edit, delete, overwrites
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Roles: create, edit, delete, grant, revoke
    #[command(subcommand)]
    Role(RoleCommand),
    /// Members: list, show
    #[command(subcommand)]
    Member(MemberCommand),
    /// Invites: create, list, revoke, inspect
    #[command(subcommand)]
    Invite(InviteCommand),
    /// Join a server by a link
    Join {
        /// The link; `-` reads it from the standard input, where other users cannot see it
        link: String,
        /// Return at once instead of waiting until the server is here
        #[arg(long)]
        no_wait: bool,
    },
    /// Chats of two or a few: start, requests, accept, decline
    #[command(subcommand)]
    Chat(ChatCommand),
    /// Write a message
    Send {
        /// `name`, `server/name` or the beginning of its id
        channel: String,
        /// The text; `-` reads it from the standard input
        text: String,
        /// The message that it answers
        #[arg(long, value_name = "MESSAGE")]
        reply_to: Option<String>,
        /// A file to attach; may be given again
        #[arg(long, value_name = "FILE")]
        attach: Vec<PathBuf>,
        /// Sending the same nonce again gives the same message
        #[arg(long)]
        nonce: Option<String>,
    },
    /// Change a message
    Edit { message: String, text: String },
    /// Delete a message
    Delete { message: String },
    /// React to a message, or take it back
    React {
        message: String,
        emoji: String,
        #[arg(long)]
        remove: bool,
    },
    /// One message: show, pin, copies, save its files
    #[command(subcommand)]
    Message(MessageCommand),
    /// Mark a channel or a server as read, or unread from a message on
    Read(ReadArgs),
    /// What a channel notifies of
    Notify(NotifyArgs),
    /// Read a channel's messages
    History {
        channel: String,
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Older than this message
        #[arg(long, value_name = "MESSAGE")]
        before: Option<String>,
    },
    /// Follow new messages until interrupted
    Tail {
        /// Only this channel
        channel: Option<String>,
        /// Stop after so many messages
        #[arg(long, value_name = "N")]
        count: Option<usize>,
        /// Print every event, as JSON
        #[arg(long)]
        events: bool,
    },
    /// Search everything that is readable here: words, "phrases", from: in: has: before: after: mentions:
    Search {
        query: String,
        #[arg(long)]
        server: Option<String>,
        #[arg(long)]
        channel: Option<String>,
        #[arg(long, default_value_t = 25)]
        limit: usize,
    },
    /// Remove a member, who may join again
    Kick {
        server: String,
        member: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ban a member and change the keys
    Ban {
        server: String,
        member: String,
        #[arg(long)]
        reason: Option<String>,
        /// Hide what they wrote in the last hours
        #[arg(long, value_name = "HOURS")]
        delete_hours: Option<u64>,
    },
    /// List who is banned
    Bans { server: String },
    /// Lift a ban
    Unban {
        server: String,
        member: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Keep a member from writing for some minutes; 0 lifts it
    Timeout {
        server: String,
        member: String,
        minutes: u64,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ban up to 200 members with one change of keys
    BanMany {
        server: String,
        #[arg(required = true)]
        members: Vec<String>,
        #[arg(long)]
        reason: Option<String>,
        /// Hide what they wrote in the last hours
        #[arg(long, value_name = "HOURS")]
        delete_hours: Option<u64>,
    },
    /// Kick members without roles who were not seen for some days; without --yes only says who that would be
    Prune {
        server: String,
        /// 1 to 30
        #[arg(long, default_value_t = 30)]
        days: u32,
        #[arg(long)]
        yes: bool,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Pause joins and invites at once, or lift that
    Lockdown {
        server: String,
        #[arg(long)]
        lift: bool,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Tell the moderators of somebody, or see what was reported to you
    #[command(subcommand)]
    Report(ReportCommand),
    /// Why a member may do something, or may not: which role, overwrite or ban decides, who made it so and when
    Why {
        server: String,
        member: String,
        /// view, send, ban, grant_role, ... or a permission such as MANAGE_CHANNELS
        action: String,
        /// Where
        channel: Option<String>,
        /// On whom
        #[arg(long, value_name = "MEMBER")]
        target: Option<String>,
        /// With which role
        #[arg(long)]
        role: Option<String>,
    },
    /// Change a nickname; without a name it is removed
    Nick {
        server: String,
        member: String,
        nick: Option<String>,
    },
    /// Who can read a channel, and since when
    Keys { channel: String },
    /// Read the audit log, newest first
    Audit(AuditArgs),
    /// Checkpoints, which make the past final: list, show, make
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// The own profile: show, set
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// API tokens for bots and scripts: create, list, revoke
    #[command(subcommand)]
    Token(TokenCommand),
    /// The state of the network
    Network,
    /// Examine this node
    Doctor,
    /// A small living community on this machine, to look at
    Demo(DemoArgs),
    /// Run a relay, which carries ciphertext for nodes that cannot reach each other
    Relay(RelayArgs),
}

#[derive(Subcommand, Debug)]
pub enum ServerCommand {
    /// Found a server
    Create {
        name: String,
        /// A chat among equals instead of a community
        #[arg(long)]
        chat: bool,
    },
    /// List the servers
    List,
    /// Show a server with channels and roles
    Show { server: String },
    /// Change name or description
    Edit {
        server: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Leave a server
    Leave { server: String },
    /// Found a successor with the same roles and channels, under new keys, and tell the members
    Fork {
        server: String,
        /// Its name [default: the same]
        #[arg(long)]
        name: Option<String>,
        /// Give members the roles that they hold
        #[arg(long)]
        with_roles: bool,
    },
    /// List the successors that members have founded
    Forks { server: String },
    /// Join a successor
    Follow { server: String, successor: String },
    /// Hand a server over to a member; takes the account's root key
    Transfer {
        server: String,
        member: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand, Debug)]
pub enum ChannelCommand {
    /// Create a channel
    Create {
        server: String,
        name: String,
        /// text, category or announcement
        #[arg(long, default_value = "text")]
        kind: String,
        #[arg(long)]
        topic: Option<String>,
        /// The category to put it in
        #[arg(long, value_name = "CHANNEL")]
        parent: Option<String>,
        /// Hide it from @everyone
        #[arg(long)]
        private: bool,
        /// Roles that see a private channel; may be given again
        #[arg(long, value_name = "ROLE")]
        allow_role: Vec<String>,
        /// strict, replicated, guaranteed or ephemeral
        #[arg(long)]
        durability: Option<String>,
    },
    /// List the channels of a server
    List { server: String },
    /// Change a channel
    Edit {
        channel: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        topic: Option<String>,
        #[arg(long, value_name = "SECONDS")]
        slow_mode: Option<u32>,
        #[arg(long)]
        durability: Option<String>,
    },
    /// Delete a channel
    Delete { channel: String },
    /// Allow and deny a role or member; without bits the overwrite is removed
    Overwrite {
        channel: String,
        /// role or member
        #[arg(value_parser = ["role", "member"])]
        kind: String,
        subject: String,
        /// Names such as VIEW_CHANNEL joined by commas, or decimal bits
        #[arg(long)]
        allow: Option<String>,
        /// Names such as VIEW_CHANNEL joined by commas, or decimal bits
        #[arg(long)]
        deny: Option<String>,
    },
}

#[derive(Subcommand, Debug)]
pub enum RoleCommand {
    /// Create a role
    Create {
        server: String,
        name: String,
        #[command(flatten)]
        looks: RoleLooks,
    },
    /// Change a role
    Edit {
        server: String,
        role: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        looks: RoleLooks,
    },
    /// Delete a role
    Delete { server: String, role: String },
    /// Give a role to a member
    Grant {
        server: String,
        role: String,
        member: String,
    },
    /// Take a role from a member
    Revoke {
        server: String,
        role: String,
        member: String,
    },
}

#[derive(Args, Debug)]
pub struct RoleLooks {
    /// Six hexadecimal digits
    #[arg(long)]
    pub color: Option<String>,
    /// Show its members apart
    #[arg(long)]
    pub hoist: Option<bool>,
    /// Anybody may mention it
    #[arg(long)]
    pub mentionable: Option<bool>,
    /// Names such as VIEW_CHANNEL joined by commas, or decimal bits
    #[arg(long, value_name = "BITS")]
    pub permissions: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum MemberCommand {
    /// List the members of a server
    List {
        server: String,
        #[arg(long, default_value = "")]
        query: String,
    },
    /// Show a member
    Show { server: String, member: String },
}

#[derive(Subcommand, Debug)]
pub enum InviteCommand {
    /// Create an invite and print its link
    Create {
        server: String,
        /// Content comes from a member once joined, not with the link
        #[arg(long)]
        closed: bool,
        #[arg(long, value_name = "N")]
        max_uses: Option<u32>,
        #[arg(long, value_name = "HOURS")]
        expires_hours: Option<u64>,
        /// A role for who joins by it
        #[arg(long)]
        role: Option<String>,
    },
    /// List the invites
    List { server: String },
    /// Revoke an invite
    Revoke { server: String, invite: String },
    /// What a link says, without any network
    Inspect { link: String },
}

#[derive(Subcommand, Debug)]
pub enum CheckpointCommand {
    /// List the latest checkpoints, the notaries, and evidence of forks
    List { server: String },
    /// Show one checkpoint, by number or the beginning of its id; without it the last one
    Show {
        server: String,
        checkpoint: Option<String>,
    },
    /// Sign a checkpoint of all that is here, as a notary
    Make { server: String },
}
