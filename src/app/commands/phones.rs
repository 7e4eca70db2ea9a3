//! `phones`: lists what discovery finds, so that it can be looked at before it is configured.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_seconds;
use serde::Serialize;
use tabwriter::TabWriter;

use crate::app::error::Error;
use crate::cli::ListFormat;
use crate::config::{self, Sources};
use crate::targets::{PhoneFilter, list_phones};
use geelark_client::ListedPhone;
use geelark_client::phone::{ChargeMode, Status};

/// The last second of the year 9999, which RFC 3339 ends with.
const LAST_SECOND: i64 = 253_402_300_799;

/// The columns of the table, in the order of [`PhoneRow::cells`].
const HEADINGS: [&str; 8] = ["ACCOUNT", "ID", "NAME", "GROUP", "TAGS", "STATUS", "CHARGE", "EXPIRES"];

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

/// Prints the phones of all accounts, or of the one called `only`. Problems of accounts are reported at the end.
pub(in crate::app) async fn run(sources: &Sources, only: Option<&str>, format: ListFormat) -> Result<(), Error> {
    let config = config::load_accounts(sources)?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    let is_chosen = |name: &str| only.is_none_or(|only| name == only);
    let accounts: Vec<_> = config
        .accounts
        .iter()
        .filter(|account| is_chosen(&account.name))
        .collect();
    if let Some(only) = only.filter(|_| accounts.is_empty()) {
        let names: Vec<_> = config
            .accounts
            .iter()
            .map(|account| format!("{:?}", account.name))
            .collect();
        let names = names.join(", ");
        return Err(Error::Usage(format!(
            "there is no account {only:?}; configured: {names}"
        )));
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for account in &accounts {
        let every_phone = [PhoneFilter::default()];
        let filters = account
            .discovery
            .as_ref()
            .map_or(&every_phone[..], |discovery| &discovery.filters);
        match list_phones(&super::client(account)?, filters).await {
            Ok(phones) => rows.extend(phones.into_iter().map(|phone| PhoneRow::new(&account.name, phone))),
            Err(error) => problems.push(format!("account {}: {error}", account.name)),
        }
    }
    print(&rows, accounts.len() > 1, format).map_err(|error| Error::Run(format!("cannot write the list: {error}")))?;
    super::finish(&problems)
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

    fn cells(&self) -> [String; 8] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (account, id, tags) = (self.account.clone(), self.id.clone(), self.tags.join(","));
        let (name, group, status) = (text(&self.name), text(&self.group), text(&self.status));
        let (charge_mode, expires) = (text(&self.charge_mode), text(&self.expires));
        [account, id, name, group, tags, status, charge_mode, expires].map(|cell| printable(&cell))
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

fn print(rows: &[PhoneRow], with_account: bool, format: ListFormat) -> io::Result<()> {
    let text = match format {
        ListFormat::Table => table(rows, with_account)?,
        ListFormat::Json => serde_json::to_string_pretty(rows)? + "\n",
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has had enough, as `head` has.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// A line of headings and one for each row, in aligned columns. With several accounts each row names its own.
fn table(rows: &[PhoneRow], with_account: bool) -> io::Result<String> {
    let first = usize::from(!with_account);
    let mut out = TabWriter::new(Vec::new());
    writeln!(out, "{}", HEADINGS[first..].join("\t"))?;
    for row in rows {
        writeln!(out, "{}", row.cells()[first..].join("\t"))?;
    }
    out.flush()?;
    let text = out.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches(' ')).collect();
    Ok(lines.join("\n") + "\n")
}

/// The text with escapes for what would break a line or control the terminal.
fn printable(text: &str) -> String {
    let escape = |c: char| {
        if is_unprintable(c) {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escape).collect()
}

/// Control characters, line separators, and characters that change the direction of writing.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_beyond_rfc_3339_is_written_in_seconds() {
        assert_eq!(time(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(time(LAST_SECOND), "9999-12-31T23:59:59Z");
        assert_eq!(time(LAST_SECOND + 1), "253402300800");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }

    #[test]
    fn only_a_monthly_phone_expires() {
        let monthly = |charge_mode| {
            let phone = ListedPhone {
                charge_mode,
                monthly_expire: Some(1_800_000_000),
                name: Some(String::new()),
                ..ListedPhone::default()
            };
            PhoneRow::new("main", phone)
        };
        assert_eq!(
            monthly(Some(ChargeMode::MONTHLY)).expires.as_deref(),
            Some("2027-01-15T08:00:00Z")
        );
        assert_eq!(monthly(Some(ChargeMode::PER_MINUTE)).expires, None);
        assert_eq!(monthly(None).name, None);
    }

    fn row(account: &str, id: &str, name: &str) -> PhoneRow {
        PhoneRow {
            account: account.into(),
            id: id.into(),
            name: Some(name.into()),
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            status: Some("started".into()),
            charge_mode: Some("monthly".into()),
            expires: Some("2027-01-15T08:00:00Z".into()),
        }
    }

    #[test]
    fn columns_are_aligned_by_the_width_of_characters() {
        let rows = [
            row("main", "1", "plain"),
            row("main", "2", "云手机"),
            row("main", "3", "📱 a"),
            PhoneRow {
                expires: None,
                charge_mode: None,
                name: None,
                tags: vec![],
                ..row("main", "4", "")
            },
        ];
        let expected = "\
ID  NAME    GROUP   TAGS      STATUS   CHARGE   EXPIRES
1   plain   farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
2   云手机  farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
3   📱 a    farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
4           farm-a            started
";
        assert_eq!(table(&rows, false).unwrap(), expected);
    }

    #[test]
    fn characters_that_break_lines_or_control_the_terminal_are_escaped() {
        let text = table(&[row("a\u{1b}[31m", "1", "x\ny\r\u{202e}z\t")], true).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(
            text.contains(r"a\u{1b}[31m") && text.contains(r"x\ny\r\u{202e}z\t"),
            "{text}"
        );
    }

    #[test]
    fn without_phones_there_is_a_line_of_headings() {
        assert_eq!(
            table(&[], true).unwrap(),
            "ACCOUNT  ID  NAME  GROUP  TAGS  STATUS  CHARGE  EXPIRES\n"
        );
    }
}
