//! One connection, as sync sees it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conclave_core::id::{EventId, IdentityId, InviteId, NodeId, Pseudonym, ServerId, TopicTag};

use super::hub::Session;
use crate::wire::{HaveTopic, NONCE_LEN, Subscribe};

/// Proofs that cannot be judged yet and are kept per connection.
pub const PENDING_MAX: usize = 64;

/// State of one connection.
#[derive(Debug)]
pub struct Link {
    /// The other side, as the transport authenticated it.
    pub node: NodeId,
    /// What our greeting said; the other side signs it.
    pub our_nonce: [u8; NONCE_LEN],
    /// What their greeting said; we sign it.
    pub their_nonce: Option<Vec<u8>>,
    /// Servers that the other side has shown to take part in.
    pub subs: BTreeMap<ServerId, Sub>,
    /// Servers for which we have sent a proof, and whether as a member.
    pub proven: BTreeMap<ServerId, bool>,
    /// Proofs by somebody whom we do not know yet.
    pub pending: Vec<Subscribe>,
    /// Servers whose hub the other side is.
    pub hubs: BTreeMap<ServerId, Session>,
}

/// Who the other side has shown to be in one server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// A member's device.
    Member {
        /// Its key.
        pseudonym: Pseudonym,
        /// Whose it is.
        identity: IdentityId,
    },
    /// The holder of a link.
    Invite(InviteId),
    /// One of the server's hubs, as its manifest says.
    Hub {
        /// Its transport key.
        node: NodeId,
    },
    /// Somebody who signed with a key that we do not know: served nothing, but told what we have, so that they can send
    /// what makes them known.
    Unknown,
    /// A removed member, who is served the log up to the event that removed them.
    Former {
        /// Its key.
        pseudonym: Pseudonym,
        /// Whose device.
        identity: IdentityId,
        /// The removal, if an event made it.
        event: Option<EventId>,
    },
}

/// One server on one connection.
#[derive(Debug)]
pub struct Sub {
    /// Who the other side is here.
    pub who: Who,
    /// What the other side said to have, while more frames of the list are to come.
    pub partial: Vec<HaveTopic>,
    /// What is still to be sent, in order.
    pub backlog: VecDeque<Run>,
    /// A batch is under way and was not acknowledged yet.
    pub in_flight: bool,
    /// Epochs that we asked the other side for.
    pub wanted: BTreeSet<conclave_core::id::EpochId>,
    /// The last batch was not the end of a backlog: the next one belongs to it.
    pub fetching: bool,
    /// Envelopes that the other side said are still to come.
    pub incoming_left: u64,
}

/// Consecutive envelopes of one author in one topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// Topic.
    pub topic: TopicTag,
    /// Author.
    pub pseudonym: Pseudonym,
    /// Next sequence to send.
    pub next: u64,
    /// Last sequence to send.
    pub last: u64,
}

impl Run {
    /// How many envelopes the run holds at most.
    #[must_use]
    pub const fn count(&self) -> u64 {
        (self.last + 1).saturating_sub(self.next)
    }
}

impl Link {
    /// A connection that has just come up.
    #[must_use]
    pub fn new(node: NodeId, our_nonce: [u8; NONCE_LEN]) -> Self {
        Self {
            node,
            our_nonce,
            their_nonce: None,
            subs: BTreeMap::new(),
            proven: BTreeMap::new(),
            pending: Vec::new(),
            hubs: BTreeMap::new(),
        }
    }
}

impl Sub {
    /// A subscription just shown.
    #[must_use]
    pub fn new(who: Who) -> Self {
        Self {
            who,
            partial: Vec::new(),
            backlog: VecDeque::new(),
            in_flight: false,
            wanted: BTreeSet::new(),
            fetching: false,
            incoming_left: 0,
        }
    }

    /// How many envelopes of the backlog are still to be sent, at most.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.backlog.iter().map(Run::count).sum()
    }
}
