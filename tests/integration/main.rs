//! The real binary against the simulator, over real sockets. One test binary, so that it links once; a module a concern.

mod alerts;
mod budget;
mod command_line;
mod dashboards;
mod lifecycle;
mod prometheus;
mod scrape;
mod secrets;
mod shipped;
mod support;
