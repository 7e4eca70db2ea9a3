//! `demo` and `simulate`: a living fleet without a GeeLark account.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;
use tracing::info;

use crate::app::error::Error;
use crate::app::{exporter, signals};
use crate::cli::Flags;
use crate::config::Sources;
use geelark_simulator::{Options, Simulator};

/// Short, so that a newcomer sees phones change.
const DEMO_INTERVAL: &str = "5s";

/// A fleet that has everything there is to see has ids that GeeLark does not know, too.
const DEMO_MISSING: usize = 3;

/// Runs the simulator on a free loopback port and the exporter against it.
pub(in crate::app) async fn run(options: Options, flags: Flags) -> Result<(), Error> {
    let stop = signals::stop_token()?;
    let options = Options {
        missing: options.missing.max(DEMO_MISSING),
        ..options
    };
    let simulator = Simulator::new(options);
    let (listener, address) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let document = simulator.example_config("demo", &format!("http://{address}"), DEMO_INTERVAL);
    let sources = Sources {
        document: Some(document.into()),
        ..Sources::default()
    };
    let phones = simulator.ids().len();
    let announce = |urls: Vec<String>| {
        println!("A simulated fleet of {phones} phones lives at http://{address}");
        for url in urls {
            println!("Its metrics are at {url}");
        }
        println!("Ctrl-C ends both.");
    };
    let simulating = tokio::spawn(simulator.serve(listener, stop.clone()));
    let outcome = exporter::run(sources, flags, stop.clone(), announce).await;
    stop.cancel();
    // It was told to stop, so its result means nothing.
    let _ = simulating.await;
    outcome
}

/// Runs the simulator alone, until told to stop.
pub(in crate::app) async fn simulate(
    options: Options,
    address: SocketAddr,
    write_config: Option<&Path>,
) -> Result<(), Error> {
    let stop = signals::stop_token()?;
    let simulator = Simulator::new(options);
    let (listener, address) = listen(address).await?;
    if let Some(path) = write_config {
        let text = simulator.example_config("main", &format!("http://{address}"), "15s");
        std::fs::write(path, text).map_err(|error| Error::Run(format!("cannot write {}: {error}", path.display())))?;
        info!(path = %path.display(), "configuration written");
    }
    info!(%address, phones = simulator.ids().len(), "simulating GeeLark");
    simulator.serve(listener, stop).await;
    info!("ended");
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let cannot = |error| Error::Run(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    Ok((listener, bound))
}
