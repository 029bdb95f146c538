//! The secrets of one device, and the founding of an account.

use core::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::derive::derive;
use crate::hash::Label;
use crate::id::{DeviceId, Millis, ServerId, TopicTag};
use crate::signed::{SigningKey, Verified};

use super::entry::{
    DeviceCert, ENTRY_VERSION, Entry, EntryBody, IDENTITY_NONCE_LEN, IdentityGenesis, Signer,
    device_id, genesis_possession_payload,
};
use super::log::IdentityLog;

/// Version of the layout of [`AccountKeys::to_bytes`].
const ACCOUNT_KEYS_VERSION: u8 = 1;

/// Length of [`AccountKeys::to_bytes`]: a version byte and five seeds of 32 bytes.
pub const ACCOUNT_KEYS_LEN: usize = 1 + 5 * 32;

/// The secrets that one device keeps in its vault: five independent random seeds, zeroised on drop, never printed.
///
/// The topic seed is the account's and comes to further devices; the others are this device's alone, save the root, which a
/// further device does not have.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AccountKeys {
    root: [u8; 32],
    device: [u8; 32],
    wrap: [u8; 32],
    pseudonym: [u8; 32],
    topic: [u8; 32],
}

/// Why stored account keys cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AccountKeysError {
    /// Written by a newer program.
    #[error("account keys of version {0} are newer than this program: update it")]
    Version(u8),
    /// Damaged.
    #[error("account keys of {0} bytes, not {ACCOUNT_KEYS_LEN}")]
    Length(usize),
}

impl AccountKeys {
    /// Draws fresh seeds.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut keys = Self {
            root: [0; 32],
            device: [0; 32],
            wrap: [0; 32],
            pseudonym: [0; 32],
            topic: [0; 32],
        };
        for seed in keys.seeds_mut() {
            rng.fill_bytes(seed);
        }
        keys
    }

    /// Gives the layout for the vault: version byte, then root, device, wrap, pseudonym and topic seed.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(ACCOUNT_KEYS_LEN));
        out.push(ACCOUNT_KEYS_VERSION);
        for seed in [
            &self.root,
            &self.device,
            &self.wrap,
            &self.pseudonym,
            &self.topic,
        ] {
            out.extend_from_slice(seed);
        }
        out
    }

    /// Reads the layout of [`AccountKeys::to_bytes`].
    ///
    /// # Errors
    /// [`AccountKeysError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AccountKeysError> {
        match bytes.first() {
            Some(&ACCOUNT_KEYS_VERSION) if bytes.len() == ACCOUNT_KEYS_LEN => {}
            Some(&version) if version != ACCOUNT_KEYS_VERSION => {
                return Err(AccountKeysError::Version(version));
            }
            _ => return Err(AccountKeysError::Length(bytes.len())),
        }
        let mut keys = Self {
            root: [0; 32],
            device: [0; 32],
            wrap: [0; 32],
            pseudonym: [0; 32],
            topic: [0; 32],
        };
        for (seed, stored) in keys
            .seeds_mut()
            .into_iter()
            .zip(bytes[1..].chunks_exact(32))
        {
            seed.copy_from_slice(stored);
        }
        Ok(keys)
    }

    fn seeds_mut(&mut self) -> [&mut [u8; 32]; 5] {
        [
            &mut self.root,
            &mut self.device,
            &mut self.wrap,
            &mut self.pseudonym,
            &mut self.topic,
        ]
    }

    /// The identity's root key.
    #[must_use]
    pub fn root(&self) -> SigningKey {
        SigningKey::from_seed(&self.root)
    }

    /// The device's signing key.
    #[must_use]
    pub fn device(&self) -> SigningKey {
        SigningKey::from_seed(&self.device)
    }

    /// The device's id.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        device_id(&self.device().public())
    }

    /// The key under which the device is known in one server.
    #[must_use]
    pub fn pseudonym(&self, server: ServerId) -> SigningKey {
        SigningKey::from_seed(&derive(Label::PseudonymSeed, &[&self.pseudonym, &server.0]))
    }

    /// The seed of the device's leaf in one server's key trees.
    #[must_use]
    pub fn leaf_seed(&self, server: ServerId) -> Zeroizing<[u8; 32]> {
        derive(Label::DeviceLeafSeed, &[&self.wrap, &server.0])
    }

    /// The secret whose hash the device's envelope of this topic and sequence carries, so that it can be dropped later.
    #[must_use]
    pub fn delete_secret(&self, topic: TopicTag, seq: u64) -> Zeroizing<[u8; 32]> {
        derive(
            Label::DeleteSecretSeed,
            &[&self.pseudonym, &topic.0, &seq.to_be_bytes()],
        )
    }

    /// The key that seals the account's own topic.
    #[must_use]
    pub fn account_topic_key(&self) -> Zeroizing<[u8; 32]> {
        derive(Label::AccountTopicKey, &[&self.topic])
    }
}

impl fmt::Debug for AccountKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKeys(..)")
    }
}

/// Founds an identity with this device as its first.
#[must_use]
pub fn create_account(keys: &AccountKeys, now: Millis, rng: &mut dyn CryptoRng) -> IdentityLog {
    let root = keys.root();
    let mut nonce = [0; IDENTITY_NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let payload = genesis_possession_payload(&root.public(), &nonce);
    let genesis = IdentityGenesis {
        root: root.public(),
        device: DeviceCert::make(&keys.device(), &payload),
        nonce: nonce.to_vec().into(),
        recovery: None,
    };
    let body = EntryBody::from(genesis.clone());
    let entry = Entry {
        version: ENTRY_VERSION,
        identity: None,
        seq: 0,
        prev: None,
        signer: Signer::Root,
        signer_key: root.public(),
        kind: body.kind(),
        body: body.encode().into(),
        time: now,
    };
    IdentityLog::start(Verified::sign(entry, &root), &genesis)
}
