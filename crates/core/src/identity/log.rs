//! The verified identity log.

use std::collections::BTreeMap;

use crate::id::{Commitment, DeviceId, IdentityEntryId, IdentityId, Millis, VerifyKey};
use crate::member::LeafKeys;
use crate::signed::{SigningKey, Unverified, Verified};

use super::apply::{check_genesis, decode_body};
use super::entry::{
    ENTRY_VERSION, Entry, EntryBody, EntryHint, IdentityGenesis, LastGood, Signer, device_id,
    recovery_commitment,
};
use super::error::{IdentityError, Misuse};
use super::merge::Rank;

/// Most entries of an identity log: a device a day for ten years; bounds the signatures that one log can make others check.
pub const ENTRIES_MAX: usize = 4096;

/// Longest identity log in wire form, in bytes: it must fit the content of an envelope beside its register.
pub const LOG_BYTES_MAX: usize = 600 * 1024;

/// Most devices present at once: every one is a leaf in every key tree of every server of the account.
pub const DEVICES_MAX: usize = 64;

/// A device as its identity's log describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Its signing key.
    pub signing: VerifyKey,
    /// How many devices came before it: the lower, the higher it ranks.
    pub age: u32,
    /// Position of the entry that added it.
    pub added: u32,
    /// Position of the entry that revoked it.
    pub revoked: Option<u32>,
    /// Up to where its acts count in which server, once it is revoked.
    pub last_good: Vec<LastGood>,
    /// Keys that seal account material to it.
    pub wrapping: Option<LeafKeys>,
}

/// A verified identity log: a chain of entries, each signed by who was entitled to it at that point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityLog {
    id: IdentityId,
    head: IdentityEntryId,
    entries: Vec<Verified<Entry>>,
    /// Bytes of the wire form.
    bytes: usize,
    positions: BTreeMap<IdentityEntryId, u32>,
    pub(super) devices: BTreeMap<DeviceId, Device>,
    /// Root keys with the position from which each counts, ascending.
    pub(super) roots: Vec<(u32, VerifyKey)>,
    pub(super) recovery: Option<Commitment>,
    pub(super) profile: Option<Commitment>,
}

impl IdentityLog {
    /// Verifies a whole log from its wire form, oldest entry first.
    ///
    /// # Errors
    /// [`IdentityError`] with the position of the first fault.
    pub fn verify(entries: &[Vec<u8>]) -> Result<Self, IdentityError> {
        check_size(entries)?;
        let (first, rest) = entries.split_first().ok_or(IdentityError::Empty)?;
        let mut log = Self::found(first)?;
        for entry in rest {
            log.append(entry)?;
        }
        Ok(log)
    }

    /// Starts a log with its genesis in wire form.
    fn found(bytes: &[u8]) -> Result<Self, IdentityError> {
        let entry = Unverified::<Entry>::decode(bytes).map_err(|error| signed(0, error))?;
        let hint = entry.hint();
        if hint.identity.is_some() {
            return Err(IdentityError::OtherIdentity {
                seq: 0,
                found: hint.identity,
            });
        }
        if hint.seq != 0 || hint.prev.is_some() {
            return Err(IdentityError::Chain {
                expected: 0,
                found: hint.seq,
                prev: hint.prev,
            });
        }
        let entry = entry
            .verify(&hint.signer_key)
            .map_err(|error| signed(0, error))?;
        let Some(EntryBody::Genesis(genesis)) = decode_body(&entry)? else {
            return Err(misuse(0, Misuse::Genesis));
        };
        check_genesis(&entry, &genesis).map_err(|fault| misuse(0, fault))?;
        Ok(Self::start(entry, &genesis))
    }

    /// Starts a log with a genesis that was checked, or was just made.
    pub(super) fn start(entry: Verified<Entry>, genesis: &IdentityGenesis) -> Self {
        let device = Device {
            id: device_id(&genesis.device.signing),
            signing: genesis.device.signing,
            age: 0,
            added: 0,
            revoked: None,
            last_good: Vec::new(),
            wrapping: None,
        };
        Self {
            id: entry.founds(),
            head: entry.entry_id(),
            bytes: entry.bytes().encode().len(),
            positions: BTreeMap::from([(entry.entry_id(), 0)]),
            devices: BTreeMap::from([(device.id, device)]),
            roots: vec![(0, genesis.root)],
            recovery: genesis.recovery,
            profile: None,
            entries: vec![entry],
        }
    }

    /// Verifies and appends one entry in wire form. On an error the log is as it was.
    ///
    /// # Errors
    /// [`IdentityError`], as for [`IdentityLog::verify`].
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), IdentityError> {
        let seq = self.next_seq()?;
        if self.bytes + bytes.len() > LOG_BYTES_MAX {
            return Err(IdentityError::TooLong {
                bytes: self.bytes + bytes.len(),
            });
        }
        let entry = Unverified::<Entry>::decode(bytes).map_err(|error| signed(seq, error))?;
        let hint = entry.hint();
        self.check_place(seq, &hint)?;
        let entry = entry
            .verify(&hint.signer_key)
            .map_err(|error| signed(seq, error))?;
        if let Some(body) = decode_body(&entry)? {
            self.apply(seq, &entry, body)
                .map_err(|fault| misuse(seq, fault))?;
        }
        self.bytes += bytes.len();
        self.head = entry.entry_id();
        self.positions.insert(self.head, seq);
        self.entries.push(entry);
        Ok(())
    }

    /// Signs a further entry and appends it, through the same checks as anybody's.
    ///
    /// # Errors
    /// [`IdentityError`] if the signer may not write this entry now.
    pub fn write(
        &mut self,
        body: impl Into<EntryBody>,
        signer: Signer,
        key: &SigningKey,
        now: Millis,
    ) -> Result<&Verified<Entry>, IdentityError> {
        let body = body.into();
        let entry = Entry {
            version: ENTRY_VERSION,
            identity: Some(self.id),
            seq: self.next_seq()?,
            prev: Some(self.head()),
            signer,
            signer_key: key.public(),
            kind: body.kind(),
            body: body.encode().into(),
            time: now,
        };
        self.append(&Verified::sign(entry, key).bytes().encode())?;
        self.entries.last().ok_or(IdentityError::Empty)
    }

    /// The identity.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        self.id
    }

    /// The newest entry.
    #[must_use]
    pub fn head(&self) -> IdentityEntryId {
        self.head
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Verified<Entry>] {
        &self.entries
    }

    /// The entries in wire form, oldest first.
    #[must_use]
    pub fn wire(&self) -> Vec<Vec<u8>> {
        self.entries
            .iter()
            .map(|entry| entry.bytes().encode())
            .collect()
    }

    /// Whether an entry is in the log.
    #[must_use]
    pub fn contains(&self, head: &IdentityEntryId) -> bool {
        self.positions.contains_key(head)
    }

    /// The signing key of a device as of a head: added by then, and not revoked by then.
    #[must_use]
    pub fn device_key_at(&self, head: &IdentityEntryId, device: &DeviceId) -> Option<VerifyKey> {
        let at = *self.positions.get(head)?;
        let device = self.devices.get(device)?;
        let present = device.added <= at && device.revoked.is_none_or(|revoked| at < revoked);
        present.then_some(device.signing)
    }

    /// The root key as of a head.
    #[must_use]
    pub fn root_at(&self, head: &IdentityEntryId) -> Option<VerifyKey> {
        let at = *self.positions.get(head)?;
        self.roots
            .iter()
            .rev()
            .find(|(from, _)| *from <= at)
            .map(|(_, root)| *root)
    }

    /// Whether a key is or was the root.
    #[must_use]
    pub fn had_root(&self, key: &VerifyKey) -> bool {
        self.roots.iter().any(|(_, root)| root == key)
    }

    /// The root key now.
    #[must_use]
    pub fn root(&self) -> Option<VerifyKey> {
        self.roots.last().map(|(_, root)| *root)
    }

    /// All devices that ever were, present and revoked, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// One device, present or revoked.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.get(id)
    }

    /// The commitment to the account's profile.
    #[must_use]
    pub fn profile(&self) -> Option<Commitment> {
        self.profile
    }

    /// The commitment to the key that may replace the root.
    #[must_use]
    pub fn recovery(&self) -> Option<Commitment> {
        self.recovery
    }

    /// How an entry's signer ranks in this log.
    #[must_use]
    pub fn rank(&self, signer: &Signer) -> Option<Rank> {
        match signer {
            Signer::Recovery => Some(Rank::RECOVERY),
            Signer::Root => Some(Rank::ROOT),
            Signer::Device(id) => self.devices.get(id).map(|device| Rank::device(device.age)),
        }
    }

    fn next_seq(&self) -> Result<u32, IdentityError> {
        let count = self.entries.len();
        match u32::try_from(count) {
            Ok(seq) if count < ENTRIES_MAX => Ok(seq),
            _ => Err(IdentityError::TooMany { count: count + 1 }),
        }
    }

    /// Checks what an entry says of itself before its signature: identity, position, and the signer's capacity.
    fn check_place(&self, seq: u32, hint: &EntryHint) -> Result<(), IdentityError> {
        if hint.identity != Some(self.id) {
            return Err(IdentityError::OtherIdentity {
                seq,
                found: hint.identity,
            });
        }
        if hint.seq != seq || hint.prev != Some(self.head()) {
            return Err(IdentityError::Chain {
                expected: seq,
                found: hint.seq,
                prev: hint.prev,
            });
        }
        let entitled = match hint.signer {
            Signer::Root => self.root() == Some(hint.signer_key),
            Signer::Device(id) => self
                .present(&id)
                .is_some_and(|device| device.signing == hint.signer_key),
            Signer::Recovery => self.recovery == Some(recovery_commitment(&hint.signer_key)),
        };
        if entitled {
            Ok(())
        } else {
            Err(IdentityError::Signer {
                seq,
                signer: hint.signer,
                key: hint.signer_key,
            })
        }
    }
}

/// Refuses a log by its size, before anything of it is decoded.
pub(super) fn check_size(entries: &[Vec<u8>]) -> Result<(), IdentityError> {
    if entries.len() > ENTRIES_MAX {
        return Err(IdentityError::TooMany {
            count: entries.len(),
        });
    }
    let bytes = entries
        .iter()
        .fold(0usize, |sum, entry| sum.saturating_add(entry.len()));
    if bytes > LOG_BYTES_MAX {
        return Err(IdentityError::TooLong { bytes });
    }
    Ok(())
}

fn signed(seq: u32, error: crate::signed::SignedError) -> IdentityError {
    IdentityError::Signed { seq, error }
}

fn misuse(seq: u32, misuse: Misuse) -> IdentityError {
    IdentityError::Misuse { seq, misuse }
}
