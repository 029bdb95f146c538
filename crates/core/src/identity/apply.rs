//! What each kind of entry does to a log, and who may write it.

use crate::codec;
use crate::hash::Label;
use crate::id::{DeviceId, VerifyKey};
use crate::signed::{Verified, verify_bytes};

use super::entry::{
    CRITICAL_KIND_MIN, DeviceRevoked, ENTRY_VERSION, Entry, EntryBody, IDENTITY_NONCE_LEN,
    IdentityGenesis, LAST_GOOD_MAX, RECOVERY_POLICY_BYTES_MAX, RootReplaced, Signer, WrappingKeys,
    device_id, device_possession_payload, genesis_possession_payload,
};
use super::error::{IdentityError, Misuse};
use super::log::{DEVICES_MAX, Device, IdentityLog};
use super::merge::Rank;

/// Length of an X25519 public key in bytes.
const X25519_LEN: usize = 32;

/// Length of an X-Wing public key in bytes.
const XWING_LEN: usize = 1216;

impl IdentityLog {
    pub(super) fn present(&self, id: &DeviceId) -> Option<&Device> {
        self.devices
            .get(id)
            .filter(|device| device.revoked.is_none())
    }

    /// Applies a body, or leaves the log as it was.
    pub(super) fn apply(&mut self, seq: u32, entry: &Entry, body: EntryBody) -> Result<(), Misuse> {
        let signer = entry.signer;
        let too_low = Misuse::Rank(signer, entry.kind);
        // Recovery replaces the root and does nothing else.
        if signer == Signer::Recovery && !matches!(body, EntryBody::RootReplaced(_)) {
            return Err(too_low);
        }
        match body {
            EntryBody::Genesis(_) => return Err(Misuse::Genesis),
            EntryBody::DeviceAdded(added) => {
                let payload = device_possession_payload(&self.id());
                added.cert.check(&payload).map_err(Misuse::Possession)?;
                self.add_device(seq, added.cert.signing)?;
            }
            EntryBody::DeviceRevoked(revoked) => {
                self.revoke_device(seq, signer, revoked, too_low)?
            }
            EntryBody::RootReplaced(replaced) => {
                if matches!(signer, Signer::Device(_)) {
                    return Err(too_low);
                }
                self.replace_root(seq, &replaced)?;
            }
            EntryBody::RecoveryPolicy(policy) => {
                if signer != Signer::Root {
                    return Err(too_low);
                }
                if policy.policy.len() > RECOVERY_POLICY_BYTES_MAX {
                    return Err(Misuse::Policy(policy.policy.len()));
                }
                self.recovery = policy.recovery;
            }
            EntryBody::ProfileCommitment(commitment) => self.profile = commitment.profile,
            EntryBody::WrappingKeys(wrapping) => self.set_wrapping(signer, wrapping, too_low)?,
        }
        Ok(())
    }

    fn add_device(&mut self, seq: u32, signing: VerifyKey) -> Result<(), Misuse> {
        let id = device_id(&signing);
        if self.devices.contains_key(&id) {
            return Err(Misuse::DeviceKnown(id));
        }
        let present = self
            .devices
            .values()
            .filter(|device| device.revoked.is_none())
            .count();
        if present >= DEVICES_MAX {
            return Err(Misuse::DevicesFull(DEVICES_MAX));
        }
        // At most one device an entry, and entries are counted in u32.
        let age = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        let device = Device {
            id,
            signing,
            age,
            added: seq,
            revoked: None,
            last_good: Vec::new(),
            wrapping: None,
        };
        self.devices.insert(id, device);
        Ok(())
    }

    fn revoke_device(
        &mut self,
        seq: u32,
        signer: Signer,
        revoked: DeviceRevoked,
        too_low: Misuse,
    ) -> Result<(), Misuse> {
        let last_good = revoked.last_good;
        let ascending = last_good
            .windows(2)
            .all(|pair| pair[0].server < pair[1].server);
        if last_good.len() > LAST_GOOD_MAX || !ascending {
            return Err(Misuse::LastGood(last_good.len()));
        }
        let absent = Misuse::DeviceAbsent(revoked.device);
        let own = signer == Signer::Device(revoked.device);
        let signer_rank = self.rank(&signer);
        let target = self
            .devices
            .get_mut(&revoked.device)
            .filter(|device| device.revoked.is_none());
        let target = target.ok_or(absent)?;
        let target_rank = Rank::device(target.age);
        if !own && signer_rank.is_none_or(|rank| rank <= target_rank) {
            return Err(too_low);
        }
        target.revoked = Some(seq);
        target.last_good = last_good;
        Ok(())
    }

    fn replace_root(&mut self, seq: u32, replaced: &RootReplaced) -> Result<(), Misuse> {
        let payload = device_possession_payload(&self.id());
        verify_bytes(
            Label::RootPossession,
            &replaced.root,
            &payload,
            &replaced.possession,
        )
        .map_err(Misuse::Possession)?;
        self.roots.push((seq, replaced.root));
        Ok(())
    }

    fn set_wrapping(
        &mut self,
        signer: Signer,
        wrapping: WrappingKeys,
        too_low: Misuse,
    ) -> Result<(), Misuse> {
        if signer != Signer::Root && signer != Signer::Device(wrapping.device) {
            return Err(too_low);
        }
        let keys = wrapping.keys;
        let lengths = keys.x25519.len() == X25519_LEN
            && keys
                .xwing
                .as_ref()
                .is_none_or(|xwing| xwing.len() == XWING_LEN);
        if !lengths {
            return Err(Misuse::WrappingKeys);
        }
        let target = self
            .devices
            .get_mut(&wrapping.device)
            .filter(|device| device.revoked.is_none());
        target
            .ok_or(Misuse::DeviceAbsent(wrapping.device))?
            .wrapping = Some(keys);
        Ok(())
    }
}

/// Decodes an entry's body; nothing for a kind that this build may skip.
pub(super) fn decode_body(entry: &Verified<Entry>) -> Result<Option<EntryBody>, IdentityError> {
    let seq = entry.seq;
    let newer = IdentityError::NeedsUpdate { seq };
    let critical = |bytes: &[u8]| !codec::critical_keys(bytes).is_empty();
    if entry.version != ENTRY_VERSION || entry.critical_key().is_some() {
        return Err(newer);
    }
    let fault = |error| IdentityError::Body { seq, error };
    codec::validate(&entry.body, codec::Limits::bytes(entry.body.len())).map_err(fault)?;
    if critical(&entry.body) {
        return Err(newer);
    }
    match EntryBody::decode(entry.kind, &entry.body).map_err(fault)? {
        None if entry.kind >= CRITICAL_KIND_MIN => Err(newer),
        body => Ok(body),
    }
}

pub(super) fn check_genesis(entry: &Entry, genesis: &IdentityGenesis) -> Result<(), Misuse> {
    if entry.signer != Signer::Root || entry.signer_key != genesis.root {
        return Err(Misuse::GenesisRoot);
    }
    if genesis.nonce.len() != IDENTITY_NONCE_LEN {
        return Err(Misuse::Nonce(genesis.nonce.len()));
    }
    let payload = genesis_possession_payload(&genesis.root, &genesis.nonce);
    genesis.device.check(&payload).map_err(Misuse::Possession)
}
