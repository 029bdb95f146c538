//! The arguments of `conclave demo`.

use std::path::PathBuf;

use clap::Args;

use super::cast::Who;

/// How to show the demo.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Who you are: ada owns the server, ben moderates it, dimitri gets banned
    #[arg(long = "as", value_name = "NAME", default_value = "ada")]
    pub viewer: Who,
    /// Do not open the browser; the address is printed
    #[arg(long)]
    pub no_open: bool,
    /// Port of your node's local API on loopback [default: 7468, or any if that is taken]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Seconds between two acts; 0 for as fast as they go
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub pace: f64,
    /// End after so many rounds of the script [default: at Ctrl+C]
    #[arg(long, value_name = "N")]
    pub rounds: Option<u32>,
    /// Make the profiles in this empty directory, and leave them there
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}
