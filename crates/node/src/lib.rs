//! A member's node: the event loop around the engine, the bridge to the network, and the local API.
//!
//! [`Node::start`] opens a profile and serves the API on loopback until [`NodeHandle::stop`]. One thread owns machine and
//! store; what a call wants changed is committed before anything that follows from it is sent, told or answered.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use conclave_node::{Node, NodeConfig};
//!
//! let node = Node::start(NodeConfig::new("/home/ada/.local/share/conclave/default".into())).await?;
//! println!("open: {}", node.open_url()?.as_str());
//! node.failed().await;
//! node.stop().await;
//! # Ok(())
//! # }
//! ```

pub mod api;
mod bridge;
mod clock;
mod config;
pub mod crash;
mod doctor;
mod engine;
pub mod hub;
mod node;
mod opening;
mod secrets;
mod session_file;

/// Relays: entries of the configuration, and the server.
pub use conclave_net::{AddrError, RelayEntry, RelayUrl, Secret, relay};

/// What can be known of a profile before it is opened.
pub mod profile {
    pub use conclave_store::profile::{Profile, ProfileError};
    pub use conclave_store::vault::Protection;
}

pub use config::{DEFAULT_PORT, NodeConfig};
pub use node::{Node, NodeHandle, StartError};
pub use session_file::{SESSION_FILE, SessionInfo, write_private};
