//! Frames: the unit in which payloads travel on the stream of a connection.
//!
//! A frame is `length: u32 big-endian | channel: u8 | payload: length bytes`.

use std::mem;

use thiserror::Error;

/// Bytes before the payload of a frame.
pub const FRAME_HEADER_LEN: usize = 5;

/// Memory that a frame may claim before any of its payload has arrived.
const BODY_CAPACITY_FIRST: usize = 4 << 10;

/// What a frame carries; one byte on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Channel {
    /// The transport's own words; in version 1 only HELLO, the first frame of each direction.
    Control = 0,
    /// Messages of the layer above, in the order in which they were sent.
    Messages = 1,
    /// Large payloads of the layer above; they give way to messages.
    Bulk = 2,
}

impl TryFrom<u8> for Channel {
    type Error = FrameError;

    fn try_from(byte: u8) -> Result<Self, FrameError> {
        match byte {
            0 => Ok(Self::Control),
            1 => Ok(Self::Messages),
            2 => Ok(Self::Bulk),
            channel => Err(FrameError::UnknownChannel { channel }),
        }
    }
}

/// Why bytes are not a frame. The stream cannot be read any further after either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The header announces more than this side accepts.
    #[error("frame of {len} bytes exceeds {max}")]
    TooLong {
        /// Announced payload bytes.
        len: usize,
        /// Accepted payload bytes.
        max: usize,
    },
    /// The channel byte has no meaning in this version.
    #[error("unknown channel {channel}")]
    UnknownChannel {
        /// The byte found.
        channel: u8,
    },
}

/// One frame, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub channel: Channel,
    /// Opaque bytes.
    pub payload: Vec<u8>,
}

/// Encodes the header of a frame with a payload of `len` bytes.
///
/// # Errors
/// [`FrameError::TooLong`] when `len` does not fit 32 bits; the limit of a peer is the caller's to keep.
pub fn encode_header(channel: Channel, len: usize) -> Result<[u8; FRAME_HEADER_LEN], FrameError> {
    let wire_len = u32::try_from(len).map_err(|_| FrameError::TooLong {
        len,
        max: u32::MAX as usize,
    })?;
    let [a, b, c, d] = wire_len.to_be_bytes();
    Ok([a, b, c, d, channel as u8])
}

/// Decodes the header of a frame into its channel and payload length.
///
/// # Errors
/// [`FrameError::TooLong`] above `len_max`, before [`FrameError::UnknownChannel`].
pub fn decode_header(
    header: [u8; FRAME_HEADER_LEN],
    len_max: usize,
) -> Result<(Channel, usize), FrameError> {
    let [a, b, c, d, channel] = header;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    if len > len_max {
        return Err(FrameError::TooLong { len, max: len_max });
    }
    Ok((Channel::try_from(channel)?, len))
}

/// Cuts a byte stream into frames. Holds at most one unfinished frame, in memory that grows as its bytes arrive.
#[derive(Debug)]
pub struct Decoder {
    len_max: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    Header {
        bytes: [u8; FRAME_HEADER_LEN],
        have: usize,
    },
    Body {
        channel: Channel,
        missing: usize,
        payload: Vec<u8>,
    },
}

impl State {
    const START: Self = Self::Header {
        bytes: [0; FRAME_HEADER_LEN],
        have: 0,
    };
}

impl Decoder {
    /// Starts at a frame boundary and accepts payloads of up to `len_max` bytes.
    pub fn new(len_max: usize) -> Self {
        Self {
            len_max,
            state: State::START,
        }
    }

    /// Tells whether the stream stands between two frames.
    pub fn is_at_boundary(&self) -> bool {
        matches!(self.state, State::Header { have: 0, .. })
    }

    /// Takes bytes off the front of `input` until a frame is complete; `None` when the input is used up first.
    ///
    /// # Errors
    /// See [`decode_header`]. The decoder must not be used after an error.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, FrameError> {
        loop {
            match &mut self.state {
                State::Header { bytes, have } => {
                    let taken = take(input, FRAME_HEADER_LEN - *have);
                    bytes[*have..*have + taken.len()].copy_from_slice(taken);
                    *have += taken.len();
                    if *have < FRAME_HEADER_LEN {
                        return Ok(None);
                    }
                    let (channel, len) = decode_header(*bytes, self.len_max)?;
                    let payload = Vec::with_capacity(len.min(BODY_CAPACITY_FIRST));
                    self.state = State::Body {
                        channel,
                        missing: len,
                        payload,
                    };
                }
                State::Body {
                    channel,
                    missing,
                    payload,
                } => {
                    let taken = take(input, *missing);
                    payload.extend_from_slice(taken);
                    *missing -= taken.len();
                    if *missing > 0 {
                        return Ok(None);
                    }
                    let frame = Frame {
                        channel: *channel,
                        payload: mem::take(payload),
                    };
                    self.state = State::START;
                    return Ok(Some(frame));
                }
            }
        }
    }
}

fn take<'a>(input: &mut &'a [u8], want: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(want.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn encode(channel: Channel, payload: &[u8]) -> Vec<u8> {
        let mut bytes = encode_header(channel, payload.len()).unwrap().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

    fn channels() -> impl Strategy<Value = Channel> {
        prop_oneof![
            Just(Channel::Control),
            Just(Channel::Messages),
            Just(Channel::Bulk)
        ]
    }

    proptest! {
        #[test]
        fn frames_survive_any_cutting_of_the_stream(
            frames in proptest::collection::vec((channels(), proptest::collection::vec(any::<u8>(), 0..300)), 0..12),
            cut in 1_usize..64,
        ) {
            let stream: Vec<u8> = frames.iter().flat_map(|(channel, payload)| encode(*channel, payload)).collect();
            let mut decoder = Decoder::new(300);
            let mut decoded = Vec::new();
            for mut piece in stream.chunks(cut) {
                while let Some(frame) = decoder.decode(&mut piece).unwrap() {
                    decoded.push((frame.channel, frame.payload));
                }
                prop_assert!(piece.is_empty());
            }
            prop_assert!(decoder.is_at_boundary());
            prop_assert_eq!(decoded, frames);
        }

        #[test]
        fn arbitrary_bytes_are_frames_or_an_error_and_claim_no_more_memory_than_arrived(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut decoder = Decoder::new(1 << 20);
            let mut input = bytes.as_slice();
            while let Ok(Some(frame)) = decoder.decode(&mut input) {
                prop_assert!(frame.payload.len() <= bytes.len());
            }
            if let State::Body { payload, .. } = &decoder.state {
                prop_assert!(payload.capacity() <= BODY_CAPACITY_FIRST.max(4 * bytes.len()));
            }
        }
    }

    #[test]
    fn a_length_above_the_limit_is_refused_from_the_header_alone_and_the_limit_itself_is_not() {
        let mut header = encode_header(Channel::Messages, 101)
            .unwrap()
            .as_slice()
            .to_vec();
        assert_eq!(
            Decoder::new(100).decode(&mut header.as_slice()),
            Err(FrameError::TooLong { len: 101, max: 100 })
        );
        header = encode(Channel::Messages, &[7; 100]);
        let frame = Decoder::new(100)
            .decode(&mut header.as_slice())
            .unwrap()
            .unwrap();
        assert_eq!(frame.payload, [7; 100]);
    }

    #[test]
    fn an_unknown_channel_is_refused() {
        let mut bytes = encode(Channel::Bulk, b"x");
        assert!(
            Decoder::new(100)
                .decode(&mut bytes.as_slice())
                .unwrap()
                .is_some()
        );
        bytes[4] = 3;
        let refused = Decoder::new(100).decode(&mut bytes.as_slice());
        assert_eq!(refused, Err(FrameError::UnknownChannel { channel: 3 }));
    }
}
