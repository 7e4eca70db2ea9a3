//! `check`: is the configuration right, and what will it do?

use humantime::format_duration;

use crate::app::error::Error;
use crate::config::{self, AccountConfig, Sources};
use geelark_client::phone::BATCH_SIZE;
use geelark_client::{Blocked, Call, Consequence, ListFilter};

/// Prints one line an account, and with `online` a second one about one real call.
pub(in crate::app) async fn run(sources: &Sources, online: bool) -> Result<(), Error> {
    let config = config::load(sources)?;
    for warning in &config.warnings {
        println!("warning: {warning}");
    }
    let mut failures = Vec::new();
    for account in &config.accounts {
        let name = &account.name;
        println!("account {name}: {}", describe(account));
        if !online {
            continue;
        }
        match call(account).await? {
            Ok(sentence) => println!("account {name}: {sentence}"),
            Err(sentence) => failures.push(format!("account {name}: {sentence}")),
        }
    }
    super::finish(&failures)?;
    println!("configuration is valid");
    Ok(())
}

fn describe(account: &AccountConfig) -> String {
    let (phones, budget) = (account.phones.len(), account.budget.requests_per_minute);
    if let Some(discovery) = &account.discovery {
        return format!(
            "{phones} configured phones and those that discovery finds ({discovery}), so the number of calls a round is \
             known only at run time: one for every {BATCH_SIZE} phones, and as many for each listing; budget {budget} \
             calls a minute"
        );
    }
    let calls = phones.div_ceil(BATCH_SIZE);
    let (configured, effective) = (account.poll, account.poll.effective(calls, budget));
    let stretched = if effective.interval > configured.interval {
        format!(
            " (poll.interval is {}, but the budget allows no more)",
            format_duration(configured.interval)
        )
    } else {
        String::new()
    };
    format!(
        "{phones} phones, {calls} calls a round, budget {budget} calls a minute, effective interval {}{stretched}, stale \
         after {}",
        format_duration(effective.interval),
        format_duration(effective.stale_after),
    )
}

/// One call, about the first phones or for the list, and its result as a sentence.
async fn call(account: &AccountConfig) -> Result<Result<String, String>, Error> {
    let client = super::client(account)?;
    let ids = &account.phones[..account.phones.len().min(BATCH_SIZE)];
    if !ids.is_empty() {
        return Ok(sentence(client.phone_status(ids).await, |response| {
            let (requested, found, failed) = (ids.len(), response.found.len(), response.failed.len());
            format!("of {requested} phones requested, {found} have a status and {failed} do not")
        }));
    }
    if account.discovery.is_none() {
        return Ok(Ok("no phone to request".into()));
    }
    Ok(sentence(client.phone_list(1, &ListFilter::default()).await, |page| {
        let total = page.total.unwrap_or(page.entries);
        format!("the account has {total} phones; \"geelark_exporter phones\" lists those that discovery finds")
    }))
}

fn sentence<T>(call: Result<Call<T>, Blocked>, describe: impl FnOnce(T) -> String) -> Result<String, String> {
    let call = call.map_err(|_| "not called: the account is blocked")?;
    let failure = match call.outcome {
        Ok(answer) => {
            let (elapsed, result) = (call.elapsed.as_millis(), describe(answer));
            return Ok(format!("GeeLark answered in {elapsed} ms: {result}"));
        }
        Err(failure) => failure,
    };
    let advice = match failure.consequence() {
        Consequence::Block(_) => "; until this is corrected, the exporter would try again at growing intervals",
        Consequence::Split => "; the exporter would search for the invalid id",
        Consequence::Retry | Consequence::GiveUp => "",
    };
    let (message, reason, trace_id) = (failure.message, failure.reason, call.trace_id);
    Err(format!(
        "the call to GeeLark failed: {message} (reason {reason}, traceId {trace_id}){advice}"
    ))
}
