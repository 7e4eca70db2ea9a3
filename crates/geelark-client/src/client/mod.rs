//! A call, from the wait for the budget to the word to the gate: the one place where that happens.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::budget::{Budget, Permit};
use super::call::{Blocked, Call, Endpoint};
use super::code;
use super::envelope::{self, Data};
use super::gate::Gate;
use super::pay;
use super::phone_list::{self, Filter, Page};
use super::phone_status;
use super::redact;
use super::sign::Signer;
use super::transport::Transport;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::pay::{Plan, Wallet};
use crate::phone::PhoneId;
use crate::phone_status::StatusResponse;

/// The largest answer to a status call that is read: a hundred entries with the longest names take a tenth of it.
const STATUS_LIMIT: usize = 1024 * 1024;

/// The largest page of a list that is read: a phone takes one or two kilobytes there, and has room for forty.
const LIST_LIMIT: usize = 4 * 1024 * 1024;
/// The largest answer about the account that is read: it is a handful of numbers.
const ACCOUNT_LIMIT: usize = 16 * 1024;

/// Calls GeeLark for one account.
#[derive(Debug)]
pub struct Client<T> {
    transport: T,
    signer: Signer,
    budget: Arc<Budget>,
    gate: Arc<Gate>,
    clock: Clock,
}

impl<T: Transport> Client<T> {
    /// A client that spends from `budget` and heeds `gate`, which both outlive it when a reload replaces it.
    pub fn new(transport: T, credentials: Credentials, budget: Arc<Budget>, gate: Arc<Gate>, clock: Clock) -> Self {
        Self {
            transport,
            signer: Signer::new(credentials),
            budget,
            gate,
            clock,
        }
    }

    /// Asks what `ids` are doing: at most [`BATCH_SIZE`](crate::phone::BATCH_SIZE) of them.
    pub async fn phone_status(&self, ids: &[PhoneId]) -> Result<Call<StatusResponse>, Blocked> {
        let body = phone_status::status_request(ids);
        self.call(Endpoint::PhoneStatus, body, STATUS_LIMIT).await
    }

    /// Asks which phones there are: page `page`, from 1, of those that `filter` lets through.
    pub async fn phone_list(&self, page: u32, filter: &Filter) -> Result<Call<Page>, Blocked> {
        let body = phone_list::request(page, filter);
        self.call(Endpoint::PhoneList, body, LIST_LIMIT).await
    }

    /// Asks what is in the wallet.
    pub async fn wallet(&self) -> Result<Call<Wallet>, Blocked> {
        let body = Bytes::from_static(pay::QUESTION);
        self.call(Endpoint::PayWallet, body, ACCOUNT_LIMIT).await
    }

    /// Asks what the plan allows. GeeLark takes one such call a minute, so this may wait for longer than that.
    pub async fn plan(&self) -> Result<Call<Plan>, Blocked> {
        let body = Bytes::from_static(pay::QUESTION);
        self.call(Endpoint::PayPlanInfo, body, ACCOUNT_LIMIT).await
    }

    /// The account's gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The account's budget.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    async fn call<D: Data>(&self, endpoint: Endpoint, body: Bytes, limit: usize) -> Result<Call<D>, Blocked> {
        self.gate.check()?;
        // First, because it may take a minute, and a call that waits for the budget keeps other calls waiting.
        let endpoint_permit = self.budget.take_endpoint(endpoint).await;
        let _probe = self.gate.acquire_probe().await;
        let permit = self.budget.take().await;
        // Read before the gate: a success ends a block only if the call was sent after the block began.
        let sent = self.clock.now();
        if let Err(held) = self.gate.check() {
            [Some(permit), endpoint_permit]
                .into_iter()
                .flatten()
                .for_each(Permit::unspent);
            return Err(held);
        }
        let trace_id = Uuid::new_v4();
        let headers = self.signer.headers(trace_id, sent.unix_millis());
        let secrets = redact::Sent::of(&headers);
        let reply = self.transport.post(endpoint.path(), headers, body, limit).await;
        let done = self.clock.now();
        let outcome = reply.and_then(|mut reply| {
            reply.body = secrets.redact(reply.body);
            envelope::open(&reply)
        });
        if code::speaks_for_the_account(endpoint, outcome.as_ref().err()) {
            self.gate.record(outcome.as_ref().err(), sent.mono, done.mono);
        }
        // Only now, so that whoever waits for the permit sees the gate as this call left it.
        drop((permit, endpoint_permit));
        Ok(Call {
            endpoint,
            trace_id,
            elapsed: done.mono.saturating_duration_since(sent.mono),
            outcome,
        })
    }
}
