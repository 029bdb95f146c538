//! Arguments of reports.

use clap::Subcommand;

/// What to do with reports.
#[derive(Subcommand, Debug)]
pub enum ReportCommand {
    /// Tell the moderators of somebody; only they can read it
    Send {
        server: String,
        member: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// A message of theirs; moderators get its text
        #[arg(long, value_name = "MESSAGE")]
        message: Option<String>,
    },
    /// List the reports that wait for you
    List { server: String },
    /// Be done with a report, on this device
    Dismiss { server: String, number: u64 },
}
