//! The web as its clients meet it: over sockets on 127.0.0.1.

mod ends;
mod follow;
mod harness;
mod http2;
mod paths;
mod strangers;
mod tls;
mod users;
