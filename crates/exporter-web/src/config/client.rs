//! Client certificates: who must show one, who vouches for it, whose it must be.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};

use super::files::Files;
use super::pem::Pem;
use super::section::{Report, Section};
use super::verifier::{Anyone, Name, Named};

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
