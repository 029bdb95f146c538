//! The first words on a new connection: one stream, one HELLO in each direction.

use std::time::Duration;

use iroh::endpoint::{
    Connection, ConnectionError, ReadExactError, RecvStream, SendStream, WriteError,
};

use crate::{
    close::{CloseCode, refused_version},
    error::ConnectError,
    frame::{self, Channel, FRAME_HEADER_LEN},
    hello::{HELLO_LEN_MAX, Hello},
};

/// The application protocol that connections are opened for.
pub const ALPN: &[u8] = b"conclave";

/// What both sides agreed on.
pub(crate) struct Agreed {
    pub(crate) send: SendStream,
    pub(crate) recv: RecvStream,
    pub(crate) theirs: Hello,
    pub(crate) version: u16,
}

/// Exchanges HELLO over a stream that the dialling side opens. Neither side waits for the other's HELLO before sending
/// its own. On failure the connection is closed with the code that says why.
pub(crate) async fn shake_hands(
    conn: &Connection,
    ours: &Hello,
    dialed: bool,
    timeout: Duration,
) -> Result<Agreed, ConnectError> {
    let result = match tokio::time::timeout(timeout, exchange(conn, ours, dialed)).await {
        Ok(result) => result,
        Err(_) => Err(ConnectError::Timeout),
    };
    if let Err(error) = &result {
        let (code, reason) = match error {
            // The peer may see this before it has read our HELLO, and shall know our versions all the same.
            ConnectError::VersionMismatch { .. } => (CloseCode::Version, ours.encode()),
            ConnectError::Timeout => (CloseCode::Timeout, CloseCode::Timeout.text().into()),
            ConnectError::Hello(_) | ConnectError::NotHello => {
                (CloseCode::Hello, CloseCode::Hello.text().into())
            }
            _ => (CloseCode::Normal, Vec::new()),
        };
        conn.close(code.varint(), &reason);
    }
    result
}

async fn exchange(conn: &Connection, ours: &Hello, dialed: bool) -> Result<Agreed, ConnectError> {
    let lost = |error| lost(ours, error);
    let (mut send, mut recv) = if dialed {
        conn.open_bi().await
    } else {
        conn.accept_bi().await
    }
    .map_err(lost)?;
    let hello = ours.encode();
    let header =
        frame::encode_header(Channel::Control, hello.len()).map_err(|_| ConnectError::NotHello)?;
    let sent = send.write_all(&[header.as_slice(), &hello].concat()).await;
    match sent {
        Ok(()) => {}
        Err(WriteError::ConnectionLost(error)) => return Err(lost(error)),
        Err(_) => return Err(ConnectError::NotHello),
    }
    let theirs = read_hello(&mut recv, lost).await?;
    let version =
        ours.versions
            .highest_common(theirs.versions)
            .ok_or(ConnectError::VersionMismatch {
                ours: ours.versions,
                theirs: theirs.versions,
            })?;
    Ok(Agreed {
        send,
        recv,
        theirs,
        version,
    })
}

/// Reads exactly one frame, and at most [`HELLO_LEN_MAX`] bytes of payload whatever its header says.
async fn read_hello(
    recv: &mut RecvStream,
    lost: impl Fn(ConnectionError) -> ConnectError,
) -> Result<Hello, ConnectError> {
    let failed = |error| match error {
        ReadExactError::ReadError(iroh::endpoint::ReadError::ConnectionLost(error)) => lost(error),
        _ => ConnectError::NotHello,
    };
    let mut header = [0; FRAME_HEADER_LEN];
    recv.read_exact(&mut header).await.map_err(failed)?;
    let Ok((Channel::Control, len)) = frame::decode_header(header, HELLO_LEN_MAX) else {
        return Err(ConnectError::NotHello);
    };
    let mut hello = vec![0; len];
    recv.read_exact(&mut hello).await.map_err(failed)?;
    Ok(Hello::decode(&hello)?)
}

fn lost(ours: &Hello, error: ConnectionError) -> ConnectError {
    if let Some(theirs) = refused_version(&error) {
        return ConnectError::VersionMismatch {
            ours: ours.versions,
            theirs: theirs.versions,
        };
    }
    match error {
        ConnectionError::ApplicationClosed(close) => ConnectError::Refused {
            code: CloseCode::from_varint(close.error_code),
        },
        other => ConnectError::Lost(other.into()),
    }
}
