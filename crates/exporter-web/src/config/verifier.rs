//! Verifies client certificates in two ways that rustls does not have: any certificate at all, and only certain names.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use webpki::EndEntityCert;

/// A subject alternative name, compared exactly.
#[derive(Debug)]
pub(super) enum AllowedName {
    Ip(IpAddr),
    /// A DNS name or a URI.
    Text(String),
}

impl AllowedName {
    fn is_in(&self, certificate: &EndEntityCert<'_>) -> bool {
        match self {
            Self::Ip(address) => {
                let name = ServerName::IpAddress(*address);
                certificate.verify_is_valid_for_subject_name(&name).is_ok()
            }
            Self::Text(name) => {
                let mut names = certificate.valid_dns_names().chain(certificate.valid_uri_names());
                names.any(|other| other == name)
            }
        }
    }
}

/// Verifies that a client has the key of its certificate, and what else is configured.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Verifies the signatures of the certificate. Without it any certificate is accepted.
    pub(super) chain: Option<Arc<dyn ClientCertVerifier>>,
    /// The names of which a certificate must have one, if there are any.
    pub(super) allowed: Vec<AllowedName>,
    /// Whether a client needs a certificate.
    pub(super) is_mandatory: bool,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.as_ref().map_or(&[], |chain| chain.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chain) = &self.chain {
            chain.verify_client_cert(end_entity, intermediates, now)?;
        }
        if !self.allowed.is_empty() {
            let certificate = EndEntityCert::try_from(end_entity).map_err(|_| CertificateError::BadEncoding)?;
            if !self.allowed.iter().any(|name| name.is_in(&certificate)) {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
