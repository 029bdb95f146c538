//! Channels and who can read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::object;
use crate::args::ChannelCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

/// VIEW_CHANNEL, which a role needs to see a private channel.
const VIEW_CHANNEL: &str = "VIEW_CHANNEL";

pub fn run(client: &Client, out: Output, command: ChannelCommand) -> Result<(), CliError> {
    match command {
        create @ ChannelCommand::Create { .. } => create_channel(client, out, create),
        ChannelCommand::List { server } => {
            let id = resolve::server(client, &server)?;
            out.show(
                &client.get(&format!("/servers/{id}"))?["channels"],
                |channels| lines(channels, one),
            );
            Ok(())
        }
        ChannelCommand::Edit {
            channel,
            name,
            topic,
            slow_mode,
            durability,
        } => {
            let id = resolve::channel_id(client, &channel)?;
            let body = object([
                ("name", name.map(Value::from)),
                ("topic", topic.map(Value::from)),
                ("slow_mode_s", slow_mode.map(Value::from)),
                ("durability", durability.map(Value::from)),
            ]);
            out.show(&client.patch(&format!("/channels/{id}"), &body)?, one);
            Ok(())
        }
        ChannelCommand::Delete { channel } => {
            let id = resolve::channel_id(client, &channel)?;
            client.delete(&format!("/channels/{id}"), &json!({}))?;
            out.done("deleted");
            Ok(())
        }
        ChannelCommand::Overwrite {
            channel,
            kind,
            subject,
            allow,
            deny,
        } => {
            let channel = resolve::channel(client, &channel)?;
            let server = text(&channel, "server_id");
            let subject = if kind == "role" {
                resolve::role(client, server, &subject)?
            } else {
                resolve::member(client, server, &subject)?
            };
            let path = format!(
                "/channels/{}/overwrites/{kind}/{subject}",
                text(&channel, "id")
            );
            if allow.is_none() && deny.is_none() {
                client.delete(&path, &json!({}))?;
            } else {
                let bits = |bits: Option<String>| {
                    bits.map_or(Ok("0".to_owned()), |bits| super::roles::bits(&bits))
                };
                client.put(
                    &path,
                    &json!({ "allow": bits(allow)?, "deny": bits(deny)? }),
                )?;
            }
            out.done("done");
            Ok(())
        }
    }
}

fn create_channel(client: &Client, out: Output, command: ChannelCommand) -> Result<(), CliError> {
    let ChannelCommand::Create {
        server,
        name,
        kind,
        topic,
        parent,
        private,
        allow_role,
        durability,
    } = command
    else {
        return Ok(());
    };
    let server = resolve::server(client, &server)?;
    let parent = parent
        .map(|parent| resolve::channel_id(client, &format!("{server}/{parent}")))
        .transpose()?;
    let view = super::roles::bits(VIEW_CHANNEL)?;
    let mut overwrites = Vec::new();
    for role in &allow_role {
        let id = resolve::role(client, &server, role)?;
        overwrites.push(json!({ "kind": "role", "id": id, "allow": view, "deny": "0" }));
    }
    let body = object([
        ("name", Some(Value::from(name))),
        ("kind", Some(Value::from(kind))),
        ("topic", topic.map(Value::from)),
        ("parent_id", parent.map(Value::from)),
        ("private", Some(Value::from(private))),
        ("overwrites", Some(Value::from(overwrites))),
        ("durability", durability.map(Value::from)),
    ]);
    out.show(
        &client.post(&format!("/servers/{server}/channels"), &body)?,
        one,
    );
    Ok(())
}

/// One line about a channel.
pub fn one(channel: &Value) -> String {
    let mark = match text(channel, "kind") {
        "category" => "v ",
        "announcement" => "! ",
        _ => "# ",
    };
    let private = if channel["private"] == true {
        "  private"
    } else {
        ""
    };
    let unread = if channel["unread"] == true {
        "  unread"
    } else {
        ""
    };
    let name = printable(text(channel, "name"));
    format!(
        "{}  {mark}{name}  {}{private}{unread}",
        short(text(channel, "id")),
        text(channel, "durability")
    )
}

/// `  for 3 d`: how long the key has been in use here, or nothing.
fn in_use(since_ms: &Value) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let since = since_ms.as_u64().map(Duration::from_millis);
    let Some(age) = since.map(|since| now.saturating_sub(since).as_secs()) else {
        return String::new();
    };
    let (count, unit) = match age {
        0..60 => (age, "s"),
        60..3_600 => (age / 60, "min"),
        3_600..86_400 => (age / 3_600, "h"),
        _ => (age / 86_400, "d"),
    };
    format!("  for {count} {unit}")
}

pub fn keys(client: &Client, out: Output, channel: &str) -> Result<(), CliError> {
    let id = resolve::channel_id(client, channel)?;
    out.show(&client.get(&format!("/channels/{id}/keys"))?, |keys| {
        let name = |value: &Value| format!("  {}", printable(text(value, "name")));
        let links = lines(&keys["links"], |link| format!("  {} link {}", text(link, "kind"), short(text(link, "invite_id"))));
        let (readers, former) = (lines(&keys["readers"], name), lines(&keys["former"], name));
        let epoch = short(text(keys, "epoch"));
        let due = if keys["due"] == true {
            "Somebody who is out still holds this key; the next message gets a new one.\n"
        } else {
            ""
        };
        let newcomers = if keys["history"] == "from_joining" {
            "Newcomers read from the present key on.\n"
        } else {
            "Newcomers read everything from the beginning.\n"
        };
        format!(
            "epoch {epoch}  {}{}\n{due}{newcomers}Can read:\n{readers}{links}Could read, and keep what they had:\n{former}",
            text(keys, "suite"),
            in_use(&keys["since_ms"])
        )
    });
    Ok(())
}
