//! `phones`: what discovery finds, for people to look at before they configure it.

mod table;

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_seconds;
use serde::Serialize;

use crate::app::error::Error;
use crate::cli::ListFormat;
use crate::config::{self, AccountConfig, Sources};
use crate::targets::PhoneFilter;
use crate::targets::list_phones;
use geelark_client::ListedPhone;
use geelark_client::phone::{ChargeMode, Status};

/// The last second of the year 9999, which RFC 3339 ends with.
const LAST_SECOND: i64 = 253_402_300_799;

/// One phone as it is printed. What GeeLark did not say is `None`.
#[derive(Debug, Serialize)]
struct PhoneRow {
    account: String,
    id: String,
    name: Option<String>,
    group: Option<String>,
    tags: Vec<String>,
    status: Option<String>,
    charge_mode: Option<String>,
    /// RFC 3339, in UTC.
    expires: Option<String>,
}

/// Prints the phones of all accounts, or of the one called `only`. What goes wrong with one account is said at the end.
pub(in crate::app) async fn run(sources: &Sources, only: Option<&str>, format: ListFormat) -> Result<(), Error> {
    let config = config::load_accounts(sources)?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    let accounts = chosen(&config.accounts, only)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for account in &accounts {
        let everything = [PhoneFilter::default()];
        let filters = account
            .discovery
            .as_ref()
            .map_or(&everything[..], |discovery| &discovery.filters);
        let client = super::client(account)?;
        match list_phones(&client, filters).await {
            Ok(phones) => rows.extend(phones.into_iter().map(|phone| PhoneRow::new(&account.name, phone))),
            Err(trouble) => problems.push(format!("account {}: {trouble}", account.name)),
        }
    }
    let text = match format {
        ListFormat::Table => table::render(&rows, accounts.len() > 1),
        ListFormat::Json => json(&rows),
    };
    print(&text).map_err(|error| Error::Run(format!("cannot write the list: {error}")))?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::Run(problems.join("\n")))
}

fn chosen<'a>(accounts: &'a [AccountConfig], only: Option<&str>) -> Result<Vec<&'a AccountConfig>, Error> {
    let is_chosen = |account: &&AccountConfig| only.is_none_or(|only| *account.name == *only);
    let chosen: Vec<_> = accounts.iter().filter(is_chosen).collect();
    match only {
        Some(only) if chosen.is_empty() => {
            let names: Vec<_> = accounts.iter().map(|account| format!("{:?}", account.name)).collect();
            let names = names.join(", ");
            Err(Error::Usage(format!(
                "there is no account {only:?}; configured: {names}"
            )))
        }
        _ => Ok(chosen),
    }
}

impl PhoneRow {
    fn new(account: &str, phone: ListedPhone) -> Self {
        let is_monthly = phone.charge_mode == Some(ChargeMode::MONTHLY);
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            account: account.to_owned(),
            id: phone.id,
            name: text(phone.name),
            group: text(phone.group),
            tags: phone.tags.unwrap_or_default(),
            status: phone.status.map(Status::label).map(Into::into),
            charge_mode: phone.charge_mode.map(ChargeMode::label).map(Into::into),
            expires: phone.monthly_expire.filter(|at| is_monthly && *at > 0).map(time),
        }
    }
}

/// In RFC 3339, or in seconds since the Unix epoch what is beyond it.
fn time(at: i64) -> String {
    let since = u64::try_from(at).ok().filter(|_| at <= LAST_SECOND);
    match since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since))) {
        Some(time) => format_rfc3339_seconds(time).to_string(),
        None => at.to_string(),
    }
}

fn json(rows: &[PhoneRow]) -> String {
    #[expect(clippy::expect_used, reason = "strings and lists of them are always JSON")]
    let mut text = serde_json::to_string_pretty(rows).expect("strings serialise");
    text.push('\n');
    text
}

/// Who reads may have had enough of it, as `head` has.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_far_as_it_can_be() {
        assert_eq!(time(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(time(LAST_SECOND), "9999-12-31T23:59:59Z");
        assert_eq!(time(LAST_SECOND + 1), "253402300800");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn only_a_monthly_phone_expires() {
        let row = |charge_mode| {
            let phone = ListedPhone {
                charge_mode,
                monthly_expire: Some(1_800_000_000),
                name: Some(String::new()),
                ..ListedPhone::default()
            };
            PhoneRow::new("main", phone)
        };
        assert_eq!(
            row(Some(ChargeMode::MONTHLY)).expires.as_deref(),
            Some("2027-01-15T08:00:00Z")
        );
        assert_eq!(row(Some(ChargeMode::PER_MINUTE)).expires, None);
        assert_eq!(row(None).name, None);
    }
}
