//! The counters of a relay, as text for a scraper.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use iroh_relay::server::Metrics;

use super::gate::Gate;

/// Writes the Prometheus text format: three lines for each value.
pub(super) fn text(gate: &Gate, metrics: &Metrics, discoveries: Option<u64>) -> String {
    let gauges = [
        (
            "connections",
            "Clients connected now.",
            gate.connections() as u64,
        ),
        (
            "pending",
            "Connections without a proven node id.",
            gate.pending() as u64,
        ),
    ];
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counters = [
        ("accepted_total", "Clients let in.", load(&gate.accepted)),
        (
            "refused_token_total",
            "Clients without a valid token.",
            load(&gate.refused_token),
        ),
        (
            "refused_full_total",
            "Clients beyond a cap on connections.",
            load(&gate.refused_full),
        ),
        (
            "dropped_pending_total",
            "Connections beyond the cap.",
            load(&gate.dropped_pending),
        ),
        (
            "timed_out_pending_total",
            "Connections that took too long.",
            load(&gate.timed_out),
        ),
        (
            "bytes_received_total",
            "Bytes from clients.",
            metrics.bytes_recv.get(),
        ),
        (
            "bytes_sent_total",
            "Bytes to clients.",
            metrics.bytes_sent.get(),
        ),
        (
            "packets_dropped_total",
            "Packets not delivered.",
            metrics.send_packets_dropped.get(),
        ),
        (
            "bytes_slowed_total",
            "Bytes delayed.",
            metrics.bytes_rx_ratelimited_total.get(),
        ),
    ];
    let discoveries =
        discoveries.map(|value| ("discoveries_total", "Address discovery connections.", value));
    let gauges = gauges.into_iter().map(|value| ("gauge", value));
    let counters = counters
        .into_iter()
        .chain(discoveries)
        .map(|value| ("counter", value));
    let mut text = String::new();
    for (kind, (name, help, value)) in gauges.chain(counters) {
        let name = format!("conclave_relay_{name}");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}"
        );
    }
    text
}
