//! The one place where calls are made.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::budget::{Budget, CallPermit};
use super::call::{Blocked, Call};
use super::clock::Clock;
use super::code::concerns_account;
use super::credentials::Credentials;
use super::envelope::{ResponseData, decode};
use super::gate::Gate;
use super::pay::{Plan, Wallet};
use super::phone::PhoneId;
use super::phone_list::{self, ListFilter, Page};
use super::phone_status::{self, StatusResponse};
use super::redact::redact;
use super::sign::sign;
use super::transport::Transport;

/// Calls GeeLark for one account.
#[derive(Debug)]
pub struct Client<T> {
    transport: T,
    credentials: Credentials,
    budget: Arc<Budget>,
    gate: Arc<Gate>,
    clock: Clock,
}

impl<T: Transport> Client<T> {
    /// A client that spends from `budget` and obeys `gate`. Both outlive it when a reload replaces it.
    pub fn new(transport: T, credentials: Credentials, budget: Arc<Budget>, gate: Arc<Gate>, clock: Clock) -> Self {
        Self {
            transport,
            credentials,
            budget,
            gate,
            clock,
        }
    }

    /// Requests the status of `ids`, at most [`BATCH_SIZE`](crate::phone::BATCH_SIZE) of them.
    pub async fn phone_status(&self, ids: &[PhoneId]) -> Result<Call<StatusResponse>, Blocked> {
        self.call(&phone_status::request(ids)).await
    }

    /// Requests page `page`, from 1, of the list of phones.
    pub async fn phone_list(&self, page: u32, filter: &ListFilter) -> Result<Call<Page>, Blocked> {
        self.call(&phone_list::request(page, filter)).await
    }

    /// Requests the wallet.
    pub async fn wallet(&self) -> Result<Call<Wallet>, Blocked> {
        self.call(&json!({})).await
    }

    /// Requests the plan. GeeLark allows one such call a minute, so this may wait for longer than a minute.
    pub async fn plan(&self) -> Result<Call<Plan>, Blocked> {
        self.call(&json!({})).await
    }

    /// The account's gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The account's budget.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    async fn call<D: ResponseData>(&self, body: &Value) -> Result<Call<D>, Blocked> {
        let endpoint = D::ENDPOINT;
        self.gate.check()?;
        // First, because it may take a minute, and a call that waits for the account's budget keeps other calls waiting.
        let endpoint_permit = self.budget.take_endpoint(endpoint).await;
        let _probe = self.gate.acquire_probe().await;
        let permits = [Some(self.budget.take().await), endpoint_permit];
        // Before the gate is checked: a success ends a block only if the call was sent after the block began.
        let sent = self.clock.now();
        if let Err(blocked) = self.gate.check() {
            permits.into_iter().flatten().for_each(CallPermit::unspent);
            return Err(blocked);
        }
        let trace_id = Uuid::new_v4();
        let headers = sign(&self.credentials, trace_id, sent.millis());
        let reply = self
            .transport
            .post(endpoint, headers.clone(), body.to_string().into())
            .await;
        let done = self.clock.now();
        let outcome = reply.and_then(|mut reply| {
            reply.body = redact(reply.body, &headers);
            decode(&reply)
        });
        let failure = outcome.as_ref().err();
        if concerns_account(endpoint, failure) {
            self.gate.record(failure, sent.mono, done.mono);
        }
        // After the gate, so that a call that waits for the permit sees the outcome of this one.
        drop(permits);
        Ok(Call {
            endpoint,
            trace_id,
            elapsed: done.mono.saturating_duration_since(sent.mono),
            outcome,
        })
    }
}
