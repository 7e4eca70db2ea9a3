//! Taking connections in, whatever the machine is short of.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;
use tracing::{info, warn};

use super::limiter::{ConnectionLimiter, ConnectionPermit};
use crate::Listener;

/// How long to wait before trying again when the machine is short of something.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// At most so long: what was short may be back.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Without trouble for so long, it is over.
const CALM: Duration = Duration::from_mins(1);

/// The next connection and its place in the limiter.
pub(super) async fn next(
    listener: &Listener,
    limiter: &Arc<ConnectionLimiter>,
    trouble: &mut Trouble,
) -> (TcpStream, ConnectionPermit) {
    loop {
        match listener.socket.accept().await {
            Ok((stream, _)) => {
                trouble.over(listener);
                // Pieces are written whole; waiting to fill a packet would only delay the last one.
                let _ = stream.set_nodelay(true);
                return (stream, limiter.admit().await);
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors, most likely; connections that do nothing give some back.
                limiter.shrink();
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
#[derive(Debug)]
pub(super) struct Trouble {
    /// The reason and when it last stood in the way.
    present: Option<(String, Instant)>,
    pause: Duration,
}

impl Default for Trouble {
    fn default() -> Self {
        Self {
            present: None,
            pause: FIRST_PAUSE,
        }
    }
}

impl Trouble {
    /// How long to wait after `error`.
    fn pause(&mut self, listener: &Listener, error: &io::Error) -> Duration {
        let reason = error.to_string();
        if self.present.as_ref().is_none_or(|(known, _)| *known != reason) {
            let address = listener.address();
            warn!(%address, error = %reason, "cannot accept connections; making room and trying on");
            self.pause = FIRST_PAUSE;
        }
        self.present = Some((reason, Instant::now()));
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }

    /// A connection was accepted. Trouble that comes and goes is one trouble.
    fn over(&mut self, listener: &Listener) {
        self.pause = FIRST_PAUSE;
        if self.present.take_if(|(_, last)| last.elapsed() >= CALM).is_some() {
            info!(address = %listener.address(), "accepting connections again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_trouble_ends_when_it_stays_away() {
        let listener = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap().remove(0);
        let mut trouble = Trouble::default();
        let (full, other) = (io::Error::from_raw_os_error(24), io::Error::from_raw_os_error(12));
        let pauses: Vec<_> = (0..7).map(|_| trouble.pause(&listener, &full).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(trouble.pause(&listener, &other), FIRST_PAUSE);
        trouble.over(&listener);
        assert!(trouble.present.is_some());
        assert_eq!(trouble.pause(&listener, &other), FIRST_PAUSE);
        tokio::time::advance(CALM).await;
        trouble.over(&listener);
        assert!(trouble.present.is_none());
    }
}
