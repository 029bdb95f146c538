//! What a node is started with.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use conclave_net::RelayEntry;
use zeroize::Zeroizing;

/// Port of the local API, unless another is asked for or another profile has taken it.
pub const DEFAULT_PORT: u16 = 7468;

/// What a node is started with.
pub struct NodeConfig {
    /// The profile's directory; created if it is missing.
    pub profile_dir: PathBuf,
    /// What the profile is called on this machine.
    pub profile_name: String,
    /// Opens the vault, or protects that of a new profile.
    pub passphrase: Option<Zeroizing<String>>,
    /// Port of the local API on loopback; 0 for any. Without it [`DEFAULT_PORT`], or any if that is taken.
    pub port: Option<u16>,
    /// UDP address of the transport; any port on all interfaces if absent.
    pub bind: Option<SocketAddr>,
    /// Relays to listen at.
    pub relays: Vec<RelayEntry>,
    /// Whether the app is served.
    pub web: bool,
}

impl NodeConfig {
    /// A profile with everything at its default.
    pub fn new(profile_dir: PathBuf) -> Self {
        Self {
            profile_dir,
            profile_name: "default".to_owned(),
            passphrase: None,
            port: None,
            bind: None,
            relays: Vec::new(),
            web: true,
        }
    }
}

impl fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeConfig")
            .field("profile_dir", &self.profile_dir)
            .field("profile_name", &self.profile_name)
            .field("has_passphrase", &self.passphrase.is_some())
            .field("port", &self.port)
            .field("bind", &self.bind)
            .field("relays", &self.relays)
            .field("web", &self.web)
            .finish()
    }
}
