//! `check`: is the configuration right, and what will it do?

use crate::clock::Clock;
use crate::config::{self, Account, Sources};
use crate::geelark::{Call, Consequence};
use crate::phone::{Answer, BATCH_SIZE};
use crate::poller::{effective_interval, effective_stale_after};

use super::Error;
use super::plan::Plan;

/// Prints one line an account, and with `online` a second one that says what GeeLark answered to one real call.
pub(super) async fn run(sources: &Sources, online: bool) -> Result<(), Error> {
    let config = config::load(sources)?;
    for warning in &config.warnings {
        println!("warning: {warning}");
    }
    let clock = Clock::system();
    let mut refused = Vec::new();
    for account in &config.accounts {
        println!("account {}: {}", account.name, describe(account));
        if !online {
            continue;
        }
        match ask(account, &clock).await? {
            Ok(sentence) => println!("account {}: {sentence}", account.name),
            Err(sentence) => refused.push(format!("account {}: {sentence}", account.name)),
        }
    }
    if refused.is_empty() {
        println!("configuration is valid");
        return Ok(());
    }
    Err(Error::Run(refused.join("\n")))
}

fn describe(account: &Account) -> String {
    let calls = account.phones.len().div_ceil(BATCH_SIZE);
    let budget = account.budget.requests_per_minute;
    let interval = effective_interval(account.poll.interval, calls, budget);
    let stretched = if interval > account.poll.interval {
        format!(
            " (poll.interval is {}, but the budget allows no more)",
            humantime::format_duration(account.poll.interval)
        )
    } else {
        String::new()
    };
    format!(
        "{} phones, {calls} calls a round, budget {budget} calls a minute, effective interval {}{stretched}, stale after {}",
        account.phones.len(),
        humantime::format_duration(interval),
        humantime::format_duration(effective_stale_after(account.poll.stale_after, interval)),
    )
}

/// One status call about the first phones, and what came of it as a sentence.
async fn ask(account: &Account, clock: &Clock) -> Result<Result<String, String>, Error> {
    let client = Plan::new(account.clone())?.into_client(clock);
    let ids = &account.phones[..account.phones.len().min(BATCH_SIZE)];
    if ids.is_empty() {
        return Ok(Ok("no phone to ask about".into()));
    }
    Ok(match client.phone_status(ids).await {
        Ok(call) => verdict(&call, ids.len()),
        Err(_) => Err("not called: the account is closed for calls".into()),
    })
}

fn verdict(call: &Call<Answer>, asked: usize) -> Result<String, String> {
    let millis = call.elapsed.as_millis();
    let failure = match &call.outcome {
        Ok(answer) => {
            return Ok(format!(
                "GeeLark answered in {millis} ms: of {asked} phones asked about, {} have a status and {} do not",
                answer.found.len(),
                answer.failed.len()
            ));
        }
        Err(failure) => failure,
    };
    let advice = match failure.consequence() {
        Consequence::Hold => "; until this is mended, the exporter would wait and try again ever more slowly",
        Consequence::Split => "; the exporter would search for the id that is refused",
        Consequence::Retry | Consequence::GiveUp => "",
    };
    Err(format!(
        "GeeLark did not answer as hoped: {} (reason {}, traceId {}){advice}",
        failure.message, failure.reason, call.trace_id
    ))
}
