//! TLS over sockets: versions, HTTP/2, client certificates, renewed certificates.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::harness::{PLAIN, Server, answer};
use crate::{Settings, WebConfig};

/// A certificate authority and files signed by it.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate and its key, in PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let authority = Self {
            directory: tempfile::tempdir().unwrap(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        };
        fs::write(authority.path("ca.crt"), certificate.pem()).unwrap();
        authority.renew("localhost");
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new server certificate.
    fn renew(&self, name: &str) {
        let server = self.issue(&[name], ExtendedKeyUsagePurpose::ServerAuth);
        fs::write(self.path("server.crt"), server.certificate).unwrap();
        fs::write(self.path("server.key"), server.key).unwrap();
    }

    fn issue(&self, names: &[&str], usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params
            .subject_alt_names
            .push(SanType::URI("spiffe://example/client".try_into().unwrap()));
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        Identity {
            certificate: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn client(&self, names: &[&str]) -> Identity {
        self.issue(names, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A server with `settings` beside certificate and key.
    async fn server(&self, settings: &str) -> Server {
        let file = self.path("web.yml");
        fs::write(
            &file,
            format!("tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n{settings}"),
        )
        .unwrap();
        let web_config = WebConfig::from_file(&file).unwrap_or_else(|problems| panic!("{problems}"));
        Server::start(Settings {
            web_config,
            ..Settings::default()
        })
        .await
    }

    fn config(&self, versions: &[&'static SupportedProtocolVersion], identity: Option<&Identity>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap(),
                )
                .unwrap(),
        }
    }
}

/// Scrapes with `name` as the server's name. An error means that the handshake failed.
async fn scrape(server: &Server, config: ClientConfig, name: &'static str) -> io::Result<String> {
    let stream = server.connect().await;
    let name = ServerName::try_from(name).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(answer(&text).body)
}

#[tokio::test]
async fn both_versions_are_accepted_unless_the_settings_exclude_one() {
    let authority = Authority::new();
    for (settings, older, newer) in [
        ("", true, true),
        ("  min_version: TLS13\n", false, true),
        ("  max_version: TLS12\n", true, false),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", false, true),
        ("  curve_preferences: [CurveP384]\n", true, true),
    ] {
        let server = authority.server(settings).await;
        for (version, accepted) in [(&TLS12, older), (&TLS13, newer)] {
            let scraped = scrape(&server, authority.config(&[version], None), "localhost").await;
            assert_eq!(
                scraped.is_ok_and(|text| text == PLAIN),
                accepted,
                "{settings} {version:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_policy_decides_which_client_certificates_are_accepted() {
    let (authority, other_authority) = (Authority::new(), Authority::new());
    let known = authority.client(&["client.example", "192.0.2.7"]);
    let unknown = other_authority.client(&["client.example"]);
    for (policy, without, with_unknown, with_known) in [
        ("NoClientCert", true, true, true),
        ("RequestClientCert", true, true, true),
        ("RequireAnyClientCert", false, true, true),
        ("VerifyClientCertIfGiven\n  client_ca_file: ca.crt", true, false, true),
        (
            "RequireAndVerifyClientCert\n  client_ca_file: ca.crt",
            false,
            false,
            true,
        ),
        (
            "RequireAnyClientCert\n  client_allowed_sans: [other.example]",
            false,
            false,
            false,
        ),
        (
            "RequireAnyClientCert\n  client_allowed_sans: [client.example]",
            false,
            true,
            true,
        ),
        (
            "RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: [192.0.2.7]",
            false,
            false,
            true,
        ),
        (
            "RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: ['spiffe://example/client']",
            false,
            false,
            true,
        ),
        (
            "RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: ['spiffe://example/clien', '*.example', 192.0.2.8]",
            false,
            false,
            false,
        ),
    ] {
        let server = authority.server(&format!("  client_auth_type: {policy}\n")).await;
        for version in [&TLS12, &TLS13] {
            let mut accepted = Vec::new();
            for identity in [None, Some(&unknown), Some(&known)] {
                let scraped = scrape(&server, authority.config(&[version], identity), "localhost").await;
                accepted.push(scraped.is_ok_and(|text| text == PLAIN));
            }
            assert_eq!(accepted, [without, with_unknown, with_known], "{policy} {version:?}");
        }
    }
}

#[tokio::test]
async fn http2_is_offered_unless_the_settings_exclude_it() {
    let authority = Authority::new();
    for (settings, agreed) in [("", &b"h2"[..]), ("http_server_config: {http2: false}", b"http/1.1")] {
        let server = authority.server(settings).await;
        let mut config = authority.config(&[&TLS13], None);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, server.connect().await);
        assert_eq!(stream.await.unwrap().get_ref().1.alpn_protocol(), Some(agreed));
    }
}

#[tokio::test]
async fn http2_is_served() {
    let authority = Authority::new();
    let server = authority.server("").await;
    let mut config = authority.config(&[&TLS13], None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .resolve("localhost", server.address)
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/metrics", server.address.port());
    for _ in 0..2 {
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert_eq!(response.text().await.unwrap(), PLAIN);
    }
    server.stop.cancel();
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_plain_http_request_gets_an_explanation() {
    let server = Authority::new().server("").await;
    let refused = server.get("/metrics").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("https://"), "{}", refused.body);
}

#[tokio::test]
async fn a_renewed_certificate_serves_new_connections() {
    let authority = Authority::new();
    let server = authority.server("").await;
    let renewed = || scrape(&server, authority.config(&[&TLS13], None), "renewed.example");
    assert!(renewed().await.is_err());
    authority.renew("renewed.example");
    // The server checks its files once a second of real time.
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while renewed().await.is_err() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the old certificate is still served"
        );
    }
}

#[tokio::test]
async fn tls_stays_on_until_a_restart() {
    let authority = Authority::new();
    let web_config = {
        let file = authority.path("web.yml");
        fs::write(
            &file,
            "tls_server_config: {cert_file: server.crt, key_file: server.key}",
        )
        .unwrap();
        WebConfig::from_file(&file).unwrap()
    };
    fs::write(authority.path("web.yml"), "").unwrap();
    web_config.refresh();
    assert!(web_config.rules().tls.is_some());
}
