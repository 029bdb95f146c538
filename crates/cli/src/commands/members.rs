//! Members and moderation.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::object;
use crate::args::MemberCommand;
use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: MemberCommand) -> Result<(), CliError> {
    match command {
        MemberCommand::List { server, query } => {
            let server = resolve::server(client, &server)?;
            let answer = client.get(&format!(
                "/servers/{server}/members?limit=200&query={}",
                percent_encode(&query)
            ))?;
            out.show(&answer, |answer| lines(&answer["members"], one));
        }
        MemberCommand::Show { server, member } => {
            let (server, member) = both(client, &server, &member)?;
            out.show(
                &client.get(&format!("/servers/{server}/members/{member}"))?,
                one,
            );
        }
    }
    Ok(())
}

fn one(member: &Value) -> String {
    let owner = if member["owner"] == true {
        "  owner"
    } else {
        ""
    };
    format!(
        "{}  {}  {}{owner}",
        short(text(member, "id")),
        printable(text(member, "name")),
        text(member, "presence")
    )
}

fn both(client: &Client, server: &str, member: &str) -> Result<(String, String), CliError> {
    let server = resolve::server(client, server)?;
    let member = resolve::member(client, &server, member)?;
    Ok((server, member))
}

fn because(reason: Option<String>) -> Value {
    object([("reason", reason.map(Value::from))])
}

pub fn kick(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    reason: Option<String>,
) -> Result<(), CliError> {
    let (server, member) = both(client, server, member)?;
    client.post(
        &format!("/servers/{server}/members/{member}/kick"),
        &because(reason),
    )?;
    out.done("kicked");
    Ok(())
}

pub fn ban(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    reason: Option<String>,
    delete_hours: Option<u64>,
) -> Result<(), CliError> {
    let (server, member) = both(client, server, member)?;
    let delete_ms = delete_hours.map(|hours| Value::from(hours.saturating_mul(3_600_000)));
    let body = object([
        ("reason", reason.map(Value::from)),
        ("delete_messages_ms", delete_ms),
    ]);
    client.put(&format!("/servers/{server}/bans/{member}"), &body)?;
    out.done("banned; the keys have changed");
    Ok(())
}

pub fn bans(client: &Client, out: Output, server: &str) -> Result<(), CliError> {
    let server = resolve::server(client, server)?;
    let answer = client.get(&format!("/servers/{server}/bans"))?;
    out.show(&answer, |answer| {
        lines(&answer["bans"], |ban| {
            format!(
                "{}  {}  {}",
                short(text(ban, "id")),
                printable(text(ban, "name")),
                printable(text(ban, "reason"))
            )
        })
    });
    Ok(())
}

pub fn unban(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    reason: Option<String>,
) -> Result<(), CliError> {
    let server = resolve::server(client, server)?;
    let member = resolve::banned(client, &server, member)?;
    client.delete(
        &format!("/servers/{server}/bans/{member}"),
        &because(reason),
    )?;
    out.done("the ban is lifted");
    Ok(())
}

pub fn timeout(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    minutes: u64,
    reason: Option<String>,
) -> Result<(), CliError> {
    let (server, member) = both(client, server, member)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX);
    let until = if minutes == 0 {
        Value::Null
    } else {
        Value::from(now.saturating_add(minutes.saturating_mul(60_000)))
    };
    let body = object([
        ("timeout_until_ms", Some(until)),
        ("reason", reason.map(Value::from)),
    ]);
    client.patch(&format!("/servers/{server}/members/{member}"), &body)?;
    out.done("done");
    Ok(())
}

pub fn nick(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    nick: Option<String>,
) -> Result<(), CliError> {
    let (server, member) = both(client, server, member)?;
    out.show(
        &client.patch(
            &format!("/servers/{server}/members/{member}"),
            &json!({ "nick": nick }),
        )?,
        one,
    );
    Ok(())
}
