//! The operator's socket: one line asks, one line of JSON answers. It lies in the hub's directory, which only its owner may enter.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conclave_core::id::Digest;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::actor::Job;

const SOCKET: &str = "admin.sock";

/// Longest request.
const REQUEST_BYTES_MAX: u64 = 8_192;

/// How long a request may take to arrive, and an answer to be read.
const TALK_TIME: Duration = Duration::from_secs(10);

/// How long the operator waits for an answer: a backup of a large store takes its time.
const ANSWER_TIME: Duration = Duration::from_secs(3_600);

/// Why the hub did not do what it was asked.
#[derive(Debug, Error)]
pub enum AdminError {
    /// No hub runs on this directory.
    #[error("no hub is running on {}", .0.display())]
    NoHub(PathBuf),
    /// The connection broke.
    #[error("the hub did not answer: {0}")]
    Broken(#[from] std::io::Error),
    /// It refused.
    #[error("{0}")]
    Refused(String),
}

/// Asks the hub that runs on a directory.
///
/// # Errors
/// [`AdminError`].
pub fn ask(dir: &Path, request: &Value) -> Result<Value, AdminError> {
    let stream =
        UnixStream::connect(dir.join(SOCKET)).map_err(|_| AdminError::NoHub(dir.to_owned()))?;
    stream.set_read_timeout(Some(ANSWER_TIME))?;
    (&stream).write_all(format!("{request}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let answer: Value = serde_json::from_str(&line).map_err(std::io::Error::from)?;
    match answer["error"].as_str() {
        Some(error) => Err(AdminError::Refused(error.to_owned())),
        None => Ok(answer),
    }
}

/// Listens for the operator until the hub stops.
pub(super) fn listen(
    dir: &Path,
    jobs: mpsc::Sender<Job>,
    stop: CancellationToken,
) -> std::io::Result<JoinHandle<()>> {
    let path = dir.join(SOCKET);
    // The store is locked by this process, so a socket that is left over is nobody's.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    Ok(tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => {
                        tokio::time::sleep(TALK_TIME).await;
                        continue;
                    }
                },
                () = stop.cancelled() => break,
            };
            tokio::spawn(serve(stream, jobs.clone()));
        }
        let _ = std::fs::remove_file(&path);
    }))
}

async fn serve(mut stream: tokio::net::UnixStream, jobs: mpsc::Sender<Job>) {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(REQUEST_BYTES_MAX));
    let read = tokio::time::timeout(TALK_TIME, reader.read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(length)) if length > 0) {
        return;
    }
    let answer = match serde_json::from_str::<Value>(&line) {
        Ok(request) => answer(&request, &jobs).await,
        Err(error) => Err(error.to_string()),
    };
    let answer = answer.unwrap_or_else(|error| json!({ "error": error }));
    let line = format!("{answer}\n");
    let _ = tokio::time::timeout(TALK_TIME, writer.write_all(line.as_bytes())).await;
}

async fn answer(request: &Value, jobs: &mpsc::Sender<Job>) -> Result<Value, String> {
    const GONE: &str = "the hub is shutting down";
    match request["do"].as_str() {
        Some("status") => {
            let (answer, status) = oneshot::channel();
            let _ = jobs.send(Job::Status(answer)).await;
            status.await.map_err(|_| GONE.to_owned())
        }
        Some("backup") => {
            let path = request["path"].as_str().ok_or("a path is missing")?;
            let (answer, done) = oneshot::channel();
            let _ = jobs.send(Job::Backup(path.into(), answer)).await;
            let rows = done.await.map_err(|_| GONE.to_owned())??;
            Ok(json!({ "rows": rows }))
        }
        Some(what @ ("drop" | "allow")) => {
            let hosting = request["hosting_id"].as_str().and_then(Digest::from_hex);
            let hosting = hosting.ok_or("a hosting id has 64 hexadecimal digits")?;
            let (answer, done) = oneshot::channel();
            let refuse = what == "drop";
            let job = Job::Drop {
                hosting,
                refuse,
                answer,
            };
            let _ = jobs.send(job).await;
            done.await.map_err(|_| GONE.to_owned())??;
            Ok(json!({ "done": true }))
        }
        _ => Err("one of status, backup, drop, allow".to_owned()),
    }
}
