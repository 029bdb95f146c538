//! Arguments about what was read and what is worth a notification.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with one message.
#[derive(Subcommand, Debug)]
pub enum MessageCommand {
    /// Show a message
    Show { message: String },
    /// Pin a message, or unpin it
    Pin {
        message: String,
        #[arg(long)]
        remove: bool,
    },
    /// Which devices have it
    Copies { message: String },
    /// Save its files
    Save {
        message: String,
        /// Directory to save them in; nothing in it is overwritten
        #[arg(long, value_name = "DIR", default_value = ".")]
        to: PathBuf,
    },
}

/// What to mark as read.
#[derive(Args, Debug)]
pub struct ReadArgs {
    /// The channel
    #[arg(required_unless_present = "server")]
    pub channel: Option<String>,
    /// A whole server instead
    #[arg(long, conflicts_with = "channel")]
    pub server: Option<String>,
    /// Mark this message and what follows it as unread instead
    #[arg(long, value_name = "MESSAGE", requires = "channel")]
    pub unread_from: Option<String>,
}

/// What a channel tells of.
#[derive(Args, Debug)]
pub struct NotifyArgs {
    pub channel: String,
    /// all, mentions or none
    #[arg(long, value_parser = ["all", "mentions", "none"])]
    pub level: Option<String>,
    /// Whether it is silent
    #[arg(long)]
    pub muted: Option<bool>,
}
