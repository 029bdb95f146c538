//! Chats among a few.

use serde_json::{Value, json};

use crate::args::ChatCommand;
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, printable, short, text};
use crate::resolve;

pub fn run(client: &Client, out: Output, command: ChatCommand) -> Result<(), CliError> {
    match command {
        ChatCommand::Start { server, members } => {
            let server = resolve::server(client, &server)?;
            let ids: Result<Vec<String>, CliError> = members
                .iter()
                .map(|member| resolve::member(client, &server, member))
                .collect();
            let body = json!({ "member_ids": ids?, "from_server": server });
            out.show(&client.post("/chats", &body)?, super::servers::one);
        }
        ChatCommand::Requests => out.show(&client.get("/chats/requests")?, |answer| {
            lines(&answer["requests"], one)
        }),
        ChatCommand::Accept { request } => {
            answer(client, &request, true)?;
            out.done("accepted; the chat comes from who asked, or from anybody in it");
        }
        ChatCommand::Decline { request } => {
            answer(client, &request, false)?;
            out.done("declined; nobody is told");
        }
    }
    Ok(())
}

fn answer(client: &Client, wanted: &str, accept: bool) -> Result<(), CliError> {
    let requests = client.get("/chats/requests")?;
    let requests = requests["requests"].as_array().cloned().unwrap_or_default();
    let request = resolve::pick("request", &requests, wanted, &["from_name"])?;
    let path = format!("/chats/requests/{}", text(request, "id"));
    client.post(&path, &json!({ "accept": accept })).map(drop)
}

fn one(request: &Value) -> String {
    format!(
        "{}  from {}",
        short(text(request, "id")),
        printable(text(request, "from_name"))
    )
}
