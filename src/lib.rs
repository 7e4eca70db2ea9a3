//! `geelark_exporter` watches a fleet of GeeLark cloud phones and serves what it knows to Prometheus.
//!
//! # The batch
//!
//! GeeLark answers at most 100 ids a call. So a batch of at most 100 phones of one account is the unit of everything: of a
//! request, of what the budget is spent on, of what can fail, of the state that is replaced at once, and of the text that
//! is rendered and compressed when it changed. A scrape concatenates blocks that are ready. It never calls GeeLark, because
//! GeeLark locks an account for two hours when it is called too often.
//!
//! # Data flow
//!
//! ```text
//! config ─▶ targets ─▶ poller ─▶ geelark-client ─▶ response ─▶ fleet ─▶ exposition ─▶ exporter-web
//!           (which      (when      (signing, codes,  (per        (what     (text and      (scrape,
//!            phones)     to call)   budget, gate)     batch)      is known)  gzip)          health)
//! ```
//!
//! # Rooms
//!
//! | room | owns |
//! |---|---|
//! | `geelark_client` (crate) | the API: signing, envelope, codes, wire types, budget, gate, webhook verification |
//! | `exporter_web` (crate) | HTTP for any exporter: listeners, TLS, users, limits, lifecycle endpoints |
//! | `geelark_simulator` (crate) | a stand-in for GeeLark with real authentication, limits and faults |
//! | `config_file` (crate) | configuration files: reading them, and noticing that they changed |
//! | [`app`] | builds the parts, applies configurations, runs until told to stop; nothing imports it |
//! | [`config`] | files and environment to a valid configuration; only `app` reads it |
//! | [`targets`] | which phones: configured ids, discovery, and which account owns an id |
//! | [`poller`] | when to call: rounds, retries, requests outside of rounds; the only writer of a fleet |
//! | [`billing`] | wallet and plan |
//! | [`webhook`] | GeeLark's webhooks: verified, read for hints, passed on |
//! | [`state`] | what one process leaves to the next: a folder, a file, a format |
//! | [`exposition`] | families of phone series, rendering, compression, assembly of a scrape |
//! | [`metrics`] | how the other rooms declare their own metrics |
//! | [`fleet`] | what is known and how a response changes it; pure |
//! | [`cli`], [`logging`], `condition`, `backoff` | flags; the log; conditions that are logged once; waits before a retry |
//!
//! Dependencies point one way: `main → app → {config, targets, poller, billing, webhook, state} → {exposition, fleet,
//! metrics} → {geelark_client, exporter_web}`.
//!
//! # Invariants
//!
//! 1. In any 60 seconds an account's calls number at most its budget, as GeeLark counts them; a lock is respected.
//! 2. A status is shown exactly for the phones that were answered within `stale_after`, one series an id.
//! 3. A failure stays where it is: in its batch, id or account. Nothing GeeLark sends ends the process, grows memory
//!    without bound or stops a scrape.
//! 4. A scrape shows each batch wholly before or wholly after a response.
//! 5. No secret is in any output.
//! 6. Every problem is a sentence that says where it is and what to do.
//!
//! `docs/design.md` has the reasons.

pub mod app;
mod backoff;
pub mod billing;
pub mod cli;
mod condition;
pub mod config;
pub mod exposition;
pub mod fleet;
pub mod logging;
pub mod metrics;
pub mod poller;
pub mod state;
pub mod targets;
pub mod webhook;
