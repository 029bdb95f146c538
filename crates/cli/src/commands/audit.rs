//! The audit log, and what did not survive.

use serde_json::{Value, json};

use crate::args::AuditArgs;
use crate::client::{Client, percent_encode};
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::{moment, resolve};

/// Most lines that one request asks for.
const PAGE: usize = 200;

pub fn run(client: &Client, out: Output, args: &AuditArgs) -> Result<(), CliError> {
    let server = resolve::server(client, &args.server)?;
    if args.lost {
        return lost(client, out, &server, args.seen);
    }
    let query = query(client, &server, args)?;
    let mut before = args.before.clone();
    let mut entries: Vec<Value> = Vec::new();
    loop {
        let limit = PAGE.min(args.limit - entries.len());
        let from = before
            .map(|before| format!("&before={before}"))
            .unwrap_or_default();
        let page = client.get(&format!(
            "/servers/{server}/audit?limit={limit}{query}{from}"
        ))?;
        entries.extend(page["entries"].as_array().cloned().unwrap_or_default());
        before = page["next"].as_str().map(str::to_owned);
        if before.is_none() || entries.len() >= args.limit {
            break;
        }
    }
    out.show(&json!({ "entries": entries, "next": before }), |answer| {
        lines(&answer["entries"], one)
    });
    Ok(())
}

/// The filters as a query string.
fn query(client: &Client, server: &str, args: &AuditArgs) -> Result<String, CliError> {
    let mut query = String::new();
    let mut add = |name: &str, value: &str| {
        query.push_str(&format!("&{name}={}", percent_encode(value)));
    };
    if let Some(action) = &args.action {
        add("action", action);
    }
    if let Some(actor) = &args.actor {
        add("actor", &resolve::anybody(client, server, actor)?);
    }
    if let Some(target) = &args.target {
        add("target", &resolve::anything(client, server, target)?);
    }
    if let Some(since) = &args.since {
        add("since", &moment::parse(since)?.to_string());
    }
    if let Some(until) = &args.until {
        add("until", &moment::parse(until)?.to_string());
    }
    if args.effective || args.void {
        add("effective", if args.effective { "true" } else { "false" });
    }
    Ok(query)
}

fn lost(client: &Client, out: Output, server: &str, seen: bool) -> Result<(), CliError> {
    let answer = client.get(&format!("/servers/{server}/lost"))?;
    if seen {
        client.post(&format!("/servers/{server}/lost/seen"), &json!({}))?;
    }
    out.show(&answer, |answer| {
        let list = lines(&answer["entries"], |entry| {
            let own = if entry["own"] == true { "yours, " } else { "" };
            let since = match entry["noticed_ms"].as_u64() {
                Some(noticed) if entry["counted_here"] == true => {
                    format!("{own}counted here until {}", moment::show(noticed))
                }
                _ => format!("{own}never counted here"),
            };
            format!("{}  ({since})", one(entry))
        });
        if list.is_empty() {
            "everything survived".to_owned()
        } else {
            list
        }
    });
    Ok(())
}

/// One line: when, who, what, about whom, why, and why it does not count.
fn one(entry: &Value) -> String {
    let mut line = format!(
        "{}  {}  {}  {}  {}",
        short(text(entry, "id")),
        moment::show(entry["time_ms"].as_u64().unwrap_or_default()),
        printable(text(entry, "actor_name")),
        text(entry, "action"),
        printable(text(entry, "target_name"))
    );
    let changes = entry["changes"].as_array().map(Vec::as_slice);
    for change in changes.unwrap_or_default() {
        let after = printable(text(change, "after"));
        line.push_str(&format!("  {}={after}", text(change, "field")));
    }
    if !text(entry, "reason").is_empty() {
        line.push_str(&format!("  because: {}", printable(text(entry, "reason"))));
    }
    if entry["effective"] == false {
        line.push_str(&format!("  [does not count: {}]", why_not(entry)));
    }
    line
}

fn why_not(entry: &Value) -> String {
    let by = &entry["overruled_by"];
    if by.is_null() {
        return printable(text(entry, "why_not"));
    }
    let reason = match text(by, "reason") {
        "" => String::new(),
        reason => format!(", because: {}", printable(reason)),
    };
    format!(
        "{}; by {} {} {} ({}){reason}",
        rule(text(by, "rule")),
        printable(text(by, "actor_name")),
        text(by, "action"),
        printable(text(by, "target_name")),
        short(text(by, "id"))
    )
}

/// By which rule an event fell.
fn rule(name: &str) -> &str {
    match name {
        "removed" => "its author was banned or kicked",
        "timed_out" => "its author was timed out",
        "device_cut" => "its device was cut off",
        "invite" => "its author's invite was closed",
        "lost" => "what permitted it was taken",
        "lifted" => "its target was put out of reach",
        name => name,
    }
}
