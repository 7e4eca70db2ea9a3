//! Faults on demand: what goes wrong, for which calls, how often.
//!
//! A fault is written `kind[:argument][,key=value]...`, on the command line and over HTTP alike. clap parses it: the kind
//! is a subcommand, the argument is its argument, and the keys are flags.

mod bodies;
mod mutations;

use clap::{Parser, Subcommand};
use fastrand::Rng;
use serde::Deserialize;

pub(crate) use bodies::{BodyFault, gateway_error};
pub(crate) use mutations::Mutation;

use crate::endpoint::ApiEndpoint;

/// Something that goes wrong on demand. Parsed from text, for example `http:503,endpoint=status,count=2`.
#[derive(Clone, Debug, Deserialize, Parser)]
#[serde(try_from = "String")]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub struct Fault {
    #[arg(skip)]
    pub(crate) spec: String,
    /// How many calls it affected.
    #[arg(skip)]
    pub(crate) struck: u64,
    #[command(subcommand)]
    effect: Effect,
    /// Only calls of this endpoint.
    #[arg(long, global = true)]
    endpoint: Option<ApiEndpoint>,
    /// Only calls about this phone.
    #[arg(long, global = true)]
    id: Option<String>,
    /// How many calls it affects at most.
    #[arg(long, global = true)]
    count: Option<u64>,
    /// The share of calls that it affects.
    #[arg(long, global = true, value_parser = probability)]
    probability: Option<f64>,
}

/// What a fault does to a call.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Effect {
    /// The answer is late.
    Latency { length: humantime::Duration },
    /// No answer ever begins.
    Hang,
    /// The connection is reset instead of an answer.
    Reset,
    /// The connection is closed instead of an answer.
    Close,
    /// A gateway answers instead of GeeLark.
    Http {
        // A status below 200 is not final, and a server must not send it as an answer.
        #[arg(value_parser = clap::value_parser!(u16).range(200..1000))]
        status: u16,
        /// In seconds.
        #[arg(long)]
        retry_after: Option<u64>,
    },
    /// An envelope with this code and no data.
    Code { code: i64 },
    /// A well-formed envelope that is not true.
    #[command(flatten)]
    Mutation(Mutation),
    /// A response that is not an envelope.
    #[command(flatten)]
    Body(BodyFault),
}

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(spec: String) -> Result<Self, String> {
        let mut parts = spec.split(',').map(str::trim);
        let mut kind = parts.next().unwrap_or_default().splitn(2, ':').map(str::to_owned);
        let mut words: Vec<String> = kind.next().into_iter().collect();
        words.extend(parts.map(|key| format!("--{key}")));
        words.extend(kind.flat_map(|argument| ["--".to_owned(), argument]));
        match Self::try_parse_from(words) {
            Ok(fault) => Ok(Self { spec, ..fault }),
            Err(error) => {
                // The first paragraph is the problem. The rest explains how to run a program.
                let error = error.to_string().replace("subcommand", "kind").replace("--", "");
                let problem = error.split("\n\n").next().unwrap_or_default();
                let words: Vec<&str> = problem.split_whitespace().skip(1).collect();
                Err(format!("fault {spec:?}: {}", words.join(" ")))
            }
        }
    }
}

fn probability(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("give a number from 0 to 1")
}

/// Selects what goes wrong with a call of `endpoint` about `ids`, and counts the call in each fault. `rng` decides about
/// faults with a probability.
///
/// After a fault that ends the call, no other fault affects it. Only one fault replaces the body. So faults with a count
/// make a sequence.
pub(crate) fn select_effects(
    faults: &mut [Fault],
    rng: &mut Rng,
    endpoint: ApiEndpoint,
    ids: &[String],
) -> Vec<Effect> {
    let is_body = |effect: &Effect| matches!(effect, Effect::Body(_));
    let mut effects: Vec<Effect> = Vec::new();
    for fault in faults {
        let effect = &fault.effect;
        let matches = fault.endpoint.is_none_or(|only| only == endpoint)
            && fault.id.as_ref().is_none_or(|id| ids.contains(id))
            && fault.count.is_none_or(|count| fault.struck < count)
            && !(is_body(effect) && effects.iter().any(is_body))
            && fault.probability.is_none_or(|share| rng.f64() < share);
        if matches {
            fault.struck += 1;
            effects.push(effect.clone());
            if !matches!(effect, Effect::Latency { .. } | Effect::Mutation(_) | Effect::Body(_)) {
                break;
            }
        }
    }
    effects
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn parse(spec: &str) -> Fault {
        Fault::try_from(spec.to_owned()).unwrap()
    }

    #[test]
    fn kinds_read_their_arguments() {
        assert!(matches!(parse("latency:1500ms").effect, Effect::Latency { length } if length.as_millis() == 1500));
        assert!(matches!(parse("code:-1").effect, Effect::Code { code: -1 }));
        let http = parse("http:429, retry-after=30, count=1");
        let Effect::Http { status, retry_after } = http.effect else {
            panic!("http is an HTTP status");
        };
        assert_eq!((status, retry_after, http.count), (429, Some(30), Some(1)));
    }

    #[test]
    fn a_fault_keeps_its_text_and_its_filters() {
        let spec = "http:503,endpoint=status,id=588,count=2,probability=0.5";
        let fault = parse(spec);
        assert_eq!(fault.spec, spec);
        assert_eq!(
            (fault.endpoint, fault.id.as_deref()),
            (Some(ApiEndpoint::Status), Some("588"))
        );
        assert_eq!((fault.count, fault.probability), (Some(2), Some(0.5)));
    }

    #[test]
    fn an_invalid_fault_is_refused_in_a_sentence() {
        let specs = [
            "",
            "meteor",
            "http",
            "http:100",
            "hang:2s",
            "latency:soon",
            "huge:99999999999G",
            "huge:é",
            "hang,endpoint=phones",
            "hang,probability=2",
            "hang,count=-1",
            "hang,retry-after=3",
            "hang,often",
            "hang,colour=red",
            "help",
            "hang,help",
        ];
        let refused: String = specs
            .map(|spec| Fault::try_from(spec.to_owned()).unwrap_err() + "\n")
            .concat();
        expect![[r#"
            fault "": unrecognized kind ''
            fault "meteor": unrecognized kind 'meteor'
            fault "http": the following required arguments were not provided: <STATUS>
            fault "http:100": invalid value '100' for '<STATUS>': 100 is not in 200..1000
            fault "hang:2s": unexpected argument '2s' found
            fault "latency:soon": invalid value 'soon' for '<LENGTH>': expected number at 0
            fault "huge:99999999999G": invalid value '99999999999G' for '[SIZE]': give a size such as 5000, 64K or 1G
            fault "huge:é": invalid value 'é' for '[SIZE]': give a size such as 5000, 64K or 1G
            fault "hang,endpoint=phones": invalid value 'phones' for 'endpoint <ENDPOINT>' [possible values: status, list, wallet, plan]
            fault "hang,probability=2": invalid value '2' for 'probability <PROBABILITY>': give a number from 0 to 1
            fault "hang,count=-1": invalid value '-1' for 'count <COUNT>': invalid digit found in string
            fault "hang,retry-after=3": unexpected argument 'retry-after' found
            fault "hang,often": unexpected argument 'often' found
            fault "hang,colour=red": unexpected argument 'colour' found
            fault "help": unrecognized kind 'help'
            fault "hang,help": unexpected argument 'help' found
        "#]].assert_eq(&refused);
    }
}
