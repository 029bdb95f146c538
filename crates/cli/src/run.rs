//! Running the node in the foreground.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use conclave_node::profile::{Profile, ProfileError, Protection};
use conclave_node::{Node, NodeConfig, NodeHandle, RelayEntry, Secret, write_private};
use zeroize::Zeroizing;

use crate::args::RunArgs;
use crate::error::CliError;
use crate::output::Output;
use crate::profile::ProfileArgs;

/// Name of the file that redirects the browser to the app.
pub const OPEN_FILE: &str = "open.html";

/// Starts the node, opens the app, and waits until it is told to stop.
pub async fn run(profile: &ProfileArgs, args: RunArgs, out: Output) -> Result<(), CliError> {
    let no_open = args.no_open;
    let dir = profile.dir()?;
    let node = Node::start(config(profile, args)?).await?;
    let url = node.open_url().map_err(conclave_node::StartError::from)?;
    let shown = serde_json::json!({ "open": url.as_str() });
    out.show(&shown, |_| format!("open: {}", url.as_str()));
    if !no_open {
        open_browser(&dir, &url);
    }
    let outcome = wait(&node).await;
    let _ = std::fs::remove_file(dir.join(OPEN_FILE));
    node.stop().await;
    outcome
}

async fn wait(node: &NodeHandle) -> Result<(), CliError> {
    tokio::select! {
        reason = node.failed() => Err(CliError::Stopped(reason)),
        stopped = crate::signals::stop() => stopped,
    }
}

/// Puts the configuration together.
pub fn config(profile: &ProfileArgs, args: RunArgs) -> Result<NodeConfig, CliError> {
    let dir = profile.dir()?;
    let mut config = NodeConfig::new(dir);
    config.passphrase = passphrase(&config.profile_dir, &args)?;
    config.profile_name = profile.profile.clone();
    config.port = args.port;
    config.bind = args.bind;
    let token = args
        .relay_token_file
        .as_deref()
        .map(read_secret)
        .transpose()?;
    let cert = args
        .relay_cert
        .as_deref()
        .map(|path| std::fs::read(path).map_err(CliError::io(path.display().to_string())));
    let cert = cert.transpose()?;
    for url in &args.relay {
        let url = url
            .parse()
            .map_err(|error: conclave_node::AddrError| CliError::Usage(error.to_string()))?;
        let mut relay = RelayEntry::new(url);
        relay.token = token.as_ref().map(|token| Secret::new(token.as_str()));
        relay.pinned_cert_der.clone_from(&cert);
        config.relays.push(relay);
    }
    Ok(config)
}

/// Finds the passphrase: in a file, or from the terminal if the vault needs one. Never from arguments or environment, which
/// other programs can read.
fn passphrase(dir: &Path, args: &RunArgs) -> Result<Option<Zeroizing<String>>, CliError> {
    if let Some(path) = &args.passphrase_file {
        return read_secret(path).map(Some);
    }
    let exists = Profile::exists(dir).map_err(conclave_node::StartError::from)?;
    let asks = if exists {
        match Profile::protection(dir) {
            Ok(protection) => protection == Protection::Passphrase,
            Err(error @ (ProfileError::Newer { .. } | ProfileError::Damaged { .. })) => {
                return Err(conclave_node::StartError::from(error).into());
            }
            // Opening says it better.
            Err(_) => false,
        }
    } else {
        args.with_passphrase
    };
    if !asks {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::Usage("this profile needs a passphrase: run in a terminal, or name a file with --passphrase-file".into()));
    }
    let ask = |prompt| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(CliError::io("the terminal"))
    };
    let first = ask("Passphrase: ")?;
    if !exists && *ask("Once more: ")? != *first {
        return Err(CliError::Usage("the two passphrases differ".into()));
    }
    Ok(Some(first))
}

/// Reads the first line of a file.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(CliError::io(path.display().to_string()))?;
    Ok(Zeroizing::new(
        text.lines().next().unwrap_or_default().to_owned(),
    ))
}

/// Opens the browser with a file that only this user can read: the arguments of a process are visible to everybody.
pub fn open_browser(dir: &Path, url: &str) {
    let path = dir.join(OPEN_FILE);
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><a href=\"{url}\">Open Conclave</a>"
    );
    let opened = write_private(&path, page.as_bytes()).is_ok()
        && Command::new("xdg-open")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .is_ok();
    if !opened {
        let _ = writeln!(
            std::io::stderr(),
            "no browser could be opened: open the address above yourself"
        );
    }
}
