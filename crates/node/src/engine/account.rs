//! The account's secrets, in memory and in the vault.

use conclave_core::identity::AccountKeys;
use conclave_store::vault::{Vault, VaultError};
use rand_core::CryptoRng;

use crate::secrets::Secrets;

/// Secrets and the vault that keeps them.
pub struct Account {
    vault: Vault,
    secrets: Secrets,
    node_id: [u8; 32],
}

impl Account {
    /// Puts together what was read from the vault; `node_id` is the public part of the transport key.
    pub fn new(vault: Vault, secrets: Secrets, node_id: [u8; 32]) -> Self {
        Self {
            vault,
            secrets,
            node_id,
        }
    }

    /// The account's keys, if there are any.
    pub fn keys(&self) -> Option<&AccountKeys> {
        self.secrets.account.as_ref()
    }

    /// The public part of the transport key.
    pub fn node_id(&self) -> [u8; 32] {
        self.node_id
    }

    /// Gives the keys for a new account, durable in the vault before anything signed with them can be.
    ///
    /// # Errors
    /// The vault cannot be written: there are no keys then.
    pub fn prepare(&mut self, rng: &mut dyn CryptoRng) -> Result<AccountKeys, VaultError> {
        if let Some(keys) = &self.secrets.account {
            return Ok(keys.clone());
        }
        let keys = AccountKeys::generate(rng);
        let secrets = Secrets {
            node_key: self.secrets.node_key.clone(),
            account: Some(keys.clone()),
        };
        self.vault.replace_secrets(&secrets.to_bytes(), rng)?;
        self.secrets = secrets;
        Ok(keys)
    }
}
