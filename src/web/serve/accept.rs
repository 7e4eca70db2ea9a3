//! Taking connections in, whatever the machine is short of.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tracing::{info, warn};

use super::crowd::{Crowd, Place};
use crate::web::Listener;

/// How long to wait before trying again when the machine is short of something.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// At most so long: what was short may be back.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The next connection and its place in the crowd.
pub(super) async fn next(listener: &Listener, crowd: &Arc<Crowd>, trouble: &mut Trouble) -> (TcpStream, Place) {
    loop {
        match listener.socket.accept().await {
            Ok((stream, _)) => {
                trouble.over(listener);
                // Pieces are written whole; waiting to fill a packet would only delay the last one.
                let _ = stream.set_nodelay(true);
                return (stream, crowd.admit().await);
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors, most likely; an idle connection gives one back.
                crowd.make_room();
                tokio::time::sleep(trouble.pause(listener, &error)).await;
            }
        }
    }
}

/// The client gave up before it was accepted.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// What keeps connections from being accepted; logged when it begins, changes and ends.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<(String, Duration)>);

impl Trouble {
    fn pause(&mut self, listener: &Listener, error: &io::Error) -> Duration {
        let reason = error.to_string();
        let pause = match &self.0 {
            Some((known, pause)) if *known == reason => (*pause * 2).min(LONGEST_PAUSE),
            _ => {
                warn!(address = %listener.address(), error = %reason, "cannot accept connections; trying on");
                FIRST_PAUSE
            }
        };
        self.0 = Some((reason, pause));
        pause
    }

    fn over(&mut self, listener: &Listener) {
        if self.0.take().is_some() {
            info!(address = %listener.address(), "accepting connections again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::bind;

    #[tokio::test]
    async fn pauses_grow_and_end_with_the_trouble() {
        let listener = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap().remove(0);
        let mut trouble = Trouble::default();
        let (full, other) = (io::Error::from_raw_os_error(24), io::Error::from_raw_os_error(12));
        let pauses: Vec<_> = (0..7).map(|_| trouble.pause(&listener, &full).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(trouble.pause(&listener, &other), FIRST_PAUSE);
        trouble.over(&listener);
        assert_eq!(trouble.pause(&listener, &other), FIRST_PAUSE);
    }
}
