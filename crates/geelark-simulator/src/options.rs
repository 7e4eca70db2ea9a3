//! The options of the simulator. They are flags of the command line, which checks them.

use std::ops::RangeInclusive;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::faults::Fault;

/// From a second in a quarter of an hour to a day in a second. Outside, nothing or everything happens between two calls.
const SPEEDS: RangeInclusive<f64> = 0.001..=86_400.0;

/// How the simulator behaves.
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
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,

    /// Calls in any minute before 40007.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: u32,

    /// Calls in any hour before 40014 and a lock of two hours.
    #[arg(long, value_name = "N", default_value_t = 24_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_hour: u32,

    /// Concurrent calls before 47002. [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_concurrent: Option<u32>,

    /// The token that `Authorization: Bearer` must carry.
    #[arg(long, default_value = "demo-token", value_parser = credential)]
    pub token: String,

    /// The application id of the key signature.
    #[arg(long, default_value = "demo-app", value_parser = credential)]
    pub app_id: String,

    /// The key that signs. It is made up, like the token: never give the simulator a real one.
    #[arg(long, default_value = "demo-key", value_parser = credential)]
    pub api_key: String,

    /// Call this URL when a phone starts, stops, is renamed, deleted or tagged, as GeeLark's webhooks do. [default: none]
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<Url>,

    /// How webhooks are authenticated: with the token, or signed with the key.
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    pub webhook_auth: WebhookAuth,

    /// A fault to begin with, for example `http:503,count=2` or `latency:2s,endpoint=status`. Repeatable.
    #[arg(long = "fault", value_name = "SPEC", value_parser = |spec: &str| Fault::try_from(spec.to_owned()))]
    pub faults: Vec<Fault>,
}

/// Which of GeeLark's two ways authenticates webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookAuth {
    /// `Authorization: Bearer`.
    #[default]
    Token,
    /// The key signature.
    Key,
}

fn speed(text: &str) -> Result<f64, &'static str> {
    let speed = text
        .parse()
        .ok()
        .filter(|speed| *speed == 0.0 || SPEEDS.contains(speed));
    speed.ok_or("give 0 (frozen) or a number from 0.001 to 86400")
}

/// An HTTP header must be able to carry it.
fn credential(text: &str) -> Result<String, &'static str> {
    let is_visible = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_visible
        .then(|| text.to_owned())
        .ok_or("give visible ASCII characters, without spaces")
}

#[cfg(test)]
impl Default for Options {
    /// The defaults of the flags.
    fn default() -> Self {
        let flags = <Self as clap::Args>::augment_args(clap::Command::new("simulate"));
        clap::FromArgMatches::from_arg_matches(&flags.get_matches_from(["simulate"])).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    /// The first line of the problem with a flag.
    fn problem(flag: &str) -> String {
        let problem = Line::try_parse_from(["simulate", flag]).unwrap_err().to_string();
        problem.lines().next().unwrap().to_owned()
    }

    #[test]
    fn an_invalid_value_is_refused_with_a_sentence_that_names_the_flag() {
        for speed in ["-1", "NaN", "1e9"] {
            assert_eq!(
                problem(&format!("--speed={speed}")),
                format!(
                    "error: invalid value '{speed}' for '--speed <FACTOR>': give 0 (frozen) or a number from 0.001 to 86400"
                )
            );
        }
        for flag in ["--requests-per-minute", "--requests-per-hour", "--max-concurrent"] {
            let problem = problem(&format!("{flag}=0"));
            assert!(
                problem.starts_with(&format!("error: invalid value '0' for '{flag} <N>'")),
                "{problem}"
            );
        }
        assert_eq!(
            problem("--token=a b"),
            "error: invalid value 'a b' for '--token <TOKEN>': give visible ASCII characters, without spaces"
        );
        assert!(problem("--api-key=").contains("--api-key"));
    }

    #[test]
    fn an_invalid_fault_is_refused_on_the_command_line() {
        let valid = Line::try_parse_from([
            "simulate",
            "--speed=0",
            "--fault",
            "http:503",
            "--fault",
            "hang,count=1",
        ]);
        assert_eq!(valid.unwrap().options.faults.len(), 2);
        assert!(problem("--fault=meteor").contains("unrecognized kind"));
    }
}
