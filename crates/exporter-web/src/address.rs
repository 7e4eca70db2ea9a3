//! Where to listen and under which path, as a person writes it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// One `--web.listen-address`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// `:9943`: every interface, IPv6 and IPv4.
    Everywhere(u16),
    /// `127.0.0.1:9943`, `[::1]:9943`.
    Socket(SocketAddr),
    /// `localhost:9943`: every address the name resolves to.
    Name(String, u16),
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!("listen address `{text}`: {what}; write HOST:PORT as in 127.0.0.1:9943, [::1]:9943 or :9943")
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("there is no port"))?;
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        if text.contains("://") {
            return Err(wrong("it is a URL"));
        }
        if host.contains(':') && !host.starts_with('[') {
            return Err(wrong("an IPv6 address needs brackets"));
        }
        let port = port
            .parse()
            .map_err(|_| wrong("the port is not a number from 0 to 65535"))?;
        if host.is_empty() {
            return Ok(Self::Everywhere(port));
        }
        let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        // A last label of digits is a mistyped IPv4 address; a resolver would spend seconds to say so.
        let is_number = host.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok());
        if !is_name || is_number {
            return Err(wrong("the host is neither an address nor a name"));
        }
        Ok(Self::Name(host.to_owned(), port))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::Socket(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// The path metrics are served under: absolute, plain, and nobody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryPath(String);

impl TelemetryPath {
    /// The path as it stands in a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TelemetryPath {
    fn default() -> Self {
        Self("/metrics".to_owned())
    }
}

impl FromStr for TelemetryPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("telemetry path `{text}`: {what}; choose another, for example /metrics");
        if !text.starts_with('/') {
            return Err(wrong("it does not start with /"));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b)) {
            return Err(wrong("it has characters other than letters, digits and / - . _ ~"));
        }
        if text == "/" {
            return Err(wrong("that is the landing page"));
        }
        for prefix in ["/-", "/api", "/webhook"] {
            if text == prefix || text.starts_with(&format!("{prefix}/")) {
                return Err(wrong(&format!("{prefix} and what is below it are taken")));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_written() {
        for text in [
            "127.0.0.1:9943",
            "[::1]:9943",
            ":9943",
            "localhost:9943",
            "0.0.0.0:0",
            "a-b.example:1",
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        assert_eq!(":9943".parse(), Ok(ListenAddress::Everywhere(9943)));
        assert_eq!(
            "localhost:80".parse(),
            Ok(ListenAddress::Name("localhost".to_owned(), 80))
        );
    }

    #[test]
    fn a_bad_address_gives_a_sentence() {
        for (text, what) in [
            ("9943", "there is no port"),
            ("localhost:http", "the port is not a number from 0 to 65535"),
            ("127.0.0.1:70000", "the port is not a number from 0 to 65535"),
            ("::1:9943", "an IPv6 address needs brackets"),
            ("[::zz]:9943", "the host is neither an address nor a name"),
            ("127.0.0.256:9943", "the host is neither an address nor a name"),
            ("a b:9943", "the host is neither an address nor a name"),
            ("http://localhost:9943", "it is a URL"),
        ] {
            let problem = text.parse::<ListenAddress>().unwrap_err();
            assert_eq!(
                problem,
                format!("listen address `{text}`: {what}; write HOST:PORT as in 127.0.0.1:9943, [::1]:9943 or :9943")
            );
        }
    }

    #[test]
    fn a_telemetry_path_collides_with_nothing() {
        for (text, what) in [
            ("metrics", "it does not start with /"),
            ("", "it does not start with /"),
            ("/", "that is the landing page"),
            ("/-/healthy", "/- and what is below it are taken"),
            ("/api/v1/phones", "/api and what is below it are taken"),
            ("/{x}", "it has characters other than letters, digits and / - . _ ~"),
            ("/a?b", "it has characters other than letters, digits and / - . _ ~"),
        ] {
            assert_eq!(
                text.parse::<TelemetryPath>().unwrap_err(),
                format!("telemetry path `{text}`: {what}; choose another, for example /metrics")
            );
        }
        assert_eq!(
            "/apis/metrics".parse::<TelemetryPath>().unwrap().as_str(),
            "/apis/metrics"
        );
    }
}
