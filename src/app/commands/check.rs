//! `check`: is the configuration right, and what will it do?

use crate::config::{self, Account, Sources};
use crate::poller::{effective_interval, effective_stale_after};
use geelark_client::clock::Clock;
use geelark_client::phone::{BATCH_SIZE, StatusResponse};
use geelark_client::{Call, Consequence, Filter, Page};

use crate::app::error::Error;
use crate::app::running_account::PreparedAccount;

/// Prints one line an account, and with `online` a second one that says what GeeLark answered to one real call.
pub(in crate::app) async fn run(sources: &Sources, online: bool) -> Result<(), Error> {
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
    let Some(discovery) = &account.discovery else {
        return describe_configured(account);
    };
    format!(
        "{} configured phones and whatever discovery finds ({discovery}), so how many calls a round makes is known only at \
         run time: one for every {BATCH_SIZE} phones, and as many for each look; budget {} calls a minute",
        account.phones.len(),
        account.budget.requests_per_minute,
    )
}

fn describe_configured(account: &Account) -> String {
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
    let client = PreparedAccount::new(account.clone())?.into_client(clock);
    let ids = &account.phones[..account.phones.len().min(BATCH_SIZE)];
    let closed = || Err("not called: the account is closed for calls".into());
    if !ids.is_empty() {
        let call = client.phone_status(ids).await;
        return Ok(call.map_or_else(|_| closed(), |call| verdict(&call, |answer| told(answer, ids.len()))));
    }
    if account.discovery.is_none() {
        return Ok(Ok("no phone to ask about".into()));
    }
    let call = client.phone_list(1, &Filter::default()).await;
    Ok(call.map_or_else(|_| closed(), |call| verdict(&call, listed)))
}

fn told(answer: &StatusResponse, asked: usize) -> String {
    let (found, failed) = (answer.found.len(), answer.failed.len());
    format!("of {asked} phones asked about, {found} have a status and {failed} do not")
}

fn listed(page: &Page) -> String {
    let total = page.total.unwrap_or(page.entries);
    format!("the account has {total} phones; \"geelark_exporter phones\" lists those that discovery finds")
}

fn verdict<T>(call: &Call<T>, tell: impl FnOnce(&T) -> String) -> Result<String, String> {
    let millis = call.elapsed.as_millis();
    let failure = match &call.outcome {
        Ok(answer) => return Ok(format!("GeeLark answered in {millis} ms: {}", tell(answer))),
        Err(failure) => failure,
    };
    let advice = match failure.consequence() {
        Consequence::Block => "; until this is mended, the exporter would wait and try again ever more slowly",
        Consequence::Split => "; the exporter would search for the id that is refused",
        Consequence::Retry | Consequence::GiveUp => "",
    };
    Err(format!(
        "GeeLark did not answer as hoped: {} (reason {}, traceId {}){advice}",
        failure.message, failure.reason, call.trace_id
    ))
}
