//! What a bad web configuration file says, word by word.

use std::fs;
use std::iter;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const CERT: &str = "tls_server_config: {cert_file: server.crt, key_file: server.key";

/// A directory with `server.crt`, `server.key`, `other.key` and `web.yml`.
struct Room(TempDir);

impl Room {
    fn with(yaml: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let room = Self(directory);
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::KeyPair::generate().unwrap();
        fs::write(room.path("server.crt"), own.cert.pem()).unwrap();
        fs::write(room.path("server.key"), own.signing_key.serialize_pem()).unwrap();
        fs::write(room.path("other.key"), other.serialize_pem()).unwrap();
        fs::write(room.path("web.yml"), yaml).unwrap();
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self) -> Result<Rules, Problems> {
        read(&self.path("web.yml")).outcome
    }
}

/// What reading `yaml` complains of; `DIR` stands for its directory.
fn problems(yaml: &str) -> Vec<String> {
    let room = Room::with(yaml);
    let directory = room.0.path().display().to_string();
    let Err(problems) = room.read() else {
        panic!("this was taken:\n{yaml}");
    };
    let sentences = problems.sentences().iter();
    sentences.map(|sentence| sentence.replace(&directory, "DIR")).collect()
}

fn rules(yaml: &str) -> Rules {
    Room::with(yaml)
        .read()
        .unwrap_or_else(|problems| panic!("{problems}\nin\n{yaml}"))
}

#[test]
fn a_good_file_is_taken_with_all_its_keys() {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let rules = rules(&format!(
        "
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: server.crt
  client_allowed_sans: [client.example, 192.0.2.1, 'spiffe://example/prometheus']
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [CurveP384, X25519]
http_server_config:
  http2: false
  headers:
    X-Frame-Options: Deny
    X-XSS-Protection: 0
    Strict-Transport-Security: ''
basic_auth_users:
  alice: {hash}
rate_limit: {{interval: 1s, burst: 20}}
"
    ));
    let tls = rules.tls.unwrap();
    let suites: Vec<_> = tls
        .crypto_provider()
        .cipher_suites
        .iter()
        .map(|suite| format!("{:?}", suite.suite()))
        .collect();
    assert_eq!(
        suites[suites.len() - 2..],
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        ]
    );
    assert_eq!(suites.len(), 5);
    let groups: Vec<_> = tls
        .crypto_provider()
        .kx_groups
        .iter()
        .map(|group| format!("{:?}", group.name()))
        .collect();
    assert_eq!(groups, ["secp384r1", "X25519"]);
    assert!(!tls.ignore_client_order);
    assert_eq!(tls.alpn_protocols, [b"http/1.1"]);
    assert!(!rules.http2);
    assert_eq!(rules.headers["x-frame-options"], "Deny");
    assert_eq!(rules.headers["x-xss-protection"], "0");
    assert_eq!(rules.headers.len(), 2);
    assert_eq!(format!("{:?}", rules.users.unwrap()), "Users(1)");
    assert!(rules.rate.is_some());
}

#[test]
fn the_example_is_taken() {
    let rules = rules(include_str!("../../../../deploy/web-config.example.yml"));
    assert!(rules.tls.is_some() && rules.users.is_some());
    assert_eq!(rules.headers.len(), 2);
}

#[test]
fn empty_sections_ask_for_nothing() {
    for yaml in [
        "",
        "# nothing\n",
        "{}",
        "tls_server_config:\nbasic_auth_users: {}\nhttp_server_config: {}\n",
        "rate_limit: {interval: 0, burst: 0}",
    ] {
        let rules = rules(yaml);
        assert!(
            rules.tls.is_none() && rules.users.is_none() && rules.rate.is_none() && rules.http2,
            "{yaml}"
        );
    }
}

#[test]
fn certificate_and_key_may_stand_in_the_file_itself() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let indent = |pem: String| pem.replace('\n', "\n    ");
    let (cert, key) = (indent(own.cert.pem()), indent(own.signing_key.serialize_pem()));
    assert!(
        rules(&format!(
            "tls_server_config:\n  cert: |\n    {cert}\n  key: |\n    {key}\n"
        ))
        .tls
        .is_some()
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of files and what is said of them")]
fn every_bad_file_says_what_is_wrong_and_what_to_do() {
    for (yaml, expected) in [
        (
            "tls_servr_config: {}".to_owned(),
            "DIR/web.yml: tls_servr_config: is no known key; remove it or write one of: http_server_config, \
             tls_server_config, basic_auth_users, rate_limit",
        ),
        (
            "[a]".to_owned(),
            "DIR/web.yml: is no mapping; write sections such as tls_server_config: with keys below them",
        ),
        ("1: 2".to_owned(), "DIR/web.yml: a key is not text; put it in quotes"),
        (
            "tls_server_config: yes please".to_owned(),
            "DIR/web.yml: tls_server_config: is no mapping; write keys below it, indented",
        ),
        (
            "a: 1\n---\nb: 2".to_owned(),
            "DIR/web.yml: holds several YAML documents; leave one",
        ),
        (
            "tls_server_config: {cert_file: server.crt}".to_owned(),
            "DIR/web.yml: tls_server_config.key_file: is missing; TLS needs a certificate and its key",
        ),
        (
            "tls_server_config: {cert_file: none.crt, key_file: server.key}".to_owned(),
            "DIR/web.yml: tls_server_config.cert_file: DIR/none.crt cannot be read (No such file or directory (os \
             error 2)); correct the path or the file",
        ),
        (
            "tls_server_config: {cert_file: server.key, key_file: server.key}".to_owned(),
            "DIR/web.yml: tls_server_config.cert_file: holds no PEM certificate; give one that begins with \
             -----BEGIN CERTIFICATE-----",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key_file: server.crt}".to_owned(),
            "DIR/web.yml: tls_server_config.key_file: holds no PEM private key; give one that begins with \
             -----BEGIN PRIVATE KEY-----",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key: '-----BEGIN ENCRYPTED PRIVATE KEY-----'}".to_owned(),
            "DIR/web.yml: tls_server_config.key: holds a key that is encrypted; decrypt it, for example with openssl \
             pkey",
        ),
        (
            "tls_server_config: {cert_file: server.crt, key_file: other.key}".to_owned(),
            "DIR/web.yml: tls_server_config.cert_file: cannot be used with the key (keys may not be consistent: \
             KeyMismatch); give a certificate and the key that belongs to it",
        ),
        (
            format!("{CERT}, key: x}}"),
            "DIR/web.yml: tls_server_config.key_file: stands beside tls_server_config.key; keep one of them",
        ),
        (
            format!("{CERT}, min_version: TLS10}}"),
            "DIR/web.yml: tls_server_config.min_version: TLS10 is broken and not supported; write TLS12 or TLS13",
        ),
        (
            format!("{CERT}, max_version: SSL3}}"),
            "DIR/web.yml: tls_server_config.max_version: `SSL3` is no TLS version; write TLS12 or TLS13",
        ),
        (
            format!("{CERT}, min_version: TLS13, max_version: TLS12}}"),
            "DIR/web.yml: tls_server_config.max_version: is older than min_version; write them the other way round",
        ),
        (
            format!("{CERT}, cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]}}"),
            "DIR/web.yml: tls_server_config.cipher_suites: `TLS_RSA_WITH_AES_128_CBC_SHA` is not supported; choose \
             from TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
             TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ),
        (
            format!("{CERT}, cipher_suites: TLS_AES_128_GCM_SHA256}}"),
            "DIR/web.yml: tls_server_config.cipher_suites: is no list of texts; write one below it, each line with a \
             dash",
        ),
        (
            format!("{CERT}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}"),
            "DIR/web.yml: tls_server_config.cipher_suites: nothing is left to agree on (unexpected error: no usable \
             cipher suites configured); list more suites, or none for all",
        ),
        (
            format!("{CERT}, curve_preferences: [CurveP521]}}"),
            "DIR/web.yml: tls_server_config.curve_preferences: `CurveP521` is not supported; choose from CurveP256, \
             CurveP384, X25519",
        ),
        (
            format!("{CERT}, prefer_server_cipher_suites: maybe}}"),
            "DIR/web.yml: tls_server_config.prefer_server_cipher_suites: is neither true nor false; write one of them",
        ),
        (
            format!("{CERT}, client_auth_type: Verify}}"),
            "DIR/web.yml: tls_server_config.client_auth_type: `Verify` is not known; write one of NoClientCert, \
             RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert",
        ),
        (
            format!("{CERT}, client_auth_type: RequireAndVerifyClientCert}}"),
            "DIR/web.yml: tls_server_config.client_ca_file: is missing; client certificates are verified with it",
        ),
        (
            format!("{CERT}, client_ca_file: server.crt}}"),
            "DIR/web.yml: tls_server_config.client_ca_file: has no effect without client_auth_type; write \
             RequireAndVerifyClientCert there",
        ),
        (
            format!("{CERT}, client_auth_type: RequestClientCert, client_allowed_sans: [a.example]}}"),
            "DIR/web.yml: tls_server_config.client_allowed_sans: needs a client certificate to look at; set \
             client_auth_type to RequireAndVerifyClientCert or RequireAnyClientCert",
        ),
        (
            format!("{CERT}, client_auth_type: RequireAnyClientCert, client_allowed_sans: [a@b.example]}}"),
            "DIR/web.yml: tls_server_config.client_allowed_sans: `a@b.example` is an e-mail address, which is not \
             supported; allow a DNS name, an IP address or a URI",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: allow}}".to_owned(),
            "DIR/web.yml: http_server_config.headers.X-Frame-Options: `allow` is not allowed; write deny or sameorigin",
        ),
        (
            "http_server_config: {headers: {Server: mine}}".to_owned(),
            "DIR/web.yml: http_server_config.headers.Server: is no known key; remove it or write one of: \
             Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, \
             X-XSS-Protection",
        ),
        (
            "http_server_config: {headers: {Content-Security-Policy: \"a\\nb\"}}".to_owned(),
            "DIR/web.yml: http_server_config.headers.Content-Security-Policy: has characters no header may have; write \
             it on one line",
        ),
        (
            "basic_auth_users: {alice: hunter2}".to_owned(),
            "DIR/web.yml: basic_auth_users.alice: is no bcrypt hash; make one with `htpasswd -nBC 10 \"\" | tr -d \
             ':\\n'`",
        ),
        (
            "basic_auth_users: {alice: 12345}".to_owned(),
            "DIR/web.yml: basic_auth_users.alice: is no text; write a bcrypt hash, in quotes if need be; make one \
             with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`",
        ),
        (
            "basic_auth_users: {alice: $2y$19$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}".to_owned(),
            "DIR/web.yml: basic_auth_users.alice: the hash has cost 19, which this exporter does not check; use one \
             from 4 to 16, usually 10",
        ),
        (
            "rate_limit: {interval: often, burst: 1}".to_owned(),
            "DIR/web.yml: rate_limit.interval: `often` is no duration; write one such as 1s or 100ms",
        ),
        (
            "rate_limit: {interval: 1s}".to_owned(),
            "DIR/web.yml: rate_limit.burst: is needed with an interval and must be at least 1; write how many requests \
             may come at once",
        ),
        (
            "rate_limit: {interval: 1000y, burst: 1}".to_owned(),
            "DIR/web.yml: rate_limit.burst: times the interval is more than 100 years; write a smaller burst or a \
             shorter interval",
        ),
        (
            "rate_limit: {interval: 1d, burst: 4294967295}".to_owned(),
            "DIR/web.yml: rate_limit.burst: times the interval is more than 100 years; write a smaller burst or a \
             shorter interval",
        ),
    ] {
        assert_eq!(problems(&yaml), [expected], "in {yaml}");
    }
}

#[test]
fn all_problems_are_reported_at_once_and_none_repeats_a_password() {
    let found = problems(
        "
tls_server_config: {min_version: TLS11, nonsense: 1}
http_server_config: {http2: 2}
basic_auth_users: {alice: hunter2, bob: hunter3}
",
    );
    let paths: Vec<_> = found
        .iter()
        .map(|problem| problem.split(": ").nth(1).unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "http_server_config.http2",
            "tls_server_config.cert_file",
            "tls_server_config.key_file",
            "tls_server_config.min_version",
            "tls_server_config.nonsense",
            "basic_auth_users.alice",
            "basic_auth_users.bob"
        ]
    );
    assert!(!found.concat().contains("hunter"));
}

#[test]
fn what_is_no_yaml_or_no_file_is_said() {
    let twice = &problems("a: 1\na: 2")[0];
    assert!(
        twice.starts_with("DIR/web.yml: is not YAML (") && twice.contains("duplicated key"),
        "{twice}"
    );
    let missing = read(Path::new("/nonexistent/web.yml")).outcome.unwrap_err().to_string();
    assert_eq!(
        missing,
        "/nonexistent/web.yml: cannot be read (No such file or directory (os error 2)); correct --web.config.file or \
         the file"
    );
}

#[test]
fn a_changed_a_replaced_and_an_appearing_file_are_noticed() {
    let room = Room::with("tls_server_config: {cert_file: server.crt, key_file: late.key}");
    let stamps = || read(&room.path("web.yml")).stamps;
    let before = stamps();
    assert!(before.unchanged());
    fs::copy(room.path("server.key"), room.path("late.key")).unwrap();
    assert!(!before.unchanged());
    let before = stamps();
    fs::write(room.path("server.crt"), "longer or shorter").unwrap();
    assert!(!before.unchanged());
    let before = stamps();
    fs::copy(room.path("web.yml"), room.path("new.yml")).unwrap();
    fs::rename(room.path("new.yml"), room.path("web.yml")).unwrap();
    assert!(!before.unchanged());
}

#[test]
fn no_nesting_exhausts_the_stack_and_no_alias_the_memory() {
    let deep = "DIR/web.yml: nests too deep; no key is so far down";
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let said = problems(&format!("{}x{}", open.repeat(50_000), close.repeat(50_000)));
        // Of brackets the parser itself takes only so many.
        let brackets = "DIR/web.yml: is not YAML (recursion limit exceeded";
        assert!(said == [deep] || said[0].starts_with(brackets), "{open}: {said:?}");
    }
    // Each line names the one before, once or twenty times.
    let lines = |times: usize| -> String {
        let line = |step: usize| {
            format!(
                "a{step}: &a{step} [{}]",
                vec![format!("*a{}", step - 1); times].join(", ")
            )
        };
        let lines: Vec<_> = iter::once("a0: &a0 [x]".to_owned()).chain((1..40).map(line)).collect();
        lines.join("\n")
    };
    assert_eq!(problems(&lines(1)), [deep]);
    assert_eq!(
        problems(&lines(20)),
        ["DIR/web.yml: holds too many values; remove what it repeats by aliases"]
    );
}
