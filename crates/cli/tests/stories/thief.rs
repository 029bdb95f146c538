//! A program that opens the files of stopped profiles and follows no rule.

use std::path::Path;

use conclave_core::envelope::Envelope;
use conclave_core::id::{ChannelId, ServerId};
use conclave_core::identity::AccountKeys;
use conclave_core::signed::Verified;
use conclave_core::view::{Direction, KeyRange, Table, View};
use conclave_store::profile::Profile;
use conclave_store::vault::Unlock;
use conclave_testkit::attacker::Attacker;

use crate::harness::Person;

/// Version byte and transport key, which stand in the vault before the account's keys.
const VAULT_PREFIX_LEN: usize = 1 + 32;

/// A profile on disk, opened with the key that lies beside it.
pub struct Loot(Profile);

impl Loot {
    /// Opens the profile of somebody whose node has ended.
    pub fn of(person: &Person) -> Self {
        Self::at(&person.profile)
    }

    fn at(profile: &Path) -> Self {
        Self(Profile::open(profile, Unlock::KeyFile).unwrap())
    }

    fn keys(&self) -> AccountKeys {
        AccountKeys::from_bytes(&self.0.vault().secrets()[VAULT_PREFIX_LEN..]).unwrap()
    }

    /// Tells whether the profile stores an envelope.
    pub fn holds(&self, envelope: &str) -> bool {
        let all = KeyRange::prefix(&[]);
        let rows = self
            .0
            .store()
            .range(Table::Envelope, &all, Direction::Forward, usize::MAX)
            .unwrap();
        rows.iter()
            .filter_map(|(_, bytes)| Verified::<Envelope>::from_store(bytes).ok())
            .any(|found| found.envelope_id().to_string() == envelope)
    }
}

/// What one person's keys, the links that they knew, and all ciphertext of some profiles give away of a channel.
pub struct Read {
    pub texts: Vec<String>,
    /// Envelopes in the attacker's hands.
    pub hoard: usize,
}

pub fn read(thief: &Loot, links: &[&str], copied: &[&Loot], server: &str, channel: &str) -> Read {
    let server = ServerId::from_hex(server).unwrap();
    let mut attacker = Attacker::new(server, &thief.keys(), links);
    attacker.copy(thief.0.store());
    for loot in copied {
        attacker.copy(loot.0.store());
    }
    attacker.open_epochs();
    let channel = ChannelId::from_hex(channel).unwrap();
    Read {
        texts: attacker.read(channel).into_values().collect(),
        hoard: attacker.hoard(),
    }
}
