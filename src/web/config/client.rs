//! Client certificates: who must show one, who vouches for it, whose it must be.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use webpki::EndEntityCert;

use super::pem::Pem;
use super::section::{Report, Section};
use super::stamp::Files;

/// `client_auth_type`, with Go's meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    NoClientCert,
    RequestClientCert,
    RequireAnyClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

impl Policy {
    const NAMES: [(&'static str, Self); 6] = [
        ("NoClientCert", Self::NoClientCert),
        ("RequestClientCert", Self::RequestClientCert),
        ("RequireAnyClientCert", Self::RequireAnyClientCert),
        ("VerifyClientCertIfGiven", Self::VerifyClientCertIfGiven),
        ("RequireAndVerifyClientCert", Self::RequireAndVerifyClientCert),
        // An older name that exporter-toolkit still takes.
        ("RequireClientCert", Self::RequireAnyClientCert),
    ];

    fn requires(self) -> bool {
        matches!(self, Self::RequireAnyClientCert | Self::RequireAndVerifyClientCert)
    }

    fn verifies(self) -> bool {
        matches!(self, Self::VerifyClientCertIfGiven | Self::RequireAndVerifyClientCert)
    }
}

/// What is asked of clients.
pub(super) struct Client {
    policy: Policy,
    roots: Arc<RootCertStore>,
    ca_path: String,
    allowed: Vec<Name>,
}

/// Reads `client_auth_type`, `client_ca`, `client_ca_file` and `client_allowed_sans`.
pub(super) fn read(section: &mut Section<'_>, files: &mut Files, report: &mut Report) -> Client {
    let path = section.path("client_auth_type");
    let policy = section.text("client_auth_type", report).and_then(|name| {
        let known = Policy::NAMES.iter().find(|(known, _)| *known == name);
        if known.is_none() {
            let names = Policy::NAMES[..5]
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ");
            report.add(&path, &format!("`{name}` is not known; write one of {names}"));
        }
        known.map(|(_, policy)| *policy)
    });
    let policy = policy.unwrap_or(Policy::NoClientCert);

    let ca_path = section.path("client_ca_file");
    let before = report.sentences.len();
    let ca = Pem::find(section, "client_ca", "client_ca_file", files, report);
    match &ca {
        Some(ca) if policy == Policy::NoClientCert => {
            let what = "has no effect without client_auth_type; write RequireAndVerifyClientCert there";
            report.add(&ca.path, what);
        }
        None if policy.verifies() && report.sentences.len() == before => {
            report.add(&ca_path, "is missing; client certificates are verified with it");
        }
        _ => {}
    }
    let mut roots = RootCertStore::empty();
    if let Some(ca) = &ca {
        for certificate in ca.certificates(report).unwrap_or_default() {
            report.check(&ca.path, roots.add(certificate), |error| {
                format!("holds a certificate that cannot vouch for others ({error}); give a CA's")
            });
        }
    }

    let path = section.path("client_allowed_sans");
    let names = section.texts("client_allowed_sans", report);
    if !names.is_empty() && !policy.requires() {
        let types = "RequireAndVerifyClientCert or RequireAnyClientCert";
        report.add(
            &path,
            &format!("needs a client certificate to look at; set client_auth_type to {types}"),
        );
    }
    let allowed = names.into_iter().filter_map(|name| {
        let parsed = Name::parse(&name);
        if parsed.is_none() {
            report.add(
                &path,
                &format!(
                    "`{name}` is an e-mail address, which is not supported; allow a DNS name, an IP address or a URI"
                ),
            );
        }
        parsed
    });
    let allowed = allowed.collect();
    Client {
        policy,
        roots: Arc::new(roots),
        ca_path,
        allowed,
    }
}

impl Client {
    /// Who judges client certificates during the handshake; `None` with a problem.
    pub(super) fn verifier(
        self,
        provider: &Arc<CryptoProvider>,
        report: &mut Report,
    ) -> Option<Arc<dyn ClientCertVerifier>> {
        let chain = if self.policy.verifies() {
            let builder = WebPkiClientVerifier::builder_with_provider(self.roots, provider.clone());
            let builder = if self.policy.requires() {
                builder
            } else {
                builder.allow_unauthenticated()
            };
            report.check(&self.ca_path, builder.build(), |error| {
                format!("cannot be used ({error}); give a CA's certificate")
            })?
        } else if self.policy == Policy::NoClientCert {
            return Some(Arc::new(NoClientAuth));
        } else {
            Arc::new(Anyone {
                required: self.policy.requires(),
                provider: provider.clone(),
            })
        };
        if self.allowed.is_empty() {
            return Some(chain);
        }
        Some(Arc::new(Named {
            chain,
            allowed: self.allowed,
        }))
    }
}

/// Takes any certificate whose key the client has.
#[derive(Debug)]
struct Anyone {
    required: bool,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Anyone {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A subject alternative name, to be found in a certificate exactly.
#[derive(Debug)]
enum Name {
    Ip(IpAddr),
    /// A DNS name or a URI.
    Text(String),
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        if let Ok(address) = name.parse::<std::net::IpAddr>() {
            return Some(Self::Ip(address.into()));
        }
        let is_mail = name.contains('@') && !name.contains("://");
        (!is_mail).then(|| Self::Text(name.to_owned()))
    }

    fn is_in(&self, certificate: &EndEntityCert<'_>) -> bool {
        match self {
            Self::Ip(address) => certificate
                .verify_is_valid_for_subject_name(&ServerName::IpAddress(*address))
                .is_ok(),
            Self::Text(name) => {
                certificate.valid_dns_names().any(|dns| dns == name)
                    || certificate.valid_uri_names().any(|uri| uri == name)
            }
        }
    }
}

/// Beside what `chain` asks, the certificate has one of the allowed names.
#[derive(Debug)]
struct Named {
    chain: Arc<dyn ClientCertVerifier>,
    allowed: Vec<Name>,
}

impl ClientCertVerifier for Named {
    fn client_auth_mandatory(&self) -> bool {
        self.chain.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(end_entity, intermediates, now)?;
        let certificate = EndEntityCert::try_from(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        if self.allowed.iter().any(|name| name.is_in(&certificate)) {
            Ok(verified)
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
