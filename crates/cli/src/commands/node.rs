//! The state of network and node.

use serde_json::Value;

use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, short, text};

pub fn network(client: &Client, out: Output) -> Result<(), CliError> {
    out.show(&client.get("/network")?, |network| {
        let addresses = lines(&network["addresses"], |address| {
            format!("  {}", address.as_str().unwrap_or_default())
        });
        let relays = lines(&network["relays"], |relay| {
            format!("  {}  {}", text(relay, "url"), text(relay, "state"))
        });
        let peers = lines(&network["peers"], |peer| {
            format!(
                "  {}  {}  {} ms",
                short(text(peer, "node_id")),
                text(peer, "path"),
                peer["rtt_ms"]
            )
        });
        format!(
            "node {}\nAddresses:\n{addresses}Relays:\n{relays}Connected:\n{peers}",
            text(network, "node_id")
        )
    });
    Ok(())
}

pub fn doctor(client: &Client, out: Output) -> Result<(), CliError> {
    let answer = client.get("/doctor")?;
    out.show(&answer, |answer| lines(&answer["checks"], one));
    let failed = answer["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|check| check["status"] == "fail");
    if failed {
        return Err(CliError::Refused {
            code: "doctor".into(),
            message: "something is wrong, see above".into(),
        });
    }
    Ok(())
}

fn one(check: &Value) -> String {
    let advice = check["advice"]
        .as_str()
        .map(|advice| format!("\n      {advice}"))
        .unwrap_or_default();
    format!(
        "{:4}  {}: {}{advice}",
        text(check, "status"),
        text(check, "name"),
        text(check, "summary")
    )
}
