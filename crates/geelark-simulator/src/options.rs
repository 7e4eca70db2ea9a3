//! What the stand-in can be told, and what is wrong with it.

use std::ops::RangeInclusive;

use url::Url;

use super::faults::Fault;
use super::webhook::WebhookAuth;

/// GeeLark's documented limits.
const REQUESTS_PER_MINUTE: u32 = 200;
const REQUESTS_PER_HOUR: u32 = 24_000;

/// A second in a quarter of an hour, and a day in a second: outside, nothing or everything happens between two calls.
const SPEEDS: RangeInclusive<f64> = 0.001..=86_400.0;

/// How the stand-in behaves. As flags of the command line and as a value for tests.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// How many phones the fleet has.
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub phones: usize,

    /// How many more ids to hand out that belong to no phone; they are answered "env not found".
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub missing: usize,

    /// The same seed makes the same fleet with the same lifecycle.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// How fast the phones live: 0 frozen, 1 a realistic pace, 60 an hour a minute.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,

    /// Calls in any minute before 40007.
    #[arg(long, value_name = "N", default_value_t = REQUESTS_PER_MINUTE)]
    pub requests_per_minute: u32,

    /// Calls in any hour before 40014 and a lock of two hours.
    #[arg(long, value_name = "N", default_value_t = REQUESTS_PER_HOUR)]
    pub requests_per_hour: u32,

    /// Calls under way at once before 47002. [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_concurrent: Option<usize>,

    /// The token that `Authorization: Bearer` must carry.
    #[arg(long, default_value = "demo-token")]
    pub token: String,

    /// The application id of the key signature.
    #[arg(long, default_value = "demo-app")]
    pub app_id: String,

    /// The key that signs. It is made up, like the token: never give the stand-in a real one.
    #[arg(long, default_value = "demo-key")]
    pub api_key: String,

    /// Call this URL when a phone starts, stops, is renamed, deleted or tagged, as GeeLark's webhooks do. [default: nobody]
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<Url>,

    /// How webhooks are authenticated: with the token, or signed with the key.
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    pub webhook_auth: WebhookAuth,

    /// A fault to begin with, for example `http:503,count=2` or `latency:2s,endpoint=status`. Repeatable.
    #[arg(long = "fault", value_name = "SPEC")]
    pub faults: Vec<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            phones: 300,
            missing: 0,
            seed: 1,
            speed: 1.0,
            requests_per_minute: REQUESTS_PER_MINUTE,
            requests_per_hour: REQUESTS_PER_HOUR,
            max_concurrent: None,
            token: "demo-token".to_owned(),
            app_id: "demo-app".to_owned(),
            api_key: "demo-key".to_owned(),
            webhook_url: None,
            webhook_auth: WebhookAuth::Token,
            faults: Vec::new(),
        }
    }
}

/// Why there can be no such stand-in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The speed is negative, not a number, too small or too large.
    #[error("--speed {0} is out of range: give 0 (frozen) or a number from 0.001 to 86400")]
    Speed(f64),
    /// A limit that would refuse every call.
    #[error("{0} 0 would refuse every call: give at least 1")]
    Zero(&'static str),
    /// A credential that no client could present.
    #[error("{0} is empty or has characters that no HTTP header carries: give visible ASCII characters")]
    Credential(&'static str),
}

impl Options {
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.speed != 0.0 && !SPEEDS.contains(&self.speed) {
            return Err(Problem::Speed(self.speed));
        }
        let limits = [
            ("--requests-per-minute", self.requests_per_minute == 0),
            ("--requests-per-hour", self.requests_per_hour == 0),
            ("--max-concurrent", self.max_concurrent == Some(0)),
        ];
        if let Some((flag, _)) = limits.iter().find(|(_, zero)| *zero) {
            return Err(Problem::Zero(flag));
        }
        let credentials = [
            ("--token", &self.token),
            ("--app-id", &self.app_id),
            ("--api-key", &self.api_key),
        ];
        let sendable = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match credentials.iter().find(|(_, value)| !sendable(value)) {
            Some((flag, _)) => Err(Problem::Credential(flag)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_flags_and_the_value_have_the_same_defaults() {
        let flags = Line::parse_from(["simulate"]).options;
        assert_eq!(format!("{flags:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn every_problem_is_a_sentence_that_names_its_flag() {
        let problem = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.check().unwrap_err().to_string()
        };
        assert_eq!(
            problem(|options| options.speed = -1.0),
            "--speed -1 is out of range: give 0 (frozen) or a number from 0.001 to 86400"
        );
        assert!(problem(|options| options.speed = f64::NAN).starts_with("--speed NaN"));
        assert_eq!(
            problem(|options| options.requests_per_hour = 0),
            "--requests-per-hour 0 would refuse every call: give at least 1"
        );
        assert!(problem(|options| options.max_concurrent = Some(0)).starts_with("--max-concurrent 0"));
        assert!(problem(|options| options.token = "a b".to_owned()).starts_with("--token is empty or has"));
    }

    #[test]
    fn a_fault_that_cannot_be_read_is_refused_on_the_command_line() {
        assert!(Line::try_parse_from(["simulate", "--fault", "http:503", "--fault", "hang,count=1"]).is_ok());
        assert!(Line::try_parse_from(["simulate", "--fault", "meteor"]).is_err());
    }
}
