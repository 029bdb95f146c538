//! Running a relay in the foreground.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use conclave_node::Secret;
use conclave_node::relay::{RelayCertificate, RelayError, RelayServer, RelayServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::args::RelayArgs;
use crate::error::CliError;
use crate::output::Output;

/// Starts the relay and waits until it is told to stop.
pub async fn run(args: RelayArgs, out: Output) -> Result<(), CliError> {
    let metrics = args.metrics;
    if let Some(addr) = metrics.filter(|addr| !addr.ip().is_loopback()) {
        return Err(CliError::Usage(format!(
            "{addr}: metrics are served on loopback alone"
        )));
    }
    let write_cert = args.write_cert.clone();
    let relay = Arc::new(RelayServer::start(config(args)?).await?);
    if let (Some(path), Some(cert)) = (&write_cert, relay.cert_der()) {
        std::fs::write(path, cert).map_err(CliError::io(path.display().to_string()))?;
    }
    let url = relay.url().to_string();
    out.show(&json!({ "relay": url }), |_| format!("relay: {url}"));
    let serving = match metrics {
        Some(addr) => {
            let listener = TcpListener::bind(addr)
                .await
                .map_err(CliError::io(addr.to_string()))?;
            let relay = Arc::clone(&relay);
            let text = move || {
                let text = relay.metrics_text();
                async move { text }
            };
            Some(tokio::spawn(crate::metrics::serve(listener, None, text)))
        }
        None => None,
    };
    let stopped = crate::signals::stop().await;
    if let Some(serving) = serving {
        serving.abort();
        let _ = serving.await;
    }
    if let Some(relay) = Arc::into_inner(relay) {
        relay.shutdown().await;
    }
    stopped
}

pub fn config(args: RelayArgs) -> Result<RelayServerConfig, CliError> {
    let mut config = RelayServerConfig::new(args.bind);
    config.certificate = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => Some(certificate(cert, key)?),
        _ if args.self_signed => {
            let host = args
                .host
                .clone()
                .unwrap_or_else(|| args.bind.ip().to_string());
            Some(RelayCertificate::self_signed(vec![host]).map_err(RelayError::from)?)
        }
        _ => None,
    };
    if config.certificate.is_none() && !is_local(args.bind) && !args.plain_http {
        let message = "without a certificate everybody on the way sees who talks to whom: give --cert and --key, or \
            --self-signed, or --plain-http behind a proxy that adds TLS";
        return Err(CliError::Usage(message.into()));
    }
    if let Some(path) = &args.token_file {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(CliError::io(path.display().to_string()))?;
        config.tokens = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Secret::new)
            .collect();
        if config.tokens.is_empty() {
            return Err(CliError::Usage(format!(
                "{}: no token in it, and the relay would be open to all",
                path.display()
            )));
        }
    }
    config.public_host = args.host;
    config.quic_bind = args.quic_bind;
    if let Some(max) = args.max_connections {
        config.limits.connections_max = max;
    }
    if let Some(rate) = args.rate {
        config.limits.bytes_per_second = rate;
    }
    Ok(config)
}

fn is_local(addr: SocketAddr) -> bool {
    addr.ip().is_loopback()
}

fn certificate(cert: &Path, key: &Path) -> Result<RelayCertificate, CliError> {
    let bad = |path: &Path| {
        CliError::Usage(format!(
            "{}: not PEM, or not what it should be",
            path.display()
        ))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert)
        .map_err(|_| bad(cert))?
        .collect();
    let chain = chain
        .map_err(|_| bad(cert))?
        .iter()
        .map(|cert| cert.to_vec())
        .collect();
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| bad(key))?;
    let key = Zeroizing::new(key.secret_der().to_vec());
    Ok(RelayCertificate::from_der(chain, key).map_err(RelayError::from)?)
}
