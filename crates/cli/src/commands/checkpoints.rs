//! Checkpoints: what is final, who says so, and evidence against notaries.

use serde_json::{Value, json};

use crate::args::CheckpointCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: CheckpointCommand) -> Result<(), CliError> {
    match command {
        CheckpointCommand::List { server } => {
            let id = resolve::server(client, &server)?;
            out.show(&client.get(&path(&id))?, overview);
        }
        CheckpointCommand::Show { server, checkpoint } => {
            let id = resolve::server(client, &server)?;
            let answer = client.get(&path(&id))?;
            let found = find(&answer, checkpoint.as_deref());
            let found =
                found.ok_or_else(|| CliError::Name("there is no such checkpoint".to_owned()))?;
            out.show(found, details);
        }
        CheckpointCommand::Make { server } => {
            let id = resolve::server(client, &server)?;
            out.show(&client.post(&path(&id), &json!({}))?, overview);
        }
    }
    Ok(())
}

fn path(server: &str) -> String {
    format!("/servers/{server}/checkpoints")
}

/// By number, by the beginning of the id, or the last one that counts.
fn find<'a>(answer: &'a Value, wanted: Option<&str>) -> Option<&'a Value> {
    let all = answer["checkpoints"].as_array()?;
    all.iter().find(|checkpoint| match wanted {
        None => checkpoint["canonical"] == true,
        Some(wanted) => {
            let number: Option<u64> = wanted.parse().ok();
            (number.is_some() && checkpoint["epoch"].as_u64() == number)
                || text(checkpoint, "id").starts_with(wanted)
        }
    })
}

fn overview(answer: &Value) -> String {
    let notaries = lines(&answer["notaries"], |notary| {
        format!("  {}", notary_line(notary))
    });
    let checkpoints = lines(&answer["checkpoints"], |checkpoint| {
        let counts = if checkpoint["canonical"] == true {
            ""
        } else {
            "  (does not count)"
        };
        let signers = checkpoint["signers"].as_array().map_or(0, Vec::len);
        format!(
            "  {}  {}  {}  {signers} signed{counts}",
            checkpoint["epoch"],
            short(text(checkpoint, "id")),
            checkpoint["time_ms"]
        )
    });
    let forks = lines(&answer["forks"], |fork| {
        let settled = if fork["settled"] == true {
            "  (others have gone on)"
        } else {
            "  nothing after it is final"
        };
        let signers = lines(&fork["signers"], |notary| {
            format!("    {}", notary_line(notary))
        });
        format!(
            "  two checkpoints of number {}{settled}\n{signers}",
            fork["epoch"]
        )
    });
    let signing = lines(&answer["signing"], |signing| {
        format!(
            "  {}: {} of {} signatures",
            signing["epoch"], signing["signatures"], signing["needed"]
        )
    });
    let mut shown = format!(
        "Notaries, {} of whom sign:\n{notaries}Checkpoints ({} events are not final yet):\n{checkpoints}",
        answer["quorum"], answer["unfrozen"]
    );
    for (title, part) in [("Being signed", signing), ("Forks, proven", forks)] {
        if !part.is_empty() {
            shown.push_str(&format!("{title}:\n{part}"));
        }
    }
    shown
}

fn notary_line(notary: &Value) -> String {
    let name = match &notary["name"] {
        Value::String(name) => printable(name),
        _ => "nobody known".to_owned(),
    };
    let me = if notary["me"] == true { "  (you)" } else { "" };
    format!("{}  {name}{me}", short(text(notary, "key")))
}

fn details(checkpoint: &Value) -> String {
    let counts = if checkpoint["canonical"] == true {
        "counts"
    } else {
        "does not count"
    };
    let list = |key: &str| {
        lines(&checkpoint[key], |id| {
            format!("  {}", id.as_str().unwrap_or_default())
        })
    };
    format!(
        "{}  number {}  {counts}\nsigned at {}\nafter {}\nstate {}\nmembers {}\nlog {}\nFrontier:\n{}Signed by:\n{}",
        text(checkpoint, "id"),
        checkpoint["epoch"],
        checkpoint["time_ms"],
        checkpoint["prev"].as_str().unwrap_or("nothing"),
        text(checkpoint, "state_root"),
        text(checkpoint, "member_root"),
        text(checkpoint, "log_root"),
        list("frontier"),
        list("signers"),
    )
}
