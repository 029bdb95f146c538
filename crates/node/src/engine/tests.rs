#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use conclave_engine::command::{Command, Reply, Template};
use conclave_net::{NetConfig, Network};
use conclave_store::Store;
use conclave_store::profile::Profile;
use conclave_store::vault::Unlock;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::api::FileBook;
use crate::bridge::{Connections, Outlet};
use crate::secrets::Secrets;

/// An engine on a profile of its own, whose store may grow by so many bytes.
async fn engine(dir: &std::path::Path, room: u64) -> (EngineHandle, Network) {
    let secrets = Secrets::fresh().unwrap();
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let mut profile = Profile::create(dir, Unlock::KeyFile, &secrets.to_bytes(), &mut rng).unwrap();
    let bytes = profile.store().stats().unwrap().bytes;
    profile
        .store_mut()
        .set_bytes_max(Some(bytes + room))
        .unwrap();
    let (store, vault, lock) = profile.into_parts();
    let mut config = NetConfig::new(*secrets.node_key);
    config.bind = Some("127.0.0.1:0".parse().unwrap());
    let (network, _) = Network::bind(config).await.unwrap();
    let (handle, inboxes) = EngineHandle::new();
    let (dials, _) = mpsc::channel(1);
    let parts = ActorParts {
        account: Account::new(vault, secrets, network.node_id()),
        store,
        lock,
        outlet: Outlet::new(
            network.clone(),
            Arc::new(Connections::default()),
            dials,
            Arc::new(Notify::new()),
        ),
        profile_name: "test".into(),
        files: Arc::new(FileBook::default()),
        on_failure: Box::new(|reason| panic!("{reason}")),
    };
    spawn(parts, inboxes).unwrap();
    (handle, network)
}

fn file(bytes: usize) -> Command {
    Command::StoreBlob {
        mime: "application/octet-stream".into(),
        bytes: vec![1; bytes],
    }
}

#[tokio::test]
async fn a_full_disk_refuses_loses_nothing_and_is_said_to_those_who_watch() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, network) = engine(&dir.path().join("profile"), 2 << 20).await;
    engine.found("Ada".into()).await.unwrap();
    let command = Command::CreateServer {
        name: "Home".into(),
        template: Template::Community,
        icon: None,
        history: conclave_engine::command::History::All,
    };
    let Reply::Server(server) = engine.command(command).await.unwrap() else {
        panic!("no server")
    };
    let (mut watching, ()) = engine.subscribe(|_| Ok(())).await.unwrap();

    assert!(matches!(
        engine.command(file(8 << 20)).await,
        Err(EngineError::StorageFull)
    ));
    let told = loop {
        let event = watching.recv().await.unwrap();
        if event.kind == "notice" {
            break event;
        }
    };
    assert_eq!(told.data["code"], "storage_full");

    // What was there is there, and what fits is kept.
    let seen = engine
        .read(move |reader| reader.server(server))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(seen.summary.name, "Home");
    assert!(matches!(
        engine.command(file(1000)).await,
        Ok(Reply::Blob(_))
    ));
    engine.stop().await;
    network.close().await;
}

#[tokio::test]
async fn a_second_account_is_refused_and_none_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, network) = engine(&dir.path().join("profile"), 1 << 30).await;
    assert!(matches!(
        engine.command(file(1)).await,
        Err(EngineError::NoAccount)
    ));
    assert!(matches!(
        engine.read(|reader| reader.me()).await,
        Err(EngineError::NoAccount)
    ));
    engine.found("Ada".into()).await.unwrap();
    assert!(matches!(
        engine.found("Eve".into()).await,
        Err(EngineError::AccountExists)
    ));
    assert_eq!(
        engine
            .read(|reader| reader.me())
            .await
            .unwrap()
            .profile
            .display_name,
        "Ada"
    );
    engine.stop().await;
    assert!(matches!(
        engine.read(|reader| reader.me()).await,
        Err(EngineError::Stopped)
    ));
    network.close().await;
}
