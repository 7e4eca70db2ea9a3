//! Tests of the web server over sockets on 127.0.0.1.

mod ends;
mod follow;
mod harness;
mod hostile_clients;
mod http2;
mod paths;
mod tls;
mod users;
