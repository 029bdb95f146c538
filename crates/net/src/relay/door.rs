//! Accepts the connections of a relay's clients, and bounds them until they have proven a node id.
//!
//! `iroh-relay`'s own server accepts without bound, and waits for ever for the proof after the WebSocket upgrade. Here
//! every connection holds a [`Pending`] place from its first packet on. The place travels with the HTTP request into
//! the relay service, which drops it once the client is admitted or refused; whoever keeps it too long is cut off.

use std::{
    net::{Shutdown, TcpStream as StdTcpStream},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::{Method, Request, Response, StatusCode, response::Builder};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::TokioIo;
use iroh_relay::{
    http::RELAY_PROBE_PATH,
    server::{
        RelayService,
        http_server::{BytesBody, Handlers, HyperError, HyperResult, RelayServiceWithNotify},
        streams::MaybeTlsStream,
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::gate::Gate;

/// Pause after the system refused a connection (for want of file handles, usually), which would repeat at once.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(super) struct Door {
    pub(super) service: RelayService,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) gate: Arc<Gate>,
    pub(super) pending_timeout: Duration,
    pub(super) closing: CancellationToken,
    pub(super) tasks: TaskTracker,
}

/// A place among the connections that have proven nothing, until the last clone is dropped.
struct Pending {
    _place: OwnedSemaphorePermit,
    _settled: DropGuard,
}

impl Door {
    /// Accepts until the relay closes, then disconnects its clients.
    pub(super) async fn serve(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.closing.cancelled() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    continue;
                }
            };
            let Some(place) = self.gate.start_pending() else {
                continue;
            };
            self.tasks.spawn(self.clone().admit(stream, place));
        }
        drop(listener);
        self.service.shutdown().await;
    }

    /// Serves a connection until it is admitted, refused, closed, or too slow.
    async fn admit(self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let Ok((stream, twin)) = with_twin(stream) else {
            return;
        };
        let settled = CancellationToken::new();
        let pending = Pending {
            _place: place,
            _settled: settled.clone().drop_guard(),
        };
        let service = PendingService {
            inner: RelayServiceWithNotify::new(self.service.clone(), Arc::new(Notify::new())),
            pending: Arc::new(pending),
        };
        let served = async {
            if let Err(error) = serve_http(stream, self.tls.as_ref(), service).await {
                tracing::debug!(%error, "connection failed");
            }
            settled.cancelled().await;
        };
        tokio::select! {
            () = served => return,
            () = tokio::time::sleep(self.pending_timeout) => {
                self.gate.timed_out.fetch_add(1, Ordering::Relaxed);
            }
            () = self.closing.cancelled() => {}
        }
        let _ = twin.shutdown(Shutdown::Both); // fails only when it is closed already
    }
}

/// Returns a second handle to the socket, with which it can be cut off wherever the first one went.
fn with_twin(stream: TcpStream) -> std::io::Result<(TcpStream, StdTcpStream)> {
    let stream = stream.into_std()?;
    let twin = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, twin))
}

async fn serve_http(
    stream: TcpStream,
    tls: Option<&TlsAcceptor>,
    service: PendingService,
) -> Result<(), HyperError> {
    let stream = match tls {
        Some(tls) => MaybeTlsStream::Tls(tls.accept(stream).await?),
        None => MaybeTlsStream::Plain(stream),
    };
    Ok(http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await?)
}

/// The relay service, with the place put into each request.
struct PendingService {
    inner: RelayServiceWithNotify,
    pending: Arc<Pending>,
}

impl Service<Request<Incoming>> for PendingService {
    type Response = Response<BytesBody>;
    type Error = HyperError;
    type Future = <RelayServiceWithNotify as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Arc::clone(&self.pending));
        self.inner.call(request)
    }
}

/// Answers beside the relaying itself: the latency probe that nodes choose their relay with, and one for operators.
pub(super) fn handlers() -> Handlers {
    let mut handlers = Handlers::default();
    handlers.insert(
        (Method::GET, RELAY_PROBE_PATH),
        Box::new(|_, response| respond(response, "")),
    );
    handlers.insert(
        (Method::GET, "/healthz"),
        Box::new(|_, response| respond(response, "ok\n")),
    );
    handlers
}

fn respond(response: Builder, text: &'static str) -> HyperResult<Response<BytesBody>> {
    let body: BytesBody = Box::new(Full::from(text));
    Ok(response
        .status(StatusCode::OK)
        .header(http::header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .body(body)?)
}
