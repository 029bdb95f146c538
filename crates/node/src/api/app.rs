//! What the handlers share.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderValue;
use conclave_core::event::BlobRef;
use conclave_core::id::BlobHash;
use conclave_net::Network;
use tokio::sync::Semaphore;

use super::caller::Caller;
use super::error::ApiError;
use super::files::{FileBook, Tickets};
use super::guard::Hosts;
use super::id::Id;
use super::session::{Sessions, token_hash};
use super::tokens::{TOKEN_PREFIX, TokenBook};
use crate::bridge;
use crate::engine::EngineHandle;

/// Requests in work at the same time, over all clients.
pub const REQUESTS_MAX: usize = 128;

/// Shared by all handlers of one node.
pub struct App {
    /// The engine's thread.
    pub engine: EngineHandle,
    /// The transport, for showing its state.
    pub network: Network,
    /// One-time codes and sessions.
    pub sessions: Sessions,
    /// API tokens.
    pub tokens: TokenBook,
    /// What is known of blobs.
    pub files: Arc<FileBook>,
    /// Tickets to files.
    pub tickets: Tickets,
    /// Names of the API's listener.
    pub hosts: Hosts,
    /// Names of the files' listener.
    pub file_hosts: Hosts,
    /// Port of the files' listener.
    pub files_port: u16,
    /// Content policy of the app's pages.
    pub page_policy: HeaderValue,
    /// Bounds the requests in work.
    pub requests: Arc<Semaphore>,
    /// Name of the profile.
    pub profile_name: String,
    /// Where the profile lies, for `doctor`.
    pub profile_dir: PathBuf,
    /// Whether a passphrase protects the vault.
    pub has_passphrase: bool,
}

impl App {
    /// Finds out who holds a token.
    pub fn caller(&self, bearer: &str) -> Option<Caller> {
        let hash = token_hash(bearer);
        if bearer.starts_with(TOKEN_PREFIX) {
            return self.tokens.caller(&hash);
        }
        self.sessions.knows(&hash).then_some(Caller::Person)
    }

    /// Sees to it that the engine knows where this node is reached, before it makes a link: a node that has just started waits
    /// for its relay, a moment at most.
    ///
    /// # Errors
    /// [`ApiError`] if the engine has stopped.
    pub async fn know_reach(&self) -> Result<(), ApiError> {
        let reach = bridge::reach_of(&self.network.addr().await);
        Ok(self.engine.reach(reach).await?)
    }

    /// Finds how a stored picture opens.
    ///
    /// # Errors
    /// 404 if it is not known.
    pub fn blob_ref(&self, hash: Id<BlobHash>) -> Result<BlobRef, ApiError> {
        let known = self.files.get(&hash.0);
        known
            .map(|known| known.blob)
            .ok_or_else(|| ApiError::not_found("picture; upload it again"))
    }

    /// Finds how the picture of a change opens, if one is named.
    ///
    /// # Errors
    /// 404 if it is not known.
    pub fn picture(
        &self,
        change: Option<Option<Id<BlobHash>>>,
    ) -> Result<Option<Option<BlobRef>>, ApiError> {
        change
            .map(|hash| hash.map(|hash| self.blob_ref(hash)).transpose())
            .transpose()
    }
}
