//! One message at a time, and what was read.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{messages, object};
use crate::args::{MessageCommand, NotifyArgs, ReadArgs};
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, text};
use crate::resolve;

/// Names tried for a file before giving up: `chart.txt`, `chart.txt.1`, and so on.
const NAMES_MAX: usize = 1000;

pub fn message(client: &Client, out: Output, command: MessageCommand) -> Result<(), CliError> {
    match command {
        MessageCommand::Show { message } => {
            out.show(&client.get(&format!("/messages/{message}"))?, messages::one);
        }
        MessageCommand::Pin { message, remove } => {
            let path = format!("/messages/{message}/pin");
            client.put(&path, &json!({ "pinned": !remove }))?;
            out.done(if remove { "unpinned" } else { "pinned" });
        }
        MessageCommand::Copies { message } => {
            let copies = client.get(&format!("/messages/{message}/copies"))?;
            out.show(&copies, |copies| lines(&copies["devices"], copy));
        }
        MessageCommand::Save { message, to } => save(client, out, &message, &to)?,
    }
    Ok(())
}

fn copy(copy: &Value) -> String {
    let of = copy["member_id"].as_str().unwrap_or("somebody unknown");
    format!("{of}  since {} ms", copy["time_ms"])
}

fn save(client: &Client, out: Output, message: &str, to: &Path) -> Result<(), CliError> {
    let found = client.get(&format!("/messages/{message}"))?;
    let mut saved = Vec::new();
    for file in found["attachments"].as_array().into_iter().flatten() {
        let ticket = client.post(
            &format!("/attachments/{}/ticket", text(file, "id")),
            &json!({}),
        )?;
        let bytes = client.download(text(&ticket, "url"))?;
        let path = write_new(to, text(file, "name"), &bytes)?;
        saved.push(json!({ "name": file["name"], "path": path, "bytes": bytes.len() }));
    }
    let saved = Value::from(saved);
    out.show(&json!({ "files": saved }), |answer| {
        lines(&answer["files"], |file| printable(text(file, "path")))
    });
    Ok(())
}

/// Writes a file that was not there. Its name is a stranger's: it loses directories and what would act on a terminal, and never
/// replaces anything.
fn write_new(to: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, CliError> {
    let name = printable(name).replace('\n', " ");
    let name = Path::new(&name).file_name();
    let name = name.map_or_else(
        || "file".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let name = name.trim_start_matches('.');
    let name = if name.is_empty() { "file" } else { name };
    for number in 0..NAMES_MAX {
        let path = to.join(match number {
            0 => name.to_owned(),
            number => format!("{name}.{number}"),
        });
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes);
                written.map_err(CliError::io(path.display().to_string()))?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(CliError::io(path.display().to_string())(error)),
        }
    }
    Err(CliError::Usage(format!(
        "{}: there are too many files called {name}",
        to.display()
    )))
}

pub fn read(client: &Client, out: Output, args: &ReadArgs) -> Result<(), CliError> {
    if let Some(server) = &args.server {
        let server = resolve::server(client, server)?;
        client.post(&format!("/servers/{server}/read"), &json!({}))?;
        out.done("read");
        return Ok(());
    }
    let channel = resolve::channel_id(client, args.channel.as_deref().unwrap_or_default())?;
    if let Some(message) = &args.unread_from {
        let path = format!("/channels/{channel}/unread");
        client.post(&path, &json!({ "message_id": message }))?;
        out.done("unread from there on");
        return Ok(());
    }
    let page = client.get(&format!("/channels/{channel}/messages?limit=1"))?;
    if let Some(last) = page["messages"].as_array().and_then(|page| page.last()) {
        let path = format!("/channels/{channel}/read");
        client.post(&path, &json!({ "message_id": last["id"] }))?;
    }
    out.done("read");
    Ok(())
}

pub fn notify(client: &Client, out: Output, args: NotifyArgs) -> Result<(), CliError> {
    let channel = resolve::channel_id(client, &args.channel)?;
    let body = object([
        ("level", args.level.map(Value::from)),
        ("muted", args.muted.map(Value::from)),
    ]);
    client.patch(&format!("/channels/{channel}/settings"), &body)?;
    out.done("changed");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_strangers_name_leaves_no_directory_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = write_new(dir.path(), name, b"x").unwrap();
            assert_eq!(path.parent(), Some(dir.path()), "{name}");
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(write("chart.txt"), "chart.txt");
        assert_eq!(write("chart.txt"), "chart.txt.1");
        assert_eq!(write("../../.bashrc"), "bashrc");
        assert_eq!(write(".."), "file");
        assert_eq!(write("a\u{1b}[2Jb\nc"), "a[2Jb c");
    }
}
