//! `http_server_config` and `rate_limit`.

use std::num::NonZeroU32;
use std::time::Duration;

use config_file::{Section, quoted};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::meaning;
use super::raw::{RawHttp, RawRateLimit};

/// The headers that may be added.
const HEADERS: [(&str, &HeaderName); 5] = [
    ("Content-Security-Policy", &header::CONTENT_SECURITY_POLICY),
    ("Strict-Transport-Security", &header::STRICT_TRANSPORT_SECURITY),
    ("X-Content-Type-Options", &header::X_CONTENT_TYPE_OPTIONS),
    ("X-Frame-Options", &header::X_FRAME_OPTIONS),
    ("X-XSS-Protection", &header::X_XSS_PROTECTION),
];

/// The longest time in which a bucket may fill. The rate limiter counts nanoseconds in 64 bits, which overflow after 584
/// years.
const LONGEST_FILL: Duration = Duration::from_hours(100 * 365 * 24);

/// Whether HTTP/2 is spoken, and the headers of every response.
pub(super) fn read(raw: &RawHttp, section: &Section<'_>) -> (bool, HeaderMap) {
    let headers_section = section.section("headers");
    let read = |(key, value): (&String, &Option<String>)| {
        let name = section.check("headers", meaning(key, &HEADERS))?;
        let value = headers_section.value(key, value, |text| header_value(name, text))?;
        Some((name.clone(), value))
    };
    let headers = raw.headers.iter().flatten().filter_map(read).collect();
    (section.boolean("http2", &raw.http2).unwrap_or(true), headers)
}

fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, String> {
    let allowed: &[(&str, ())] = match *name {
        header::X_CONTENT_TYPE_OPTIONS => &[("nosniff", ())],
        header::X_FRAME_OPTIONS => &[("deny", ()), ("sameorigin", ())],
        _ => &[],
    };
    if !allowed.is_empty() {
        meaning(&text.to_ascii_lowercase(), allowed)?;
    }
    HeaderValue::from_str(text).map_err(|_| "has characters that no header may have; write it on one line".to_owned())
}

/// The token bucket from which every request takes; `None` without one.
pub(super) fn rate(raw: &RawRateLimit, section: &Section<'_>) -> Option<DefaultDirectRateLimiter> {
    let interval = section.value("interval", &raw.interval, |text| match text {
        // Go writes zero without a unit.
        "0" => Ok(Duration::ZERO),
        text => humantime::parse_duration(text).map_err(|_| {
            format!(
                "is {}, which is not a duration; write one such as 1s or 100ms",
                quoted(text)
            )
        }),
    });
    let burst = section.whole("burst", &raw.burst, &(0..=u32::MAX));
    let interval = interval.filter(|interval| !interval.is_zero())?;
    let Some(burst) = burst.and_then(NonZeroU32::new) else {
        let wrong = "is needed with an interval and must be at least 1; write how many requests may come at once";
        return section.check("burst", Err(wrong));
    };
    let fill = interval.checked_mul(burst.get());
    if fill.is_none_or(|fill| fill > LONGEST_FILL) {
        let wrong = "times the interval is more than 100 years; write a smaller burst or a shorter interval";
        return section.check("burst", Err(wrong));
    }
    Some(RateLimiter::direct(Quota::with_period(interval)?.allow_burst(burst)))
}
