//! Invalid configurations end the real binary with exit code 2 and a list of all problems.

use crate::support::Launch;

/// The cases of the unit tests of `src/config`.
const CONFIGURATIONS: &str = include_str!("../fixtures/config/bad.txt");

#[tokio::test]
async fn an_invalid_configuration_ends_with_exit_code_2_and_all_problems() {
    let mut count = 0;
    for case in CONFIGURATIONS.split("\n=== ").skip(1) {
        let (name, case) = case.split_once('\n').unwrap();
        let (yaml, says) = case.split_once("--- says\n").unwrap();
        // These cases need files or variables that only the unit tests create.
        if yaml.contains("--- environment") || yaml.contains("file") {
            continue;
        }
        count += 1;
        let launch = Launch::bare();
        std::fs::write(launch.path("c.yml"), yaml).unwrap();
        let output = launch.arg("--config.file=c.yml").run().await;
        let says = format!("{}\n", says.trim_end());
        assert_eq!(output.outcome(), (Some(2), says.as_str()), "{name}");
    }
    assert_ne!(count, 0, "no case applies");
}

const NO_FILES: &str = "web.yml: tls_server_config.cert_file: none.pem cannot be read (No such file or directory (os error 2)); correct the path or the file
web.yml: tls_server_config.key_file: none.key cannot be read (No such file or directory (os error 2)); correct the path or the file
";

#[tokio::test]
async fn an_invalid_web_configuration_ends_with_exit_code_2_and_all_problems() {
    let tls = "cert_file: none.pem, key_file: none.key";
    for (yaml, says) in [
        (
            "tls_server_confg: {}".to_owned(),
            "web.yml: tls_server_confg: is no known key; remove it or write one of: http_server_config, tls_server_config, basic_auth_users, rate_limit\n".to_owned(),
        ),
        (format!("tls_server_config: {{{tls}}}"), NO_FILES.to_owned()),
        (
            format!("tls_server_config: {{{tls}, min_version: TLS10}}"),
            format!("{NO_FILES}web.yml: tls_server_config.min_version: TLS10 is broken and not supported; write TLS12 or TLS13\n"),
        ),
        (
            format!("tls_server_config: {{{tls}, client_auth_type: Sometimes}}"),
            format!("{NO_FILES}web.yml: tls_server_config.client_auth_type: `Sometimes` is not known; write one of NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert\n"),
        ),
        (
            format!("tls_server_config: {{{tls}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}"),
            format!("{NO_FILES}web.yml: tls_server_config.cipher_suites: `TLS_RSA_WITH_RC4_128_SHA` is not supported; choose from TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n"),
        ),
        (
            format!("tls_server_config: {{{tls}, curve_preferences: [CurveP999]}}"),
            format!("{NO_FILES}web.yml: tls_server_config.curve_preferences: `CurveP999` is not supported; choose from CurveP256, CurveP384, X25519\n"),
        ),
        (
            "basic_auth_users: {alice: secret}".to_owned(),
            "web.yml: basic_auth_users.alice: is no bcrypt hash; make one with `htpasswd -nBC 10 \"\" | tr -d ':\\n'`\n".to_owned(),
        ),
        (
            "basic_auth_users: [alice]".to_owned(),
            "web.yml: basic_auth_users: is no mapping; write keys below it, indented\n".to_owned(),
        ),
        (
            "http_server_config: {http2: maybe, headers: {X-Powered-By: us}}".to_owned(),
            "web.yml: http_server_config.http2: is neither true nor false; write one of them\nweb.yml: http_server_config.headers.X-Powered-By: is no known key; remove it or write one of: Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection\n".to_owned(),
        ),
        (
            "basic_auth_users: {alice: secret".to_owned(),
            "web.yml: is not YAML (while parsing a flow mapping, did not find expected ',' or '}' at byte 32 line 2 column 1); correct it there\n".to_owned(),
        ),
    ] {
        let launch = Launch::bare().env("GEELARK_TOKEN", "demo-token").env("GEELARK_PHONE_IDS", "1");
        std::fs::write(launch.path("web.yml"), &yaml).unwrap();
        let output = launch
            .args(&["--web.config.file=web.yml", "--web.listen-address=127.0.0.1:0"])
            .run()
            .await;
        assert_eq!(output.outcome(), (Some(2), says.as_str()), "{yaml}");
    }
}
