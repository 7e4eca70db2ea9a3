//! The room from outside: states in and out of files and folders.

mod folder;
mod format;

use std::sync::Arc;

use super::*;
use crate::billing::Expiring;
use crate::fleet::{Freshness, ObservedStatus, Phone, PhoneDetails};
use crate::poller::LastRound;
use crate::targets::DiscoverySummary;
use geelark_client::GateSnapshot;
use geelark_client::clock::{UnixMillis, UnixTime};
use geelark_client::phone::{ChargeMode, Status};
use geelark_client::{Plan, Wallet};

/// A state with something in every field.
fn state() -> State {
    let details = PhoneDetails {
        group: Some("farm-a".into()),
        charge_mode: Some(ChargeMode::MONTHLY),
        os_version: Some("Android 13".into()),
        brand: None,
        model: Some("S9+".into()),
        country: Some("Deutschland".into()),
        expires: Some(UnixTime(1_800_000_000)),
        task_running: Some(false),
    };
    let phones = [
        (
            Phone {
                name: Some("手机 \"1\"\n📱".into()),
                freshness: Freshness::Fresh,
                last: Some(ObservedStatus {
                    status: Status::STARTING,
                    since: UnixTime(1_700_000_000),
                }),
                details: Some(Arc::new(details)),
                ..Phone::unseen("588732926036803641".into())
            },
            Some(UnixMillis(1_700_000_100_250)),
        ),
        (
            Phone {
                freshness: Freshness::NotFound,
                not_found_total: 3,
                ..Phone::unseen("588732926036803642".into())
            },
            Some(UnixMillis(1_700_000_100_250)),
        ),
        (Phone::unseen("588732926036803643".into()), None),
    ];
    State {
        written: UnixMillis(1_700_000_123_456),
        accounts: vec![account("main", phones)],
    }
}

fn account(name: &str, phones: impl IntoIterator<Item = (Phone, Option<UnixMillis>)>) -> AccountState {
    AccountState {
        phones: phones.into_iter().collect(),
        name: name.into(),
        credentials: "salt:1f2e".into(),
        gate: GateSnapshot {
            locked_until: Some(UnixMillis(1_700_007_200_000)),
            refused_until: None,
            back_off_ms: Some(15_000),
            is_half_open: true,
        },
        round: LastRound {
            up: true,
            last_success: UnixTime(1_700_000_110),
            duration_ms: 1500,
            unanswered: 2,
        },
        discovery: Some(DiscoverySummary {
            last_success: UnixTime(1_700_000_050),
            phones: 3,
        }),
        wallet: Some(Expiring {
            value: Wallet {
                balance: Some(12.34),
                gift_balance: Some(0.1),
                time_addon: None,
            },
            until: UnixMillis(1_700_000_900_000),
        }),
        plan: Some(Expiring {
            value: Plan {
                expires: Some(UnixTime(1_800_000_000)),
                parallels: Some(10),
                ..Plan::default()
            },
            until: UnixMillis(1_700_001_800_000),
        }),
    }
}

fn text(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(state, &mut bytes).unwrap();
    bytes
}
