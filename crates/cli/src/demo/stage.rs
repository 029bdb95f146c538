//! The stage: a relay, and a node with a profile for each of the people.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use conclave_node::relay::{RelayServer, RelayServerConfig};
use conclave_node::{Node, NodeConfig, NodeHandle, RelayEntry, RelayUrl, StartError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::cast::{self, Who};
use super::curtain::{Break, Curtain};
use super::person::Person;
use crate::client::Client;
use crate::error::CliError;

/// Where the profiles lie.
enum Home {
    /// Gone with the demo.
    Passing(TempDir),
    /// Named by the caller, and left there.
    Kept(PathBuf),
}

/// What outlives the play: the relay and the directory of the profiles.
pub struct Backstage {
    relay: RelayServer,
    home: Home,
}

impl Backstage {
    /// Starts the relay and makes the directory, which nobody else may look into.
    ///
    /// # Errors
    /// [`CliError::Usage`] if the directory to keep has something in it already.
    pub async fn open(keep: Option<&Path>) -> Result<Self, CliError> {
        let home = match keep {
            None => {
                let dir = tempfile::Builder::new().prefix("conclave-demo-").tempdir();
                Home::Passing(dir.map_err(CliError::io("a temporary directory"))?)
            }
            Some(dir) => {
                let failed = || CliError::io(dir.display().to_string());
                std::fs::create_dir_all(dir).map_err(failed())?;
                if std::fs::read_dir(dir).map_err(failed())?.next().is_some() {
                    let words =
                        "has something in it already; the demo wants a directory of its own";
                    return Err(CliError::Usage(format!("{}: {words}", dir.display())));
                }
                Home::Kept(dir.to_owned())
            }
        };
        let relay = RelayServer::start(RelayServerConfig::new(loopback())).await?;
        Ok(Self { relay, home })
    }

    fn dir(&self) -> &Path {
        match &self.home {
            Home::Passing(dir) => dir.path(),
            Home::Kept(dir) => dir,
        }
    }

    /// Stops the relay and removes what is not to be kept.
    pub async fn close(self) {
        self.relay.shutdown().await;
        if let Home::Passing(dir) = self.home {
            // What cannot be removed now is the system's temporary directory's to remove.
            let _ = dir.close();
        }
    }
}

/// The people and their nodes.
pub struct Stage {
    runtime: Handle,
    home: PathBuf,
    relay: RelayUrl,
    viewer: Who,
    port: Option<u16>,
    /// Whether this machine has the other loopback: whoever is there alone is reached through the relay.
    has_ipv6: bool,
    people: BTreeMap<Who, Person>,
    nodes: BTreeMap<Who, NodeHandle>,
    /// When somebody's node was stopped last.
    left_ms: BTreeMap<Who, u64>,
}

impl Stage {
    pub fn new(backstage: &Backstage, runtime: Handle, viewer: Who, port: Option<u16>) -> Self {
        Self {
            runtime,
            home: backstage.dir().to_owned(),
            relay: backstage.relay.url().clone(),
            viewer,
            port,
            has_ipv6: UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok(),
            people: BTreeMap::new(),
            nodes: BTreeMap::new(),
            left_ms: BTreeMap::new(),
        }
    }

    /// Starts everybody's node and makes their accounts.
    pub fn raise(&mut self, curtain: &Curtain) -> Result<(), Break> {
        for who in cast::ALL {
            curtain.pause(std::time::Duration::ZERO)?;
            self.enter(who)?;
            let account = json!({ "display_name": who.name(), "bio": who.bio(), "status_text": who.status() });
            self.person_mut(who)?.open_account(&account)?;
        }
        Ok(())
    }

    /// Starts somebody's node.
    pub fn enter(&mut self, who: Who) -> Result<(), Break> {
        let dir = self.home.join(who.key());
        let mut config = NodeConfig::new(dir.clone());
        who.key().clone_into(&mut config.profile_name);
        config.port = if who == self.viewer {
            self.port
        } else {
            Some(0)
        };
        // Cleo lives on the other loopback, where nobody reaches her directly.
        config.bind = Some(if who == Who::Cleo && self.has_ipv6 {
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0))
        } else {
            loopback()
        });
        config.relays.push(RelayEntry::new(self.relay.clone()));
        let node = self.runtime.block_on(Node::start(config))?;
        self.nodes.insert(who, node);
        let client = Client::connect(&dir, "")?;
        match self.people.get_mut(&who) {
            Some(person) => person.client = Some(client),
            None => {
                self.people.insert(who, Person::new(who, client));
            }
        }
        Ok(())
    }

    /// Stops somebody's node.
    pub fn leave(&mut self, who: Who) {
        if let Some(person) = self.people.get_mut(&who) {
            person.client = None;
        }
        if let Some(node) = self.nodes.remove(&who) {
            self.runtime.block_on(node.stop());
            self.left_ms.insert(who, now_ms());
        }
    }

    /// When somebody's node was stopped last, in milliseconds of this machine's clock.
    pub fn left_ms(&self, who: Who) -> u64 {
        self.left_ms.get(&who).copied().unwrap_or_default()
    }

    /// Stops every node, all at the same time: each takes leave of the others.
    pub fn clear(&mut self) {
        for person in self.people.values_mut() {
            person.client = None;
        }
        let mut stopping: JoinSet<()> = JoinSet::new();
        for node in std::mem::take(&mut self.nodes).into_values() {
            stopping.spawn_on(node.stop(), &self.runtime);
        }
        self.runtime.block_on(stopping.join_all());
        // The page that opened the app would be left behind in a directory that is kept.
        let _ = std::fs::remove_file(self.home.join(crate::run::OPEN_FILE));
    }

    pub fn is_there(&self, who: Who) -> bool {
        self.nodes.contains_key(&who)
    }

    pub fn person(&self, who: Who) -> Result<&Person, CliError> {
        let person = self.people.get(&who);
        person.ok_or_else(|| CliError::Demo(format!("{} is not there", who.name())))
    }

    fn person_mut(&mut self, who: Who) -> Result<&mut Person, CliError> {
        let person = self.people.get_mut(&who);
        person.ok_or_else(|| CliError::Demo(format!("{} is not there", who.name())))
    }

    /// Address that opens the app as one of the people.
    pub fn open_url(&self, who: Who) -> Result<Zeroizing<String>, StartError> {
        let node = self.nodes.get(&who).ok_or(StartError::Interrupted)?;
        Ok(node.open_url()?)
    }

    pub fn relay_url(&self) -> String {
        self.relay.to_string()
    }

    /// Directory of the profiles.
    pub fn home(&self) -> PathBuf {
        self.home.clone()
    }

    /// Who is there, and where.
    pub fn describe(&self) -> Vec<Value> {
        let people = self.people.values();
        let show = |person: &Person| {
            json!({
                "key": person.who.key(),
                "name": person.who.name(),
                "id": person.id,
                "profile_dir": self.home.join(person.who.key()),
            })
        };
        people.map(show).collect()
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}
