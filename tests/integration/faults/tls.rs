//! Invalid certificates. A TLS proxy in proxy of the simulator can change its certificate.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Fixture;
use super::fixture::QUICK;
use crate::support::{Launch, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_affects_one_account() {
    affects_the_account(|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_host_affects_one_account() {
    affects_the_account(|params| {
        params.subject_alt_names = vec![SanType::DnsName("elsewhere.example".try_into().unwrap())];
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_affects_one_account() {
    let (proxy, fixture) = start().await;
    presents(&proxy, &fixture, &Authority::new().certify(&valid())).await;
}

async fn affects_the_account(change: impl FnOnce(&mut CertificateParams)) {
    let (proxy, fixture) = start().await;
    let mut params = valid();
    change(&mut params);
    presents(&proxy, &fixture, &proxy.authority.certify(&params)).await;
}

/// Presents an invalid certificate until the account is stale, and a valid one afterwards.
async fn presents(proxy: &TlsProxy, fixture: &Fixture, invalid: &Arc<ServerConfig>) {
    proxy.present(invalid);
    fixture.expect_failure("tls").await;
    fixture.wait_for_stale_account().await;
    proxy.present(&proxy.authority.certify(&valid()));
    fixture.wait_until_healthy().await;
}

/// The parameters of a valid certificate.
fn valid() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
    params
}

async fn start() -> (TlsProxy, Fixture) {
    let upstream = Upstream::start(&["--phones=150"]).await;
    let proxy = TlsProxy::start(&upstream).await;
    let account = upstream
        .account("main", &upstream.ids, QUICK)
        .replace(&upstream.url, &proxy.url);
    let authority = proxy.authority.pem.clone();
    let fixture = Fixture::with(upstream, &account, async |config| {
        let launch = Launch::configured(&config);
        let path = launch.path("authority.pem");
        std::fs::write(&path, authority).unwrap();
        launch.env("SSL_CERT_FILE", path.display().to_string()).start().await
    })
    .await;
    (proxy, fixture)
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn certify(&self, params: &CertificateParams) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}

/// Accepts TLS connections and relays their content to the simulator.
struct TlsProxy {
    url: String,
    authority: Authority,
    presented: Arc<Mutex<(Arc<ServerConfig>, CancellationToken)>>,
    _stop: DropGuard,
}

impl TlsProxy {
    async fn start(upstream: &Upstream) -> Self {
        let authority = Authority::new();
        let presented = Arc::new(Mutex::new((authority.certify(&valid()), CancellationToken::new())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let target = upstream.url.strip_prefix("http://").unwrap().to_owned();
        let stop = CancellationToken::new();
        let serving = Self::serve(listener, presented.clone(), target);
        tokio::spawn(stop.clone().run_until_cancelled_owned(serving));
        Self {
            url,
            authority,
            presented,
            _stop: stop.drop_guard(),
        }
    }

    async fn serve(
        listener: TcpListener,
        presented: Arc<Mutex<(Arc<ServerConfig>, CancellationToken)>>,
        target: String,
    ) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (config, superseded) = presented.lock().unwrap().clone();
            let target = target.clone();
            let relay = async move {
                // A client that does not trust the certificate aborts the handshake.
                let Ok(mut client) = TlsAcceptor::from(config).accept(client).await else {
                    return;
                };
                let mut server = TcpStream::connect(target).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            };
            tokio::spawn(superseded.run_until_cancelled_owned(relay));
        }
    }

    /// Presents another certificate to new connections, and ends the connections that have the previous one.
    fn present(&self, config: &Arc<ServerConfig>) {
        let mut presented = self.presented.lock().unwrap();
        presented.1.cancel();
        *presented = (config.clone(), CancellationToken::new());
    }
}
