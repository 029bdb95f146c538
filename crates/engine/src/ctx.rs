//! What one `handle` call carries through the machines: time, randomness, the store's working copy, and what is to go out.

use conclave_core::id::{IdentityId, Millis, NodeId, ServerId};
use conclave_core::member::Reach;
use rand_core::CryptoRng;

use crate::account::Account;
use crate::blobs::Progress;
use crate::effect::{ConnId, Notice};
use crate::txn::Txn;
use crate::wire::Position;

/// Context of one `handle` call.
pub struct Ctx<'a> {
    /// The store as this call sees it.
    pub txn: Txn<'a>,
    /// The node's clock.
    pub now: Millis,
    /// The node's randomness.
    pub rng: &'a mut dyn CryptoRng,
    /// Who this node acts for.
    pub me: &'a Account,
    /// What arrives now was said a while ago: it is fetched, not heard.
    pub catching_up: bool,
    /// What happened to files.
    pub files: Vec<Progress>,
    /// What arrives now comes from a hub, which therefore has it.
    pub from_hub: bool,
    /// What is to leave after the commit.
    pub out: Out,
}

/// What a call wants said, besides its changes.
#[derive(Debug, Default)]
pub struct Out {
    /// Frames for single connections, in order.
    pub sends: Vec<(ConnId, Vec<u8>)>,
    /// Envelopes for everybody who may have them.
    pub outgoing: Vec<Outgoing>,
    /// Connections to close.
    pub hangups: Vec<(ConnId, &'static str)>,
    /// Nodes to call.
    pub dials: Vec<Reach>,
    notices: Vec<Notice>,
}

/// An envelope that has just become this node's to pass on.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its server.
    pub server: ServerId,
    /// Where it stands.
    pub position: Position,
    /// Wire form.
    pub bytes: Vec<u8>,
    /// Not stored by anybody.
    pub ephemeral: bool,
    /// Where it came from.
    pub except: Option<ConnId>,
}

impl Out {
    /// Tells watchers something, once per call.
    pub fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// Tells watchers several things.
    pub fn notices(&mut self, notices: impl IntoIterator<Item = Notice>) {
        for notice in notices {
            self.notice(notice);
        }
    }

    /// Gives the notices.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        core::mem::take(&mut self.notices)
    }
}

impl Ctx<'_> {
    /// This account's identity.
    #[must_use]
    pub fn identity(&self) -> IdentityId {
        self.me.id()
    }

    /// This node's transport key.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.me.node
    }
}
