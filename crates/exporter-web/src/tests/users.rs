//! Authentication over HTTP.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use super::harness::{PLAIN, Server};
use crate::{Settings, WebConfig};

async fn server(yaml: &str) -> (Server, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yml");
    std::fs::write(&file, yaml).unwrap();
    let web_config = WebConfig::from_file(&file).unwrap();
    let server = Server::start(Settings {
        web_config,
        lifecycle: true,
        ..Settings::default()
    });
    (server.await, directory)
}

fn users() -> String {
    format!("basic_auth_users: {{alice: {}}}", bcrypt::hash("secret", 4).unwrap())
}

fn credentials(user: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn every_path_needs_a_password() {
    let (server, _directory) = server(&users()).await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/-/healthy"),
        ("GET", "/-/ready"),
        ("POST", "/-/reload"),
        ("GET", "/nothing"),
        ("POST", "/metrics"),
    ] {
        let answer = server.ask(method, path, &[]).await;
        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Basic realm=\"exporter\", charset=\"UTF-8\""
        );
    }
}

#[tokio::test]
async fn only_the_right_password_is_accepted() {
    let (server, _directory) = server(&users()).await;
    for (user, password, status) in [
        ("alice", "secret", 200),
        ("alice", "secret", 200),
        ("alice", "Secret", 401),
        ("mallory", "secret", 401),
        ("", "", 401),
    ] {
        let answer = server.ask("GET", "/metrics", &[&credentials(user, password)]).await;
        assert_eq!(answer.status, status, "{user}:{password}");
        assert_eq!(answer.body == PLAIN, status == 200);
    }
}

#[tokio::test]
async fn every_response_has_the_configured_headers() {
    let yaml = format!(
        "{}\nhttp_server_config: {{headers: {{X-Frame-Options: deny, Content-Security-Policy: 'default-src self'}}}}",
        users()
    );
    let (server, _directory) = server(&yaml).await;
    for headers in [&[][..], &[credentials("alice", "secret").as_str()]] {
        let answer = server.ask("GET", "/", headers).await;
        assert_eq!(answer.header("x-frame-options"), "deny");
        assert_eq!(answer.header("content-security-policy"), "default-src self");
    }
}

#[tokio::test]
async fn requests_beyond_the_rate_limit_get_429() {
    let (server, _directory) = server("rate_limit: {interval: 1h, burst: 2}").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(server.get("/metrics").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
}
