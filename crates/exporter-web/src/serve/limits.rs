//! How much of this process strangers may occupy.

use std::time::Duration;

/// The bounds of [`serve`](super::serve).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. A few Prometheus servers, browsers and health checks need a dozen; 512 leaves room for a
    /// limiter and stays clear of the usual 1,024 file descriptors.
    pub connections: usize,
    /// From a connection's first byte (TLS handshake included), or a request's, to the end of the request's head.
    /// Prometheus sends its head at once; 10 s suffices for a bad line.
    pub head: Duration,
    /// How long a connection may stay open between requests. Longer than usual scrape intervals, so that Prometheus
    /// keeps its connection.
    pub idle: Duration,
    /// From a request's head to the last byte of its response. Prometheus' own scrape timeout is rarely above 30 s.
    pub response: Duration,
    /// After so long without a byte taken, a client that reads slowly may be dropped where others need its place.
    pub stall: Duration,
    /// What requests under way get at the end, so that all is over within 5 s. Kubernetes and systemd wait longer before
    /// they kill.
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            head: Duration::from_secs(10),
            idle: Duration::from_mins(3),
            response: Duration::from_mins(1),
            stall: Duration::from_secs(5),
            end: Duration::from_secs(4),
        }
    }
}
