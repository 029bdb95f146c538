//! Encrypted connections between nodes: endpoint, frames, relay.
