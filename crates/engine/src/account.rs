//! The account that a node acts for.

use core::cell::RefCell;
use std::collections::BTreeMap;

use conclave_core::codec::{self, Limits};
use conclave_core::id::{DeviceId, IdentityId, NodeId, ServerId};
use conclave_core::identity::{AccountKeys, IdentityLog, device_id};
use conclave_core::keys::{Growth, LeafSecret, Suite};
use conclave_core::member::{LeafKeys, Profile};
use conclave_core::signed::SigningKey;
use conclave_core::view::{Direction, KeyRange, Table, View, ViewError};
use minicbor::{Decode, Encode};

use crate::command::Presence;
use crate::txn::Txn;

/// Keys, identity log and profile.
#[derive(Clone)]
pub struct Account {
    /// Secrets; zeroised on drop.
    pub keys: AccountKeys,
    /// The verified identity log.
    pub log: IdentityLog,
    /// Transport key of this node.
    pub node: NodeId,
    /// What others see.
    pub profile: Profile,
    /// How present the person wants to look.
    pub presence: Presence,
    /// Opaque settings of the app.
    pub settings_json: String,
    /// How key trees grow; tests make them deep with few people.
    pub growth: Growth,
    /// Longest record of an epoch that travels in one piece, in bytes; slots of longer ones travel apart.
    pub whole_bytes_max: usize,
    /// Keys of [`Account::pseudonym`] that were derived before: a server's is asked for with every message, and deriving it
    /// costs as much as a signature.
    pseudonyms: RefCell<BTreeMap<ServerId, SigningKey>>,
}

/// The stored part that is neither key nor log.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Stored {
    #[n(0)]
    profile: Profile,
    #[n(1)]
    settings_json: String,
}

const META_ACCOUNT: &[u8] = b"account";

/// An epoch of 50 X-Wing slots or 600 X25519 slots is in one piece: most servers never see slots apart.
const WHOLE_BYTES_MAX: usize = 64 * 1024;

/// Longest settings text in bytes.
pub const SETTINGS_BYTES_MAX: usize = 64 * 1024;

impl Account {
    /// Puts a fresh account together and stores its public part.
    pub fn found(
        keys: AccountKeys,
        log: IdentityLog,
        node: NodeId,
        display_name: &str,
        txn: &mut Txn<'_>,
    ) -> Self {
        let account = Self {
            keys,
            log,
            node,
            profile: Profile {
                display_name: display_name.to_owned(),
                ..Profile::default()
            },
            presence: Presence::Online,
            settings_json: "{}".to_owned(),
            growth: Growth::default(),
            whole_bytes_max: WHOLE_BYTES_MAX,
            pseudonyms: RefCell::default(),
        };
        for (index, entry) in (0u32..).zip(account.log.wire()) {
            let key = [account.id().as_bytes().as_slice(), &index.to_be_bytes()].concat();
            txn.put(Table::IdentityEntry, key, entry);
        }
        account.save(txn);
        account
    }

    /// Loads the account of a profile; nothing if the store holds none.
    ///
    /// # Errors
    /// [`ViewError`] if the store cannot be read or what it holds does not verify.
    pub fn load(
        keys: AccountKeys,
        node: NodeId,
        view: &dyn View,
    ) -> Result<Option<Self>, ViewError> {
        let Some(stored) = view.get(Table::Meta, META_ACCOUNT)? else {
            return Ok(None);
        };
        let damaged = |what: String| ViewError(format!("the account is damaged: {what}"));
        let stored: Stored = codec::decode(&stored, Limits::bytes(1 << 20))
            .map_err(|error| damaged(error.to_string()))?;
        let everything = KeyRange::prefix(&[]);
        let rows = view.range(
            Table::IdentityEntry,
            &everything,
            Direction::Forward,
            usize::MAX,
        )?;
        let entries: Vec<Vec<u8>> = rows.into_iter().map(|(_, entry)| entry).collect();
        let log = IdentityLog::verify(&entries).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(Self {
            keys,
            log,
            node,
            profile: stored.profile,
            presence: Presence::Online,
            settings_json: stored.settings_json,
            growth: Growth::default(),
            whole_bytes_max: WHOLE_BYTES_MAX,
            pseudonyms: RefCell::default(),
        }))
    }

    /// Stores profile and settings.
    pub fn save(&self, txn: &mut Txn<'_>) {
        let stored = Stored {
            profile: self.profile.clone(),
            settings_json: self.settings_json.clone(),
        };
        txn.put(Table::Meta, META_ACCOUNT, codec::encode(&stored));
    }

    /// The identity.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        self.log.id()
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        device_id(&self.keys.device().public())
    }

    /// The device's key in one server.
    #[must_use]
    pub fn pseudonym(&self, server: ServerId) -> SigningKey {
        let mut known = self.pseudonyms.borrow_mut();
        known
            .entry(server)
            .or_insert_with(|| self.keys.pseudonym(server))
            .clone()
    }

    /// The device's leaf in one server.
    #[must_use]
    pub fn leaf(&self, server: ServerId) -> LeafSecret {
        LeafSecret::from_seed(&self.keys.leaf_seed(server))
    }

    /// The public half of [`Account::leaf`].
    #[must_use]
    pub fn leaf_keys(&self, server: ServerId, suite: Suite) -> LeafKeys {
        self.leaf(server).public(suite)
    }
}
