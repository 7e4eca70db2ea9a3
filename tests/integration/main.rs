//! The real binary against the simulator, over real sockets. One test binary, so that it links once; a module a concern.

mod budget;
mod command_line;
mod follow;
mod lifecycle;
mod privileges;
mod prometheus;
mod scrape;
mod secrets;
mod soak;
mod support;
