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
