//! The `conclave` binary: arguments and text only. Everything else is the node's, reached over its local API.

mod args;
mod client;
mod commands;
mod demo;
mod error;
mod moment;
mod output;
mod profile;
mod relay;
mod resolve;
mod run;
mod signals;
mod stream;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command, RunArgs};
use crate::client::Client;
use crate::commands::{
    account, audit, channels, chats, checkpoints, invites, members, messages, moderation, node,
    ownership, reading, reports, roles, servers,
};
use crate::error::CliError;
use crate::output::Output;
use crate::profile::ProfileArgs;

/// What is logged unless `CONCLAVE_LOG` says otherwise. The transport calls it an error that a relay is closed on purpose.
const LOG_DEFAULT: &str = "warn,iroh=error,iroh_relay=error,iroh::socket::transports::relay=off";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter =
        EnvFilter::try_from_env("CONCLAVE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let out = Output { json: cli.json };
    match dispatch(cli, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conclave: {}", output::printable(&error.to_string()));
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(cli: Cli, out: Output) -> Result<(), CliError> {
    match cli.command {
        None => block_on(run::run(&cli.profile, cli.run, out)),
        Some(Command::Relay(args)) => block_on(relay::run(args, out)),
        Some(Command::Demo(args)) => block_on(demo::run(args, out)),
        Some(Command::Init { name }) => init(&cli.profile, cli.run, out, &name),
        Some(command) => {
            let client = Client::connect(&cli.profile.dir()?, &cli.profile.arguments())?;
            talk(&client, out, command)
        }
    }
}

fn block_on<F: Future<Output = Result<(), CliError>>>(work: F) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.map_err(CliError::io("threads"))?.block_on(work)
}

/// Creates the account: through the node if one runs, else through one that runs just for this.
fn init(profile: &ProfileArgs, run: RunArgs, out: Output, name: &str) -> Result<(), CliError> {
    let create = |client: &Client| -> Result<(), CliError> {
        if client.get("/me")?["created"] == true {
            return Err(CliError::Refused {
                code: "conflict".into(),
                message: "this profile has an account already".into(),
            });
        }
        out.show(
            &client.put("/me", &serde_json::json!({ "display_name": name }))?,
            account::one,
        );
        Ok(())
    };
    let dir = profile.dir()?;
    match Client::connect(&dir, &profile.arguments()) {
        Ok(client) => create(&client),
        Err(CliError::NoNode { .. }) => {
            let config = run::config(
                profile,
                RunArgs {
                    port: run.port.or(Some(0)),
                    ..run
                },
            )?;
            block_on(async {
                let node = conclave_node::Node::start(config).await?;
                let outcome = Client::connect(&dir, "").and_then(|client| create(&client));
                node.stop().await;
                outcome
            })
        }
        Err(error) => Err(error),
    }
}

fn talk(client: &Client, out: Output, command: Command) -> Result<(), CliError> {
    match command {
        Command::Server(command) => servers::run(client, out, command),
        Command::Succession(command) => ownership::run(client, out, command),
        Command::Channel(command) => channels::run(client, out, command),
        Command::Role(command) => roles::run(client, out, command),
        Command::Member(command) => members::run(client, out, command),
        Command::Invite(command) => invites::run(client, out, command),
        Command::Join { link, no_wait } => invites::join(client, out, &link, !no_wait),
        command @ Command::Send { .. } => messages::send(client, out, command),
        Command::Chat(command) => chats::run(client, out, command),
        Command::Message(command) => reading::message(client, out, command),
        Command::Read(args) => reading::read(client, out, &args),
        Command::Notify(args) => reading::notify(client, out, args),
        Command::Edit { message, text } => messages::edit(client, out, &message, &text),
        Command::Delete { message } => messages::delete(client, out, &message),
        Command::React {
            message,
            emoji,
            remove,
        } => messages::react(client, out, &message, &emoji, remove),
        Command::History {
            channel,
            limit,
            before,
        } => messages::history(client, out, &channel, limit, before.as_deref()),
        Command::Tail {
            channel,
            count,
            events,
        } => messages::tail(client, out, channel.as_deref(), count, events),
        Command::Search {
            query,
            server,
            channel,
            limit,
        } => messages::search(
            client,
            out,
            &query,
            server.as_deref(),
            channel.as_deref(),
            limit,
        ),
        Command::Kick {
            server,
            member,
            reason,
        } => members::kick(client, out, &server, &member, reason),
        Command::Ban {
            server,
            member,
            reason,
            delete_hours,
        } => members::ban(client, out, &server, &member, reason, delete_hours),
        Command::Bans { server } => members::bans(client, out, &server),
        Command::Unban {
            server,
            member,
            reason,
        } => members::unban(client, out, &server, &member, reason),
        Command::Timeout {
            server,
            member,
            minutes,
            reason,
        } => members::timeout(client, out, &server, &member, minutes, reason),
        Command::Nick {
            server,
            member,
            nick,
        } => members::nick(client, out, &server, &member, nick),
        command @ (Command::BanMany { .. }
        | Command::Prune { .. }
        | Command::Lockdown { .. }
        | Command::Why { .. }) => moderation::run(client, out, command),
        Command::Report(command) => reports::run(client, out, command),
        Command::Keys { channel } => channels::keys(client, out, &channel),
        Command::Audit(args) => audit::run(client, out, &args),
        Command::Checkpoint(command) => checkpoints::run(client, out, command),
        Command::Profile(command) => account::profile(client, out, command),
        Command::Token(command) => account::token(client, out, command),
        Command::Network => node::network(client, out),
        Command::Doctor => node::doctor(client, out),
        // Handled without a node.
        Command::Init { .. } | Command::Relay(_) | Command::Demo(_) => Ok(()),
    }
}
