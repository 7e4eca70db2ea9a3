//! GeeLark calling us: is it GeeLark, and what does it hint at?
//!
//! A webhook is a hint and never the truth, so next to nothing of it is read: which phones it is about. `username`, `ip` and
//! whatever else it says are never deserialised.

mod event;
mod trace_id_cache;
mod verifier;

pub use event::WebhookEvent;
pub use verifier::{AUTHENTICATION, WebhookRejection, WebhookVerifier};
