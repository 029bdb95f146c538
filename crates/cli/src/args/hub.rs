//! Arguments of `conclave hub`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A hub: to run, to look after, or to use.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HubArgs {
    #[command(subcommand)]
    pub command: Option<HubCommand>,
    #[command(flatten)]
    pub run: HubRunArgs,
}

/// How to run a hub.
#[derive(Args, Debug)]
pub struct HubRunArgs {
    /// Directory of the hub
    #[arg(long, value_name = "DIR", default_value = "conclave-hub")]
    pub data: PathBuf,
    /// Configuration file in TOML; arguments go before it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// UDP address [default: the port of the last time, on all interfaces]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<SocketAddr>,
    /// An address at which members reach it, if it cannot see that itself; may be given again
    #[arg(long, value_name = "ADDRESS")]
    pub public: Vec<SocketAddr>,
    /// Embed a relay that listens at this TCP address; its certificate is set in the configuration file
    #[arg(long, value_name = "ADDRESS")]
    pub relay: Option<SocketAddr>,
    /// Address that serves Prometheus metrics: loopback, or any with --metrics-token-file
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
    /// File with the token that metrics ask for
    #[arg(long, value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,
}

/// Where the directory of a hub is.
#[derive(Args, Debug)]
pub struct HubDir {
    /// Directory of the hub
    #[arg(long, value_name = "DIR", default_value = "conclave-hub")]
    pub data: PathBuf,
}

#[derive(Subcommand, Debug)]
pub enum HubCommand {
    /// Add a hub to a server: the address is what "conclave hub" prints
    Add { server: String, address: String },
    /// List a server's hubs
    List { server: String },
    /// Take a hub away from a server
    Remove {
        server: String,
        /// The beginning of its node id
        hub: String,
    },
    /// Say how a running hub stands
    Status(HubDir),
    /// Write everything of a running hub into one file
    Backup {
        file: PathBuf,
        #[command(flatten)]
        dir: HubDir,
    },
    /// Make a hub of a backup, in a new directory
    Restore {
        file: PathBuf,
        #[command(flatten)]
        dir: HubDir,
    },
    /// Drop a server from a running hub with all that it keeps of it, and refuse it
    Drop {
        hosting_id: String,
        #[command(flatten)]
        dir: HubDir,
    },
    /// Let a server that was dropped come back
    Allow {
        hosting_id: String,
        #[command(flatten)]
        dir: HubDir,
    },
}
