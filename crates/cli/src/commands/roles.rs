//! Roles.

use conclave_node::api::parse_permissions;
use serde_json::{Value, json};

use super::object;
use crate::args::{RoleCommand, RoleLooks};
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: RoleCommand) -> Result<(), CliError> {
    match command {
        RoleCommand::Create {
            server,
            name,
            looks,
        } => {
            let server = resolve::server(client, &server)?;
            out.show(
                &client.post(
                    &format!("/servers/{server}/roles"),
                    &body(Some(name), looks)?,
                )?,
                one,
            );
        }
        RoleCommand::Edit {
            server,
            role,
            name,
            looks,
        } => {
            let server = resolve::server(client, &server)?;
            let role = resolve::role(client, &server, &role)?;
            out.show(
                &client.patch(
                    &format!("/servers/{server}/roles/{role}"),
                    &body(name, looks)?,
                )?,
                one,
            );
        }
        RoleCommand::Delete { server, role } => {
            let server = resolve::server(client, &server)?;
            let role = resolve::role(client, &server, &role)?;
            client.delete(&format!("/servers/{server}/roles/{role}"), &json!({}))?;
            out.done("deleted");
        }
        RoleCommand::Grant {
            server,
            role,
            member,
        } => {
            client.put(&member_role(client, &server, &role, &member)?, &json!({}))?;
            out.done("granted");
        }
        RoleCommand::Revoke {
            server,
            role,
            member,
        } => {
            client.delete(&member_role(client, &server, &role, &member)?, &json!({}))?;
            out.done("revoked");
        }
    }
    Ok(())
}

fn member_role(
    client: &Client,
    server: &str,
    role: &str,
    member: &str,
) -> Result<String, CliError> {
    let server = resolve::server(client, server)?;
    let role = resolve::role(client, &server, role)?;
    let member = resolve::member(client, &server, member)?;
    Ok(format!("/servers/{server}/members/{member}/roles/{role}"))
}

fn body(name: Option<String>, looks: RoleLooks) -> Result<Value, CliError> {
    let color = looks.color.map(|color| {
        let digits = color.trim_start_matches('#');
        let color = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| digits.len() == 6);
        color.ok_or_else(|| {
            CliError::Usage("a color is six hexadecimal digits, such as 3fa45b".into())
        })
    });
    Ok(object([
        ("name", name.map(Value::from)),
        ("color", color.transpose()?.map(Value::from)),
        ("hoist", looks.hoist.map(Value::from)),
        ("mentionable", looks.mentionable.map(Value::from)),
        (
            "permissions",
            looks
                .permissions
                .map(|permissions| bits(&permissions))
                .transpose()?
                .map(Value::from),
        ),
    ]))
}

/// Reads permissions: names joined by commas, or the decimal digits of their bits.
pub fn bits(written: &str) -> Result<String, CliError> {
    parse_permissions(written)
        .map(|bits| bits.to_string())
        .map_err(CliError::Usage)
}

/// One line about a role.
pub fn one(role: &Value) -> String {
    format!(
        "{}  {}  permissions {}",
        short(text(role, "id")),
        printable(text(role, "name")),
        text(role, "permissions")
    )
}
