//! Arguments about chats among a few.

use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub enum ChatCommand {
    /// Ask members of a server for a chat
    Start {
        /// The server that you share with them
        server: String,
        /// One or several members
        #[arg(required = true)]
        members: Vec<String>,
    },
    /// List those who asked you
    Requests,
    /// Accept a request, by its id or who asked
    Accept { request: String },
    /// Decline a request
    Decline { request: String },
}
