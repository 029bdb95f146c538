//! What waits to be sent to one peer, bounded in bytes.

use std::{
    collections::VecDeque,
    mem,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use crate::{
    error::SendError,
    frame::{self, Channel, FRAME_HEADER_LEN, FrameError},
    limits::PAYLOAD_LEN_MAX,
};

/// Messages go out in batches of about this many bytes, between which bulk gets its turn.
const BATCH_LEN: usize = 64 << 10;

/// Payloads up to this length are copied next to their header: one packet buffer instead of two.
const COPY_LEN_MAX: usize = 4 << 10;

/// Bytes that a queued payload costs beside its content, so that empty payloads are bounded too.
const OVERHEAD_LEN: usize = FRAME_HEADER_LEN + mem::size_of::<Bytes>();

/// Opaque bytes to send, on one of the two channels of the layer above. Cloning shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    channel: Channel,
    bytes: Bytes,
}

impl Payload {
    /// A message: arrives after those sent before it.
    pub fn message(bytes: impl Into<Bytes>) -> Self {
        Self {
            channel: Channel::Messages,
            bytes: bytes.into(),
        }
    }

    /// A part of something large: arrives after the parts sent before it; messages overtake it.
    pub fn bulk(bytes: impl Into<Bytes>) -> Self {
        Self {
            channel: Channel::Bulk,
            bytes: bytes.into(),
        }
    }

    fn cost(&self) -> usize {
        OVERHEAD_LEN + self.bytes.len()
    }
}

/// Frames to write in one go.
pub(crate) struct Batch {
    pub(crate) chunks: Vec<Bytes>,
    cost: usize,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Payload>,
    bulk: VecDeque<Payload>,
    /// Cost of everything queued, and of the batch that is being written.
    queued: usize,
    finishing: bool,
    closed: bool,
}

/// The queue of one connection, between any number of senders and its one writer.
pub(crate) struct Outbox {
    bytes_max: usize,
    state: Mutex<State>,
    /// Wakes the writer; keeps one wake-up for later.
    filled: Notify,
    /// Wakes whoever waits for room, or for the end.
    drained: Notify,
}

impl Outbox {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            state: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
        }
    }

    /// Queues all payloads or none; `Ok(false)` when the connection is ending.
    pub(crate) fn push(&self, payloads: Vec<Payload>) -> Result<bool, SendError> {
        if let Some(long) = payloads
            .iter()
            .find(|payload| payload.bytes.len() > PAYLOAD_LEN_MAX)
        {
            return Err(FrameError::TooLong {
                len: long.bytes.len(),
                max: PAYLOAD_LEN_MAX,
            }
            .into());
        }
        let cost: usize = payloads.iter().map(Payload::cost).sum();
        if cost > self.bytes_max {
            return Err(SendError::BatchTooLarge {
                bytes: cost,
                max: self.bytes_max,
            });
        }
        let mut state = self.lock();
        if state.finishing || state.closed {
            return Ok(false);
        }
        if state.queued + cost > self.bytes_max {
            return Err(SendError::SlowPeer {
                queued: state.queued,
            });
        }
        state.queued += cost;
        for payload in payloads {
            match payload.channel {
                Channel::Bulk => state.bulk.push_back(payload),
                Channel::Messages | Channel::Control => state.messages.push_back(payload),
            }
        }
        drop(state);
        self.filled.notify_one();
        Ok(true)
    }

    /// Waits until `bytes` of payload (at most the whole queue) would fit; `false` when the connection is ending.
    pub(crate) async fn room(&self, bytes: usize) -> bool {
        let cost = bytes.saturating_add(OVERHEAD_LEN).min(self.bytes_max);
        loop {
            let mut drained = pin!(self.drained.notified());
            drained.as_mut().enable();
            {
                let state = self.lock();
                if state.finishing || state.closed {
                    return false;
                }
                if state.queued + cost <= self.bytes_max {
                    return true;
                }
            }
            drained.await;
        }
    }

    /// Waits for something to write; `None` when all is written and no more will come.
    pub(crate) async fn next_batch(&self) -> Result<Option<Batch>, FrameError> {
        loop {
            {
                let mut state = self.lock();
                let batch = state.take_batch()?;
                if !batch.chunks.is_empty() {
                    return Ok(Some(batch));
                }
                if state.finishing {
                    return Ok(None);
                }
            }
            self.filled.notified().await;
        }
    }

    /// Frees the room of a batch that was written.
    pub(crate) fn written(&self, batch: &Batch) {
        self.lock().queued -= batch.cost;
        self.drained.notify_waiters();
    }

    /// Accepts no more, and lets the writer finish what is queued.
    pub(crate) fn finish(&self) {
        self.lock().finishing = true;
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Waits until [`finish`](Self::finish) was called.
    pub(crate) async fn finishing(&self) {
        loop {
            let mut drained = pin!(self.drained.notified());
            drained.as_mut().enable();
            if self.lock().finishing {
                return;
            }
            drained.await;
        }
    }

    /// Tells whether [`finish`](Self::finish) was called.
    pub(crate) fn is_finishing(&self) -> bool {
        self.lock().finishing
    }

    /// Drops what is queued; the connection is over.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.messages.clear();
        state.bulk.clear();
        drop(state);
        self.drained.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes messages up to the batch length, then one bulk payload: neither can starve the other.
    fn take_batch(&mut self) -> Result<Batch, FrameError> {
        let mut batch = Batch {
            chunks: Vec::new(),
            cost: 0,
        };
        let mut copied = BytesMut::new();
        while batch.cost < BATCH_LEN {
            let Some(payload) = self.messages.pop_front() else {
                break;
            };
            batch.add(payload, &mut copied)?;
        }
        if let Some(payload) = self.bulk.pop_front() {
            batch.add(payload, &mut copied)?;
        }
        if !copied.is_empty() {
            batch.chunks.push(copied.freeze());
        }
        Ok(batch)
    }
}

impl Batch {
    fn add(&mut self, payload: Payload, copied: &mut BytesMut) -> Result<(), FrameError> {
        self.cost += payload.cost();
        copied.extend_from_slice(&frame::encode_header(payload.channel, payload.bytes.len())?);
        if payload.bytes.len() <= COPY_LEN_MAX {
            copied.extend_from_slice(&payload.bytes);
        } else {
            self.chunks.push(copied.split().freeze());
            self.chunks.push(payload.bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "outbox/tests.rs"]
mod tests;
