//! Who may use a hub, shown offline: from the manifest's key over an invite to a pseudonym.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use super::manifest::HostingManifest;
use crate::hash::Label;
use crate::id::{Millis, Pseudonym, ServerTag, VerifyKey};
use crate::member::Closing;
use crate::signed::{Signable, SignedError, SigningKey, verify_bytes};

/// Version of the revocation format that this build writes.
pub const REVOCATION_VERSION: u16 = 1;

/// Most closings in one revocation: a banned person's devices times the topics that they spoke in.
pub const REVOCATION_CLOSINGS_MAX: usize = 1024;

/// Longest revocation payload in bytes.
pub const REVOCATION_BYTES_MAX: usize = 96 * 1024;

/// The last link of an admission: whoever holds an invite's key lets a pseudonym in.
///
/// Layout: CBOR map, keys 0–1. The hub knows the server and the pseudonym from the subscription that brings it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Admission {
    /// The key of an invite that the manifest lists, or the manifest key itself.
    #[n(0)]
    pub issuer: VerifyKey,
    /// 64 bytes, over [`admission_payload`] under [`Label::Admission`].
    #[n(1)]
    pub signature: ByteVec,
}

/// Why an admission does not count.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The manifest knows no such key.
    #[error("the manifest does not list {0:?}")]
    Issuer(VerifyKey),
    /// The signature does not verify.
    #[error("the admission: {0}")]
    Signature(#[from] SignedError),
}

/// What an issuer signs to admit a pseudonym: server tag (16) ‖ pseudonym (32).
#[must_use]
pub fn admission_payload(server: &ServerTag, pseudonym: &Pseudonym) -> Vec<u8> {
    [&server.0[..], &pseudonym.0].concat()
}

impl Admission {
    /// Admits a pseudonym.
    #[must_use]
    pub fn sign(server: &ServerTag, pseudonym: &Pseudonym, issuer: &SigningKey) -> Self {
        let payload = admission_payload(server, pseudonym);
        Self {
            issuer: issuer.public(),
            signature: issuer.sign(Label::Admission, &payload).to_vec().into(),
        }
    }

    /// Checks the chain: manifest key → issuer → pseudonym, in two look-ups and one signature.
    ///
    /// # Errors
    /// [`AdmissionError`].
    pub fn verify(
        &self,
        manifest: &HostingManifest,
        pseudonym: &Pseudonym,
    ) -> Result<(), AdmissionError> {
        let listed = manifest.invites.binary_search(&self.issuer).is_ok()
            || manifest.delegation.key == self.issuer;
        if !listed {
            return Err(AdmissionError::Issuer(self.issuer));
        }
        let payload = admission_payload(&manifest.server, pseudonym);
        verify_bytes(Label::Admission, &self.issuer, &payload, &self.signature)?;
        Ok(())
    }
}

/// Closings that a moderator adds for the time until the manifest's writer is back. Signed by a pseudonym to which the
/// manifest gives a [`super::RevocationCapability`].
///
/// Layout: CBOR map, keys 0–5; at most [`REVOCATION_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(map)]
pub struct Revocation {
    /// Format version, [`REVOCATION_VERSION`].
    #[n(0)]
    pub version: u16,
    /// The server.
    #[n(1)]
    pub server: ServerTag,
    /// Whose capability; the key that signs this.
    #[n(2)]
    pub by: Pseudonym,
    /// The manifest that gives it. A later manifest replaces what was added to earlier ones.
    #[n(3)]
    pub manifest_seq: u64,
    /// Where the removed pseudonyms end, ascending by pseudonym and topic, at most [`REVOCATION_CLOSINGS_MAX`].
    #[n(4)]
    pub closings: Vec<Closing>,
    /// When, as the author's clock claims. Advisory.
    #[n(5)]
    pub time: Millis,
}

/// Why a revocation does not count, though its signature verifies.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RevocationError {
    /// Of another server or version, or of another manifest than the current one.
    #[error("the revocation belongs to another server or manifest")]
    Other,
    /// Its author holds no capability, or it has lapsed.
    #[error("{0:?} may not add revocations now")]
    Capability(Pseudonym),
    /// Closings are too many or not in order.
    #[error("the closings are too many or not in ascending order")]
    List,
}

impl Revocation {
    /// Checks it by the manifest in force.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn check(&self, manifest: &HostingManifest, now: Millis) -> Result<(), RevocationError> {
        if self.version != REVOCATION_VERSION
            || self.server != manifest.server
            || self.manifest_seq != manifest.seq
        {
            return Err(RevocationError::Other);
        }
        let holder = |one: &&super::RevocationCapability| one.pseudonym == self.by;
        let capability = manifest.may_revoke.iter().find(holder);
        if capability.is_none_or(|one| one.until < now) {
            return Err(RevocationError::Capability(self.by));
        }
        let key = |closing: &Closing| (closing.pseudonym, closing.topic);
        let ascending = self
            .closings
            .windows(2)
            .all(|pair| key(&pair[0]) < key(&pair[1]));
        if !ascending || self.closings.len() > REVOCATION_CLOSINGS_MAX {
            return Err(RevocationError::List);
        }
        Ok(())
    }
}

impl Signable for Revocation {
    const SIGN: Label = Label::RevocationSign;
    const ID: Label = Label::RevocationId;
    const BYTES_MAX: usize = REVOCATION_BYTES_MAX;
    /// The author, whose capability the manifest must give.
    type Hint = Pseudonym;

    fn hint(&self) -> Pseudonym {
        self.by
    }
}
