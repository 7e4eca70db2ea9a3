//! `tls_server_config`, to a configuration of rustls.

use std::sync::Arc;

use config_file::Section;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::server::ServerConfig;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, SupportedCipherSuite, SupportedProtocolVersion};

use super::raw::RawTls;
use super::{client, meaning, pem};

/// The supported versions by their names in the file, oldest first.
const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("TLS12", &TLS12), ("TLS13", &TLS13)];

/// The supported key exchange groups by their names in Go.
const CURVES: [(&str, &dyn SupportedKxGroup); 3] = [
    ("CurveP256", ring::kx_group::SECP256R1),
    ("CurveP384", ring::kx_group::SECP384R1),
    ("X25519", ring::kx_group::X25519),
];

/// The TLS configuration; `None` if problems were reported.
pub(super) fn read(raw: &RawTls, section: &Section<'_>, http2: bool) -> Option<Arc<ServerConfig>> {
    let problems = section.file().problems();
    let (cert, cert_file) = (("cert", &raw.cert), ("cert_file", &raw.cert_file));
    let chain = pem::required(section, cert, cert_file, pem::certificates);
    let (key, key_file) = (("key", &raw.key), ("key_file", &raw.key_file));
    let key = pem::required(section, key, key_file, pem::private_key);
    let versions = versions(raw, section);
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(raw, section),
        kx_groups: curves(raw, section),
        ..ring::default_provider()
    });
    let server_chooses = section.boolean("prefer_server_cipher_suites", &raw.prefer_server_cipher_suites);
    let verifier = client::read(raw, section, &provider);
    if section.file().problems() > problems {
        return None;
    }

    let chain = chain?;
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions);
    let no_suite = |error| format!("leave nothing to agree on ({error}); list more suites, or none for all");
    let builder = section.check("cipher_suites", builder.map_err(no_suite))?;
    let config = builder
        .with_client_cert_verifier(verifier?)
        .with_single_cert(chain.content, key?.content);
    let mismatch = |error| format!("does not fit the key ({error}); give a certificate and the key that belongs to it");
    let mut config = section.check(chain.key, config.map_err(mismatch))?;
    config.ignore_client_order = server_chooses.unwrap_or(true);
    config.alpn_protocols = if http2 { vec![b"h2".to_vec()] } else { Vec::new() };
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Some(Arc::new(config))
}

/// The versions from `min_version` to `max_version`.
fn versions(raw: &RawTls, section: &Section<'_>) -> Vec<&'static SupportedProtocolVersion> {
    let positions = [("TLS12", 0), ("TLS13", 1)];
    let position = |key, value| section.value(key, value, |name| meaning(name, &positions));
    let oldest = position("min_version", &raw.min_version).unwrap_or(0);
    let newest = position("max_version", &raw.max_version).unwrap_or(VERSIONS.len() - 1);
    if oldest > newest {
        section.report("max_version", "is older than min_version; exchange them");
    }
    let versions = VERSIONS.iter().take(newest + 1).skip(oldest);
    versions.map(|(_, version)| *version).collect()
}

/// The suites of `cipher_suites` in its order. Those of TLS 1.3 are always on, as in Go.
fn suites(raw: &RawTls, section: &Section<'_>) -> Vec<SupportedCipherSuite> {
    let all = ring::default_provider().cipher_suites;
    let names = raw.cipher_suites.as_deref().unwrap_or_default();
    if names.is_empty() {
        return all;
    }
    let (newer, older): (Vec<_>, Vec<_>) = all.into_iter().partition(|suite| suite.tls13().is_some());
    let newer_names: Vec<_> = newer.iter().map(|suite| go_name(suite.suite())).collect();
    let older: Vec<_> = older.iter().map(|suite| (go_name(suite.suite()), *suite)).collect();
    let known: Vec<_> = older.iter().map(|(name, suite)| (name.as_str(), *suite)).collect();
    let suite = |name: &String| {
        // Go has two names for these.
        let suffix = if name.ends_with("CHACHA20_POLY1305") {
            "_SHA256"
        } else {
            ""
        };
        let full = format!("{name}{suffix}");
        let is_newer = newer_names.contains(&full);
        (!is_newer).then(|| section.check("cipher_suites", meaning(&full, &known)))?
    };
    newer.iter().copied().chain(names.iter().filter_map(suite)).collect()
}

/// The suites of TLS 1.3 have another prefix in Go.
fn go_name(suite: CipherSuite) -> String {
    format!("{suite:?}").replace("TLS13_", "TLS_")
}

/// The groups of `curve_preferences` in its order.
fn curves(raw: &RawTls, section: &Section<'_>) -> Vec<&'static dyn SupportedKxGroup> {
    let names = raw.curve_preferences.as_deref().unwrap_or_default();
    if names.is_empty() {
        return ring::default_provider().kx_groups;
    }
    let curve = |name: &String| section.check("curve_preferences", meaning(name, &CURVES));
    names.iter().filter_map(curve).collect()
}
