//! Webhooks, with which GeeLark announces changes.
//!
//! A webhook is only a hint, so only the ids of its phones are read. `username`, `ip` and all other fields are never
//! deserialised.

mod event;
mod verifier;

pub use event::WebhookEvent;
pub use verifier::{AUTHENTICATION, WebhookRejection, WebhookVerifier};
