//! The account and API tokens.

use serde_json::{Value, json};

use super::object;
use crate::args::{ProfileCommand, TokenCommand};
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn profile(client: &Client, out: Output, command: ProfileCommand) -> Result<(), CliError> {
    match command {
        ProfileCommand::Show => out.show(&client.get("/me")?, one),
        ProfileCommand::Set {
            name,
            bio,
            status,
            presence,
            avatar,
        } => {
            let avatar = match avatar {
                Some(path) => {
                    let bytes =
                        std::fs::read(&path).map_err(CliError::io(path.display().to_string()))?;
                    Some(client.upload("/blobs", "avatar", bytes)?["hash"].clone())
                }
                None => None,
            };
            let body = object([
                ("display_name", name.map(Value::from)),
                ("bio", bio.map(Value::from)),
                ("status_text", status.map(Value::from)),
                ("presence", presence.map(Value::from)),
                ("avatar_blob", avatar),
            ]);
            out.show(&client.put("/me", &body)?, one);
        }
    }
    Ok(())
}

/// One line about the account.
pub fn one(me: &Value) -> String {
    if me["created"] != true {
        return "this profile has no account yet: conclave init NAME".to_owned();
    }
    format!(
        "{}  {}  {}",
        short(text(me, "identity_id")),
        printable(text(me, "display_name")),
        printable(text(me, "bio"))
    )
}

pub fn token(client: &Client, out: Output, command: TokenCommand) -> Result<(), CliError> {
    match command {
        TokenCommand::Create {
            name,
            actions,
            server,
        } => {
            let server = server
                .map(|server| resolve::server(client, &server))
                .transpose()?;
            let body = object([
                ("name", Some(Value::from(name))),
                ("actions", Some(Value::from(actions))),
                ("server_id", server.map(Value::from)),
            ]);
            // The one time that the token is shown: to whoever asked for it.
            out.show(&client.post("/tokens", &body)?, |token| {
                text(token, "token").to_owned()
            });
        }
        TokenCommand::List => out.show(&client.get("/tokens")?, |answer| {
            lines(&answer["tokens"], |token| {
                format!(
                    "{}  {}  {}",
                    text(token, "id"),
                    printable(text(token, "name")),
                    token["actions"]
                )
            })
        }),
        TokenCommand::Revoke { id } => {
            client.delete(
                &format!("/tokens/{}", crate::client::percent_encode(&id)),
                &json!({}),
            )?;
            out.done("revoked");
        }
    }
    Ok(())
}
