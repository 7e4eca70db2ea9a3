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
//! config ─▶ poller ─▶ geelark client ─▶ answer ─▶ fleet ─▶ exposition pieces ─▶ web
//!           (when,     (the wire: auth,  (per      (what     (text and gzip      (scrape,
//!            retries)   codes, budget)    batch)    we know)  per batch)          health)
//! ```
//!
//! # The rooms
//!
//! | room | owns |
//! |---|---|
//! | [`phone`], [`money`] | the words of the domain: ids, statuses, answers; what an account has and may |
//! | [`clock`] | time, handed in so that tests can stop it |
//! | [`stamp`] | noticing that files changed |
//! | [`config`] | files and environment to a valid configuration; secrets redact themselves |
//! | [`geelark`] | the only room that knows the API: signing, envelope, codes, wire types; the budget and the locks |
//! | [`fleet`] | what is known and how an answer changes it; pure |
//! | [`roster`] | which phones: configured ids and those discovery finds; whose an id is that two accounts have |
//! | [`poller`] | when to ask: rounds, pacing, retries; the only writer of fleet state |
//! | [`billing`] | when to ask for wallet and plan |
//! | [`state`] | what one process tells the next: a folder, a file, a format |
//! | [`exposition`] | every metric declared once, rendering, pieces, assembly of a scrape |
//! | [`web`] | HTTP: metrics, health |
//! | [`simulator`] | a stand-in for GeeLark with real authentication, limits and faults |
//!
//! Dependencies point one way: `main → app → {web, poller, billing, state} → {exposition, fleet, geelark} → {phone, money,
//! clock}`. `config` is read by `app`, which hands every room only its own section. `web` never imports `geelark`, and `state`
//! never `exposition`.

pub mod app;
pub mod billing;
pub mod cli;
pub mod clock;
pub mod config;
pub mod exposition;
pub mod fleet;
pub mod geelark;
pub mod logging;
pub mod money;
pub mod phone;
pub mod poller;
pub mod roster;
pub mod simulator;
pub mod stamp;
pub mod state;
pub mod web;
