//! `tls_server_config`: to a rustls configuration that is ready to shake hands.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::server::ServerConfig;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, SupportedCipherSuite, SupportedProtocolVersion};

use super::client;
use super::files::Files;
use super::pem::Pem;
use super::section::{Report, Section};

/// The versions there are, by their names in the file, oldest first.
const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("TLS12", &TLS12), ("TLS13", &TLS13)];

/// The key exchange groups there are, by their names in Go.
const CURVES: [(&str, &dyn SupportedKxGroup); 3] = [
    ("CurveP256", ring::kx_group::SECP256R1),
    ("CurveP384", ring::kx_group::SECP384R1),
    ("X25519", ring::kx_group::X25519),
];

/// The TLS configuration; `None` when something is wrong.
pub(super) fn read(
    mut section: Section<'_>,
    http2: bool,
    files: &mut Files,
    report: &mut Report,
) -> Option<Arc<ServerConfig>> {
    let before = report.sentences.len();
    let certificate = required(&mut section, "cert", "cert_file", files, report);
    let chain = certificate.as_ref().and_then(|pem| pem.certificates(report));
    let key = required(&mut section, "key", "key_file", files, report).and_then(|pem| pem.private_key(report));
    let client = client::read(&mut section, files, report);
    let versions = versions(&mut section, report);
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(&mut section, report),
        kx_groups: curves(&mut section, report),
        ..ring::default_provider()
    });
    let server_chooses = section.flag("prefer_server_cipher_suites", report).unwrap_or(true);
    let suites = section.path("cipher_suites");
    section.finish(report);
    if report.sentences.len() > before {
        return None;
    }

    let verifier = client.verifier(&provider, report)?;
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions);
    let builder = report.check(&suites, builder, |error| {
        format!("nothing is left to agree on ({error}); list more suites, or none for all")
    })?;
    let config = builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain?, key?);
    let mut config = report.check(&certificate?.path, config, |error| {
        format!("cannot be used with the key ({error}); give a certificate and the key that belongs to it")
    })?;
    config.ignore_client_order = server_chooses;
    config.alpn_protocols = if http2 { vec![b"h2".to_vec()] } else { Vec::new() };
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Some(Arc::new(config))
}

/// PEM that there must be.
fn required(
    section: &mut Section<'_>,
    inline: &'static str,
    file: &'static str,
    files: &mut Files,
    report: &mut Report,
) -> Option<Pem> {
    let before = report.sentences.len();
    let pem = Pem::find(section, inline, file, files, report);
    if pem.is_none() && report.sentences.len() == before {
        report.add(&section.path(file), "is missing; TLS needs a certificate and its key");
    }
    pem
}

/// The versions from `min_version` to `max_version`.
fn versions(section: &mut Section<'_>, report: &mut Report) -> Vec<&'static SupportedProtocolVersion> {
    let mut bound = |key, default| {
        let Some(name) = section.text(key, report) else {
            return default;
        };
        let known = VERSIONS.iter().position(|(known, _)| *known == name);
        known.unwrap_or_else(|| {
            let what = if name == "TLS10" || name == "TLS11" {
                format!("{name} is broken and not supported; write TLS12 or TLS13")
            } else {
                format!("`{name}` is no TLS version; write TLS12 or TLS13")
            };
            report.add(&section.path(key), &what);
            default
        })
    };
    let (oldest, newest) = (bound("min_version", 0), bound("max_version", VERSIONS.len() - 1));
    if oldest > newest {
        report.add(
            &section.path("max_version"),
            "is older than min_version; write them the other way round",
        );
        return Vec::new();
    }
    VERSIONS[oldest..=newest].iter().map(|(_, version)| *version).collect()
}

/// The suites of `cipher_suites` in its order. TLS 1.3's are always all of them, as in Go.
fn suites(section: &mut Section<'_>, report: &mut Report) -> Vec<SupportedCipherSuite> {
    let all = ring::default_provider().cipher_suites;
    let wanted = section.texts("cipher_suites", report);
    if wanted.is_empty() {
        return all;
    }
    let (newer, older): (Vec<_>, Vec<_>) = all.into_iter().partition(|suite| suite.tls13().is_some());
    let mut suites = newer.clone();
    for name in &wanted {
        // Go has two names for these.
        let full = if name.ends_with("CHACHA20_POLY1305") {
            format!("{name}_SHA256")
        } else {
            name.clone()
        };
        if let Some(suite) = older.iter().find(|suite| go_name(suite.suite()) == full) {
            suites.push(*suite);
        } else if !newer.iter().any(|suite| go_name(suite.suite()) == full) {
            let names: Vec<_> = older.iter().map(|suite| go_name(suite.suite())).collect();
            let supported = names.join(", ");
            report.add(
                &section.path("cipher_suites"),
                &format!("`{name}` is not supported; choose from {supported}"),
            );
        }
    }
    suites
}

/// TLS 1.3's suites have another prefix in Go.
fn go_name(suite: CipherSuite) -> String {
    format!("{suite:?}").replace("TLS13_", "TLS_")
}

/// The groups of `curve_preferences` in its order.
fn curves(section: &mut Section<'_>, report: &mut Report) -> Vec<&'static dyn SupportedKxGroup> {
    let wanted = section.texts("curve_preferences", report);
    if wanted.is_empty() {
        return ring::default_provider().kx_groups;
    }
    let mut curves = Vec::new();
    for name in &wanted {
        match CURVES.iter().find(|(known, _)| known == name) {
            Some((_, curve)) => curves.push(*curve),
            None => report.add(
                &section.path("curve_preferences"),
                &format!(
                    "`{name}` is not supported; choose from {}",
                    CURVES.map(|(name, _)| name).join(", ")
                ),
            ),
        }
    }
    curves
}
