//! From what a person types to an id: a name, or the beginning of an id.

use serde_json::Value;

use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::{short, text};

/// Fewest digits that name a thing by the beginning of its id.
const PREFIX_MIN: usize = 4;

/// Finds the one element of a list that `wanted` names.
///
/// # Errors
/// [`CliError::Name`] if none or several do.
pub fn pick<'a>(
    what: &str,
    list: &'a [Value],
    wanted: &str,
    names: &[&str],
) -> Result<&'a Value, CliError> {
    let lower = wanted.to_lowercase();
    let by_name = |value: &&Value| {
        names
            .iter()
            .any(|field| text(value, field).to_lowercase() == lower)
    };
    let is_prefix =
        wanted.len() >= PREFIX_MIN && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let by_id = |value: &&Value| is_prefix && text(value, "id").starts_with(&lower);
    let mut found: Vec<&Value> = list.iter().filter(by_name).collect();
    if found.is_empty() {
        found = list.iter().filter(by_id).collect();
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(CliError::Name(format!(
            "there is no {what} {wanted:?} here"
        ))),
        _ => {
            let ids: Vec<String> = found
                .iter()
                .map(|value| short(text(value, "id")).to_owned())
                .collect();
            Err(CliError::Name(format!(
                "several {what}s are called {wanted:?}; name one by its id: {}",
                ids.join(", ")
            )))
        }
    }
}

fn list(value: &Value, field: &str) -> Vec<Value> {
    value[field].as_array().cloned().unwrap_or_default()
}

/// Finds a server's id.
///
/// # Errors
/// [`CliError::Name`].
pub fn server(client: &Client, wanted: &str) -> Result<String, CliError> {
    let servers = list(&client.get("/servers")?, "servers");
    Ok(text(pick("server", &servers, wanted, &["name"])?, "id").to_owned())
}

/// Finds a channel: `name`, `#name`, `server/name` or the beginning of its id.
///
/// # Errors
/// [`CliError::Name`].
pub fn channel(client: &Client, wanted: &str) -> Result<Value, CliError> {
    let (only, name) = match wanted.rsplit_once('/') {
        Some((server_name, name)) => (Some(server(client, server_name)?), name),
        None => (None, wanted),
    };
    let mut channels = Vec::new();
    for found in list(&client.get("/servers")?, "servers") {
        let id = text(&found, "id");
        if only.as_deref().is_none_or(|only| only == id) {
            channels.extend(list(&client.get(&format!("/servers/{id}"))?, "channels"));
        }
    }
    pick(
        "channel",
        &channels,
        name.trim_start_matches('#'),
        &["name"],
    )
    .cloned()
}

/// Finds a channel's id.
///
/// # Errors
/// [`CliError::Name`].
pub fn channel_id(client: &Client, wanted: &str) -> Result<String, CliError> {
    Ok(text(&channel(client, wanted)?, "id").to_owned())
}

/// Finds a role's id in a server.
///
/// # Errors
/// [`CliError::Name`].
pub fn role(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    let roles = list(&client.get(&format!("/servers/{server}"))?, "roles");
    Ok(text(pick("role", &roles, wanted, &["name"])?, "id").to_owned())
}

/// Finds a member's id in a server, by nickname, display name or id.
///
/// # Errors
/// [`CliError::Name`].
pub fn member(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    let is_id = wanted.len() >= PREFIX_MIN && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let wanted = wanted.trim_start_matches('@');
    let query = if is_id {
        String::new()
    } else {
        percent_encode(wanted)
    };
    let mut members = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!(
            "/servers/{server}/members?limit=200&query={query}{after}"
        ))?;
        let page = list(&page, "members");
        match page.last() {
            Some(last) if page.len() == 200 => after = format!("&after={}", text(last, "id")),
            _ => {
                members.extend(page);
                break;
            }
        }
        members.extend(page);
    }
    Ok(text(
        pick(
            "member",
            &members,
            wanted,
            &["nick", "display_name", "name"],
        )?,
        "id",
    )
    .to_owned())
}

/// Finds a member or somebody who is banned; a whole id stands for itself.
///
/// # Errors
/// [`CliError::Name`].
pub fn anybody(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    if is_whole_id(wanted) {
        return Ok(wanted.to_lowercase());
    }
    member(client, server, wanted).or_else(|error| {
        // Whoever may not list the bans is told about the member.
        banned(client, server, wanted).map_err(|_| error)
    })
}

/// Finds a channel or category of one server, by name or id.
///
/// # Errors
/// [`CliError::Name`].
pub fn channel_in(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    let channels = list(&client.get(&format!("/servers/{server}"))?, "channels");
    let name = wanted.trim_start_matches('#');
    Ok(text(pick("channel", &channels, name, &["name"])?, "id").to_owned())
}

/// Finds a member, a role or a channel (`#name`); a whole id stands for itself.
///
/// # Errors
/// [`CliError::Name`].
pub fn anything(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    let bare = wanted.trim_start_matches('#');
    if wanted != bare {
        return channel_in(client, server, bare);
    }
    anybody(client, server, wanted).or_else(|error| role(client, server, wanted).map_err(|_| error))
}

fn is_whole_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Finds somebody among the banned.
///
/// # Errors
/// [`CliError::Name`].
pub fn banned(client: &Client, server: &str, wanted: &str) -> Result<String, CliError> {
    let bans = list(&client.get(&format!("/servers/{server}/bans"))?, "bans");
    Ok(text(pick("banned member", &bans, wanted, &["name"])?, "id").to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn names_win_over_ids_and_doubt_is_an_error() {
        let list = [
            json!({ "id": "aaaa1111", "name": "Books" }),
            json!({ "id": "aaaa2222", "name": "games" }),
            json!({ "id": "bbbb3333", "name": "Games" }),
            json!({ "id": "cccc4444", "name": "bbbb" }),
        ];
        let id = |wanted| {
            pick("server", &list, wanted, &["name"]).map(|found| text(found, "id").to_owned())
        };
        assert_eq!(id("books").unwrap(), "aaaa1111");
        assert_eq!(id("AAAA2").unwrap(), "aaaa2222");
        assert_eq!(id("bbbb").unwrap(), "cccc4444");
        assert!(matches!(id("games"), Err(CliError::Name(message)) if message.contains("several")));
        assert!(matches!(id("aaaa"), Err(CliError::Name(message)) if message.contains("several")));
        assert!(
            matches!(id("nothing"), Err(CliError::Name(message)) if message.contains("no server"))
        );
    }
}
