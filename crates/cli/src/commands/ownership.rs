//! Who owns a server, and who may after them.

use std::io::{IsTerminal, Write};

use serde_json::{Value, json};

use super::{argument_or_input, object};
use crate::args::SuccessionCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: SuccessionCommand) -> Result<(), CliError> {
    match command {
        SuccessionCommand::Show { server } => {
            let id = resolve::server(client, &server)?;
            out.show(&client.get(&format!("/servers/{id}/ownership"))?, details);
        }
        command @ SuccessionCommand::Set { .. } => set(client, out, command)?,
        SuccessionCommand::RecoveryKey => {
            out.show(&client.post("/recovery-keys", &json!({}))?, |made| {
                format!(
                    "key:    {}\nsecret: {}\nWrite the secret down: it is shown once. Name the key with `succession set --recovery-key`.",
                    text(made, "key"),
                    text(made, "secret")
                )
            });
        }
        SuccessionCommand::Claim {
            server,
            heir,
            recovery_key,
        } => {
            let id = resolve::server(client, &server)?;
            let heir = heir
                .map(|heir| resolve::member(client, &id, &heir))
                .transpose()?;
            let secret = recovery_key.then(|| argument_or_input("-")).transpose()?;
            let body = object([
                ("heir_id", heir.map(Value::from)),
                ("recovery_key", secret.map(Value::from)),
            ]);
            let path = format!("/servers/{id}/succession/claims");
            out.show(&client.post(&path, &body)?, details);
        }
        SuccessionCommand::Confirm { server, claim } => {
            on_claim(client, out, &server, claim.as_deref(), "confirm")?;
        }
        SuccessionCommand::Take { server, claim } => {
            on_claim(client, out, &server, claim.as_deref(), "take")?;
        }
        SuccessionCommand::Veto { server, claim } => {
            on_claim(client, out, &server, claim.as_deref(), "veto")?;
        }
    }
    Ok(())
}

/// Hands a server over, after asking at a terminal.
pub fn transfer(
    client: &Client,
    out: Output,
    server: &str,
    member: &str,
    yes: bool,
) -> Result<(), CliError> {
    let id = resolve::server(client, server)?;
    let to = resolve::member(client, &id, member)?;
    if !yes && !agreed(member)? {
        return Err(CliError::Usage("nothing was handed over".into()));
    }
    let path = format!("/servers/{id}/ownership/transfer");
    let answer = client.post(&path, &json!({ "member_id": to }))?;
    out.show(&answer, details);
    Ok(())
}

fn agreed(member: &str) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        let hint = "this cannot be undone: say --yes to hand the server over without being asked";
        return Err(CliError::Usage(hint.into()));
    }
    let question =
        format!("{member} will own the server, and you will be an ordinary member. Type yes: ");
    let _ = std::io::stderr().write_all(question.as_bytes());
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(CliError::io("the terminal"))?;
    Ok(answer.trim() == "yes")
}

fn set(client: &Client, out: Output, command: SuccessionCommand) -> Result<(), CliError> {
    let SuccessionCommand::Set {
        server,
        successor,
        recovery_key,
        council,
        quorum,
        delay_days,
    } = command
    else {
        return Ok(());
    };
    let id = resolve::server(client, &server)?;
    let ids = |names: &[String]| -> Result<Vec<String>, CliError> {
        names
            .iter()
            .map(|name| resolve::member(client, &id, name))
            .collect()
    };
    let council = ids(&council)?;
    let most = u16::try_from(council.len() / 2 + 1).unwrap_or(u16::MAX);
    let quorum = match (quorum, council.is_empty()) {
        (Some(quorum), _) => quorum,
        (None, true) => 0,
        (None, false) => most,
    };
    let body = json!({
        "successors": ids(&successor)?,
        "recovery_keys": recovery_key,
        "council": council,
        "quorum": quorum,
        "delay_days": delay_days,
    });
    let path = format!("/servers/{id}/succession");
    out.show(&client.put(&path, &body)?, details);
    Ok(())
}

fn on_claim(
    client: &Client,
    out: Output,
    server: &str,
    wanted: Option<&str>,
    act: &str,
) -> Result<(), CliError> {
    let id = resolve::server(client, server)?;
    let ownership = client.get(&format!("/servers/{id}/ownership"))?;
    let claims = ownership["claims"].as_array().cloned().unwrap_or_default();
    let claim = match (wanted, &claims[..]) {
        (Some(wanted), _) => resolve::pick("claim", &claims, wanted, &[])?,
        (None, [only]) => only,
        (None, []) => return Err(CliError::Name("there is no open claim here".into())),
        (None, _) => {
            let ids: Vec<&str> = claims
                .iter()
                .map(|claim| short(text(claim, "id")))
                .collect();
            let message = format!("there are several claims; name one: {}", ids.join(", "));
            return Err(CliError::Name(message));
        }
    };
    let path = format!(
        "/servers/{id}/succession/claims/{}/{act}",
        text(claim, "id")
    );
    out.show(&client.post(&path, &json!({}))?, details);
    Ok(())
}

/// The successors of a server, and the server that it descends from.
pub fn successors(answer: &Value) -> String {
    let parent = match &answer["parent"] {
        Value::Null => String::new(),
        parent => format!(
            "descends from {} ({})\n",
            short(text(parent, "id")),
            text(parent, "descent")
        ),
    };
    let list = lines(&answer["successors"], |known| {
        let joined = if known["joined"] == true {
            "  joined"
        } else {
            ""
        };
        let structure = match &known["same_structure"] {
            Value::Bool(true) => "  same roles and channels",
            Value::Bool(false) => "  other roles or channels",
            _ => "",
        };
        format!(
            "{}  {}  founded by {}  descent {}{structure}{joined}",
            short(text(known, "id")),
            printable(text(known, "name")),
            name(&known["founder"]),
            text(known, "descent"),
        )
    });
    parent + &list
}

fn details(ownership: &Value) -> String {
    let began = match text(ownership, "began") {
        "founding" => "founded it",
        "transfer" => "was handed it",
        _ => "took it over",
    };
    let owner = name(&ownership["owner"]);
    let mut shown = format!("owner: {owner}, who {began}\n");
    let terms = &ownership["succession"];
    if terms.is_null() {
        shown += "Nobody may take over: if the owner is lost, so is the ownership.\n";
        return shown;
    }
    shown += &format!("successors: {}\n", names(&terms["successors"]));
    shown += &format!("recovery keys: {}\n", keys(&terms["recovery_keys"]));
    shown += &format!(
        "council: {} ({} must confirm)\ndelay: {} days\n",
        names(&terms["council"]),
        terms["needed"],
        terms["delay_days"]
    );
    if terms["delay_trustworthy"] != true {
        shown += "The delay cannot be trusted: one person alone attests it, or there is none.\n";
    }
    shown + &lines(&ownership["claims"], claim)
}

fn claim(claim: &Value) -> String {
    let confirmed = claim["confirmed"].as_array().map_or(0, Vec::len);
    let next = [
        ("may_veto", "you can veto it"),
        ("may_confirm", "your confirmation counts"),
        ("may_take", "you can take over"),
    ];
    let next: String = next
        .iter()
        .filter(|(field, _)| claim[*field] == true)
        .map(|(_, words)| format!("  {words}"))
        .collect();
    format!(
        "claim {}  {} for {}  {confirmed} of {} confirmed  ripe here at {}{next}",
        short(text(claim, "id")),
        name(&claim["by"]),
        name(&claim["heir"]),
        claim["needed"],
        claim["ripe_at_ms"]
    )
}

fn name(named: &Value) -> String {
    printable(text(named, "name"))
}

fn names(list: &Value) -> String {
    joined(list, name)
}

fn keys(list: &Value) -> String {
    joined(list, |key| {
        short(key.as_str().unwrap_or_default()).to_owned()
    })
}

fn joined(list: &Value, show: impl Fn(&Value) -> String) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return "none".to_owned();
    }
    list.iter().map(show).collect::<Vec<_>>().join(", ")
}
