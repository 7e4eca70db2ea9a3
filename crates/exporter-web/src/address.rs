//! Addresses and paths as users write them.

use std::net::SocketAddr;
use std::str::FromStr;

/// Checks one `--web.listen-address`: `127.0.0.1:9943`, `[::1]:9943`, `localhost:9943`, or `:9943` for every interface.
pub(super) fn listen_address(text: &str) -> Result<String, String> {
    let is_host_and_port = text.rsplit_once(':').is_some_and(|(host, port)| {
        // A last label of digits is a mistyped IPv4 address. A resolver would take seconds to reject it.
        let is_number = host
            .rsplit('.')
            .next()
            .is_some_and(|label| label.parse::<u64>().is_ok());
        is_plain(host, b"-._") && !is_number && port.parse::<u16>().is_ok()
    });
    if is_host_and_port || text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!(
        "listen address `{text}` is not HOST:PORT with a name or an IP address, IPv6 in brackets; write it as in \
         127.0.0.1:9943, [::1]:9943 or :9943"
    ))
}

/// The telemetry path of most exporters.
pub(super) const DEFAULT_PATH: &str = "/metrics";

/// The path of the metrics. It is absolute, needs no escaping, and is not the path of anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryPath(String);

impl TelemetryPath {
    /// The path as written in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TelemetryPath {
    fn default() -> Self {
        Self(DEFAULT_PATH.to_owned())
    }
}

impl FromStr for TelemetryPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_taken = ["/-/", "/api/", "/webhook/"]
            .iter()
            .any(|taken| format!("{text}/").starts_with(taken));
        if !text.starts_with('/') || text == "/" || is_taken || !is_plain(text, b"/-._~") {
            return Err(format!(
                "telemetry path `{text}` cannot be used; write / and then letters, digits and / - . _ ~, but nothing below \
                 /-, /api or /webhook, for example /metrics"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_plain(text: &str, others: &[u8]) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_written() {
        for text in [
            "127.0.0.1:9943",
            "[::1]:9943",
            ":9943",
            "localhost:9943",
            "0.0.0.0:0",
            "a-b.example:1",
        ] {
            assert_eq!(listen_address(text).unwrap(), text);
        }
    }

    #[test]
    fn an_invalid_address_gives_a_sentence() {
        for text in [
            "",
            "9943",
            "localhost:http",
            "127.0.0.1:70000",
            "::1:9943",
            "[::zz]:9943",
            "127.0.0.256:9943",
            "a b:9943",
            "http://localhost:9943",
        ] {
            let problem = listen_address(text).unwrap_err();
            let expected = format!("listen address `{text}` is not HOST:PORT");
            assert!(problem.starts_with(&expected), "{problem}");
        }
    }

    #[test]
    fn a_telemetry_path_must_be_plain_and_free() {
        for text in [
            "metrics",
            "",
            "/",
            "/-/healthy",
            "/api/v1/phones",
            "/webhook",
            "/{x}",
            "/a?b",
        ] {
            let problem = text.parse::<TelemetryPath>().unwrap_err();
            assert!(
                problem.starts_with(&format!("telemetry path `{text}` cannot be used")),
                "{problem}"
            );
        }
        for text in ["/metrics", "/apis/metrics"] {
            assert_eq!(text.parse::<TelemetryPath>().unwrap().as_str(), text);
        }
    }
}
