//! A call, from the wait for the budget to the word to the gate: the one place where that happens.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::budget::Budget;
use super::call::{Call, Endpoint, Held};
use super::envelope::{self, Data};
use super::gate::Gate;
use super::list::{self, Filter, Page};
use super::redact;
use super::sign::Signer;
use super::transport::Transport;
use super::wire;
use crate::clock::Clock;
use crate::config::Credentials;
use crate::phone::{Answer, PhoneId};

/// The largest answer to a status call that is read: a hundred entries with the longest names take a tenth of it.
const STATUS_LIMIT: usize = 1024 * 1024;

/// The largest page of a list that is read: a phone takes one or two kilobytes there, and has room for forty.
const LIST_LIMIT: usize = 4 * 1024 * 1024;

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
    pub async fn phone_status(&self, ids: &[PhoneId]) -> Result<Call<Answer>, Held> {
        let body = wire::status_request(ids);
        self.call(Endpoint::PhoneStatus, body, STATUS_LIMIT).await
    }

    /// Asks which phones there are: page `page`, from 1, of those that `filter` lets through.
    pub async fn phone_list(&self, page: u32, filter: &Filter) -> Result<Call<Page>, Held> {
        let body = list::request(page, filter);
        self.call(Endpoint::PhoneList, body, LIST_LIMIT).await
    }

    /// The account's gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The account's budget.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    async fn call<D: Data>(&self, endpoint: Endpoint, body: Bytes, limit: usize) -> Result<Call<D>, Held> {
        self.gate.check()?;
        let permit = self.budget.take().await;
        // Read before the gate is: a success proves it open only if the call was sent after it closed.
        let sent = self.clock.now();
        if let Err(held) = self.gate.check() {
            permit.unspent();
            return Err(held);
        }
        let trace_id = Uuid::new_v4();
        let headers = self.signer.headers(trace_id, sent.unix_millis());
        let secrets = redact::Sent::of(&headers);
        let reply = self.transport.post(endpoint.path(), headers, body, limit).await;
        let done = self.clock.now();
        let outcome = reply.and_then(|mut reply| {
            reply.body = secrets.blotted_out_of(reply.body);
            envelope::open(&reply)
        });
        self.gate.record(outcome.as_ref().err(), sent.mono, done.mono);
        // Only now, so that whoever waits for the permit sees the gate as this call left it.
        drop(permit);
        Ok(Call {
            endpoint,
            trace_id,
            elapsed: done.mono.saturating_duration_since(sent.mono),
            outcome,
        })
    }
}
