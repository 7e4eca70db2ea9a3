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

mod account;
mod allowances;
mod budget;
mod call;
mod client;
mod code;
mod envelope;
mod gate;
mod list;
mod redact;
mod scalar;
mod sign;
mod transport;
mod webhook;
mod wire;

pub use allowances::Allowances;
pub use budget::{Budget, Ending, Permit, Spent};
pub use call::{Call, Consequence, Endpoint, Failure, Held, Reason};
pub use client::Client;
pub(crate) use envelope::is_unprintable;
pub use gate::{Closure, Gate};
pub use list::{Filter, Listed, PAGE_SIZE, Page};
pub use transport::{HttpTransport, Reply, SetupError, Transport, install_crypto};
pub use webhook::{AUTHENTICATION, Event, Refusal, Verifier};

/// A door for fuzzing: the way from bytes to an answer, without the network before it.
#[doc(hidden)]
pub mod fuzz {
    use super::{Failure, Page, Reply, envelope};
    use crate::money::{Plan, Wallet};
    use crate::phone::Answer;

    /// Reads `body` as the answer to a status call.
    pub fn status_answer(body: &[u8]) -> Result<Answer, Failure> {
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
