//! Being told to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::error::CliError;

/// Waits for Ctrl+C, or for the system's wish to end the process.
pub async fn stop() -> Result<(), CliError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::io("signals"))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(CliError::io("signals"))?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
