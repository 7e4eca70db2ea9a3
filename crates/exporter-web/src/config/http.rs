//! `http_server_config` and `rate_limit`.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::section::{Report, Section};

/// The headers that may be added, with the values each may have; none listed means any.
const HEADERS: [(&str, HeaderName, &[&str]); 5] = [
    ("Content-Security-Policy", header::CONTENT_SECURITY_POLICY, &[]),
    ("Strict-Transport-Security", header::STRICT_TRANSPORT_SECURITY, &[]),
    ("X-Content-Type-Options", header::X_CONTENT_TYPE_OPTIONS, &["nosniff"]),
    ("X-Frame-Options", header::X_FRAME_OPTIONS, &["deny", "sameorigin"]),
    ("X-XSS-Protection", header::X_XSS_PROTECTION, &[]),
];

/// The longest it may take to fill the bucket anew. The rate limiter counts nanoseconds in 64 bits, which overflow after
/// 584 years.
const FILLED_WITHIN: Duration = Duration::from_hours(100 * 365 * 24);

/// Whether HTTP/2 is spoken, and the headers every response gets.
pub(super) fn read(mut section: Section<'_>, report: &mut Report) -> (bool, HeaderMap) {
    let http2 = section.flag("http2", report).unwrap_or(true);
    let mut headers = HeaderMap::new();
    if let Some(mut section) = section.section("headers", report) {
        for (key, name, allowed) in HEADERS {
            let Some(text) = section.text(key, report) else {
                continue;
            };
            let path = section.path(key);
            if !allowed.is_empty() && !allowed.contains(&text.to_ascii_lowercase().as_str()) {
                report.add(
                    &path,
                    &format!("`{text}` is not allowed; write {}", allowed.join(" or ")),
                );
            }
            let value = report.check(&path, HeaderValue::from_str(&text), |_| {
                "has characters no header may have; write it on one line".to_owned()
            });
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        section.finish(report);
    }
    section.finish(report);
    (http2, headers)
}

/// The token bucket every request takes from; `None` without one.
pub(super) fn rate(mut section: Section<'_>, report: &mut Report) -> Option<DefaultDirectRateLimiter> {
    let path = section.path("interval");
    let interval = section.text("interval", report).and_then(|text| {
        // Go writes zero without a unit.
        if text == "0" {
            return None;
        }
        report.check(&path, humantime::parse_duration(&text), |_| {
            format!("`{text}` is no duration; write one such as 1s or 100ms")
        })
    });
    let burst = section.number("burst", report);
    let path = section.path("burst");
    section.finish(report);
    let interval = interval.filter(|interval| !interval.is_zero())?;
    let Some(burst) = burst.and_then(|burst| NonZeroU32::new(u32::try_from(burst).ok()?)) else {
        report.add(
            &path,
            "is needed with an interval and must be at least 1; write how many requests may come at once",
        );
        return None;
    };
    let filled = interval.checked_mul(burst.get());
    if filled.is_none_or(|filled| filled > FILLED_WITHIN) {
        report.add(
            &path,
            "times the interval is more than 100 years; write a smaller burst or a shorter interval",
        );
        return None;
    }
    Some(RateLimiter::direct(Quota::with_period(interval)?.allow_burst(burst)))
}
