//! What a profile's vault holds: the transport key and, once there is an account, its keys.

use conclave_core::identity::{AccountKeys, AccountKeysError};
use zeroize::Zeroizing;

/// Version of the layout below.
const VERSION: u8 = 1;

/// Length of the part that is always there: version byte and transport key.
const PREFIX_LEN: usize = 1 + 32;

/// The secrets of a profile. Never printed, wiped when dropped.
pub struct Secrets {
    /// Seed of the node's transport key, which authenticates connections and nothing else.
    pub node_key: Zeroizing<[u8; 32]>,
    /// The account's keys; absent in a fresh profile.
    pub account: Option<AccountKeys>,
}

/// Why stored secrets cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretsError {
    /// Written by a newer program.
    #[error(
        "the secrets of this profile have layout {0}, which is newer than this program: update it"
    )]
    Version(u8),
    /// Damaged.
    #[error("the secrets of this profile are damaged: {0} bytes")]
    Length(usize),
    /// The account's part.
    #[error(transparent)]
    Account(#[from] AccountKeysError),
}

impl Secrets {
    /// Draws the secrets of a fresh profile.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut node_key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *node_key)?;
        Ok(Self {
            node_key,
            account: None,
        })
    }

    /// Layout: version byte 1, transport key (32), then nothing or [`AccountKeys::to_bytes`].
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let account = self.account.as_ref().map(AccountKeys::to_bytes);
        let account = account.as_ref().map_or(&[][..], |bytes| bytes.as_slice());
        let mut out = Zeroizing::new(Vec::with_capacity(PREFIX_LEN + account.len()));
        out.push(VERSION);
        out.extend_from_slice(&*self.node_key);
        out.extend_from_slice(account);
        out
    }

    /// Reads the layout of [`Secrets::to_bytes`].
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretsError> {
        let damaged = SecretsError::Length(bytes.len());
        let (&version, rest) = bytes.split_first().ok_or(damaged)?;
        if version != VERSION {
            return Err(SecretsError::Version(version));
        }
        let (key, account) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        let account = if account.is_empty() {
            None
        } else {
            Some(AccountKeys::from_bytes(account)?)
        };
        Ok(Self {
            node_key: Zeroizing::new(*key),
            account,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn secrets_survive_their_layout_with_and_without_an_account() {
        let mut secrets = Secrets::fresh().unwrap();
        let read = Secrets::from_bytes(&secrets.to_bytes()).unwrap();
        assert!(read.account.is_none() && read.node_key == secrets.node_key);

        secrets.account = Some(AccountKeys::generate(&mut ChaCha20Rng::from_seed([1; 32])));
        let bytes = secrets.to_bytes();
        assert_eq!(Secrets::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn damaged_and_newer_secrets_are_refused_at_every_length() {
        let account = Some(AccountKeys::generate(&mut ChaCha20Rng::from_seed([1; 32])));
        let bytes = Secrets {
            account,
            ..Secrets::fresh().unwrap()
        }
        .to_bytes();
        for len in (0..bytes.len()).filter(|len| *len != PREFIX_LEN) {
            assert!(
                Secrets::from_bytes(&bytes[..len]).is_err(),
                "{len} bytes were accepted"
            );
        }
        let mut newer = bytes.to_vec();
        newer[0] = 2;
        assert_eq!(
            Secrets::from_bytes(&newer).err(),
            Some(SecretsError::Version(2))
        );
    }
}
