//! Why connections end: the codes on the wire and the reasons that the layer above sees.

use iroh::endpoint::{ConnectionError, VarInt};
use thiserror::Error;

use crate::{frame::FrameError, hello::Hello};

/// Longest reason text of a peer that is kept.
const REASON_LEN_MAX: usize = 128;

/// QUIC application error code with which a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum CloseCode {
    /// The layer above is done with the connection.
    Normal = 0,
    /// The node is going away.
    Shutdown = 1,
    /// The node has no room for another connection.
    Busy = 2,
    /// No common protocol version; the reason bytes are the sender's HELLO.
    Version = 3,
    /// The first frame was no HELLO.
    Hello = 4,
    /// No HELLO in time.
    Timeout = 5,
    /// A frame was too long, on an unknown channel, or out of place.
    Frame = 6,
    /// The peer does not read what waits for it.
    Slow = 7,
    /// Another connection between the two nodes is kept instead.
    Duplicate = 8,
}

impl CloseCode {
    /// Every code, in order.
    pub const ALL: [Self; 9] = [
        Self::Normal,
        Self::Shutdown,
        Self::Busy,
        Self::Version,
        Self::Hello,
        Self::Timeout,
        Self::Frame,
        Self::Slow,
        Self::Duplicate,
    ];

    /// Returns the text that is sent along, except for [`CloseCode::Version`].
    pub fn text(self) -> &'static str {
        match self {
            Self::Normal => "done",
            Self::Shutdown => "shutting down",
            Self::Busy => "too many connections",
            Self::Version => "no common version",
            Self::Hello => "not a HELLO",
            Self::Timeout => "no HELLO in time",
            Self::Frame => "unacceptable frame",
            Self::Slow => "peer does not read",
            Self::Duplicate => "another connection is kept",
        }
    }

    pub(crate) fn varint(self) -> VarInt {
        VarInt::from_u32(self as u32)
    }

    pub(crate) fn from_varint(code: VarInt) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.varint() == code)
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DisconnectReason {
    /// This side asked for it.
    #[error("disconnected by this node")]
    Local,
    /// This node is shutting down.
    #[error("this node is shutting down")]
    Shutdown,
    /// Another connection to the same node took its place; what was queued here is lost.
    #[error("replaced by another connection to the same node")]
    Replaced,
    /// The peer did not read in time what waited for it.
    #[error("peer does not read")]
    SlowPeer,
    /// The peer sent what is no frame.
    #[error("peer sent an unacceptable frame: {0}")]
    Frame(#[from] FrameError),
    /// The peer used the control channel after HELLO.
    #[error("peer sent a control frame out of place")]
    ControlFrame,
    /// The peer closed it.
    #[error("closed by the peer: {}", code.map_or("unknown code", CloseCode::text))]
    Peer {
        /// Its code, if this version knows it.
        code: Option<CloseCode>,
    },
    /// Nothing came from the peer for too long, over any path.
    #[error("peer is silent")]
    Silent,
    /// The transport failed.
    #[error("transport failed: {0}")]
    Transport(String),
}

impl DisconnectReason {
    /// Returns the code that tells the peer.
    pub(crate) fn code(&self) -> CloseCode {
        match self {
            Self::Shutdown => CloseCode::Shutdown,
            Self::Replaced => CloseCode::Duplicate,
            Self::SlowPeer => CloseCode::Slow,
            Self::Frame(_) | Self::ControlFrame => CloseCode::Frame,
            Self::Local | Self::Peer { .. } | Self::Silent | Self::Transport(_) => {
                CloseCode::Normal
            }
        }
    }
}

impl From<ConnectionError> for DisconnectReason {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ApplicationClosed(close) => Self::Peer {
                code: CloseCode::from_varint(close.error_code),
            },
            ConnectionError::TimedOut => Self::Silent,
            ConnectionError::LocallyClosed => Self::Shutdown,
            // A restarted peer answers packets of its former life with a stateless reset.
            other => Self::Transport(shorten(&other.to_string())),
        }
    }
}

/// Returns the peer's HELLO when it closed the connection because no version is common.
pub(crate) fn refused_version(error: &ConnectionError) -> Option<Hello> {
    match error {
        ConnectionError::ApplicationClosed(close)
            if close.error_code == CloseCode::Version.varint() =>
        {
            Hello::decode(&close.reason).ok()
        }
        _ => None,
    }
}

/// Keeps a transport's text short and on one line, since part of it comes from the peer.
pub(crate) fn shorten(text: &str) -> String {
    text.chars()
        .take(REASON_LEN_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_found_again() {
        for (number, code) in (0..).zip(CloseCode::ALL) {
            assert_eq!(code as u32, number);
            assert_eq!(CloseCode::from_varint(code.varint()), Some(code));
        }
        assert_eq!(CloseCode::from_varint(VarInt::from_u32(9)), None);
    }

    #[test]
    fn text_of_a_peer_is_short_and_has_no_line_breaks() {
        let text = shorten(&"a\nb".repeat(1000));
        assert!(text.len() <= REASON_LEN_MAX && !text.contains('\n'));
    }
}
