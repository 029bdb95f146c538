//! Nodes, and peers that do not behave, for the tests over loopback.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{future::Future, time::Duration};

use conclave_net::{
    ALPN, Channel, ConnectionId, DisconnectReason, Events, Hello, NetConfig, NetEvent, Network,
    PathInfo, PeerAddr, VersionRange, encode_header,
};
use iroh::{
    Endpoint, EndpointAddr, EndpointId, SecretKey,
    endpoint::{Connection, ConnectionError, RecvStream, SendStream, presets},
};

/// Longer than anything here takes, even on a busy machine: a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long for {what}"))
}

/// A configuration on loopback, with a key made of `seed`.
pub fn config(seed: u8) -> NetConfig {
    let mut config = NetConfig::new([seed; 32]);
    config.bind = Some("127.0.0.1:0".parse().unwrap());
    config
}

/// A node under test.
pub struct Node {
    pub net: Network,
    pub events: Events,
}

impl Node {
    pub async fn start(config: NetConfig) -> Self {
        let (net, events) = Network::bind(config).await.unwrap();
        Self { net, events }
    }

    pub async fn addr(&self) -> PeerAddr {
        self.net.addr().await
    }

    /// Dials and takes the event that reports it.
    pub async fn connect(&mut self, peer: &PeerAddr) -> ConnectionId {
        let conn = patiently("a connection", self.net.connect(peer))
            .await
            .unwrap();
        assert_eq!(self.connected().await, conn);
        conn
    }

    /// Takes events until `pick` finds what it looks for.
    pub async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(NetEvent) -> Option<T>) -> T {
        patiently(what, async {
            loop {
                let event = self.events.recv().await.expect("network closed");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        })
        .await
    }

    pub async fn connected(&mut self) -> ConnectionId {
        self.until("a connection", |event| match event {
            NetEvent::Connected { conn, .. } => Some(conn),
            _ => None,
        })
        .await
    }

    pub async fn received(&mut self) -> (ConnectionId, Channel, Vec<u8>) {
        self.until("a payload", |event| match event {
            NetEvent::Received {
                conn,
                channel,
                payload,
            } => Some((conn, channel, payload)),
            NetEvent::Disconnected { reason, .. } => panic!("disconnected: {reason}"),
            _ => None,
        })
        .await
    }

    pub async fn disconnected(&mut self) -> (ConnectionId, DisconnectReason) {
        self.until("the end of a connection", |event| match event {
            NetEvent::Disconnected { conn, reason, .. } => Some((conn, reason)),
            _ => None,
        })
        .await
    }

    pub async fn path(&mut self) -> PathInfo {
        self.until("a path", |event| match event {
            NetEvent::PathChanged { path, .. } => Some(path),
            _ => None,
        })
        .await
    }
}

/// Two connected nodes, with the id that each has for the connection.
pub async fn pair(
    first: NetConfig,
    second: NetConfig,
) -> ((Node, ConnectionId), (Node, ConnectionId)) {
    let (mut first, mut second) = (Node::start(first).await, Node::start(second).await);
    let of_first = first.connect(&second.addr().await).await;
    let of_second = second.connected().await;
    ((first, of_first), (second, of_second))
}

/// A peer that speaks QUIC, and otherwise does what the test says.
pub struct RawPeer {
    pub endpoint: Endpoint,
    pub conn: Connection,
    pub send: SendStream,
    pub recv: RecvStream,
}

pub async fn raw_endpoint(seed: u8) -> Endpoint {
    let builder =
        Endpoint::builder(presets::Minimal).secret_key(SecretKey::from_bytes(&[seed; 32]));
    let builder = builder
        .alpns(vec![ALPN.to_vec()])
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap();
    builder.bind().await.unwrap()
}

impl RawPeer {
    /// Opens a connection and its stream, and says nothing yet.
    pub async fn dial(seed: u8, addr: &PeerAddr) -> Self {
        let endpoint = raw_endpoint(seed).await;
        let id = EndpointId::from_bytes(&addr.node_id).unwrap();
        let addr = addr
            .direct
            .iter()
            .fold(EndpointAddr::new(id), |to, direct| to.with_ip_addr(*direct));
        let conn = patiently("a raw connection", endpoint.connect(addr, ALPN))
            .await
            .unwrap();
        let (send, recv) = conn.open_bi().await.unwrap();
        Self {
            endpoint,
            conn,
            send,
            recv,
        }
    }

    /// Opens a connection and says HELLO as it should be.
    pub async fn greet(seed: u8, addr: &PeerAddr) -> Self {
        let mut peer = Self::dial(seed, addr).await;
        let hello = Hello::new(VersionRange::CURRENT, 0, [seed; 8], "raw").unwrap();
        peer.write(&frame(Channel::Control, &hello.encode())).await;
        peer
    }

    /// Reads the other side's HELLO and nothing after it.
    pub async fn read_hello(&mut self) -> Hello {
        let mut header = [0; 5];
        patiently("HELLO", self.recv.read_exact(&mut header))
            .await
            .unwrap();
        let mut hello = vec![0; usize::from(header[3])];
        patiently("HELLO", self.recv.read_exact(&mut hello))
            .await
            .unwrap();
        Hello::decode(&hello).unwrap()
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        patiently("writing", self.send.write_all(bytes))
            .await
            .unwrap();
    }

    /// Waits until the other side closes the connection, and returns its code.
    pub async fn close_code(&self) -> u64 {
        match patiently("the other side to close", self.conn.closed()).await {
            ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
            other => panic!("not closed by the other side: {other}"),
        }
    }
}

pub fn frame(channel: Channel, payload: &[u8]) -> Vec<u8> {
    [
        encode_header(channel, payload.len()).unwrap().as_slice(),
        payload,
    ]
    .concat()
}
