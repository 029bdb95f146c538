//! Whether the certificate of a device cut proves what the event says.

use crate::envelope::server_tag;
use crate::event::DeviceCut;
use crate::id::{DeviceId, IdentityId, ServerId};
use crate::identity::{DeviceRevoked, EntryBody, IdentityLog};

/// Why a device cut proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CutError {
    /// The log at hand is another identity's.
    #[error("the log is not that of {0:?}")]
    WrongIdentity(IdentityId),
    /// The certificate is no entry of the identity's verified log, as far as it is known: it may have to be fetched.
    #[error("the certificate is no known entry of the identity's log")]
    UnknownEntry,
    /// The entry does not revoke this device.
    #[error("the certificate does not revoke {0:?}")]
    OtherDevice(DeviceId),
    /// The entry names other last good sequences for this server.
    #[error("the certificate names other last good sequences")]
    LastGood,
}

/// Checks that a [`DeviceCut`] carries an entry of the identity's own verified log that revokes the device, and honours what
/// that entry calls good in this server. An entry that does not name the server leaves `seen` to whoever posts it.
///
/// # Errors
/// [`CutError`]; after [`CutError::UnknownEntry`] the cut may hold once more of the identity's log is known.
pub fn verify_cut(server: ServerId, cut: &DeviceCut, log: &IdentityLog) -> Result<(), CutError> {
    if log.id() != cut.identity {
        return Err(CutError::WrongIdentity(cut.identity));
    }
    let certificate: &[u8] = &cut.certificate;
    let entry = log
        .entries()
        .iter()
        .find(|entry| entry.bytes().encode() == certificate);
    let entry = entry.ok_or(CutError::UnknownEntry)?;
    let revoked: DeviceRevoked = match EntryBody::decode(entry.kind, &entry.body) {
        Ok(Some(EntryBody::DeviceRevoked(body))) if body.device == cut.device => body,
        _ => return Err(CutError::OtherDevice(cut.device)),
    };
    let tag = server_tag(server);
    let Some(good) = revoked.last_good.iter().find(|good| good.server == tag) else {
        return Ok(());
    };
    let seen = cut
        .seen
        .map(|seen| (seen.event_seq, seen.register_seq))
        .unwrap_or_default();
    if seen == (good.event_seq, good.register_seq) {
        Ok(())
    } else {
        Err(CutError::LastGood)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::event::Seen;
    use crate::id::Millis;
    use crate::identity::{AccountKeys, LastGood, Signer, create_account};

    const SERVER: ServerId = ServerId([7; 32]);

    /// An identity that has revoked its device, naming `last_good`, and the cut that says so.
    fn revoked(last_good: Vec<LastGood>) -> (IdentityLog, DeviceCut) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let keys = AccountKeys::generate(&mut rng);
        let mut log = create_account(&keys, Millis(1), &mut rng);
        let device = keys.device_id();
        let body = DeviceRevoked { device, last_good };
        let entry = log
            .write(body, Signer::Root, &keys.root(), Millis(2))
            .unwrap();
        let certificate = entry.bytes().encode().into();
        let seen = Some(Seen {
            device,
            event_seq: Some(4),
            register_seq: Some(2),
            pseudonym: None,
        });
        let cut = DeviceCut {
            identity: log.id(),
            device,
            certificate,
            seen,
        };
        (log, cut)
    }

    fn good(server: ServerId, event_seq: Option<u64>) -> LastGood {
        LastGood {
            server: server_tag(server),
            event_seq,
            register_seq: Some(2),
        }
    }

    #[test]
    fn a_cut_holds_only_with_an_entry_of_the_identitys_own_log() {
        let (log, cut) = revoked(vec![]);
        assert_eq!(verify_cut(SERVER, &cut, &log), Ok(()));
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let other = create_account(&AccountKeys::generate(&mut rng), Millis(1), &mut rng);
        let wrong = CutError::WrongIdentity(cut.identity);
        assert_eq!(verify_cut(SERVER, &cut, &other), Err(wrong));
        let genesis = log.entries()[0].bytes().encode();
        let not_a_revocation = DeviceCut {
            certificate: genesis.into(),
            ..cut.clone()
        };
        let error = Err(CutError::OtherDevice(cut.device));
        assert_eq!(verify_cut(SERVER, &not_a_revocation, &log), error);
        let innocent = DeviceCut {
            device: DeviceId([1; 32]),
            ..cut.clone()
        };
        let error = Err(CutError::OtherDevice(DeviceId([1; 32])));
        assert_eq!(verify_cut(SERVER, &innocent, &log), error);
        let mut forged = cut.clone();
        forged.certificate.pop();
        assert_eq!(
            verify_cut(SERVER, &forged, &log),
            Err(CutError::UnknownEntry)
        );
    }

    #[test]
    fn a_cut_honours_what_the_entry_calls_good_here() {
        let (log, cut) = revoked(vec![good(SERVER, Some(4))]);
        assert_eq!(verify_cut(SERVER, &cut, &log), Ok(()));
        let more = DeviceCut {
            seen: None,
            ..cut.clone()
        };
        assert_eq!(verify_cut(SERVER, &more, &log), Err(CutError::LastGood));
        // Another server is not named, so its poster says what it has seen.
        assert_eq!(verify_cut(ServerId([8; 32]), &more, &log), Ok(()));
        let (log, cut) = revoked(vec![good(SERVER, Some(3))]);
        assert_eq!(verify_cut(SERVER, &cut, &log), Err(CutError::LastGood));
    }
}
