//! `demo` and `simulate`: a living fleet without a GeeLark account.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio::net::TcpListener;
use tracing::info;

use super::exporter::Exporter;
use super::{Error, stop};
use crate::cli::Flags;
use crate::clock::Clock;
use crate::config::Sources;
use crate::simulator::{Options, Simulator};
use crate::web::{ListenAddress, TelemetryPath};

/// Short, so that a newcomer sees phones change.
const DEMO_INTERVAL: &str = "5s";

/// Runs the simulator on a free loopback port and the exporter against it.
pub(super) async fn run(options: Options, flags: Flags) -> Result<(), Error> {
    let stop = stop::on_signal()?;
    let token = options.token.clone();
    let budget = options.requests_per_minute;
    let simulator = Simulator::new(options, Clock::system())?;
    let (listener, address) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let env = BTreeMap::from([
        ("GEELARK_BASE_URL".into(), format!("http://{address}")),
        ("GEELARK_TOKEN".into(), token),
        ("GEELARK_PHONE_IDS".into(), simulator.ids().join(",")),
        ("GEELARK_EXPORTER__ACCOUNTS__0__NAME".into(), "demo".into()),
        (
            "GEELARK_EXPORTER__ACCOUNTS__0__POLL__INTERVAL".into(),
            DEMO_INTERVAL.into(),
        ),
        (
            "GEELARK_EXPORTER__ACCOUNTS__0__BUDGET__REQUESTS_PER_MINUTE".into(),
            budget.to_string(),
        ),
    ]);
    println!(
        "A simulated fleet of {} phones lives at http://{address}",
        simulator.ids().len()
    );
    for address in &flags.listen {
        println!("Its metrics are at {}", metrics_url(address, &flags.telemetry_path));
    }
    println!("Ctrl-C ends both.");
    let simulating = tokio::spawn(simulator.serve(listener, stop.clone()));
    let outcome = Exporter::serve_until(
        Sources {
            env,
            ..Sources::default()
        },
        flags,
        stop.clone(),
    )
    .await;
    stop.cancel();
    // It was told to stop; how it ended tells nobody anything.
    let _ = simulating.await;
    outcome
}

/// Runs the simulator alone, until told to stop.
pub(super) async fn simulate(options: Options, address: SocketAddr, write_config: Option<&Path>) -> Result<(), Error> {
    let stop = stop::on_signal()?;
    let simulator = Simulator::new(options, Clock::system())?;
    let (listener, address) = listen(address).await?;
    if let Some(path) = write_config {
        let text = simulator.example_config(&format!("http://{address}"));
        std::fs::write(path, text).map_err(|error| Error::Run(format!("cannot write {}: {error}", path.display())))?;
        info!(path = %path.display(), "configuration written");
    }
    info!(%address, phones = simulator.ids().len(), "simulating GeeLark");
    simulator.serve(listener, stop).await;
    info!("ended");
    Ok(())
}

/// What to open in a browser on this machine.
fn metrics_url(address: &ListenAddress, path: &TelemetryPath) -> String {
    let path = path.as_str();
    match address {
        ListenAddress::Everywhere(port) => format!("http://localhost:{port}{path}"),
        other => format!("http://{other}{path}"),
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let cannot = |error| Error::Run(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    Ok((listener, bound))
}
