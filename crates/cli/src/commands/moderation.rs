//! Moderators' tools and "why?".

use serde_json::Value;

use super::object;
use crate::args::Command;
use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::{moment, resolve};

pub fn run(client: &Client, out: Output, command: Command) -> Result<(), CliError> {
    match command {
        Command::BanMany {
            server,
            members,
            reason,
            delete_hours,
        } => {
            let server = resolve::server(client, &server)?;
            let ids: Result<Vec<String>, CliError> = members
                .iter()
                .map(|member| resolve::anybody(client, &server, member))
                .collect();
            let delete_ms = delete_hours.map(|hours| hours.saturating_mul(3_600_000));
            let body = object([
                ("member_ids", Some(ids?.into())),
                ("reason", reason.map(Value::from)),
                ("delete_messages_ms", delete_ms.map(Value::from)),
            ]);
            let answer = client.post(&format!("/servers/{server}/bans"), &body)?;
            out.show(&answer, |answer| {
                format!("{} banned; the keys have changed once", answer["count"])
            });
        }
        Command::Prune {
            server,
            days,
            yes,
            reason,
        } => prune(client, out, &server, days, yes, reason)?,
        Command::Lockdown {
            server,
            lift,
            reason,
        } => {
            let server = resolve::server(client, &server)?;
            let body = object([
                ("joins_paused", Some(Value::from(!lift))),
                ("reason", reason.map(Value::from)),
            ]);
            client.patch(&format!("/servers/{server}"), &body)?;
            out.done(if lift {
                "joins and invites go on"
            } else {
                "joins and invites are paused"
            });
        }
        Command::Why {
            server,
            member,
            action,
            channel,
            target,
            role,
        } => {
            let server = resolve::server(client, &server)?;
            let mut query = format!(
                "member={}&action={}",
                resolve::anybody(client, &server, &member)?,
                percent_encode(&action)
            );
            if let Some(channel) = channel {
                let id = resolve::channel_in(client, &server, &channel)?;
                query.push_str(&format!("&channel={id}"));
            }
            if let Some(target) = target {
                let id = resolve::anybody(client, &server, &target)?;
                query.push_str(&format!("&target={id}"));
            }
            if let Some(role) = role {
                query.push_str(&format!("&role={}", resolve::role(client, &server, &role)?));
            }
            out.show(&client.get(&format!("/servers/{server}/why?{query}"))?, why);
        }
        _ => {}
    }
    Ok(())
}

fn prune(
    client: &Client,
    out: Output,
    server: &str,
    days: u32,
    yes: bool,
    reason: Option<String>,
) -> Result<(), CliError> {
    let server = resolve::server(client, server)?;
    let path = format!("/servers/{server}/prune");
    if yes {
        let body = object([
            ("days", Some(days.into())),
            ("reason", reason.map(Value::from)),
        ]);
        let answer = client.post(&path, &body)?;
        out.show(&answer, |answer| format!("{} kicked", answer["count"]));
        return Ok(());
    }
    let answer = client.get(&format!("{path}?days={days}"))?;
    out.show(&answer, |answer| {
        let names = lines(&answer["members"], |member| {
            format!(
                "  {}  {}",
                short(text(member, "id")),
                printable(text(member, "name"))
            )
        });
        format!(
            "{} members without roles gave no sign in {days} days, as far as this node knows:\n{names}\
             It does not know who only reads, nor what is said in the {} channels that you do not read.\n\
             --yes kicks them, at most 200 at once",
            answer["count"], answer["unread_channels"]
        )
    });
    Ok(())
}

/// The verdict, then one line a step, and below it who made it so.
fn why(answer: &Value) -> String {
    let name = printable(text(&answer["member"], "name"));
    let verdict = if answer["allowed"] == true {
        format!("{name} may, because:\n")
    } else {
        format!("{name} may not, because:\n")
    };
    let steps = answer["steps"].as_array().map(Vec::as_slice);
    steps
        .unwrap_or_default()
        .iter()
        .fold(verdict, |told, step| {
            let sign = match step["gives"].as_bool() {
                Some(true) => '+',
                Some(false) => '-',
                None => ' ',
            };
            told + &format!("{sign} {}\n{}", one(step), lines(&step["events"], event))
        })
}

fn one(step: &Value) -> String {
    let role = printable(text(&step["role"], "name"));
    let channel = printable(text(&step["channel"], "name"));
    let member = printable(text(&step["member"], "name"));
    let (permissions, denies) = (joined(&step["permissions"]), joined(&step["denies"]));
    let place = if channel.is_empty() {
        "in the server".to_owned()
    } else {
        format!("in {channel}")
    };
    match text(step, "kind") {
        "owner" => "is the owner, who may everything".to_owned(),
        "banned" => "is banned".to_owned(),
        "not_member" => "is not a member".to_owned(),
        "timed_out" => format!(
            "is timed out until {}, which leaves viewing and history",
            moment::show(step["until_ms"].as_u64().unwrap_or_default())
        ),
        "role" => format!("the role {role} gives {permissions}"),
        "administrator" => format!("the role {role} makes an administrator, who may everything"),
        "overwrite" => {
            let whom = if role.is_empty() { member } else { role };
            let allows = |list: &str| format!(" allows {list}");
            let denied = |list: &str| format!(" denies {list}");
            let mut said = format!("the overwrite for {whom} {place}");
            if !permissions.is_empty() {
                said.push_str(&allows(&permissions));
            }
            if !denies.is_empty() {
                said.push_str(&denied(&denies));
            }
            said
        }
        "implied" => format!("without {permissions}, nothing of {denies} counts"),
        "has" => format!("so {permissions} is there {place}"),
        "lacks" => format!("so {permissions} is missing {place}"),
        "above" => format!("stands above {member}{role}"),
        "not_above" => format!("does not stand above {member}{role}"),
        _ => printable(text(step, "words")),
    }
}

fn event(event: &Value) -> String {
    let reason = match text(event, "reason") {
        "" => String::new(),
        reason => format!("  because: {}", printable(reason)),
    };
    format!(
        "    {}  {}  {}  {}{reason}",
        short(text(event, "id")),
        moment::show(event["time_ms"].as_u64().unwrap_or_default()),
        printable(text(event, "actor_name")),
        text(event, "action")
    )
}

fn joined(list: &Value) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    names.join(", ")
}
