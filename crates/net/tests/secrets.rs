//! Nothing secret is logged, by this crate or by those below it, even at the most talkative level.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use common::{Node, config, patiently};
use conclave_net::{
    NetConfig, RelayEntry, RelayStatus, Secret,
    relay::{RelayServer, RelayServerConfig},
};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_keys_nor_tokens_are_logged() {
    const TOKEN: &str = "token-that-must-not-be-logged";
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();

    let mut relay_config = RelayServerConfig::new("127.0.0.1:0".parse().unwrap());
    relay_config.tokens = vec![Secret::new(TOKEN)];
    let relay = RelayServer::start(relay_config.clone()).await.unwrap();
    let with = |seed, token: &str| {
        let entry = RelayEntry {
            token: Some(Secret::new(token)),
            ..RelayEntry::new(relay.url().clone())
        };
        NetConfig {
            relays: vec![entry],
            ..config(seed)
        }
    };
    let wrong = Node::start(with(0xd1, &format!("{TOKEN}-but-wrong"))).await;
    let denied = |status: &[RelayStatus]| status.iter().any(|relay| relay.denied.is_some());
    patiently("a denial", wrong.net.relay_status_when(denied)).await;
    let (mut alice, bob) = (
        Node::start(with(0xd2, TOKEN)).await,
        Node::start(with(0xd3, TOKEN)).await,
    );
    alice.connect(&bob.addr().await).await;
    for node in [wrong, alice, bob] {
        node.net.close().await;
    }
    relay.shutdown().await;

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(
        logged.contains("iroh") && logged.lines().count() > 100,
        "the log was not taken"
    );
    for secret in [
        TOKEN.to_owned(),
        hex::encode([0xd2; 32]),
        format!("{:?}", [0xd2_u8; 32]),
        "210, 210, 210".into(),
    ] {
        let line = logged.lines().find(|line| line.contains(&secret));
        assert!(
            line.is_none(),
            "logged a secret: {}",
            line.unwrap_or_default()
        );
    }
}
