//! Servers.

use serde_json::{Value, json};

use super::object;
use crate::args::ServerCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: ServerCommand) -> Result<(), CliError> {
    match command {
        ServerCommand::Create { name, chat } => {
            let template = if chat { "chat" } else { "community" };
            out.show(
                &client.post("/servers", &json!({ "name": name, "template": template }))?,
                one,
            );
        }
        ServerCommand::List => out.show(&client.get("/servers")?, |value| {
            lines(&value["servers"], one)
        }),
        ServerCommand::Show { server } => {
            let id = resolve::server(client, &server)?;
            out.show(&client.get(&format!("/servers/{id}"))?, details);
        }
        ServerCommand::Edit {
            server,
            name,
            description,
        } => {
            let id = resolve::server(client, &server)?;
            let body = object([
                ("name", name.map(Value::from)),
                ("description", description.map(Value::from)),
            ]);
            out.show(&client.patch(&format!("/servers/{id}"), &body)?, one);
        }
        ServerCommand::Leave { server } => {
            let id = resolve::server(client, &server)?;
            client.post(&format!("/servers/{id}/leave"), &json!({}))?;
            out.done("left");
        }
        ServerCommand::Fork {
            server,
            name,
            with_roles,
        } => {
            let id = resolve::server(client, &server)?;
            let body = object([
                ("name", name.map(Value::from)),
                ("with_members_roles", Some(Value::from(with_roles))),
            ]);
            out.show(
                &client.post(&format!("/servers/{id}/successors"), &body)?,
                one,
            );
        }
        ServerCommand::Forks { server } => {
            let id = resolve::server(client, &server)?;
            let path = format!("/servers/{id}/successors");
            out.show(&client.get(&path)?, super::ownership::successors);
        }
        ServerCommand::Follow { server, successor } => {
            let id = resolve::server(client, &server)?;
            let known = client.get(&format!("/servers/{id}/successors"))?;
            let known = known["successors"].as_array().cloned().unwrap_or_default();
            let successor = resolve::pick("successor", &known, &successor, &["name"])?;
            let successor = text(successor, "id");
            let path = format!("/servers/{id}/successors/{successor}/follow");
            out.show(&client.post(&path, &json!({}))?, one);
        }
        ServerCommand::Transfer {
            server,
            member,
            yes,
        } => super::ownership::transfer(client, out, &server, &member, yes)?,
    }
    Ok(())
}

/// One line about a server.
pub fn one(server: &Value) -> String {
    let state = text(&server["state"], "connection");
    let unread = match (&server["unread"], server["mentions"].as_u64()) {
        (_, Some(mentions)) if mentions > 0 => format!("  @{mentions}"),
        (Value::Bool(true), _) => "  unread".to_owned(),
        _ => String::new(),
    };
    let name = printable(text(server, "name"));
    format!(
        "{}  {name}  {} members  {state}{unread}",
        short(text(server, "id")),
        server["member_count"]
    )
}

fn details(server: &Value) -> String {
    let channels = lines(&server["channels"], |channel| {
        format!("  {}", super::channels::one(channel))
    });
    let roles = lines(&server["roles"], |role| {
        format!("  {}", super::roles::one(role))
    });
    let fork = if server["checkpoint_fork"] == true {
        "\nNotaries have signed two checkpoints at once: see `conclave checkpoint list`"
    } else {
        ""
    };
    format!(
        "{}\n{}\n{}{fork}\nChannels:\n{channels}Roles:\n{roles}",
        one(server),
        printable(text(server, "description")),
        finality(&server["checkpoint"])
    )
}

/// How old the last checkpoint is, by its proposer's clock and this one.
fn finality(checkpoint: &Value) -> String {
    let Some(time) = checkpoint["time_ms"].as_u64() else {
        return "Nothing is final yet: there is no checkpoint".to_owned();
    };
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_millis() as u64);
    let minutes = now.saturating_sub(time) / 60_000;
    let age = match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    };
    format!("Checkpoint {}, {age} old", checkpoint["epoch"])
}
