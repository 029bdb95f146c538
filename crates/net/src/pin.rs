//! Which certificate a relay must show: the pinned one, or one of a public authority.
//!
//! A pinned certificate is compared byte for byte and trusted for its own host alone. It is not a trust anchor: whoever
//! holds its key cannot speak for any other relay.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use iroh_relay::tls::CaTlsConfig;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// Pinned certificates by host; shared with every TLS connection of the endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pins(Arc<RwLock<BTreeMap<String, BTreeSet<Vec<u8>>>>>);

impl Pins {
    /// From now on `host` must show this certificate, or another one pinned for it.
    pub(crate) fn add(&self, host: &str, cert_der: Vec<u8>) {
        let mut pins = self.0.write().unwrap_or_else(PoisonError::into_inner);
        pins.entry(normal_host(host)).or_default().insert(cert_der);
    }

    /// Returns the TLS settings that ask these pins first, and the public authorities for every other host.
    pub(crate) fn tls_config(&self) -> CaTlsConfig {
        let pins = self.clone();
        CaTlsConfig::custom_server_cert_verifier(Arc::new(move |provider| {
            let public = CaTlsConfig::embedded().server_cert_verifier(provider.clone())?;
            Ok(Arc::new(PinVerifier {
                pins: pins.clone(),
                public,
                provider,
            }))
        }))
    }

    /// Tells whether the certificate is the pinned one; `None` when the host has no pin.
    fn check(&self, host: &str, cert_der: &[u8]) -> Option<bool> {
        let pins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        pins.get(&normal_host(host))
            .map(|certs| certs.contains(cert_der))
    }
}

fn normal_host(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

#[derive(Debug)]
struct PinVerifier {
    pins: Pins,
    public: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.pins.check(&server_name.to_str(), end_entity) {
            Some(true) => Ok(ServerCertVerified::assertion()),
            Some(false) => Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            )),
            None => self.public.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_speaks_for_its_own_host_alone() {
        let pins = Pins::default();
        pins.add("Relay.Example.", vec![1, 2]);
        assert_eq!(pins.check("relay.example", &[1, 2]), Some(true));
        assert_eq!(pins.check("relay.example", &[1, 3]), Some(false));
        assert_eq!(pins.check("other.example", &[1, 2]), None);
        pins.add("relay.example", vec![3]);
        assert_eq!(pins.check("RELAY.example.", &[3]), Some(true));
        assert_eq!(pins.check("relay.example", &[1, 2]), Some(true));
    }
}
