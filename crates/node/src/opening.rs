//! What a node opens when it starts: profile, transport, listeners.

use std::net::{Ipv4Addr, SocketAddr};

use conclave_core::view::{Change, Table, View};
use conclave_net::{Events, NetConfig, Network};
use conclave_store::profile::Profile;
use conclave_store::vault::Unlock;
use conclave_store::{SqliteStore, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::config::{DEFAULT_PORT, NodeConfig};
use crate::node::StartError;
use crate::secrets::Secrets;

/// Row of the UDP port that the transport had last.
const UDP_PORT: &[u8] = b"udp-port";

/// Opens the transport at the port of the last time, so that members find this node again where they remember it.
pub async fn bind_network(
    config: &NodeConfig,
    secrets: &Secrets,
    store: &mut SqliteStore,
) -> Result<(Network, Events), StartError> {
    let remembered = store
        .get(Table::Node, UDP_PORT)
        .ok()
        .flatten()
        .and_then(|row| Some(u16::from_be_bytes(row.try_into().ok()?)));
    let mut net_config = NetConfig::new(*secrets.node_key);
    net_config.relays.clone_from(&config.relays);
    net_config.bind = config.bind;
    let is_free = config.bind.is_none_or(|bind| bind.port() == 0);
    let bound = match remembered.filter(|_| is_free) {
        Some(port) => {
            let mut again = net_config.clone();
            again.port = port;
            again.bind.iter_mut().for_each(|bind| bind.set_port(port));
            Network::bind(again).await.ok()
        }
        None => None,
    };
    let (network, events) = match bound {
        Some(bound) => bound,
        None => Network::bind(net_config).await?,
    };
    let addrs = network.local_addrs();
    let port = addrs
        .iter()
        .find(|addr| addr.is_ipv4())
        .or(addrs.first())
        .map(SocketAddr::port);
    if let Some(port) = port.filter(|port| is_free && remembered != Some(*port)) {
        let row = Change::Put {
            table: Table::Node,
            key: UDP_PORT.to_vec(),
            value: port.to_be_bytes().to_vec(),
        };
        if let Err(error) = store.commit(&[row]) {
            tracing::warn!(%error, "the port of the transport is not remembered");
        }
    }
    Ok((network, events))
}

/// Opens or creates the profile away from the async threads: deriving a key takes time.
pub async fn open_profile(
    config: NodeConfig,
) -> Result<(Profile, Secrets, NodeConfig), StartError> {
    let open = move || {
        let unlock = match &config.passphrase {
            Some(passphrase) => Unlock::Passphrase(passphrase),
            None => Unlock::KeyFile,
        };
        let (profile, secrets) = if Profile::exists(&config.profile_dir)? {
            let profile = Profile::open(&config.profile_dir, unlock)?;
            let secrets = Secrets::from_bytes(profile.vault().secrets())?;
            (profile, secrets)
        } else {
            let secrets = Secrets::fresh()?;
            let mut seed = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *seed)?;
            let mut rng = ChaCha20Rng::from_seed(*seed);
            (
                Profile::create(&config.profile_dir, unlock, &secrets.to_bytes(), &mut rng)?,
                secrets,
            )
        };
        Ok((profile, secrets, config))
    };
    tokio::task::spawn_blocking(open)
        .await
        .map_err(|_| StartError::Interrupted)?
}

/// Listens on loopback.
pub async fn listen(port: Option<u16>) -> Result<TcpListener, StartError> {
    let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match port {
        Some(port) => bind(port)
            .await
            .map_err(|source| StartError::Port { port, source }),
        None => match bind(DEFAULT_PORT).await {
            Ok(listener) => Ok(listener),
            // Another profile has it.
            Err(_) => bind(0)
                .await
                .map_err(|source| StartError::Port { port: 0, source }),
        },
    }
}

/// The port that a listener got.
pub fn port_of(listener: &TcpListener) -> Result<u16, StartError> {
    let addr = listener
        .local_addr()
        .map_err(|source| StartError::Port { port: 0, source })?;
    Ok(addr.port())
}
