//! A client of GeeLark's API that keeps to GeeLark's limits. It does not decide when to call.
//!
//! | room | owns |
//! |---|---|
//! | `client` | a call, from its permit to its outcome |
//! | `budget` | how many calls may be made |
//! | `gate` | whether the account is blocked |
//! | `credentials`, `sign`, `redact` | secrets: who signs with them, and that no response repeats them |
//! | `transport` | HTTP |
//! | `call`, `code` | outcomes of calls, and the one table of what they mean |
//! | `envelope`, `json` | what all responses have in common, and tolerant reading of JSON |
//! | `phone_status`, `phone_list`, `pay` | the endpoints: their requests and responses |
//! | `webhook` | verifying and reading what GeeLark sends by itself |
//! | `phone`, `clock` | types that the whole workspace uses |
//!
//! The flow of a call, in [`Client`]: take a permit of the [`Budget`], ask the [`Gate`], sign, send through a
//! [`Transport`], remove credentials from the reply, decode it, tell the gate, return the permit.
//!
//! To call another endpoint: add it to [`Endpoint`], write its request and its response type in a file with the endpoint's
//! name, implement [`ResponseData`] for the type, and add a method to [`Client`].
//!
//! Invariants:
//! - In any 60 seconds, GeeLark sees at most as many calls of an account as its budget allows, and at most as many calls of
//!   an endpoint as GeeLark allows.
//! - No call is sent while the account is blocked.
//! - Any reply becomes a response or a [`Failure`], in bounded memory, without a panic.
//! - Tokens, keys and signatures leave this crate only in request headers.

mod budget;
mod call;
mod client;
pub mod clock;
mod code;
mod credentials;
mod envelope;
mod gate;
mod json;
mod pay;
pub mod phone;
mod phone_list;
mod phone_status;
mod redact;
mod sign;
mod transport;
mod webhook;

pub use budget::{Budget, BudgetLimits};
pub use call::{Blocked, Call, Consequence, Endpoint, Failure, Reason};
pub use client::Client;
pub use credentials::{Credentials, Secret};
#[doc(hidden)] // for the fuzz targets
pub use envelope::{ResponseData, decode};
pub use gate::{Gate, GateSnapshot};
pub use pay::{Plan, Wallet};
pub use phone_list::{ListFilter, ListedPhone, PAGE_SIZE, Page};
pub use phone_status::{FailedPhone, FoundPhone, StatusResponse};
pub use transport::{HttpTransport, Reply, SetupError, Transport, install_crypto};
pub use webhook::{AUTHENTICATION, WebhookEvent, WebhookRejection, WebhookVerifier};
