//! What survives: commits, and the machine that is opened from them. Nothing is acknowledged that is not durable.

use conclave_core::id::{Millis, NodeId};
use conclave_core::view::{Change, Table, View};
use conclave_engine::command::CommandError;
use conclave_engine::peer::{OpenError, Peer};
use conclave_store::vault::VaultError;
use conclave_store::{CommitError, Store};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::EngineError;
use super::actor::Actor;
use crate::{clock, crash};

/// Where the engine keeps the account; absent in a fresh profile.
const META_ACCOUNT: &[u8] = b"account";

/// How long the network is not listened to after the disk was found full.
const FULL_PAUSE_MS: u64 = 5_000;

impl Actor {
    /// Commits, or makes sure that nothing of it is left: the machine is opened anew from what is durable.
    pub(super) fn commit(&mut self, changes: &[Change]) -> Result<(), EngineError> {
        crash::point(crash::BEFORE_COMMIT);
        match self.store.commit(changes) {
            Ok(()) => {
                crash::point(crash::AFTER_COMMIT);
                Ok(())
            }
            Err(CommitError::Full) => {
                self.full_until = Some(Millis(clock::now().0.saturating_add(FULL_PAUSE_MS)));
                self.reopen();
                self.say(
                    "error",
                    "storage_full",
                    &EngineError::StorageFull.to_string(),
                );
                Err(EngineError::StorageFull)
            }
            Err(error) => {
                self.fail(error.to_string());
                Err(EngineError::Failed(error.to_string()))
            }
        }
    }

    /// Moves the store's log while nobody waits.
    pub(super) fn rest(&mut self) {
        if let Err(error) = self.store.rest() {
            self.fail(error.to_string());
        }
    }

    pub(super) fn open_peer(&mut self) -> Result<(), String> {
        self.peer = None;
        let Some(keys) = self.account.keys() else {
            return Ok(());
        };
        // Without it the vault was written and the process ended before the store was: the account was never acknowledged,
        // and the next attempt to create it takes the same keys.
        if self
            .store
            .get(Table::Meta, META_ACCOUNT)
            .map_err(|error| error.to_string())?
            .is_none()
        {
            return Ok(());
        }
        let node = NodeId(self.account.node_id());
        let peer = Peer::open(keys.clone(), node, &self.store, clock::now())
            .map_err(|error| error.to_string())?;
        self.peer = Some(peer);
        Ok(())
    }

    /// Opens the machine anew; connections start over with it.
    pub(super) fn reopen(&mut self) {
        self.outlet.reset();
        if let Err(error) = self.open_peer() {
            self.fail(error);
        }
    }

    /// Stops for good: whatever comes is refused, so that nothing is acknowledged that is not durable.
    pub(super) fn fail(&mut self, reason: String) {
        tracing::error!(%reason, "the node stops working");
        self.peer = None;
        self.outlet.reset();
        self.say(
            "error",
            "failed",
            &EngineError::Failed(reason.clone()).to_string(),
        );
        self.failed = Some(reason.clone());
        if let Some(on_failure) = self.on_failure.take() {
            on_failure(reason);
        }
    }

    pub(super) fn found(&mut self, display_name: &str) -> Result<(), EngineError> {
        if self.peer.is_some() {
            return Err(EngineError::AccountExists);
        }
        let mut rng = self.rng()?;
        let keys = self
            .account
            .prepare(&mut rng)
            .map_err(|error| match error {
                VaultError::Full => EngineError::StorageFull,
                error => EngineError::Failed(error.to_string()),
            })?;
        crash::point(crash::AFTER_VAULT_WRITE);
        let node = NodeId(self.account.node_id());
        let (peer, mut effects) = Peer::found(
            keys,
            display_name,
            node,
            clock::now(),
            &mut rng,
            &self.store,
        )
        .map_err(found_error)?;
        let changes = std::mem::take(&mut effects.changes);
        self.commit(&changes)?;
        self.peer = Some(peer);
        self.outlet.announce();
        self.follow(effects);
        Ok(())
    }

    /// Randomness for one call, fresh from the system: a copy of this process, or of its machine, shares none of it.
    pub(super) fn rng(&self) -> Result<ChaCha20Rng, EngineError> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| EngineError::Failed(error.to_string()))?;
        Ok(ChaCha20Rng::from_seed(*seed))
    }
}

fn found_error(error: OpenError) -> EngineError {
    match error {
        OpenError::Store(error) => error.into(),
        OpenError::NoAccount => EngineError::NoAccount,
        OpenError::Name(message) => CommandError::Invalid {
            field: "display_name",
            message,
        }
        .into(),
    }
}
