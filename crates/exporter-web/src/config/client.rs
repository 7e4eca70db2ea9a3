//! Client certificates: which clients need one, who signs it, and which names it may have.

use std::sync::Arc;

use config_file::{Section, quoted};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};

use super::raw::RawTls;
use super::verifier::{AllowedName, Verifier};
use super::{meaning, pem};

/// The meaning of each `client_auth_type`, as in Go: whether clients are asked for a certificate, whether they need one,
/// and whether `client_ca` must have signed it.
const POLICIES: [(&str, [bool; 3]); 5] = [
    ("NoClientCert", [false, false, false]),
    ("RequestClientCert", [true, false, false]),
    ("RequireAnyClientCert", [true, true, false]),
    ("VerifyClientCertIfGiven", [true, false, true]),
    ("RequireAndVerifyClientCert", [true, true, true]),
];

/// The verifier that `client_auth_type`, `client_ca`, `client_ca_file` and `client_allowed_sans` describe; `None` if
/// problems were reported.
pub(super) fn read(
    raw: &RawTls,
    section: &Section<'_>,
    provider: &Arc<CryptoProvider>,
) -> Option<Arc<dyn ClientCertVerifier>> {
    let policy = section.value("client_auth_type", &raw.client_auth_type, |name| match name {
        // An older name that exporter-toolkit still takes.
        "RequireClientCert" => meaning("RequireAnyClientCert", &POLICIES),
        name => meaning(name, &POLICIES),
    });
    let [requests, requires, verifies] = policy.unwrap_or_default();
    let problems = section.file().problems();
    let (ca, ca_file) = (("client_ca", &raw.client_ca), ("client_ca_file", &raw.client_ca_file));
    let ca = pem::read(section, ca, ca_file, roots);
    match &ca {
        Some(ca) if !requests => {
            section.report(
                ca.key,
                "has no effect without client_auth_type; write RequireAndVerifyClientCert there",
            );
        }
        None if verifies && section.file().problems() == problems => {
            section.report("client_ca_file", "is missing; client certificates are verified with it");
        }
        _ => {}
    }
    let names = raw.client_allowed_sans.as_deref().unwrap_or_default();
    if !names.is_empty() && !requires {
        let types = "RequireAndVerifyClientCert or RequireAnyClientCert";
        section.report(
            "client_allowed_sans",
            format!("needs a client certificate; set client_auth_type to {types}"),
        );
    }
    let allowed = |name: &String| section.check("client_allowed_sans", allowed_name(name));
    let allowed = names.iter().filter_map(allowed).collect();
    if !requests {
        return Some(Arc::new(NoClientAuth));
    }
    let chain = match ca {
        Some(ca) if verifies => {
            let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(ca.content), provider.clone());
            let unusable = |error| format!("cannot be used ({error}); give the certificate of an authority");
            Some(section.check(ca.key, builder.build().map_err(unusable))?)
        }
        _ => None,
    };
    Some(Arc::new(Verifier {
        chain,
        allowed,
        is_mandatory: requires,
        algorithms: provider.signature_verification_algorithms,
    }))
}

fn roots(text: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(text)? {
        let unusable = |error| format!("has a certificate that cannot sign others ({error}); give one of an authority");
        roots.add(certificate).map_err(unusable)?;
    }
    Ok(roots)
}

fn allowed_name(name: &str) -> Result<AllowedName, String> {
    if let Ok(address) = name.parse::<std::net::IpAddr>() {
        return Ok(AllowedName::Ip(address.into()));
    }
    if name.contains('@') && !name.contains("://") {
        let name = quoted(name);
        return Err(format!(
            "has {name}, an e-mail address, which is not supported; allow a DNS name, an IP address or a URI"
        ));
    }
    Ok(AllowedName::Text(name.to_owned()))
}
