//! Hubs: running one, looking after it, adding one to a server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conclave_node::hub::{HubHandle, HubLimits, HubNode, HubNodeConfig, ask, restore};
use conclave_node::relay::RelayServer;
use conclave_node::{RelayEntry, Secret};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::args::{HubArgs, HubCommand, HubDir, HubRunArgs, RelayArgs};
use crate::client::Client;
use crate::error::CliError;
use crate::output::{Output, lines, short, text};
use crate::profile::ProfileArgs;
use crate::{block_on, metrics, relay, resolve};

/// Runs a hub, or does one thing about one.
pub fn run(profile: &ProfileArgs, args: HubArgs, out: Output) -> Result<(), CliError> {
    let client = || Client::connect(&profile.dir()?, &profile.arguments());
    match args.command {
        None => block_on(serve(args.run, out)),
        Some(HubCommand::Add { server, address }) => {
            let client = client()?;
            let id = resolve::server(&client, &server)?;
            let body = json!({ "address": address });
            out.show(&client.post(&format!("/servers/{id}/hubs"), &body)?, hubs);
            Ok(())
        }
        Some(HubCommand::List { server }) => {
            let client = client()?;
            let id = resolve::server(&client, &server)?;
            out.show(&client.get(&format!("/servers/{id}/hubs"))?, hubs);
            Ok(())
        }
        Some(HubCommand::Remove { server, hub }) => {
            let client = client()?;
            let id = resolve::server(&client, &server)?;
            let all = client.get(&format!("/servers/{id}/hubs"))?;
            let node = named(&all, &hub)?;
            client.delete(&format!("/servers/{id}/hubs/{node}"), &json!({}))?;
            out.done("removed");
            Ok(())
        }
        Some(command) => look_after(command, out),
    }
}

/// The one hub whose node id begins so.
fn named(all: &Value, beginning: &str) -> Result<String, CliError> {
    let hubs = all["hubs"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut fitting = hubs
        .iter()
        .map(|hub| text(hub, "node_id"))
        .filter(|id| !beginning.is_empty() && id.starts_with(beginning));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.to_owned()),
        (None, _) => Err(CliError::Name(format!("no hub begins with {beginning}"))),
        (Some(_), Some(_)) => Err(CliError::Name(format!(
            "several hubs begin with {beginning}"
        ))),
    }
}

fn hubs(answer: &Value) -> String {
    let list = lines(&answer["hubs"], |hub| {
        let state = match (hub["connected"] == true, hub["accepts"] == true) {
            (true, true) => "connected",
            (true, false) => "connected, reading only",
            (false, _) => "not connected",
        };
        let places = hub["addresses"].as_array().into_iter().flatten();
        let places: Vec<&str> = places.filter_map(Value::as_str).collect();
        format!(
            "{}  {state}  {}",
            short(text(hub, "node_id")),
            places.join(" ")
        )
    });
    match answer["waiting"].as_u64() {
        _ if list.is_empty() => "no hubs: while nobody is online, the server is paused".to_owned(),
        Some(waiting) if waiting > 0 => format!("{list}{waiting} not on a hub yet"),
        _ => list,
    }
}

/// What an operator asks of a hub on this machine.
fn look_after(command: HubCommand, out: Output) -> Result<(), CliError> {
    let told = |dir: &HubDir, request: Value| ask(&dir.data, &request);
    match command {
        HubCommand::Status(dir) => out.show(&told(&dir, json!({ "do": "status" }))?, status),
        HubCommand::Backup { file, dir } => {
            let path =
                std::path::absolute(&file).map_err(CliError::io(file.display().to_string()))?;
            let request = json!({ "do": "backup", "path": path.display().to_string() });
            out.show(&told(&dir, request)?, |answer| {
                format!("{} rows written", answer["rows"])
            });
        }
        HubCommand::Restore { file, dir } => {
            let rows = restore(&file, &dir.data)?;
            out.show(&json!({ "rows": rows }), |_| {
                format!("{rows} rows restored")
            });
        }
        HubCommand::Drop { hosting_id, dir } => {
            told(&dir, json!({ "do": "drop", "hosting_id": hosting_id }))?;
            out.done("dropped");
        }
        HubCommand::Allow { hosting_id, dir } => {
            told(&dir, json!({ "do": "allow", "hosting_id": hosting_id }))?;
            out.done("allowed");
        }
        HubCommand::Add { .. } | HubCommand::List { .. } | HubCommand::Remove { .. } => {}
    }
    Ok(())
}

fn status(answer: &Value) -> String {
    let servers = lines(&answer["servers"], |server| {
        format!(
            "{}  {} bytes  {} envelopes  {} topics  {} listening  manifest {}",
            text(server, "hosting_id"),
            server["bytes"],
            server["envelopes"],
            server["topics"],
            server["subscribers"],
            server["manifest"]
        )
    });
    let forecast = match answer["disk_full_in_seconds"].as_u64() {
        Some(seconds) => format!(", full in {} days", seconds / 86_400),
        None => String::new(),
    };
    format!(
        "{servers}{} connections, {} bytes used, {} free{forecast}",
        answer["connections"], answer["disk_used_bytes"], answer["disk_free_bytes"]
    )
}

/// The configuration file: everything may be left out.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    bind: Option<SocketAddr>,
    public: Vec<SocketAddr>,
    metrics: Option<SocketAddr>,
    metrics_token_file: Option<PathBuf>,
    /// Hosting ids that are served; absent: every server that names this hub.
    only: Option<Vec<String>>,
    relays: Vec<String>,
    limits: LimitsTable,
    relay: Option<RelayTable>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    servers: Option<usize>,
    topics: Option<usize>,
    server_bytes: Option<u64>,
    topic_bytes: Option<u64>,
    member_bytes: Option<u64>,
    member_bytes_per_second: Option<u64>,
    member_burst_bytes: Option<u64>,
    connections: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelayTable {
    bind: SocketAddr,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    cert: Option<PathBuf>,
    #[serde(default)]
    key: Option<PathBuf>,
    #[serde(default)]
    self_signed: bool,
    #[serde(default)]
    plain_http: bool,
    #[serde(default)]
    quic_bind: Option<SocketAddr>,
    #[serde(default)]
    token_file: Option<PathBuf>,
}

impl ConfigFile {
    fn read(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let name = path.display().to_string();
        let content = std::fs::read_to_string(path).map_err(CliError::io(name.clone()))?;
        toml::from_str(&content).map_err(|error| CliError::Usage(format!("{name}: {error}")))
    }
}

impl LimitsTable {
    fn over(self, base: HubLimits) -> HubLimits {
        HubLimits {
            spaces_max: self.servers.unwrap_or(base.spaces_max),
            topics_max: self.topics.unwrap_or(base.topics_max),
            space_bytes_max: self.server_bytes.unwrap_or(base.space_bytes_max),
            topic_bytes_max: self.topic_bytes.unwrap_or(base.topic_bytes_max),
            member_bytes_max: self.member_bytes.unwrap_or(base.member_bytes_max),
            member_bytes_per_second: self
                .member_bytes_per_second
                .unwrap_or(base.member_bytes_per_second),
            member_burst_bytes: self.member_burst_bytes.unwrap_or(base.member_burst_bytes),
            connections_max: self.connections.unwrap_or(base.connections_max),
        }
    }
}

async fn serve(args: HubRunArgs, out: Output) -> Result<(), CliError> {
    let mut file = ConfigFile::read(args.config.as_deref())?;
    let metrics_at = args.metrics.or(file.metrics);
    let token = args
        .metrics_token_file
        .clone()
        .or(file.metrics_token_file.take());
    let token = token.as_deref().map(crate::run::read_secret).transpose()?;
    if let Some(addr) = metrics_at.filter(|addr| !addr.ip().is_loopback() && token.is_none()) {
        return Err(CliError::Usage(format!(
            "{addr}: beyond loopback, metrics need --metrics-token-file"
        )));
    }
    let (relay, relay_token) = start_relay(args.relay, file.relay.take()).await?;
    let config = config(&args, file, relay.as_ref(), relay_token)?;
    let hub = Arc::new(HubNode::start(config).await?);
    let address = hub.address().await.to_string();
    let shown =
        json!({ "hub": address, "relay": relay.as_ref().map(|relay| relay.url().to_string()) });
    out.show(&shown, |_| format!("hub: {address}"));
    let serving = match metrics_at {
        Some(addr) => Some(serve_metrics(addr, token, Arc::clone(&hub), out).await?),
        None => None,
    };
    let outcome = tokio::select! {
        reason = hub.failed() => Err(CliError::Stopped(reason)),
        stopped = crate::signals::stop() => stopped,
    };
    if let Some(serving) = serving {
        serving.abort();
        let _ = serving.await;
    }
    if let Some(hub) = Arc::into_inner(hub) {
        hub.stop().await;
    }
    if let Some(relay) = relay {
        relay.shutdown().await;
    }
    outcome
}

async fn serve_metrics(
    addr: SocketAddr,
    token: Option<Zeroizing<String>>,
    hub: Arc<HubHandle>,
    out: Output,
) -> Result<tokio::task::JoinHandle<()>, CliError> {
    let listener = TcpListener::bind(addr)
        .await
        .map_err(CliError::io(addr.to_string()))?;
    let at = listener
        .local_addr()
        .map_err(CliError::io(addr.to_string()))?;
    out.show(&json!({ "metrics": at.to_string() }), |_| {
        format!("metrics: http://{at}/")
    });
    let text = move || {
        let hub = Arc::clone(&hub);
        async move { hub.metrics().await }
    };
    Ok(tokio::spawn(metrics::serve(
        listener,
        token.map(Arc::new),
        text,
    )))
}

/// Starts the embedded relay, if one is asked for.
async fn start_relay(
    argument: Option<SocketAddr>,
    table: Option<RelayTable>,
) -> Result<(Option<RelayServer>, Option<Secret>), CliError> {
    let table = match (argument, table) {
        (None, None) => return Ok((None, None)),
        (Some(bind), Some(table)) => RelayTable { bind, ..table },
        (None, Some(table)) => table,
        (Some(bind), None) => RelayTable {
            bind,
            host: None,
            cert: None,
            key: None,
            self_signed: false,
            plain_http: false,
            quic_bind: None,
            token_file: None,
        },
    };
    let args = RelayArgs {
        bind: table.bind,
        host: table.host,
        cert: table.cert,
        key: table.key,
        self_signed: table.self_signed,
        plain_http: table.plain_http,
        write_cert: None,
        quic_bind: table.quic_bind,
        token_file: table.token_file,
        max_connections: None,
        rate: None,
        metrics: None,
    };
    let config = relay::config(args)?;
    let token = config.tokens.first().cloned();
    Ok((Some(RelayServer::start(config).await?), token))
}

fn config(
    args: &HubRunArgs,
    file: ConfigFile,
    relay: Option<&RelayServer>,
    relay_token: Option<Secret>,
) -> Result<HubNodeConfig, CliError> {
    let mut config = HubNodeConfig::new(args.data.clone());
    config.bind = args.bind.or(file.bind);
    config.public = if args.public.is_empty() {
        file.public
    } else {
        args.public.clone()
    };
    config.limits = file.limits.over(HubLimits::default());
    let hosting = |id: &String| {
        conclave_node::hub::hosting_id_of(id)
            .ok_or_else(|| CliError::Usage(format!("{id}: a hosting id has 64 hexadecimal digits")))
    };
    config.only = file
        .only
        .map(|only| only.iter().map(hosting).collect())
        .transpose()?;
    for url in &file.relays {
        let url = url
            .parse()
            .map_err(|error: conclave_node::AddrError| CliError::Usage(error.to_string()))?;
        config.relays.push(RelayEntry::new(url));
    }
    if let Some(relay) = relay {
        let mut entry = RelayEntry::new(relay.url().clone());
        entry.pinned_cert_der = relay.cert_der().map(<[u8]>::to_vec);
        entry.token = relay_token;
        entry.quic_port = relay.quic_port();
        config.relays.push(entry);
    }
    Ok(config)
}
