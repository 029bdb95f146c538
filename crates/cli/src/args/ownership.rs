//! The arguments of `conclave succession`.

use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub enum SuccessionCommand {
    /// Show owner, policy and open claims
    Show { server: String },
    /// Say who may take over; what is not given is removed. Takes the account's root key
    Set {
        server: String,
        /// A member who may claim the server, the first ranking highest; may be given again
        #[arg(long, value_name = "MEMBER")]
        successor: Vec<String>,
        /// The public half of a recovery key; may be given again
        #[arg(long, value_name = "KEY")]
        recovery_key: Vec<String>,
        /// A member of the council, which confirms claims; may be given again
        #[arg(long, value_name = "MEMBER")]
        council: Vec<String>,
        /// How many of the council must confirm [default: more than half]
        #[arg(long, value_name = "K")]
        quorum: Option<u16>,
        /// Days between claim and confirmation, on the clocks of those who confirm
        #[arg(long, value_name = "N", default_value_t = 14)]
        delay_days: u16,
    },
    /// Make a recovery key; its secret is shown once
    RecoveryKey,
    /// Claim a server whose owner is lost
    Claim {
        server: String,
        /// For another member, as the council may
        #[arg(long, value_name = "MEMBER", conflicts_with = "recovery_key")]
        heir: Option<String>,
        /// Read the secret of a recovery key from the standard input
        #[arg(long)]
        recovery_key: bool,
    },
    /// Attest that this device has known a claim for the delay, and no veto
    Confirm {
        server: String,
        /// The beginning of its id; the only one if it is left out
        claim: Option<String>,
    },
    /// Take over by a confirmed claim
    Take {
        server: String,
        claim: Option<String>,
    },
    /// End a claim: as the owner who is there
    Veto {
        server: String,
        claim: Option<String>,
    },
}
