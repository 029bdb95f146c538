//! Named bounds of the transport, each with its reason.

use std::time::Duration;

/// Largest payload of one frame in bytes: 1 MiB for a bulk chunk, plus 16 KiB for what seals and addresses it.
pub const PAYLOAD_LEN_MAX: usize = (1 << 20) + (16 << 10);

/// Bytes of received payload that one delivery unit stands for, see [`Limits::incoming_units_max`].
pub const DELIVERY_UNIT_LEN: usize = 32 << 10;

/// Smallest useful value of [`Limits::incoming_units_max`]: below it the largest frame could never be delivered.
pub const INCOMING_UNITS_MIN: u32 = 1 + (PAYLOAD_LEN_MAX / DELIVERY_UNIT_LEN) as u32;

/// Bounds that one [`Network`](crate::Network) keeps, whatever its peers do.
///
/// Worst case memory is about `connections × (outgoing_bytes_max + 2 MiB + 2 × PAYLOAD_LEN_MAX)`; a hub with many
/// clients lowers `outgoing_bytes_max` accordingly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Established connections that peers opened. Kept apart from the outgoing ones so that a flood of strangers
    /// cannot stop this node from dialling the peers it trusts.
    pub connections_incoming_max: usize,
    /// Connections that this node opened, being dialled or established.
    pub connections_outgoing_max: usize,
    /// Incoming connections that have not said HELLO yet. At half of it, unproven source addresses must first
    /// answer a QUIC retry, so that spoofed packets cost an attacker more than they cost us.
    pub handshakes_max: usize,
    /// Bytes queued for one peer. Whoever exceeds it does not read, and is disconnected.
    pub outgoing_bytes_max: usize,
    /// Delivery units of one connection that wait for the consumer of the events: a frame takes one, and one more
    /// for each full [`DELIVERY_UNIT_LEN`]. At the limit, that connection is no longer read; the others are.
    /// Values below [`INCOMING_UNITS_MIN`] are raised to it.
    pub incoming_units_max: u32,
    /// Events of all connections that wait for the consumer. Connections then take turns, first come first served.
    pub events_max: usize,
    /// Time for dialling, and again for exchanging HELLO.
    pub handshake_timeout: Duration,
    /// Time in which a peer must accept some of what waits for it; whoever does not is disconnected as a slow reader.
    pub stall_timeout: Duration,
    /// Time in which a graceful disconnect may deliver what is queued.
    pub flush_timeout: Duration,
    /// Silence after which a connection counts as lost.
    pub idle_timeout: Duration,
    /// Time that [`Network::addr`](crate::Network::addr) waits for addresses and relays to be found.
    pub addr_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_incoming_max: 1024,
            connections_outgoing_max: 256,
            handshakes_max: 64,
            outgoing_bytes_max: 8 << 20,
            incoming_units_max: 64,
            events_max: 4096,
            handshake_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            flush_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(30),
            addr_timeout: Duration::from_secs(3),
        }
    }
}
