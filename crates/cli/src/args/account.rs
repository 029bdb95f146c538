//! Arguments of commands about the account and its tokens.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub enum ProfileCommand {
    /// Show the account
    Show,
    /// Change the account
    Set {
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        bio: Option<String>,
        #[arg(long)]
        status: Option<String>,
        /// online, idle, dnd or offline
        #[arg(long)]
        presence: Option<String>,
        /// A picture
        #[arg(long, value_name = "FILE")]
        avatar: Option<PathBuf>,
    },
}

#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Create a token; it is shown once
    Create {
        name: String,
        /// What it may do; may be given again
        #[arg(long = "action", value_name = "ACTION", required = true)]
        actions: Vec<String>,
        /// Limit it to one server
        #[arg(long)]
        server: Option<String>,
    },
    /// List the tokens
    List,
    /// Revoke a token
    Revoke { id: String },
}
