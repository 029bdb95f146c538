//! The certificate that a relay shows.

use std::{fmt, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a certificate is not usable.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// The chain is empty.
    #[error("no certificate")]
    Empty,
    /// The key is in no known encoding.
    #[error("unknown encoding of the certificate's key")]
    Key,
    /// No certificate could be made for these names.
    #[error("cannot make a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// Certificate and key do not fit, or are of an unsupported kind.
    #[error("certificate: {0}")]
    Tls(#[from] rustls::Error),
}

/// A certificate chain and its private key. The key is never printed, and wiped when dropped.
#[derive(Clone)]
pub struct RelayCertificate {
    leaf_der: Vec<u8>,
    intermediates_der: Vec<Vec<u8>>,
    key_der: Zeroizing<Vec<u8>>,
}

impl RelayCertificate {
    /// Takes a chain, the relay's own certificate first, and the key of that one (PKCS#8, PKCS#1 or SEC1), all as DER.
    ///
    /// # Errors
    /// [`CertificateError::Empty`]; the rest is checked when the relay starts.
    pub fn from_der(
        chain_der: Vec<Vec<u8>>,
        key_der: Zeroizing<Vec<u8>>,
    ) -> Result<Self, CertificateError> {
        let mut chain = chain_der.into_iter();
        let leaf_der = chain.next().ok_or(CertificateError::Empty)?;
        Ok(Self {
            leaf_der,
            intermediates_der: chain.collect(),
            key_der,
        })
    }

    /// Makes a new key and a certificate for the names (or IP addresses) that clients can pin. Keep both: another start
    /// with another certificate is another relay to them.
    ///
    /// # Errors
    /// [`CertificateError::Generate`] when a name is not one.
    pub fn self_signed(names: Vec<String>) -> Result<Self, CertificateError> {
        let made = rcgen::generate_simple_self_signed(names)?;
        Ok(Self {
            leaf_der: made.cert.der().to_vec(),
            intermediates_der: Vec::new(),
            key_der: Zeroizing::new(made.signing_key.serialize_der()),
        })
    }

    /// Returns the relay's own certificate, to be pinned or kept.
    pub fn leaf_der(&self) -> &[u8] {
        &self.leaf_der
    }

    /// Returns the private key, to be kept in a file that only the relay can read.
    pub fn key_der(&self) -> &Zeroizing<Vec<u8>> {
        &self.key_der
    }

    pub(super) fn server_config(&self) -> Result<ServerConfig, CertificateError> {
        let chain = std::iter::once(&self.leaf_der).chain(&self.intermediates_der);
        let chain = chain.map(|der| CertificateDer::from(der.clone())).collect();
        let key =
            PrivateKeyDer::try_from(self.key_der.to_vec()).map_err(|_| CertificateError::Key)?;
        Ok(
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?,
        )
    }
}

impl fmt::Debug for RelayCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain_len = 1 + self.intermediates_der.len();
        f.debug_struct("RelayCertificate")
            .field("chain_len", &chain_len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_certificate_survives_being_kept_and_needs_its_own_key() {
        let made = RelayCertificate::self_signed(vec!["relay.example".into(), "127.0.0.1".into()])
            .unwrap();
        let kept =
            RelayCertificate::from_der(vec![made.leaf_der().to_vec()], made.key_der().clone())
                .unwrap();
        assert!(kept.server_config().is_ok());
        let other = RelayCertificate::self_signed(vec!["relay.example".into()]).unwrap();
        let mixed =
            RelayCertificate::from_der(vec![made.leaf_der().to_vec()], other.key_der().clone())
                .unwrap();
        assert!(matches!(
            mixed.server_config(),
            Err(CertificateError::Tls(_))
        ));
        let garbage =
            RelayCertificate::from_der(vec![made.leaf_der().to_vec()], vec![1, 2, 3].into())
                .unwrap();
        assert!(matches!(
            garbage.server_config(),
            Err(CertificateError::Key)
        ));
        assert!(matches!(
            RelayCertificate::from_der(vec![], vec![].into()),
            Err(CertificateError::Empty)
        ));
    }

    #[test]
    fn printing_a_certificate_shows_no_key() {
        let made = RelayCertificate::self_signed(vec!["relay.example".into()]).unwrap();
        assert_eq!(format!("{made:?}"), "RelayCertificate { chain_len: 1, .. }");
    }
}
