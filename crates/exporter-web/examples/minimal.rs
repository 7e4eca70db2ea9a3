//! A complete exporter with one metric: flags, TLS, users, systemd sockets, lifecycle endpoints and limits.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use exporter_web::{About, Backend, ScrapeBody, WebFlags, serve};
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(mut_arg("listen", |arg| arg.default_value(":9100")))]
struct Flags {
    #[command(flatten)]
    web: WebFlags,
}

struct Uptime(Instant);

impl Backend for Uptime {
    const ABOUT: About = About {
        program: "uptime_exporter",
        version: env!("CARGO_PKG_VERSION"),
        title: "Uptime exporter",
        description: "Exports the time since its start.",
        ready_when: "it has started",
    };

    fn scrape(&self, _: bool) -> ScrapeBody {
        let text = format!("uptime_seconds {}\n", self.0.elapsed().as_secs());
        ScrapeBody {
            gzip: false,
            length: text.len() as u64,
            chunks: Box::new(std::iter::once(text.into())),
        }
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn reload(&self) -> Result<(), String> {
        Err("this exporter has no configuration".to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    let (settings, listeners) = (flags.web.settings()?, flags.web.listeners().await?);
    let stop = CancellationToken::new();
    let server = tokio::spawn(serve(
        listeners,
        settings,
        Arc::new(Uptime(Instant::now())),
        stop.clone(),
    ));
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    Ok(server.await?)
}
