//! The life of one established connection: a task that reads, writes and watches the path until either side ends it.

use std::{fmt, future::pending, sync::Arc, time::Duration};

use iroh::endpoint::{Connection, ReadError, RecvStream, SendStream, WriteError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    addr::NodeId,
    close::{CloseCode, DisconnectReason},
    events::{EventSink, NetEvent},
    frame::{Channel, Decoder, Frame},
    handshake::Agreed,
    limits::{DELIVERY_UNIT_LEN, INCOMING_UNITS_MIN, Limits, PAYLOAD_LEN_MAX},
    outbox::{Batch, Outbox},
    path::PathInfo,
    table::Stop,
};

/// Bytes taken from the stream at once.
const READ_LEN: usize = 64 << 10;

/// Names a connection of this node; never used again for another one, so long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Everything that the task of a connection needs.
pub(crate) struct Link {
    pub(crate) id: ConnectionId,
    pub(crate) node_id: NodeId,
    pub(crate) dialed: bool,
    pub(crate) conn: Connection,
    pub(crate) agreed: Agreed,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) sink: EventSink,
    /// Cancelled once the connection that this one replaces has been reported as over.
    pub(crate) predecessor: Option<CancellationToken>,
    /// The place among all connections, free again when the task ends.
    pub(crate) _slot: OwnedSemaphorePermit,
}

impl Link {
    /// Reports the connection, serves it, and closes it. The caller reports the end.
    pub(crate) async fn run(mut self, limits: &Limits) -> DisconnectReason {
        if let Some(predecessor) = &self.predecessor {
            predecessor.cancelled().await;
        }
        let connected = NetEvent::Connected {
            conn: self.id,
            node_id: self.node_id,
            version: self.agreed.version,
            features: self.agreed.theirs.features,
            incoming: !self.dialed,
        };
        let reason = if self.sink.send(connected, None).await {
            self.serve(limits).await
        } else {
            DisconnectReason::Shutdown
        };
        self.outbox.close();
        let code = reason.code();
        self.conn.close(code.varint(), code.text().as_bytes());
        reason
    }

    async fn serve(&mut self, limits: &Limits) -> DisconnectReason {
        let (id, node_id, conn, outbox, sink) =
            (self.id, self.node_id, &self.conn, &*self.outbox, &self.sink);
        tokio::select! {
            reason = self.stop.requested() => reason,
            reason = read(&mut self.agreed.recv, id, sink, limits) => self.unless_finishing(reason),
            reason = write(&mut self.agreed.send, conn, outbox, limits.stall_timeout) => reason,
            reason = watch_path(conn, id, node_id, sink) => reason,
            () = expire(outbox, limits.flush_timeout) => DisconnectReason::Local,
        }
    }

    /// A peer answers our last frame by closing: that is the end which this side asked for.
    fn unless_finishing(&self, reason: DisconnectReason) -> DisconnectReason {
        match reason {
            DisconnectReason::Peer {
                code: Some(CloseCode::Normal),
            } if self.outbox.is_finishing() => DisconnectReason::Local,
            other => other,
        }
    }
}

/// Delivers frames as fast as they are taken. A consumer that is busy, or busy with others, stops the reading, and QUIC
/// flow control stops the peer.
async fn read(
    recv: &mut RecvStream,
    conn: ConnectionId,
    sink: &EventSink,
    limits: &Limits,
) -> DisconnectReason {
    let units_max = limits.incoming_units_max.max(INCOMING_UNITS_MIN);
    let units = Arc::new(Semaphore::new(units_max as usize));
    let mut decoder = Decoder::new(PAYLOAD_LEN_MAX);
    loop {
        let chunk = match recv.read_chunk(READ_LEN).await {
            Ok(Some(chunk)) => chunk,
            // The peer has said everything, and waits for us to confirm by closing.
            Ok(None) => {
                return DisconnectReason::Peer {
                    code: Some(CloseCode::Normal),
                };
            }
            Err(ReadError::ConnectionLost(error)) => return error.into(),
            Err(other) => return DisconnectReason::Transport(other.to_string()),
        };
        let mut input = &chunk[..];
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(Frame {
                    channel: Channel::Control,
                    ..
                })) => return DisconnectReason::ControlFrame,
                Ok(Some(Frame { channel, payload })) => {
                    let cost = 1 + (payload.len() / DELIVERY_UNIT_LEN) as u32; // at most INCOMING_UNITS_MIN
                    let Ok(permit) = Arc::clone(&units).acquire_many_owned(cost).await else {
                        return DisconnectReason::Shutdown;
                    };
                    if !sink
                        .send(
                            NetEvent::Received {
                                conn,
                                channel,
                                payload,
                            },
                            Some(permit),
                        )
                        .await
                    {
                        return DisconnectReason::Shutdown;
                    }
                }
                Ok(None) => break,
                Err(error) => return error.into(),
            }
        }
    }
}

/// Writes batches until the outbox is finished, then waits for the peer to confirm by closing.
async fn write(
    send: &mut SendStream,
    conn: &Connection,
    outbox: &Outbox,
    stall: Duration,
) -> DisconnectReason {
    loop {
        match outbox.next_batch().await {
            Ok(Some(mut batch)) => match write_batch(send, &mut batch, stall).await {
                Ok(()) => outbox.written(&batch),
                Err(reason) => return reason,
            },
            Ok(None) => break,
            Err(error) => return DisconnectReason::Transport(error.to_string()),
        }
    }
    let _ = send.finish(); // fails only on a stream that is over anyway
    conn.closed().await;
    DisconnectReason::Local
}

async fn write_batch(
    send: &mut SendStream,
    batch: &mut Batch,
    stall: Duration,
) -> Result<(), DisconnectReason> {
    let mut chunks = batch.chunks.as_mut_slice();
    while !chunks.is_empty() {
        match tokio::time::timeout(stall, send.write_many_chunks(&mut chunks)).await {
            Ok(Ok(_)) => {}
            Ok(Err(WriteError::ConnectionLost(error))) => return Err(error.into()),
            Ok(Err(other)) => return Err(DisconnectReason::Transport(other.to_string())),
            Err(_) => return Err(DisconnectReason::SlowPeer),
        }
    }
    Ok(())
}

/// Reports the kind of path whenever it changes. Ends only when nobody takes events any more.
async fn watch_path(
    conn: &Connection,
    id: ConnectionId,
    node_id: NodeId,
    sink: &EventSink,
) -> DisconnectReason {
    let mut snapshots = conn.paths_stream();
    let mut reported = None;
    while let Some(paths) = snapshots.next().await {
        let Some(path) = PathInfo::of(node_id, &paths) else {
            continue;
        };
        if reported.as_ref() != Some(&path.kind) {
            reported = Some(path.kind.clone());
            if !sink
                .send(NetEvent::PathChanged { conn: id, path }, None)
                .await
            {
                return DisconnectReason::Shutdown;
            }
        }
    }
    pending().await
}

/// Ends a graceful disconnect that the peer does not let finish.
async fn expire(outbox: &Outbox, flush_timeout: Duration) {
    outbox.finishing().await;
    tokio::time::sleep(flush_timeout).await;
}
