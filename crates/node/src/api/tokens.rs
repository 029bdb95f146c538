//! API tokens: made by the person for a bot or a script, limited to actions and if wanted to one server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use conclave_core::id::{Digest, Millis, ServerId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::caller::Caller;
use super::id::Id;
use super::session::{same, token_hash};

/// Prefix of every API token, so that one found in a log or a repository is recognised for what it is.
pub const TOKEN_PREFIX: &str = "cnclv_";

/// Most tokens: each is compared with on every request.
pub const TOKENS_MAX: usize = 256;

/// Longest name of a token in bytes.
pub const TOKEN_NAME_BYTES_MAX: usize = 100;

/// Prefix of the rows in the node's table.
pub const ROW_PREFIX: &[u8] = b"token:";

/// A token as it is listed and stored: never the token itself, only its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredToken {
    /// What it is called when it is revoked; 16 hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// What it may do, ascending.
    pub actions: Vec<Action>,
    /// The one server that it is limited to.
    pub server_id: Option<Id<ServerId>>,
    /// When it was made.
    pub created_ms: u64,
    hash: String,
}

/// A token as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TokenInfo {
    /// For revoking it; 16 hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// What it may do.
    pub actions: Vec<Action>,
    /// The one server that it is limited to.
    pub server_id: Option<Id<ServerId>>,
    /// When it was made.
    pub created_ms: u64,
    /// The token itself: only in the answer that creates it, never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl StoredToken {
    /// Makes a token; gives the record to store and the secret to hand out once.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn make(
        name: String,
        mut actions: Vec<Action>,
        server: Option<Id<ServerId>>,
        now: Millis,
    ) -> Result<(Self, String), getrandom::Error> {
        let secret = format!("{TOKEN_PREFIX}{}", super::session::random_token()?.as_str());
        let hash = token_hash(&secret).to_string();
        actions.sort_unstable();
        actions.dedup();
        let id = hash[..16].to_owned();
        Ok((
            Self {
                id,
                name,
                actions,
                server_id: server,
                created_ms: now.0,
                hash,
            },
            secret,
        ))
    }

    /// The key of its row.
    pub fn row_key(&self) -> Vec<u8> {
        row_key(&self.id)
    }

    /// How the API shows it.
    pub fn info(&self, token: Option<String>) -> TokenInfo {
        TokenInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            actions: self.actions.clone(),
            server_id: self.server_id,
            created_ms: self.created_ms,
            token,
        }
    }
}

/// The key of a token's row.
pub fn row_key(id: &str) -> Vec<u8> {
    [ROW_PREFIX, id.as_bytes()].concat()
}

/// All API tokens, in memory for comparing.
#[derive(Default)]
pub struct TokenBook {
    tokens: Mutex<BTreeMap<String, (Digest, StoredToken)>>,
}

impl TokenBook {
    /// Reads the stored rows. A row that cannot be read grants nothing and is left out.
    pub fn load<'a>(&self, rows: impl IntoIterator<Item = &'a [u8]>) {
        for row in rows.into_iter().take(TOKENS_MAX) {
            match serde_json::from_slice::<StoredToken>(row) {
                Ok(token) => self.insert(token),
                Err(_) => tracing::warn!("an API token in the store cannot be read and is ignored"),
            }
        }
    }

    /// Adds a token that has been stored.
    pub fn insert(&self, token: StoredToken) {
        if let Some(hash) = Digest::from_hex(&token.hash) {
            self.lock().insert(token.id.clone(), (hash, token));
        }
    }

    /// Removes a token; false if there was none.
    pub fn remove(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// All tokens, by id.
    pub fn list(&self) -> Vec<TokenInfo> {
        self.lock()
            .values()
            .map(|(_, token)| token.info(None))
            .collect()
    }

    /// Whom a hashed token stands for.
    pub fn caller(&self, offered: &Digest) -> Option<Caller> {
        let tokens = self.lock();
        // Every token is compared with, whichever matches.
        let matching = tokens.values().fold(None, |found, (hash, token)| {
            if bool::from(same(hash, offered)) {
                Some(token)
            } else {
                found
            }
        });
        let token = matching?;
        Some(Caller::Token {
            actions: token.actions.clone(),
            server: token.server_id.map(|id| id.0),
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Digest, StoredToken)>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_stored_token_is_known_by_its_secret_and_not_by_what_is_stored() {
        let (token, secret) =
            StoredToken::make("bot".into(), vec![Action::MessagesWrite], None, Millis(5)).unwrap();
        let row = serde_json::to_vec(&token).unwrap();
        assert!(!String::from_utf8_lossy(&row).contains(&secret[TOKEN_PREFIX.len()..]));

        let book = TokenBook::default();
        book.load([row.as_slice(), b"damaged".as_slice()]);
        let caller = book.caller(&token_hash(&secret)).unwrap();
        assert!(caller.may(Action::MessagesWrite) && !caller.may(Action::MessagesRead));
        assert_eq!(book.caller(&token_hash(&token.hash)), None);
        assert!(book.remove(&token.id));
        assert_eq!(book.caller(&token_hash(&secret)), None);
    }
}
