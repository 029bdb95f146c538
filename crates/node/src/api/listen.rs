//! Listening on loopback, within bounds: so many connections, so much header, so much time for it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at the same time to one listener. A browser opens six, and one more for events in every tab.
pub const CONNECTIONS_MAX: usize = 256;

/// Time in which a request's header must have arrived.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a request's header.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// Fields of a request's header.
const HEADER_FIELDS_MAX: usize = 64;

/// Time that open requests have when the node stops.
const GRACE: Duration = Duration::from_secs(2);

/// Pause after the system refused a connection, so that a lack of descriptors does not become a busy loop.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// Serves until told to stop, then lets open requests end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(REFUSED_PAUSE).await;
            continue;
        };
        // The listener is bound to loopback; this holds even if it one day is not.
        let (true, Ok(slot)) = (
            from.ip().is_loopback(),
            Arc::clone(&slots).try_acquire_owned(),
        ) else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_headers(HEADER_FIELDS_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let stop = stop.clone();
        tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(GRACE, connection).await;
                }
            }
            drop(slot);
        });
    }
    tasks.close();
    let _ = tokio::time::timeout(GRACE, tasks.wait()).await;
}
