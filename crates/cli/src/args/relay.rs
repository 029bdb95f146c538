//! Arguments of a relay.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// How to run a relay.
#[derive(Args, Debug)]
pub struct RelayArgs {
    /// TCP address to listen at
    #[arg(long, default_value = "127.0.0.1:7469", value_name = "ADDRESS")]
    pub bind: SocketAddr,
    /// Host that nodes know the relay by
    #[arg(long)]
    pub host: Option<String>,
    /// Certificate chain in PEM; without one: plain HTTP, for this machine or behind a proxy
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Key of the certificate in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Make a certificate of its own, which nodes pin
    #[arg(long, conflicts_with = "cert")]
    pub self_signed: bool,
    /// Serve plain HTTP beyond this machine, behind a proxy that adds TLS
    #[arg(long)]
    pub plain_http: bool,
    /// Where to write the certificate (DER) that nodes pin with --relay-cert
    #[arg(long, value_name = "FILE")]
    pub write_cert: Option<PathBuf>,
    /// UDP address for address discovery; needs a certificate
    #[arg(long, value_name = "ADDRESS")]
    pub quic_bind: Option<SocketAddr>,
    /// File with access tokens, one a line; without it everybody may use the relay
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Clients at the same time
    #[arg(long, value_name = "N")]
    pub max_connections: Option<usize>,
    /// Bytes a second of one client
    #[arg(long, value_name = "BYTES")]
    pub rate: Option<std::num::NonZeroU32>,
    /// Loopback address that serves Prometheus metrics
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,
}
