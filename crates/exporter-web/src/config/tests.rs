//! What a bad web configuration file says, word by word.

use std::fs;
use std::iter;
use std::path::PathBuf;

use expect_test::expect_file;
use tempfile::TempDir;

use super::*;

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
        read(&self.path("web.yml")).0
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
    assert!(rules.http1_only);
    assert_eq!(rules.headers["x-frame-options"], "Deny");
    assert_eq!(rules.headers["x-xss-protection"], "0");
    assert_eq!(rules.headers.len(), 2);
    assert!(rules.users.is_some());
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
            rules.tls.is_none() && rules.users.is_none() && rules.rate.is_none() && !rules.http1_only,
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

/// A file that has a certificate and `more`.
fn tls(more: &str) -> String {
    format!("tls_server_config: {{cert_file: server.crt, key_file: server.key, {more}}}")
}

#[test]
fn every_bad_file_gets_a_sentence_that_says_what_is_wrong_and_what_to_do() {
    let files = [
        "tls_servr_config: {}",
        "[a]",
        "1: 2",
        "tls_server_config: yes please",
        "a: 1\n---\nb: 2",
        "tls_server_config: {cert_file: server.crt}",
        "tls_server_config: {cert_file: none.crt, key_file: server.key}",
        "tls_server_config: {cert_file: server.key, key_file: server.key}",
        "tls_server_config: {cert_file: server.crt, key_file: server.crt}",
        "tls_server_config: {cert_file: server.crt, key: '-----BEGIN ENCRYPTED PRIVATE KEY-----'}",
        "tls_server_config: {cert_file: server.crt, key_file: other.key}",
        &tls("key: x"),
        &tls("min_version: TLS10"),
        &tls("max_version: SSL3"),
        &tls("min_version: TLS13, max_version: TLS12"),
        &tls("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]"),
        &tls("cipher_suites: TLS_AES_128_GCM_SHA256"),
        &tls("max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]"),
        &tls("curve_preferences: [CurveP521]"),
        &tls("prefer_server_cipher_suites: maybe"),
        &tls("client_auth_type: Verify"),
        &tls("client_auth_type: RequireAndVerifyClientCert"),
        &tls("client_ca_file: server.crt"),
        &tls("client_auth_type: RequestClientCert, client_allowed_sans: [a.example]"),
        &tls("client_auth_type: RequireAnyClientCert, client_allowed_sans: [a@b.example]"),
        "http_server_config: {headers: {X-Frame-Options: allow}}",
        "http_server_config: {headers: {Server: mine}}",
        "http_server_config: {headers: {Content-Security-Policy: \"a\\nb\"}}",
        "basic_auth_users: {alice: hunter2}",
        "basic_auth_users: {alice: 12345}",
        "basic_auth_users: {alice: $2y$19$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}",
        "rate_limit: {interval: often, burst: 1}",
        "rate_limit: {interval: 1s}",
        "rate_limit: {interval: 1000y, burst: 1}",
        "rate_limit: {interval: 1d, burst: 4294967295}",
    ];
    let found = files.map(|yaml| format!("{yaml}\n--- says\n{}\n", problems(yaml).join("\n")));
    expect_file!["bad.txt"].assert_eq(&found.join("\n"));
}

#[test]
fn all_problems_are_reported_at_once_and_none_repeats_a_password() {
    let found = problems(
        "
tls_server_config: {min_version: TLS11}
http_server_config: {http2: 2}
basic_auth_users: {alice: hunter2, bob: hunter3}
",
    );
    let path = |problem: &String| problem.split(' ').nth(1).unwrap().to_owned();
    let paths: Vec<_> = found.iter().map(path).collect();
    assert_eq!(
        paths,
        [
            "http_server_config.http2",
            "tls_server_config.cert_file",
            "tls_server_config.key_file",
            "tls_server_config.min_version",
            "basic_auth_users.alice",
            "basic_auth_users.bob"
        ]
    );
    assert!(!found.concat().contains("hunter"));
}

#[test]
fn what_is_no_yaml_or_no_file_is_said() {
    assert_eq!(
        problems("a: 1\na: 2"),
        ["DIR/web.yml:2: the key \"a\" was given before (DIR/web.yml:1); keep one"]
    );
    let missing = read(Path::new("/nonexistent/web.yml")).0.err().unwrap().to_string();
    assert_eq!(
        missing,
        "/nonexistent/web.yml: the file does not exist; create it or correct the path"
    );
}

#[test]
fn a_changed_a_replaced_and_an_appearing_file_are_noticed() {
    let room = Room::with("tls_server_config: {cert_file: server.crt, key_file: late.key}");
    // The second look at a change tells that it has settled.
    let has_changed = |stamps: &mut FileStamps| stamps.settled_change() || stamps.settled_change();
    let stamps = || read(&room.path("web.yml")).1;
    let mut before = stamps();
    assert!(!has_changed(&mut before));
    fs::copy(room.path("server.key"), room.path("late.key")).unwrap();
    assert!(has_changed(&mut before));
    let mut before = stamps();
    fs::write(room.path("server.crt"), "longer or shorter").unwrap();
    assert!(has_changed(&mut before));
    let mut before = stamps();
    fs::copy(room.path("web.yml"), room.path("new.yml")).unwrap();
    fs::rename(room.path("new.yml"), room.path("web.yml")).unwrap();
    assert!(has_changed(&mut before));
}

#[test]
fn no_nesting_exhausts_the_stack_and_no_alias_the_memory() {
    let deep = "the nesting is too deep; no key is so far down";
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let said = &problems(&format!("{}x{}", open.repeat(50_000), close.repeat(50_000)))[0];
        // The parser itself limits brackets and keys.
        let limits = [
            deep,
            "this is not YAML (recursion limit exceeded)",
            "a list or section is used as a key",
        ];
        assert!(limits.iter().any(|limit| said.contains(limit)), "{open}: {said}");
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
    assert!(problems(&lines(1))[0].contains(deep));
    assert!(problems(&lines(20))[0].contains("the file has too many values"));
}
