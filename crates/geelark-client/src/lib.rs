//! The only room that knows GeeLark's API: how a call is signed, paced, sent, understood, and what follows from it.
//!
//! A call goes one way only, [`Client`]: wait for the [`Budget`], look at the [`Gate`], sign, send through a
//! [`Transport`], read the envelope, tell the gate. Nothing that spends an account's limit may pass by it.
//!
//! Always true:
//! - in any 60 seconds an account's calls number at most its budget, as the server counts them, and those of an endpoint
//!   with a limit of its own at most that;
//! - no call is sent while GeeLark locks the account or while a back-off runs;
//! - whatever an answer contains, it becomes an answer or a [`Failure`], in bounded memory, without a panic;
//! - tokens, keys and signatures leave this room in request headers only.

mod budget;
mod call;
mod client;
pub mod clock;
mod code;
mod credentials;
mod envelope;
mod gate;
mod pay;
pub mod phone;
mod phone_list;
mod phone_status;
mod redact;
mod scalar;
mod secret;
mod sign;
mod transport;
mod webhook;

pub use budget::{Budget, BudgetLimits};
pub use call::{Blocked, Call, Consequence, Endpoint, Failure, Reason};
pub use client::Client;
pub use credentials::Credentials;
pub use envelope::is_unprintable;
pub use gate::{Gate, GateSnapshot};
pub use pay::{Plan, Wallet};
pub use phone_list::{Filter, ListedPhone, PAGE_SIZE, Page};
pub use phone_status::{FailedPhone, FoundPhone, StatusResponse};
pub use secret::Secret;
pub use transport::{HttpTransport, Reply, SetupError, Transport, install_crypto};
pub use webhook::{AUTHENTICATION, WebhookEvent, WebhookRejection, WebhookVerifier};

/// A door for fuzzing: the way from bytes to an answer, without the network before it.
#[doc(hidden)]
pub mod fuzz {
    use super::{Failure, Page, Plan, Reply, StatusResponse, Wallet, envelope};

    /// Reads `body` as the answer to a status call.
    pub fn status_answer(body: &[u8]) -> Result<StatusResponse, Failure> {
        envelope::open(&reply(body))
    }

    /// Reads `body` as a page of a list.
    pub fn list_page(body: &[u8]) -> Result<Page, Failure> {
        envelope::open(&reply(body))
    }

    /// Reads `body` as what an account has and what it bought.
    pub fn money(body: &[u8]) -> (Result<Wallet, Failure>, Result<Plan, Failure>) {
        (envelope::open(&reply(body)), envelope::open(&reply(body)))
    }

    fn reply(body: &[u8]) -> Reply {
        Reply {
            status: 200,
            retry_after: None,
            body: body.to_vec().into(),
        }
    }
}
