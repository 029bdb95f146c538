//! The stream of events, for commands that wait or follow.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, Message, WebSocket};

use crate::client::Client;
use crate::error::CliError;

/// Time for connecting, and for every part of the handshake.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// An open stream of events.
pub struct Stream {
    socket: WebSocket<TcpStream>,
}

impl Stream {
    /// Opens the stream and reads the first event, `ready`.
    ///
    /// # Errors
    /// [`CliError::Broken`].
    pub fn open(client: &Client) -> Result<Self, CliError> {
        let broken = |error: &dyn std::fmt::Display| CliError::Broken(error.to_string());
        let host = client.url().trim_start_matches("http://");
        let tcp = TcpStream::connect(host).map_err(|error| broken(&error))?;
        tcp.set_read_timeout(Some(OPEN_TIMEOUT))
            .map_err(|error| broken(&error))?;
        let mut request = format!("ws://{host}/api/v1/events")
            .into_client_request()
            .map_err(|error| broken(&error))?;
        let mut protocols =
            HeaderValue::from_str(&format!("conclave.v1, bearer.{}", client.token()))
                .map_err(|error| broken(&error))?;
        protocols.set_sensitive(true);
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols);
        let (socket, _) = tungstenite::client(request, tcp).map_err(|error| broken(&error))?;
        let mut stream = Self { socket };
        stream.next(Some(Instant::now() + OPEN_TIMEOUT))?;
        Ok(stream)
    }

    /// Waits for the next event; `None` at the deadline or when the node stops.
    ///
    /// # Errors
    /// [`CliError::Broken`].
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Option<Value>, CliError> {
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            self.socket
                .get_ref()
                .set_read_timeout(left)
                .map_err(CliError::io("the connection to the node"))?;
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(text.as_str()).ok()),
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Ok(None);
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(CliError::Broken(error.to_string())),
            }
        }
    }
}
