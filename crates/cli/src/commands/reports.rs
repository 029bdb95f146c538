//! Reports to moderators.

use serde_json::Value;

use super::object;
use crate::args::ReportCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, text};
use crate::{moment, resolve};

pub fn run(client: &Client, out: Output, command: ReportCommand) -> Result<(), CliError> {
    match command {
        ReportCommand::Send {
            server,
            member,
            reason,
            message,
        } => {
            let server = resolve::server(client, &server)?;
            let member = resolve::anybody(client, &server, &member)?;
            let body = object([
                ("member_id", Some(member.into())),
                ("message_id", message.map(Value::from)),
                ("reason", Some(reason.into())),
            ]);
            let answer = client.post(&format!("/servers/{server}/reports"), &body)?;
            out.show(&answer, |answer| {
                format!("sealed to {} devices of moderators", answer["devices"])
            });
        }
        ReportCommand::List { server } => {
            let server = resolve::server(client, &server)?;
            let answer = client.get(&format!("/servers/{server}/reports"))?;
            out.show(&answer, |answer| {
                let list = lines(&answer["reports"], line);
                if list.is_empty() {
                    "no report waits for you".to_owned()
                } else {
                    list
                }
            });
        }
        ReportCommand::Dismiss { server, number } => {
            let server = resolve::server(client, &server)?;
            let path = format!("/servers/{server}/reports/{number}");
            client.delete(&path, &object([]))?;
            out.done("dismissed");
        }
    }
    Ok(())
}

fn line(report: &Value) -> String {
    let mut line = format!(
        "{}  {}  {} reports {}: {}",
        report["number"],
        moment::show(report["time_ms"].as_u64().unwrap_or_default()),
        printable(text(&report["from"], "name")),
        printable(text(&report["about"], "name")),
        printable(text(report, "reason")),
    );
    if let Some(quote) = report.get("quote").filter(|quote| !quote.is_null()) {
        let copy = match text(quote, "copy") {
            "same" => "as in your own copy",
            "differs" => "your own copy says something else by now",
            _ => "you have no copy to compare",
        };
        line.push_str(&format!(
            "\n    {} ({copy}; message {})",
            printable(text(quote, "text")),
            text(quote, "message_id")
        ));
    }
    line
}
