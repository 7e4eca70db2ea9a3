//! Invalid configurations end the real binary with exit code 2 and a list of all problems.

use expect_test::expect_file;

use crate::support::Launch;

/// The cases of the unit tests of `src/config`.
const CONFIGURATIONS: &str = include_str!("../fixtures/config/bad.txt");

#[tokio::test]
async fn an_invalid_configuration_ends_with_exit_code_2_and_all_problems() {
    let mut count = 0;
    for case in CONFIGURATIONS.split("\n=== ").skip(1) {
        let (name, case) = case.split_once('\n').unwrap();
        let (yaml, problems) = case.split_once("--- says\n").unwrap();
        // These cases need files or variables that only the unit tests create.
        if yaml.contains("--- environment") || yaml.contains("file") {
            continue;
        }
        count += 1;
        let launch = Launch::bare();
        std::fs::write(launch.path("c.yml"), yaml).unwrap();
        let output = launch.arg("--config.file=c.yml").run().await;
        let problems = format!("{}\n", problems.trim_end());
        assert_eq!(output.outcome(), (Some(2), problems.as_str()), "{name}");
    }
    assert_ne!(count, 0, "no case applies");
}

#[tokio::test]
async fn an_invalid_web_configuration_ends_with_exit_code_2_and_all_problems() {
    let mut outputs = Vec::new();
    for yaml in [
        "tls_server_confg: {}",
        "tls_server_config: {cert_file: none.pem, key_file: none.key}",
        "tls_server_config: {cert_file: none.pem, key_file: none.key, min_version: TLS10}",
        "tls_server_config: {cert_file: none.pem, key_file: none.key, client_auth_type: Sometimes}",
        "tls_server_config: {cert_file: none.pem, key_file: none.key, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}",
        "tls_server_config: {cert_file: none.pem, key_file: none.key, curve_preferences: [CurveP999]}",
        "basic_auth_users: {alice: secret}",
        "basic_auth_users: [alice]",
        "http_server_config: {http2: maybe, headers: {X-Powered-By: us}}",
        "basic_auth_users: {alice: secret",
    ] {
        let launch = Launch::bare()
            .env("GEELARK_TOKEN", "demo-token")
            .env("GEELARK_PHONE_IDS", "1");
        std::fs::write(launch.path("web.yml"), yaml).unwrap();
        let output = launch
            .args(&["--web.config.file=web.yml", "--web.listen-address=127.0.0.1:0"])
            .run()
            .await;
        let (code, sentences) = output.outcome();
        assert_eq!(code, Some(2), "{yaml}: {sentences}");
        assert!(!sentences.contains("secret"), "{sentences}");
        outputs.push(format!("{yaml}\n--- says\n{sentences}"));
    }
    expect_file!["../fixtures/config/bad_web.txt"].assert_eq(&outputs.join("\n"));
}
