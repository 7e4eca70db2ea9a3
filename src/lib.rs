//! `geelark_exporter` watches a fleet of GeeLark cloud phones and serves what it knows to Prometheus.
//!
//! # The idea everything follows from: the batch
//!
//! GeeLark answers at most 100 ids a call. So a batch of at most 100 phones of one account is the unit of everything: of
//! a request, of what the budget is spent on, of what can fail, of the state that is replaced at once, and of the text
//! that is rendered and compressed again when it changed. A scrape is a concatenation of pieces that are ready; it never
//! calls GeeLark, because GeeLark locks an account for two hours when it is asked too often.
//!
//! # How it flows
//!
//! ```text
//! config ─▶ targets ─▶ poller ─▶ geelark client ─▶ answer ─▶ fleet ─▶ exposition pieces ─▶ web
//!           (which     (when,     (the wire: auth,  (per      (what     (text and gzip      (scrape,
//!            phones)    retries)   codes, budget)    batch)    we know)  per batch)          health)
//! ```
//!
//! # The rooms
//!
//! | room | owns |
//! |---|---|
//! | [`phone`], [`money`] | the words of the domain: ids, statuses, answers; what an account has and may |
//! | [`clock`], [`stamp`], `backoff` | time, handed in so that tests can stop it; noticing that files changed; waits |
//! | [`config`] | files and environment to a valid configuration; secrets redact themselves |
//! | [`geelark`] | the only room that knows the API: signing, envelope, codes, wire types; the budget and the locks |
//! | [`fleet`] | what is known and how an answer changes it; pure |
//! | [`metrics`], `api_metrics` | how a part of the program declares its own metrics; what is counted of calls to GeeLark |
//! | [`exposition`] | the metrics of phones, rendering, compression, assembly of a scrape |
//! | [`targets`] | which phones: configured ids and those discovery finds; whose an id is that two accounts have |
//! | [`poller`] | when to ask: rounds, pacing, retries, questions out of turn; the only writer of fleet state |
//! | [`billing`] | when to ask for wallet and plan |
//! | [`state`] | what one process tells the next: a folder, a file, a format |
//! | [`web`] | HTTP: metrics, health, reload, webhooks; TLS and users |
//! | [`simulator`] | a stand-in for GeeLark with real authentication, limits and faults |
//! | [`app`], [`cli`], [`logging`] | builds the parts and runs them until told to stop; flags; the log |
//!
//! Dependencies point one way: `main → app → {web, targets, poller, billing, state} → {exposition, fleet, geelark} → {phone,
//! money, clock}`. `app` reads the configuration and hands every room only its own section. `web` never imports `geelark`,
//! and nothing imports `app`.
//!
//! # What always holds
//!
//! 1. In any 60 seconds an account's calls number at most its budget, as GeeLark counts them; a lock is respected.
//! 2. A status is shown exactly for the phones that were answered within `stale_after`, one series an id.
//! 3. A failure stays where it is: a batch's, an id's, an account's. Nothing GeeLark sends ends the process, grows memory
//!    without bound or stops a scrape.
//! 4. A scrape shows each batch wholly before or wholly after its answer.
//! 5. No secret is in any output.
//! 6. Every problem is a sentence that says where and what to do.
//!
//! `docs/design.md` has the reasons.

mod api_metrics;
pub mod app;
mod backoff;
pub mod billing;
pub mod cli;
pub mod config;
pub mod exposition;
pub mod fleet;
pub mod logging;
pub mod metrics;
pub mod poller;
pub mod state;
pub mod targets;
