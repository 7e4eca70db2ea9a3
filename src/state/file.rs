//! The file: one JSON document, `{"format":2,"memory":…,"crc32":"…"}`, written as a stream and checked before it is read.
//!
//! The checksum covers every byte before its own line. So a file that was cut off or altered is known before a word of it
//! is believed, with whatever certainty 32 bits give.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::damage::Damage;
use super::memory::{Account, Expiring, State};
use super::rows::{Remembered, Rows};
use crate::fleet::Snapshot;
use crate::poller::LastRound;
use crate::targets::DiscoverySummary;
use geelark_client::clock::UnixMillis;
use geelark_client::money::{Plan, Wallet};
use geelark_client::{GateSnapshot, Spent};

/// Raised whenever an older exporter could misread what a newer one writes.
pub(super) const FORMAT: u64 = 2;

const START: &str = r#"{"format":"#;
const BEFORE_MEMORY: &str = r#","memory":"#;
const AFTER_MEMORY: &str = ",\n";
const BEFORE_SUM: &str = r#""crc32":""#;
const AFTER_SUM: &str = "\"}\n";

#[derive(Serialize)]
struct Outgoing<'a> {
    written: UnixMillis,
    accounts: Vec<OutgoingAccount<'a>>,
}

#[derive(Serialize)]
struct OutgoingAccount<'a> {
    name: &'a str,
    credentials: &'a str,
    spent: &'a Spent,
    closure: GateSnapshot,
    round: LastRound,
    discovery: Option<DiscoverySummary>,
    wallet: Option<Expiring<Wallet>>,
    plan: Option<Expiring<Plan>>,
    phones: Rows<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    written: UnixMillis,
    accounts: Vec<IncomingAccount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncomingAccount {
    name: String,
    credentials: String,
    spent: Spent,
    closure: GateSnapshot,
    round: LastRound,
    discovery: Option<DiscoverySummary>,
    wallet: Option<Expiring<Wallet>>,
    plan: Option<Expiring<Plan>>,
    phones: Vec<Remembered>,
}

/// Writes `memory`. The text is never whole in memory; `out` had better be buffered.
pub fn encode(memory: &State, out: impl Write) -> io::Result<()> {
    let mut out = Summed {
        out,
        sum: crc32fast::Hasher::new(),
    };
    write!(out, "{START}{FORMAT}{BEFORE_MEMORY}")?;
    let accounts = memory.accounts.iter().map(|account| OutgoingAccount {
        name: &account.name,
        credentials: &account.credentials,
        spent: &account.spent,
        closure: account.closure,
        round: account.round,
        discovery: account.discovery,
        wallet: account.wallet,
        plan: account.plan,
        phones: Rows(&account.phones),
    });
    let outgoing = Outgoing {
        written: memory.written,
        accounts: accounts.collect(),
    };
    serde_json::to_writer(&mut out, &outgoing)?;
    out.write_all(AFTER_MEMORY.as_bytes())?;
    let Summed { mut out, sum } = out;
    out.write_all(trailer(&sum).as_bytes())
}

/// The memory in a file's bytes. Whatever they are, it is what [`encode`] was given, or it is damage.
pub fn decode(bytes: &[u8]) -> Result<State, Damage> {
    let rest = bytes.strip_prefix(START.as_bytes()).ok_or(Damage::Foreign)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (format, rest) = rest.split_at(digits);
    let format = std::str::from_utf8(format).ok().and_then(|digits| digits.parse().ok());
    match format {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => return Err(Damage::Newer(newer)),
        _ => return Err(Damage::Foreign),
    }
    let rest = rest.strip_prefix(BEFORE_MEMORY.as_bytes()).ok_or(Damage::Foreign)?;

    let trailer_len = BEFORE_SUM.len() + 8 + AFTER_SUM.len();
    let (summed, sum) = bytes
        .split_at_checked(bytes.len() - trailer_len.min(bytes.len()))
        .ok_or(Damage::Torn)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(summed);
    if sum != trailer(&hasher).as_bytes() {
        return Err(Damage::Torn);
    }
    let memory = rest
        .len()
        .checked_sub(trailer_len)
        .and_then(|end| rest[..end].strip_suffix(AFTER_MEMORY.as_bytes()))
        .ok_or(Damage::Torn)?;
    understand(serde_json::from_slice(memory)?)
}

fn trailer(sum: &crc32fast::Hasher) -> String {
    format!("{BEFORE_SUM}{:08x}{AFTER_SUM}", sum.clone().finalize())
}

fn understand(read: Incoming) -> Result<State, Damage> {
    let mut names = HashSet::new();
    if !read.accounts.iter().all(|account| names.insert(&account.name)) {
        return Err(Damage::Twice);
    }
    Ok(State {
        written: read.written,
        accounts: read.accounts.into_iter().map(account).collect::<Result<_, _>>()?,
    })
}

fn account(read: IncomingAccount) -> Result<Account, Damage> {
    let mut ids = HashSet::with_capacity(read.phones.len());
    if !read.phones.iter().all(|Remembered(phone, _)| ids.insert(&phone.id)) {
        return Err(Damage::Twice);
    }
    let name = Arc::from(read.name);
    let phones = read.phones.into_iter().map(|Remembered(phone, at)| (phone, at));
    Ok(Account {
        phones: Arc::new(Snapshot::new(&name, phones)),
        name,
        credentials: read.credentials.into(),
        spent: read.spent,
        closure: read.closure,
        round: read.round,
        discovery: read.discovery,
        wallet: read.wallet,
        plan: read.plan,
    })
}

/// Sums up what passes through.
struct Summed<W> {
    out: W,
    sum: crc32fast::Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
