//! Encrypted connections between nodes: endpoint, frames, relay.
//!
//! [`Network`] is a node's endpoint. It knows peers by their public key, reaches them directly or through a relay, and
//! carries opaque payloads in frames over one long-lived stream per connection. What the payloads mean is the business
//! of the layer above. The protocol is specified in `docs/protocol/transport.md`.
//!
//! ```
//! use conclave_net::{NetConfig, NetEvent, Network, Payload};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = NetConfig::new([1; 32]); // a real key comes from the system's randomness
//! config.bind = Some("127.0.0.1:0".parse()?);
//! let (alice, _alice_events) = Network::bind(config.clone()).await?;
//! config.secret_key = [2; 32].into();
//! let (bob, mut bob_events) = Network::bind(config).await?;
//!
//! let conn = alice.connect(&bob.addr().await).await?;
//! alice.send(conn, vec![Payload::message("hello")])?;
//! loop {
//!     if let Some(NetEvent::Received { payload, .. }) = bob_events.recv().await {
//!         assert_eq!(payload, b"hello");
//!         break;
//!     }
//! }
//! alice.close().await;
//! bob.close().await;
//! # Ok(())
//! # }
//! ```

mod addr;
mod backoff;
mod close;
mod config;
mod connection;
mod endpoint;
mod error;
mod events;
mod frame;
mod handshake;
mod hello;
mod homes;
mod limits;
mod network;
mod outbox;
mod path;
mod pin;
pub mod relay;
mod secret;
mod table;
#[doc(hidden)]
pub mod vectors;

pub use addr::{
    AddrError, NodeId, PEER_ADDR_TEXT_LEN_MAX, PEER_DIRECT_MAX, PEER_RELAYS_MAX, PeerAddr,
    RELAY_URL_LEN_MAX, RelayUrl,
};
pub use backoff::Backoff;
pub use close::{CloseCode, DisconnectReason};
pub use config::{NetConfig, RelayEntry};
pub use connection::ConnectionId;
pub use error::{BindError, ConnectError, SendError};
pub use events::{Events, NetEvent};
pub use frame::{
    Channel, Decoder, FRAME_HEADER_LEN, Frame, FrameError, decode_header, encode_header,
};
pub use handshake::ALPN;
pub use hello::{BUILD_LEN_MAX, HELLO_LEN_MAX, HELLO_MAGIC, Hello, HelloError, VersionRange};
pub use homes::RelayStatus;
pub use limits::{DELIVERY_UNIT_LEN, INCOMING_UNITS_MIN, Limits, PAYLOAD_LEN_MAX};
pub use network::Network;
pub use outbox::Payload;
pub use path::{PathInfo, PathKind};
pub use secret::Secret;
