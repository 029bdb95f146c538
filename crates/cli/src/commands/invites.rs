//! Invites and joining.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{argument_or_input, object};
use crate::args::InviteCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::{resolve, stream};

/// How long `join` waits for a member who is online.
const JOIN_TIMEOUT: Duration = Duration::from_secs(60);

pub fn run(client: &Client, out: Output, command: InviteCommand) -> Result<(), CliError> {
    match command {
        InviteCommand::Create {
            server,
            closed,
            max_uses,
            expires_hours,
            role,
        } => {
            let server = resolve::server(client, &server)?;
            let role = role
                .map(|role| resolve::role(client, &server, &role))
                .transpose()?;
            let body = object([
                (
                    "kind",
                    Some(Value::from(if closed { "closed" } else { "open" })),
                ),
                ("max_uses", max_uses.map(Value::from)),
                (
                    "expires_in_s",
                    expires_hours.map(|hours| Value::from(hours.saturating_mul(3600))),
                ),
                ("role_id", role.map(Value::from)),
            ]);
            out.show(
                &client.post(&format!("/servers/{server}/invites"), &body)?,
                |invite| text(invite, "url").to_owned(),
            );
        }
        InviteCommand::List { server } => {
            let server = resolve::server(client, &server)?;
            out.show(
                &client.get(&format!("/servers/{server}/invites"))?,
                |answer| lines(&answer["invites"], one),
            );
        }
        InviteCommand::Revoke { server, invite } => {
            let server = resolve::server(client, &server)?;
            let invites = client.get(&format!("/servers/{server}/invites"))?;
            let invites = invites["invites"].as_array().cloned().unwrap_or_default();
            let id = text(resolve::pick("invite", &invites, &invite, &["code"])?, "id").to_owned();
            client.delete(&format!("/servers/{server}/invites/{id}"), &json!({}))?;
            out.done("revoked; whoever holds the link keeps what they could read until now");
        }
        InviteCommand::Inspect { link } => {
            let link = argument_or_input(&link)?;
            out.show(
                &client.post("/invites/inspect", &json!({ "link": link }))?,
                inspection,
            );
        }
    }
    Ok(())
}

fn one(invite: &Value) -> String {
    let revoked = if invite["revoked"] == true {
        "  revoked"
    } else {
        ""
    };
    let max = invite["max_uses"]
        .as_u64()
        .map_or_else(|| "unlimited".to_owned(), |max| max.to_string());
    format!(
        "{}  {}  {} of {max} uses{revoked}  {}",
        short(text(invite, "id")),
        text(invite, "kind"),
        invite["uses"],
        text(invite, "url")
    )
}

fn inspection(link: &Value) -> String {
    let valid = if link["valid"] == true {
        ""
    } else {
        "\nThe link has expired."
    };
    let (server, inviter) = (
        printable(text(link, "server_name")),
        printable(text(link, "inviter_name")),
    );
    format!(
        "{server}, from {inviter}, {} members (as the link says)\n{}{valid}",
        link["member_count"],
        text(link, "privacy")
    )
}

pub fn join(client: &Client, out: Output, link: &str, wait: bool) -> Result<(), CliError> {
    let link = argument_or_input(link)?;
    // Listening begins before joining, so that the moment of success is not missed.
    let mut events = if wait {
        Some(stream::Stream::open(client)?)
    } else {
        None
    };
    let answer = client.post("/invites/join", &json!({ "link": link }))?;
    let id = text(&answer["server"], "id").to_owned();
    let deadline = Instant::now() + JOIN_TIMEOUT;
    let mut server = answer["server"].clone();
    while let (Some(events), "connecting") = (&mut events, text(&server["state"], "connection")) {
        if events.next(Some(deadline))?.is_none() {
            break;
        }
        let servers = client.get("/servers")?;
        let found = servers["servers"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|server| text(server, "id") == id);
        server = found.cloned().unwrap_or(server);
    }
    out.show(&server, super::servers::one);
    Ok(())
}
