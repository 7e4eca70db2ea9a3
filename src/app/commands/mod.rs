//! What the subcommands do.

pub(super) mod check;
pub(super) mod demo;
pub(super) mod healthcheck;
pub(super) mod phones;
