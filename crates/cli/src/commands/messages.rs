//! Messages.

use serde_json::{Value, json};

use super::{argument_or_input, object};
use crate::args::Command;
use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::{Output, line, lines, printable, short, text};
use crate::{resolve, stream};

pub fn send(client: &Client, out: Output, command: Command) -> Result<(), CliError> {
    let Command::Send {
        channel,
        text: content,
        reply_to,
        attach,
        nonce,
    } = command
    else {
        return Ok(());
    };
    let channel = resolve::channel_id(client, &channel)?;
    let content = argument_or_input(&content)?;
    let mut attachments = Vec::new();
    for path in &attach {
        let bytes = std::fs::read(path).map_err(CliError::io(path.display().to_string()))?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let file = client.upload(&format!("/channels/{channel}/attachments"), &name, bytes)?;
        attachments.push(file["id"].clone());
    }
    let body = object([
        ("content", Some(Value::from(content))),
        ("reply_to", reply_to.map(Value::from)),
        ("attachments", Some(Value::from(attachments))),
        ("nonce", nonce.map(Value::from)),
    ]);
    out.show(
        &client.post(&format!("/channels/{channel}/messages"), &body)?,
        one,
    );
    Ok(())
}

/// One line about a message; its text stands last.
pub fn one(message: &Value) -> String {
    let edited = if message["edited_ms"].is_null() {
        ""
    } else {
        " (edited)"
    };
    let content = if message["deleted"] == true {
        "(deleted)".to_owned()
    } else {
        printable(text(message, "content"))
    };
    let files = message["attachments"].as_array().map_or(0, Vec::len);
    let files = if files > 0 {
        format!(" [{files} files]")
    } else {
        String::new()
    };
    format!(
        "{}  {}: {content}{files}{edited}",
        text(message, "id"),
        printable(text(message, "author_name"))
    )
}

pub fn edit(client: &Client, out: Output, message: &str, content: &str) -> Result<(), CliError> {
    let content = argument_or_input(content)?;
    out.show(
        &client.patch(
            &format!("/messages/{message}"),
            &json!({ "content": content }),
        )?,
        one,
    );
    Ok(())
}

pub fn delete(client: &Client, out: Output, message: &str) -> Result<(), CliError> {
    client.delete(&format!("/messages/{message}"), &json!({}))?;
    out.done("deleted");
    Ok(())
}

pub fn react(
    client: &Client,
    out: Output,
    message: &str,
    emoji: &str,
    remove: bool,
) -> Result<(), CliError> {
    let path = format!("/messages/{message}/reactions/{}", percent_encode(emoji));
    if remove {
        client.delete(&path, &json!({}))?
    } else {
        client.put(&path, &json!({}))?
    };
    out.done("done");
    Ok(())
}

pub fn history(
    client: &Client,
    out: Output,
    channel: &str,
    limit: usize,
    before: Option<&str>,
) -> Result<(), CliError> {
    let channel = resolve::channel_id(client, channel)?;
    let before = before
        .map(|before| format!("&before={before}"))
        .unwrap_or_default();
    let page = client.get(&format!(
        "/channels/{channel}/messages?limit={limit}{before}"
    ))?;
    out.show(&page, |page| lines(&page["messages"], one));
    Ok(())
}

pub fn search(
    client: &Client,
    out: Output,
    query: &str,
    server: Option<&str>,
    channel: Option<&str>,
    limit: usize,
) -> Result<(), CliError> {
    let server = server
        .map(|server| resolve::server(client, server))
        .transpose()?;
    let channel = channel
        .map(|channel| resolve::channel_id(client, channel))
        .transpose()?;
    let server = server.map(|id| format!("&server={id}")).unwrap_or_default();
    let channel = channel
        .map(|id| format!("&channel={id}"))
        .unwrap_or_default();
    let answer = client.get(&format!(
        "/search?q={}&limit={limit}{server}{channel}",
        percent_encode(query)
    ))?;
    out.show(&answer, |answer| lines(&answer["results"], one));
    Ok(())
}

pub fn tail(
    client: &Client,
    out: Output,
    channel: Option<&str>,
    count: Option<usize>,
    all: bool,
) -> Result<(), CliError> {
    let mut stream = stream::Stream::open(client)?;
    let channel = channel
        .map(|channel| resolve::channel_id(client, channel))
        .transpose()?;
    let mut left = count;
    while left != Some(0) {
        let Some(event) = stream.next(None)? else {
            return Ok(());
        };
        let data = &event["data"];
        let is_wanted = channel
            .as_deref()
            .is_none_or(|channel| text(data, "channel_id") == channel);
        if all {
            line(&event.to_string());
        } else if is_wanted && text(&event, "type") == "message.created" {
            out.show(data, |message| {
                format!("{}  {}", short(text(message, "channel_id")), one(message))
            });
        } else {
            continue;
        }
        left = left.map(|left| left - 1);
    }
    Ok(())
}
