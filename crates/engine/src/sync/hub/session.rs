//! One server on a connection to a hub, as the member sees it.

use std::collections::{BTreeMap, BTreeSet};

use conclave_core::id::{BlobHash, Millis, TopicTag};

use crate::wire::HubWant;

/// State of the talk.
#[derive(Debug, Default)]
pub struct Session {
    /// Which life of the hub's logs this is about.
    pub incarnation: u64,
    /// The hub has listed all of its logs.
    pub listed: bool,
    /// This node may store there.
    pub may_write: bool,
    /// First and last position of each log, as far as the hub has said.
    pub logs: BTreeMap<TopicTag, (u64, u64)>,
    /// The page that was asked for and has not come.
    pub asking: Option<HubWant>,
    /// Logs of which something waits for more: not asked for again before that.
    pub stuck: BTreeSet<TopicTag>,
    /// Nothing is brought before this moment: the hub has asked to wait.
    pub hold_until: Millis,
    /// Since when a batch is on its way.
    pub bringing: Option<Millis>,
    /// The file that is being brought.
    pub blob: Option<BlobHash>,
}
